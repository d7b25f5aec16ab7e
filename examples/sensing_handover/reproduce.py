#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Reproduces Fig. 3, Fig. 4 and Table II of Y. S. Ribeiro et al., "Mobility Management in Integrated
Sensing and Communications Networks", from the scenes fig3.yml and fig4.yml."""

import sys

import case_study
import fig3_flowgraph
import numpy as np
from case_study import name
from gnuradio import isac
from gnuradio.isac import reproduction

NEEDED_DB = 15.0  # what every user needs
LETTERS = "ABCD"
FIG3_SNAPSHOTS = (25, 45, 72, 84)
TABLE_TWO = {5.0: (99.9, 0.002, 99.8), 10.0: (99.9, 0.004, 91.3), 15.0: (99.2, 1.002, 60.4)}


def blocked_by_path(scene):
    waves = scene.propagation()
    waves.blockage = "per_path"
    return scene.replace(propagation=waves)


def figure_3(table, scene):
    pairs, times = scene.configurations(), scene.times()
    at = {time: i for i, time in enumerate(times)}
    found = {}
    for one, blockage in ((scene, "per leg"), (blocked_by_path(scene), "per path")):
        convention = f"echo over noise, handover to the best at once, blockage {blockage}"
        snr = case_study.sinr_db(one)
        run = case_study.hand_over(snr, times)
        found[blockage] = snr, run
        for letter, snapshot, (time, before, after) in zip(LETTERS, FIG3_SNAPSHOTS,
                                                           run["handovers"]):
            table.add(3, f"{letter}, {name(pairs[before])} to {name(pairs[after])}, snapshot",
                      snapshot, time, convention)
        for letter, (time, before, after) in zip(LETTERS, run["handovers"]):
            if letter in "AC":
                gain = snr[at[time], after] - snr[at[time], before]
                table.add(3, f"gain of the handover at {letter}, dB", 5, gain, convention)
        lost, = (i for i, pair in enumerate(pairs) if pair == ("AP2", "AP2"))
        both, = (i for i, pair in enumerate(pairs) if pair == ("AP2", "AP3"))
        for column in (lost, both):
            drop = snr[at[83], column] - snr[at[84], column]
            table.add(3, f"drop of {name(pairs[column])} at D, dB", 50, drop, convention)
        table.add(3, "least SNR with handover (the paper: above), dB", 10, run["snr_db"].min(),
                  convention)
        table.add(3, "least SNR of the best configuration without handover, dB", None,
                  snr.min(axis=0).max(), convention)

    def draw(pyplot):
        figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.5), sharey=True, layout="constrained")
        for axis, (blockage, (snr, run)) in zip(axes, found.items()):
            for column, pair in enumerate(pairs):
                if pair[0] <= pair[1]:  # without users the other way round is the same
                    axis.plot(times, snr[:, column], lw=1, color=f"C{column}", label=name(pair),
                              ls="-" if pair[0] == pair[1] else "--")
            axis.plot(times, run["snr_db"], color="k", lw=2.5, alpha=0.6, label="with handover")
            for letter, (time, _, _) in zip(LETTERS, run["handovers"]):
                axis.annotate(letter, (time, run["snr_db"][at[time]]), xytext=(0, 12),
                              textcoords="offset points", ha="center", weight="bold")
            axis.set(xlabel="Snapshot", title=f"Blockage {blockage}", ylim=(-32, 48))
            axis.legend(fontsize="small", ncol=4, loc="upper center", bbox_to_anchor=(0.5, -0.15))
        axes[0].set_ylabel("Sensing SNR (dB)")
        return figure
    return draw


def figure_3_samples(table, scene):
    convention = f"OFDM frames through a flowgraph, hysteresis {fig3_flowgraph.HYSTERESIS_DB:g} dB"
    flight = fig3_flowgraph.fly(scene)
    for letter, snapshot, (time, before, after) in zip(LETTERS, FIG3_SNAPSHOTS, flight["handovers"]):
        pairs = [fig3_flowgraph.pair_name(scene, pair) for pair in (before, after)]
        table.add(3, f"{letter}, {' to '.join(pairs)}, snapshot", snapshot, time, convention)
    error = (flight["sensed_db"] - flight["budget_db"])[flight["budget_db"] > 0]
    table.add(3, "sensed minus budget SNR above 0 dB, mean, dB", None, np.nanmean(error), convention)
    return fig3_flowgraph.drawing(scene, flight)


def figure_4(table, scene):
    convention = "beams with true patterns, half an array each where a node sends and receives"
    times, users = scene.times(), scene.user_names()
    run = case_study.protect_users(scene, needed_sinr_db=NEEDED_DB)
    pairs = run["pairs"]
    for letter, snapshot, (time, before, after) in zip(LETTERS, (25, 104), run["handovers"]):
        table.add(4, f"{letter}, {name(pairs[before])} to {name(pairs[after])}, snapshot", snapshot,
                  time, convention)
    for i, user in enumerate(users):
        for what, sinr in (("with handover", run["users_db"]), ("sensing alone", run["users_alone_db"])):
            table.add(4, f"{user} below {NEEDED_DB:g} dB {what}, snapshots", None,
                      np.sum(sinr[:, i] < NEEDED_DB), convention)
    for what, sinr in (("with handover", run["sensing_db"]), ("sensing alone", run["alone_db"])):
        table.add(4, f"mean sensing SINR {what}, dB", None, sinr.mean(), convention)
        table.add(4, f"least sensing SINR {what}, dB", None, sinr.min(), convention)

    def draw(pyplot):
        figure, axis = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
        for label, sinr, alone, colour in (
                ("sensing", run["sensing_db"], run["alone_db"], "k"),
                *((user, run["users_db"][:, i], run["users_alone_db"][:, i], f"C{i}")
                  for i, user in enumerate(users))):
            axis.plot(times, sinr, color=colour, label=label)
            axis.plot(times, alone, color=colour, ls=":", lw=1,
                      label=f"{label}, {name(pairs[0])} alone")
        axis.axhline(NEEDED_DB, color="0.5", lw=1, ls="--", label="needed by users")
        for letter, (time, _, _) in zip(LETTERS, run["handovers"]):
            axis.axvline(time, color="0.8", zorder=0)
            axis.annotate(letter, (time, axis.get_ylim()[1]), xytext=(3, -12),
                          textcoords="offset points", weight="bold")
        axis.set(xlabel="Snapshot", ylabel="SINR (dB)")
        axis.legend(fontsize="small", ncol=4, loc="upper center", bbox_to_anchor=(0.5, -0.12))
        return figure
    return draw


def table_two(table, scene, drops, seed):
    convention = f"{drops} drops of both users over 116.5 m x 60 m, seed {seed}"
    found = case_study.table_two(scene, tuple(TABLE_TWO), drops, seed, with_progress)
    for threshold, published in TABLE_TWO.items():
        for key, what, unit, scale, value in zip(
                ("success", "handovers", "success_alone"),
                ("success with handover", "handovers a drop", "success without handover"),
                (", %", "", ", %"), (100, 1, 100), published):
            mean, error = found[threshold][key]
            table.add("Table II", f"{what} at X = {threshold:g} dB{unit}", value, scale * mean,
                      convention, error=scale * error)

    def draw(pyplot):
        figure, (success, handovers) = pyplot.subplots(1, 2, figsize=(9, 4), layout="constrained")
        x = np.array(list(TABLE_TWO))
        for axis, key, column, scale, colour, label in (
                (success, "success", 0, 100, "C0", "with handover"),
                (success, "success_alone", 2, 100, "C1", "without"),
                (handovers, "handovers", 1, 1, "C0", "ours")):
            mean, error = scale * np.array([found[threshold][key] for threshold in x]).T
            axis.errorbar(x, mean, 3 * error, color=colour, capsize=3, marker=".", label=label)
            axis.plot(x, [TABLE_TWO[threshold][column] for threshold in x], ls="", marker="x",
                      color=colour, label="the paper's" if axis is handovers else f"{label}, the paper's")
        success.set(xlabel="Threshold X (dB)", ylabel="SINR above X (%)", xticks=x)
        handovers.set(xlabel="Threshold X (dB)", ylabel="Handovers a drop", xticks=x)
        return figure
    return draw


def with_progress(parts):
    from tqdm import tqdm

    return tqdm(parts, desc="Table II", disable=not sys.stderr.isatty(), leave=False)


def parse_arguments():
    parser = reproduction.parser(description=" ".join(__doc__.split()))
    reproduction.output_options(parser)
    parser.add_argument("--drops", type=reproduction.count, default=20000,
                        help="random places of the users for Table II (default: %(default)s)")
    parser.add_argument("--seed", type=reproduction.seed, default=1,
                        help="of these places (default: 1)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    behind_walls, in_the_open = isac.scene.load(case_study.FIG3), isac.scene.load(case_study.FIG4)
    table = reproduction.table()
    drawings = {"figure_3": figure_3(table, behind_walls),
                "figure_3_samples": figure_3_samples(table, behind_walls),
                "figure_4": figure_4(table, in_the_open),
                "table_2": table_two(table, in_the_open, arguments.drops, arguments.seed)}
    table.print()
    reproduction.write_output(arguments, table.rows, drawings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
