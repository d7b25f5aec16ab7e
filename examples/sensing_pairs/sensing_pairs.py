#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Two stations sense a drone each by itself and one for the other; the best pair is selected.

A station that hears its own echo while it sends is left with residual self-interference; one that
hears the other's echo is not, but the way is longer. So the stations sense monostatically near
themselves, and bistatically between them. Both have two antennas, whose reports the Mono/Bistatic
Combiner fuses. What it selects is checked against the link budget in closed form.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import pmt
from gnuradio import blocks, gr, isac
from gnuradio.isac import theory

PAIRS = ((0, 0), (0, 1), (1, 1))  # (tx, rx); 1 -> 0 is 0 -> 1 the other way round
STATIONS = ((-750.0, 0.0, 25.0), (750.0, 0.0, 25.0))  # m
ANTENNAS = 2  # that receive, at each station
TX_POWER_DBM = 42.0
ARRAY_GAIN_DB = 10 * math.log10(32)  # 8 x 4 elements: once to send, once more to receive
NOISE_FIGURE_DB = 4.0
RCS_M2 = 0.1
HYSTERESIS_DB = 3.0

# Past both stations and back, 200 m high, at 20 m/s.
TIMES = (0.0, 100.0, 200.0)
POSITIONS = ((-1000.0, 200.0, 200.0), (1000.0, 200.0, 200.0), (-1000.0, 200.0, 200.0))


def name(pair):
    return f"{pair[0]} -> {pair[1]}"


def mode(pair):
    return "monostatic" if pair[0] == pair[1] else "bistatic"


def messages(store):
    """What a message_debug has stored, as dictionaries."""
    return [pmt.to_python(store.get_message(i)) for i in range(store.num_messages())]


class sensing_pairs(gr.top_block):
    """Two transmitters on resources of their own, and an estimator for each antenna of a pair."""

    def __init__(self, residual_dbm, hysteresis_db, revisit_interval, seed):
        gr.top_block.__init__(self, "Sensing pairs")
        self.grid = isac.ofdm_grid_preset("LAWN flight")
        drone = isac.target(isac.trajectory(times=TIMES, positions=POSITIONS), rcs=RCS_M2)
        stations = [isac.trajectory(position=station) for station in STATIONS]
        self.combiner = isac.mono_bistatic_combiner(
            PAIRS, hysteresis_db=hysteresis_db, silence_time=2 * revisit_interval,
            reports_per_pair=ANTENNAS, patience=60)
        self.truth, self.looks = ({pair: blocks.message_debug() for pair in PAIRS}
                                  for _ in range(2))
        self.fused, self.configurations = blocks.message_debug(), blocks.message_debug()
        self.msg_connect(self.combiner, "detections", self.fused, "store")
        self.msg_connect(self.combiner, "configuration", self.configurations, "store")

        # One source for both stations: neither can run ahead of the other by more frames than
        # its buffer holds.
        source = blocks.vector_source_b(list(range(256)), True)
        modulators = [isac.ofdm_modulator(self.grid, tx_power_dbm=TX_POWER_DBM, when_starved="wait")
                      for _ in STATIONS]
        for modulator in modulators:
            self.connect(source, modulator)
        for tx, rx in PAIRS:
            for antenna in range(ANTENNAS):
                # The direct path between the stations is taken as known and removed.
                echo = isac.echo_channel(
                    self.grid, stations[tx], stations[rx], [drone], tx=tx, rx=rx,
                    tx_gain_db=ARRAY_GAIN_DB, rx_gain_db=ARRAY_GAIN_DB,
                    noise_figure_db=NOISE_FIGURE_DB, residual_dbm=residual_dbm,
                    self_interference="residual" if tx == rx else "none",
                    revisit_interval=revisit_interval, seed=seed + 100 * (2 * tx + rx) + antenna)
                rows = isac.ofdm_demodulator(self.grid)
                estimator = isac.range_doppler_estimator(
                    self.grid, tx=tx, rx=rx, reference="rows", max_targets=1)
                self.connect(modulators[tx], echo, rows, estimator)
                self.connect((modulators[tx], 1), (estimator, 1))
                self.msg_connect(estimator, "detections", self.combiner, "detections")
                self.msg_connect(estimator, "detections", self.looks[tx, rx], "store")
                if antenna == 0:
                    self.msg_connect(echo, "ground_truth", self.truth[tx, rx], "store")

    def frames_done(self):
        """Frames of which every report has arrived."""
        return min([self.fused.num_messages()] +
                   [self.truth[pair].num_messages() for pair in PAIRS] +
                   [self.looks[pair].num_messages() // ANTENNAS for pair in PAIRS])


def place(scene_time):
    """Where the drone is, m, one row a time."""
    return np.column_stack([np.interp(scene_time, TIMES, axis) for axis in zip(*POSITIONS)])


def active_subcarriers(grid):
    """Subcarriers that share the transmitted power; all of them are known to both stations."""
    return grid.num_active() // grid.num_symbols()


def link_budget(grid, positions, residual_dbm):
    """Echo SNR per resource element of each pair in closed form, dB, one column a pair."""
    def milliwatts(dbm):
        return 10 ** (dbm / 10)

    thermal = milliwatts(theory.thermal_noise_dbm(grid.subcarrier_spacing(), NOISE_FIGURE_DB))
    residual = milliwatts(residual_dbm) / grid.num_subcarriers()
    loss = [theory.path_loss_uma_av(np.linalg.norm(positions - np.array(station), axis=1),
                                    grid.carrier_frequency()) for station in STATIONS]
    sent_dbm = TX_POWER_DBM - 10 * math.log10(active_subcarriers(grid)) + 2 * ARRAY_GAIN_DB
    snr = []
    for tx, rx in PAIRS:
        if tx == rx:
            echo = theory.echo_loss(loss[tx], RCS_M2, grid.wavelength())
            noise = thermal + residual
        else:
            echo = theory.bistatic_echo_loss(loss[tx], loss[rx], RCS_M2, grid.wavelength())
            noise = thermal
        snr.append(sent_dbm - echo - 10 * math.log10(noise))
    return np.column_stack(snr)


def select(snr_db, hysteresis_db):
    """Index of the pair that serves in each frame, by the closed form alone."""
    selected = [int(np.argmax(snr_db[0]))]
    for frame in snr_db[1:]:
        best = int(np.argmax(frame))
        better = frame[best] > frame[selected[-1]] + hysteresis_db
        selected.append(best if better else selected[-1])
    return np.array(selected)


def selections(flowgraph, scene_time):
    """Index of the pair that the combiner had selected at each time."""
    selected = messages(flowgraph.configurations)
    starts = [s["scene_time"] for s in selected]
    pairs = np.array([PAIRS.index((s["tx"], s["rx"])) for s in selected])
    return pairs[np.searchsorted(starts, scene_time + 1e-6) - 1]


class report:
    """Prints the flight as it goes."""

    def __init__(self, flowgraph, num_frames):
        self.flowgraph, self.num_frames = flowgraph, num_frames
        self.told = 0
        self.next_line = 1
        columns = "".join(f"{'SNR ' + name(pair):>12}" for pair in PAIRS)
        print(f"\n{'done':>5} {'scene':>8} {'x':>7}{columns} {'fused range':>12}  sensed by",
              flush=True)

    def line(self, frame, event):
        fused = pmt.to_python(self.flowgraph.fused.get_message(frame))
        scene_time = fused["scene_time"]
        text = f"{100 * (frame + 1) / self.num_frames:4.0f}% {scene_time:7.1f}s "
        text += f"{place(np.array([scene_time]))[0, 0]:6.0f}m"
        for pair in PAIRS:
            look = pmt.to_python(self.flowgraph.looks[pair].get_message(frame * ANTENNAS))
            snr = f"{10 * math.log10(look['snr'][0]):9.1f} dB" if len(look["snr"]) else "-"
            text += f"{snr:>12}"
        sensed = f"{fused['range'][0]:10.2f} m" if len(fused["range"]) else "-"
        print(f"{text} {sensed:>12}  {fused['tx']} -> {fused['rx']}{event}", flush=True)

    def update(self):
        """Called while the flight runs; tells whether it is over."""
        frames = min(self.flowgraph.frames_done(), self.num_frames)
        selected = messages(self.flowgraph.configurations)
        while self.told < frames:
            scene_time = pmt.to_python(
                self.flowgraph.fused.get_message(self.told))["scene_time"]
            event = "".join(f", {s['mode']} from now on" for s in selected
                            if abs(s["scene_time"] - scene_time) < 1e-6)
            self.told += 1
            if event or self.told >= self.next_line or self.told == self.num_frames:
                self.line(self.told - 1, event)
                self.next_line = self.told + self.num_frames / 20
        return frames >= self.num_frames


def strongest(reports, key):
    """A value of the strongest target of each report; NaN where there is none."""
    return np.array([r[key][int(np.argmax(r["snr"]))] if len(r["snr"]) else math.nan
                     for r in reports])


def collect(flowgraph, num_frames, residual_dbm, hysteresis_db):
    """What was sensed and what closed forms say: arrays, one row a frame, one column a pair."""
    grid = flowgraph.grid
    truth = {pair: messages(flowgraph.truth[pair])[:num_frames] for pair in PAIRS}
    fused = messages(flowgraph.fused)[:num_frames]
    looks = {pair: [r for r in messages(flowgraph.looks[pair]) if r["frame"] < num_frames]
             for pair in PAIRS}
    scene_time = np.array([r["scene_time"] for r in truth[PAIRS[0]]])
    budget = link_budget(grid, place(scene_time), residual_dbm)

    def per_pair(values):
        return np.column_stack([values(pair) for pair in PAIRS])

    true_range = per_pair(lambda pair: strongest(truth[pair], "range"))
    chosen = selections(flowgraph, scene_time)
    frames = np.arange(num_frames)
    return {
        "scene_time": scene_time, "x": place(scene_time)[:, 0], "budget_db": budget,
        "closed_form": select(budget, hysteresis_db), "chosen": chosen,
        "channel_db": 10 * np.log10(per_pair(lambda pair: strongest(truth[pair], "snr"))),
        "looks_db": {pair: 10 * np.log10(strongest(looks[pair], "snr")) for pair in PAIRS},
        "look_times": {pair: np.array([r["scene_time"] for r in looks[pair]]) for pair in PAIRS},
        "fused_range": strongest(fused, "range"),
        "fused_error": strongest(fused, "range") - true_range[frames, chosen],
        # Independent looks divide the variance.
        "fused_bound": np.sqrt(theory.range_crlb(
            10 ** (budget[frames, chosen] / 10), grid.subcarrier_spacing(), grid.num_symbols(),
            active_subcarriers(grid)) / ANTENNAS),
    }


def changes(flight, selected):
    """Where a series of selections changes, and to what."""
    return [{"scene_time": float(flight["scene_time"][i]), "x_m": float(flight["x"][i]),
             "from": PAIRS[selected[i - 1]], "to": PAIRS[selected[i]]}
            for i in np.flatnonzero(np.diff(selected)) + 1]


def summary(flowgraph, flight, hysteresis_db):
    """What the flight showed, beside what closed forms say."""
    frames = np.arange(len(flight["chosen"]))
    # How much better than the selected pair the best one is; only noise of the estimates, about
    # a tenth of a dB, should let this exceed the hysteresis.
    lost_db = flight["budget_db"].max(axis=1) - flight["budget_db"][frames, flight["chosen"]]
    gated = np.abs(flight["fused_error"]) < flowgraph.grid.range_resolution()
    return {
        "frames": len(frames),
        "pairs": [{
            "tx": pair[0], "rx": pair[1],
            "selected_frames": int(np.sum(flight["chosen"] == i)),
            "selected_frames_closed_form": int(np.sum(flight["closed_form"] == i)),
            "snr_channel_minus_budget_db": float(np.mean(
                flight["channel_db"][:, i] - flight["budget_db"][:, i])),
            "snr_estimate_minus_budget_db": float(np.nanmean(
                flight["looks_db"][pair] - np.interp(
                    flight["look_times"][pair], flight["scene_time"],
                    flight["budget_db"][:, i]))),
        } for i, pair in enumerate(PAIRS)],
        "changes": changes(flight, flight["chosen"]),
        "changes_closed_form": changes(flight, flight["closed_form"]),
        "frames_beyond_hysteresis": int(np.sum(lost_db > hysteresis_db + 1)),
        "fused_outliers": int(np.sum(~gated)),
        "fused_range_rmse_m": float(np.sqrt(np.mean(flight["fused_error"][gated] ** 2))),
        "fused_range_bound_m": float(np.sqrt(np.mean(flight["fused_bound"][gated] ** 2))),
        "faults": flowgraph.combiner.faults(),
    }


def print_summary(result):
    print("\npair     mode         selected  closed form  channel-budget  estimate-budget")
    for r in result["pairs"]:
        pair = r["tx"], r["rx"]
        print(f"{name(pair):8s} {mode(pair):11s} {r['selected_frames']:9d} "
              f"{r['selected_frames_closed_form']:12d} "
              f"{r['snr_channel_minus_budget_db']:12.2f} dB "
              f"{r['snr_estimate_minus_budget_db']:13.2f} dB")
    print()
    for title, listed in (("changes", "changes"), ("closed form", "changes_closed_form")):
        print(f"{title + ':':13s}" + (", ".join(
            f"{name(c['to'])} at x = {c['x_m']:.0f} m" for c in result[listed]) or "none"))
    print(f"fused range: RMSE {100 * result['fused_range_rmse_m']:.1f} cm, bound of {ANTENNAS} "
          f"antennas {100 * result['fused_range_bound_m']:.1f} cm, "
          f"{result['fused_outliers']} outliers")


def plot(flight, path):
    """SNR of each pair, fused range with its error against the bound, and who senses."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (snr, ranges, errors, sensing) = pyplot.subplots(
        4, 1, sharex=True, figsize=(10, 11), layout="constrained", height_ratios=(3, 2, 2, 1))
    at = flight["scene_time"]
    for i, pair in enumerate(PAIRS):
        colour, label = f"C{i}", f"{name(pair)}, {mode(pair)}"
        snr.plot(flight["look_times"][pair], flight["looks_db"][pair], colour, marker=".", ls="",
                 ms=2, alpha=0.5)
        snr.plot(at, flight["budget_db"][:, i], colour, lw=1.2, label=label)
        chosen = flight["chosen"] == i
        ranges.plot(at[chosen], flight["fused_range"][chosen], colour, marker=".", ls="", ms=3)
        errors.semilogy(at[chosen], np.maximum(np.abs(flight["fused_error"][chosen]), 1e-4),
                        colour, marker=".", ls="", ms=3, alpha=0.6)
        for row, key in enumerate(("closed_form", "chosen")):
            sensing.fill_between(at, row - 0.35, row + 0.35, where=flight[key] == i, color=colour,
                                 step="post", lw=0)
    errors.semilogy(at, flight["fused_bound"], "k", lw=1.2,
                    label=f"Cramer-Rao bound of {ANTENNAS} antennas")
    snr.set_ylabel("Echo SNR (dB)\ndots sensed, lines budget")
    ranges.set_ylabel("Fused range (m)")
    errors.set_ylabel("Range error (m)")
    sensing.set_yticks((0, 1), ("closed form", "combiner"))
    sensing.set_ylabel("Sensed by")
    sensing.set_xlabel("Scene time (s)")
    for axes in (snr, ranges, errors):
        axes.grid(alpha=0.3)
    snr.set_ylim(top=snr.get_ylim()[1] + 5)  # room for the legend
    snr.legend(loc="upper center", ncol=3, fontsize="small")
    errors.legend(loc="lower right", fontsize="small")
    snr.set_title("Who senses the drone best: a station by itself, or one for the other?")
    figure.savefig(path, dpi=110)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--residual", type=float, metavar="DBM", default=-90.0,
                        help="self-interference of a station that hears its own echo, over the "
                             "whole band (default: %(default)s)")
    parser.add_argument("--hysteresis", type=float, metavar="DB", default=HYSTERESIS_DB,
                        help="by which a pair must be better (default: %(default)s)")
    parser.add_argument("--revisit", type=float, metavar="S", default=0.5,
                        help="scene time between two frames (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the noise (default: 1)")
    parser.add_argument("--plot", type=Path, metavar="FILE", default=Path("sensing_pairs.png"),
                        help="picture to write (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        if not 0 < arguments.revisit <= TIMES[-1]:
            raise ValueError(f"--revisit {arguments.revisit} must be above 0, at most {TIMES[-1]}")
        if arguments.seed < 0:
            raise ValueError(f"--seed {arguments.seed} must not be negative")
        flowgraph = sensing_pairs(arguments.residual, arguments.hysteresis, arguments.revisit,
                                  arguments.seed)
    except ValueError as error:
        sys.exit(str(error))
    num_frames = int(TIMES[-1] / arguments.revisit)
    print(f"grid: {flowgraph.grid}")
    print(f"flight: {TIMES[-1]:.0f} s in {num_frames} frames, one every {arguments.revisit:g} s; "
          f"{len(PAIRS)} pairs with {ANTENNAS} antennas each")
    started = time.monotonic()
    isac.run_until(flowgraph, report(flowgraph, num_frames).update)
    elapsed = time.monotonic() - started

    flight = collect(flowgraph, num_frames, arguments.residual, arguments.hysteresis)
    result = summary(flowgraph, flight, arguments.hysteresis)
    print_summary(result)
    plot(flight, arguments.plot)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    print(f"picture: {arguments.plot}; flown in {elapsed:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
