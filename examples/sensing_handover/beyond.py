#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What the mobility-management paper leaves open, on its Fig. 3: how hysteresis and time-to-trigger
matter, handover on predicted loss, soft handover, and cross sections that fluctuate.

An echo with one blocked leg counts as blocked, so that every lost link costs the paper's 50 dB.
Snapshots are seconds of the scene.
"""

import sys

import case_study
import numpy as np
from gnuradio import isac
from gnuradio.isac import reproduction
from reproduce import blocked_by_path

USABLE_DB = 10.0  # the SNR that the paper's handover keeps
CLEAR_DB = 20.0  # one that fluctuation spoils often enough to count
TTTS = np.arange(1, 11)  # snapshots for which a better pair must be better
PREDICTED_FROM = 10  # positions
POSITION_ERRORS_M = (0.5, 2.0, 5.0)  # of each coordinate that is predicted from
AFTER = 10  # snapshots from a handover in which soft and hard are compared
PING_PONG = 5  # snapshots within which a return is one


def pass_of(scene):
    """Times and mean SNR of every pair, dB."""
    return scene.times(), case_study.sinr_db(scene)


def trigger(ttt):
    """A time-to-trigger that n snapshots in a row fulfil, s."""
    return {"time_to_trigger": float(ttt - 1)}


def mean_and_error(values):
    values = np.asarray(values, float)
    return [float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))]


# Hysteresis and time-to-trigger

def sensitivity(scene):
    times, snr = pass_of(scene)
    hystereses = np.arange(0, 8.01, 0.25)

    def outcome(hysteresis, ttt):
        run = case_study.hand_over(snr, times, hysteresis_db=hysteresis, **trigger(ttt))
        return {"handovers": len(run["handovers"]), "at": [time for time, _, _ in run["handovers"]],
                "mean_db": run["snr_db"].mean(), "below": int(np.sum(run["snr_db"] < USABLE_DB))}

    result = {"hysteresis": {f"{h:g} dB": outcome(h, 1) for h in hystereses},
              "ttt": {f"{h:g} dB": {str(t): outcome(h, t) for t in TTTS} for h in (0.0, 3.0, 6.0)}}

    def draw(pyplot):
        figure, (steps, mean, below) = pyplot.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
        curve = list(result["hysteresis"].values())
        steps.step(hystereses, [o["handovers"] for o in curve], where="mid", color="k")
        steps.set(xlabel="Hysteresis (dB)", ylabel="Handovers a pass", ylim=(0, 4.5))
        twin = steps.twinx()
        twin.plot(hystereses, [o["mean_db"] for o in curve], color="C1")
        twin.set_ylabel("Mean SNR (dB)", color="C1")
        for (label, outcomes), style in zip(result["ttt"].items(), ("-", "--", ":")):
            mean.plot(TTTS, [o["mean_db"] for o in outcomes.values()], style, lw=2,
                      label=f"hysteresis {label}")
            below.plot(TTTS, [o["below"] for o in outcomes.values()], style, lw=2,
                       label=f"hysteresis {label}")
        mean.set(xlabel="Time-to-trigger (snapshots)", ylabel="Mean SNR (dB)")
        below.set(xlabel="Time-to-trigger (snapshots)", ylabel=f"Snapshots below {USABLE_DB:g} dB")
        return figure
    return result, draw


# Predicted loss

def predicted_places(measured, lead):
    """Where the least-squares line through the last PREDICTED_FROM positions leads.

    Args:
        measured: snapshots x 2, m.
        lead: snapshots ahead.

    Returns:
        snapshots x 2, m; as measured until there are enough for a line.
    """
    offsets = np.arange(1 - PREDICTED_FROM, 1)
    weights = (1, lead) @ np.linalg.pinv(np.column_stack([np.ones(PREDICTED_FROM), offsets]))
    places = measured.copy()
    windows = np.lib.stride_tricks.sliding_window_view(measured, PREDICTED_FROM, axis=0)
    places[PREDICTED_FROM - 1:] = windows @ weights
    return places


def foreseen(scene, places):
    """Mean SNR of every pair with the object at these places, dB."""
    times = scene.times()
    body = isac.target(isac.trajectory(times=times, positions=places), scene.objects()[0].rcs_m2)
    return case_study.sinr_db(scene.replace(objects=[isac.scene.sensed_object("object", body)]))


def prediction(scene, runs, random):
    """Handover by what is observed, and by the worse of that and what the map of walls tells of the
    place that the object is led to, one snapshot more ahead than the trigger takes."""
    times, snr = pass_of(scene)
    true = np.array([scene.position("object", time) for time in times])
    result = {}
    for ttt in TTTS[:6]:
        observed = case_study.hand_over(snr, times, **trigger(ttt))
        row = {"observed": {"below": int(np.sum(observed["snr_db"] < USABLE_DB)),
                            "handovers": len(observed["handovers"])}}
        for error in POSITION_ERRORS_M:
            below, handovers = [], []
            for _ in range(runs):
                places = true.copy()
                places[:, :2] = predicted_places(
                    true[:, :2] + random.normal(0, error, (len(times), 2)), ttt)
                selected = case_study.hand_over(
                    np.minimum(snr, foreseen(scene, places)), times, **trigger(ttt))["selected"]
                below.append(np.sum(snr[np.arange(len(times)), selected] < USABLE_DB))
                handovers.append(np.sum(np.diff(selected) != 0))
            row[f"predicted, {error:g} m"] = {"below": mean_and_error(below),
                                              "handovers": mean_and_error(handovers)}
        result[str(ttt)] = row

    def draw(pyplot):
        figure, axis = pyplot.subplots(figsize=(6, 4), layout="constrained")
        ttts = [int(ttt) for ttt in result]
        axis.plot(ttts, [row["observed"]["below"] for row in result.values()], marker="o",
                  label="on observed loss")
        for error in POSITION_ERRORS_M:
            mean, deviation = np.array(
                [row[f"predicted, {error:g} m"]["below"] for row in result.values()]).T
            axis.errorbar(ttts, mean, 3 * deviation, marker=".", capsize=3,
                          label=f"on predicted loss, positions to {error:g} m")
        axis.set(xlabel="Time-to-trigger (snapshots)", ylabel=f"Snapshots below {USABLE_DB:g} dB")
        return figure
    return result, draw


# Fluctuating cross sections

def fluctuate(scene, snr, runs, random):
    """Swerling 1, drawn anew each snapshot: independent for each two nodes, the same both ways.

    Returns:
        runs x times x pairs, dB.
    """
    pairs = [tuple(sorted(pair)) for pair in scene.configurations()]
    links = sorted(set(pairs))
    drawn = random.exponential(size=(runs, len(snr), len(links)))
    return snr + 10 * np.log10(drawn[..., [links.index(pair) for pair in pairs]])


def taken(values, columns):
    """The values of the column that is selected at each time, runs x times."""
    return np.take_along_axis(values, columns[..., None], axis=2)[..., 0]


def soft(scene, runs, random):
    """The pair decided on by mean SNR, heard with fluctuation: alone, or with the pair before it.

    A handover on predicted loss takes place as long before the loss as the window is.
    """
    times, snr = pass_of(scene)
    seen = 10 ** (fluctuate(scene, snr, runs, random) / 10)
    result = {}
    for label, window, lead in (("hard", 0, 0), ("soft, 5 snapshots", 5, 0),
                                ("soft, 10 snapshots", 10, 0), ("soft, 5 ahead of loss", 5, 5),
                                ("soft, 10 ahead of loss", 10, 10)):
        later = snr[np.minimum(np.arange(len(snr)) + lead, len(snr) - 1)]
        run = case_study.hand_over(np.minimum(snr, later), times, soft_window=float(window))
        heard = taken(seen, np.broadcast_to(run["selected"], seen.shape[:2]))
        both = run["source"] >= 0
        heard[:, both] += seen[:, both, run["source"][both]]
        row = {"both": float(both.mean())}
        for letter, (time, _, _) in zip("ABCD", run["handovers"]):
            after = (times >= time) & (times < time + AFTER)
            row[letter] = mean_and_error(np.mean(heard[:, after] < 10 ** (CLEAR_DB / 10), axis=1))
        result[label] = row

    def draw(pyplot):
        figure, axis = pyplot.subplots(figsize=(8, 4), layout="constrained")
        width = 0.8 / len(result)
        for i, (label, row) in enumerate(result.items()):
            mean, error = 100 * np.array([row[letter] for letter in "ABCD"]).T
            axis.bar(np.arange(4) + (i - (len(result) - 1) / 2) * width, mean, width, yerr=3 * error, label=label)
        axis.set(xticks=range(4), xticklabels=list("ABCD"), xlabel="Handover",
                 ylabel=f"Below {CLEAR_DB:g} dB in the next {AFTER} snapshots (%)")
        return figure
    return result, draw


def ping_pongs(selected):
    """Returns to the pair before within PING_PONG snapshots, one count a run."""
    counts = np.zeros(len(selected), int)
    for run, row in enumerate(selected):
        at = np.flatnonzero(np.diff(row)) + 1
        back = row[at[1:]] == row[at[:-1] - 1]
        counts[run] = np.sum(back & (np.diff(at) <= PING_PONG))
    return counts


def swerling(scene, runs, random):
    """Deciders that see fluctuating SNR. What is decided in a snapshot senses in the next."""
    times, snr = pass_of(scene)
    seen = fluctuate(scene, snr, runs, random)
    settings = {"best at once": {}}
    settings.update({f"hysteresis {h} dB": {"hysteresis_db": float(h)} for h in (3, 6, 10)})
    settings.update({f"{t} snapshots": trigger(t) for t in (3, 5)})
    settings["L3 1/4"] = {"l3_coefficient": 0.25}
    settings["L3 1/4, 3 dB"] = {"l3_coefficient": 0.25, "hysteresis_db": 3.0}
    settings["L3 1/8, 3 dB"] = {"l3_coefficient": 0.125, "hysteresis_db": 3.0}
    result = {}
    for label, parameters in (*settings.items(), ("mean SNR, known", None)):
        told = np.broadcast_to(snr, seen.shape) if parameters is None else seen
        selector = isac.configuration_selector(
            seen.shape[2], **{"hysteresis_db": 0.0, **(parameters or {})})
        selected = selector.run_drops(times, told)["selected"]
        sensed = taken(seen[:, 1:], selected[:, :-1])
        result[label] = {"handovers": mean_and_error(np.sum(np.diff(selected) != 0, axis=1)),
                         "ping_pongs": mean_and_error(ping_pongs(selected)),
                         "mean_db": mean_and_error(sensed.mean(axis=1)),
                         "below": mean_and_error(np.sum(sensed < USABLE_DB, axis=1))}

    def draw(pyplot):
        figure, axis = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
        for i, (label, row) in enumerate(result.items()):
            axis.errorbar(row["ping_pongs"][0], row["below"][0], 3 * row["below"][1],
                          3 * row["ping_pongs"][1], marker="o^sv"[i % 4], capsize=3, ls="",
                          label=f"{label} ({row['handovers'][0]:.1f} handovers)")
        axis.set(xlabel="Ping-pongs a pass", ylabel=f"Snapshots below {USABLE_DB:g} dB a pass")
        return figure
    return result, draw


def tell(result):
    low, high = (result["sensitivity"]["hysteresis"][h] for h in ("3 dB", "6 dB"))
    print(f"Hysteresis of 3 / 6 dB: {low['handovers']} / {high['handovers']} handovers, mean SNR "
          f"{low['mean_db']:.2f} / {high['mean_db']:.2f} dB")
    print(f"\nSnapshots below {USABLE_DB:g} dB a pass (handovers), by time-to-trigger in snapshots")
    for ttt, row in result["prediction"].items():
        told = [f"observed loss {row['observed']['below']:2d} ({row['observed']['handovers']})"]
        told += [f"{label} {of['below'][0]:.2f} +- {of['below'][1]:.2f} ({of['handovers'][0]:.2f})"
                 for label, of in row.items() if label != "observed"]
        print(f"  {ttt}: {'; '.join(told)}")
    print(f"\nBelow {CLEAR_DB:g} dB in {AFTER} snapshots after A, B, C, D, %; two pairs sense, %")
    for label, row in result["soft"].items():
        shares = "  ".join(f"{100 * row[letter][0]:6.3f} +- {100 * row[letter][1]:.3f}"
                           for letter in "ABCD")
        print(f"  {label:22s} {shares}  {100 * row['both']:5.1f}")
    print(f"\nSwerling 1 each snapshot: handovers, ping-pongs, mean SNR (dB), below {USABLE_DB:g} dB")
    for label, row in result["swerling"].items():
        print(f"  {label:18s} " + "  ".join(
            f"{row[key][0]:7.3f} +- {row[key][1]:.3f}"
            for key in ("handovers", "ping_pongs", "mean_db", "below")))


def parse_arguments():
    parser = reproduction.parser(description=__doc__.split("\n\n")[0].replace("\n", " "))
    reproduction.output_options(parser)
    parser.add_argument("--runs", type=reproduction.count, default=1000,
                        help="random passes of the object (default: %(default)s)")
    parser.add_argument("--seed", type=reproduction.seed, default=1,
                        help="of all draws (default: 1)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    scene = blocked_by_path(isac.scene.load(case_study.FIG3))
    random = np.random.default_rng(arguments.seed)
    result, drawings = {"runs": arguments.runs, "seed": arguments.seed}, {}
    for study, found in (
            ("sensitivity", sensitivity(scene)),
            ("prediction", prediction(scene, max(arguments.runs // 10, 2), random)),
            ("soft", soft(scene, arguments.runs, random)),
            ("swerling", swerling(scene, arguments.runs, random))):
        result[study], drawings[study] = found
    tell(result)
    reproduction.write_output(arguments, result, drawings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
