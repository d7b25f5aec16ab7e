#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The case study of Y. S. Ribeiro et al., "Mobility Management in Integrated Sensing and
Communications Networks", section III: three access points sense one object alone or in pairs, two
users are served, and the sensing is handed over."""

from itertools import permutations
from pathlib import Path

import numpy as np
from gnuradio import isac

FOLDER = Path(__file__).resolve().parent
FIG3, FIG4 = FOLDER / "fig3.yml", FOLDER / "fig4.yml"

# Where users are dropped for Table II, m.
DROPS_X_M, DROPS_Y_M = (0.0, 116.5), (-30.0, 30.0)
CHUNK = 500  # drops held in memory at once


def name(pair):
    """A configuration as the pictures write it: "1->2"."""
    return "->".join(node.replace("AP", "") for node in pair)


def sinr_db(scene, pairs=None, times=None):
    """Sensing SINR, dB, times x pairs (all of the scene's where none are given)."""
    pairs = scene.configurations() if pairs is None else pairs
    times = scene.times() if times is None else times
    return np.column_stack([scene.sensing_sinr_db(times, *pair) for pair in pairs])


def hand_over(snr_db, times, **parameters):
    """Selects a pair at each time; hysteresis 0 and at once unless told otherwise.

    Returns:
        dict of selected, source and snr_db (of configuration_selector.run), and handovers: a list
        of (time, from, to) with places in the columns of snr_db.
    """
    selector = isac.configuration_selector(snr_db.shape[1], **{"hysteresis_db": 0.0, **parameters})
    run = selector.run(times, snr_db)
    selected = run["selected"]
    at = np.flatnonzero(np.diff(selected)) + 1
    run["handovers"] = [(times[i], selected[i - 1], selected[i]) for i in at]
    return run


def free_pairs(scene):
    """The node that serves nobody senses alone, or with each of those that serve."""
    nodes = scene.node_names()
    serving = {user.serving for user in scene.users()}
    free, = (i for i in range(len(nodes)) if i not in serving)
    return [(nodes[free], nodes[rx]) for rx in (free, *sorted(serving))]


def protect_users(scene, **parameters):
    """The rule of Fig. 4 over the scene's times: users in need move the sensing.

    Returns:
        dict of pairs, selected (their places), handovers as in hand_over(), sensing_db and
        users_db (times x users) under the selected pair.
    """
    pairs, times = free_pairs(scene), scene.times()
    sensing = sinr_db(scene, pairs)
    users = np.array([[scene.user_sinr_db(times, user, *pair) for user in scene.user_names()]
                      for pair in pairs])  # pairs x users x times
    nodes = scene.node_names()
    selector = isac.qos_selector([nodes.index(rx) for _, rx in pairs],
                                 [user.serving for user in scene.users()], **parameters)
    selected, handovers = np.empty(len(times), int), []
    for i, time in enumerate(times):
        before = selector.selected()
        if selector.step(time, sensing[i], users[before, :, i]):
            handovers.append((time, before, selector.selected()))
        selected[i] = selector.selected()
    rows = np.arange(len(times))
    return {"pairs": pairs, "selected": selected, "handovers": handovers,
            "sensing_db": sensing[rows, selected], "users_db": users[selected, :, rows],
            "alone_db": sensing[:, 0], "users_alone_db": users[0].T}


# Table II

def serving_nodes(nodes, users):
    """Which node serves each of two users: distinct ones, at the least product of distances.

    Args:
        nodes: places, nodes x 2, m.
        users: places, drops x 2 x 2, m.

    Returns:
        Places in the list of nodes, drops x 2.
    """
    distance = np.linalg.norm(users[:, :, None, :] - nodes, axis=3)  # drops x users x nodes
    choices = np.array(list(permutations(range(len(nodes)), 2)))
    products = distance[:, 0, choices[:, 0]] * distance[:, 1, choices[:, 1]]
    return choices[np.argmin(products, axis=1)]


def drop_users(scene, count, seed):
    """Random users, and who serves and senses.

    Returns:
        Places (count x 2 x 3, m), serving nodes (count x 2), and the free node's pairs as in
        free_pairs() (count x 3 x 2).
    """
    places = np.zeros((count, 2, 3))
    places[..., :2] = np.random.default_rng(seed).uniform(*zip(DROPS_X_M, DROPS_Y_M), (count, 2, 2))
    nodes = np.array([scene.position(node, scene.times()[0])[:2] for node in scene.node_names()])
    serving = serving_nodes(nodes, places[..., :2])
    free = sum(range(len(nodes))) - serving.sum(axis=1)  # the one of three that is left
    receivers = np.column_stack([free, np.sort(serving, axis=1)])
    return places, serving, np.stack([np.broadcast_to(free[:, None], receivers.shape), receivers], axis=2)


def table_two(scene, thresholds_db, count, seed, progress=lambda parts: parts):
    """Sensing above a threshold with and without handover, over random users.

    The sensing begins with the best of the free node's configurations, and moves to the best when
    the selected one is below the threshold; without handover the free node senses alone.

    Args:
        progress: what the parts of the work are wrapped in, as tqdm.

    Returns:
        By threshold, dict of success, handovers and success_alone, each (mean over the drops,
        standard error).
    """
    times = scene.times()
    drops = drop_users(scene, count, seed)
    found = np.empty((len(thresholds_db), 3, count))
    for part in progress([slice(i, i + CHUNK) for i in range(0, count, CHUNK)]):
        sensing = scene.sensing_sinr_db_of_drops(times, *(values[part] for values in drops))
        for row, threshold in zip(found, thresholds_db):
            run = isac.configuration_selector(
                3, hysteresis_db=0.0, needed_below_db=threshold).run_drops(times, sensing)
            row[:, part] = ((run["snr_db"] > threshold).mean(axis=1), run["num_changes"],
                            (sensing[..., 0] > threshold).mean(axis=1))
    errors = found.std(axis=2, ddof=1) / np.sqrt(count)
    return {threshold: dict(zip(("success", "handovers", "success_alone"), zip(mean, error)))
            for threshold, mean, error in zip(thresholds_db, found.mean(axis=2).tolist(),
                                              errors.tolist())}
