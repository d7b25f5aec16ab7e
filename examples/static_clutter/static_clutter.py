#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Two slow drones before a facade, seen by a station that hears itself; the clutter filter of the
Range-Doppler Estimator is switched while the flowgraph runs.

What stands still is much stronger: the facade by 40 dB in RCS, the station's own leakage more. For each filter the script tells what was found, beside the ground truth, and draws the map.
"""

import argparse
import json
import sys
import time

import numpy as np
import pmt
from gnuradio import blocks, gr, isac
from gnuradio.isac import theory
from gnuradio.isac.map_keeper import map_keeper

TX_POWER_DBM, ARRAY_GAIN_DB, LEAKAGE_DB = 30.0, 15.0, -60.0
NOISE_FIGURE_DB = 7.0
DRONE_RCS_M2, FACADE_RCS_M2 = 0.1, 1000.0
SPEED_OF_LIGHT = 299792458.0


def make_grid():
    """12.3 MHz at 3.5 GHz; a frame of 37 ms tells 1.2 m/s apart."""
    return isac.ofdm_grid(fft_len=1024, cp_len=72, num_symbols=512, subcarrier_spacing=15e3,
                          carrier_frequency=3.5e9, pilots="comb", modulation="qpsk",
                          guard_low=102, guard_high=102)


def make_facade():
    """13 windows and ledges, 149 m to 193 m away."""
    return [isac.target(isac.trajectory(position=(160.0 + 0.4 * y, float(y), 10.0)),
                        rcs=FACADE_RCS_M2 / 13) for y in range(-60, 61, 10)]


def make_drones():
    return [isac.target(isac.trajectory(position=place, velocity=velocity), rcs=DRONE_RCS_M2)
            for place, velocity in (((170.0, 0.0, 40.0), (-4.0, 0.0, 0.0)),
                                    ((300.0, 40.0, 60.0), (6.0, 0.0, 0.0)))]


def filters(grid):
    """By name what set_clutter() takes. The projection knows where the facade stands: a delay
    every half cell."""
    cell = grid.range_resolution()
    places = [0.0, *np.arange(140.0, 205.0, cell / 2)]
    return {"none": {}, "mean": {"memory": 8}, "mti": {"cutoff": 0.1},
            "eca": {"delays": [2 * place / SPEED_OF_LIGHT for place in places]}}


class static_clutter(gr.top_block):
    """One station that sends, hears itself, and senses."""

    def __init__(self, seed):
        gr.top_block.__init__(self, "Static clutter")
        self.grid = make_grid()
        modulator = isac.ofdm_modulator(self.grid, tx_power_dbm=TX_POWER_DBM, input="none")
        facade = make_facade()
        self.first_drone = len(facade)
        channel = isac.echo_channel(
            self.grid, (0, 0, 10), None, facade + make_drones(), tx_gain_db=ARRAY_GAIN_DB,
            rx_gain_db=ARRAY_GAIN_DB, noise_figure_db=NOISE_FIGURE_DB,
            self_interference="leakage", leakage_gain_db=LEAKAGE_DB, seed=seed)
        rows = isac.ofdm_demodulator(self.grid)
        self.estimator = isac.range_doppler_estimator(self.grid, reference="rows")
        self.map = map_keeper(self.estimator.doppler_cells(), self.estimator.range_cells())
        self.found, self.truth = blocks.message_debug(False), blocks.message_debug(False)
        self.connect(modulator, channel, rows, self.estimator, self.map)
        self.connect((modulator, 1), (self.estimator, 1))
        self.msg_connect(self.estimator, "detections", self.found, "store")
        self.msg_connect(channel, "ground_truth", self.truth, "store")

    def drones_of(self, truth):
        """Where the two stand in a message of the ground truth."""
        return [int(np.flatnonzero(truth["target"] == self.first_drone + i)[0]) for i in range(2)]

    def wait_for(self, frames):
        while self.found.num_messages() < frames:
            time.sleep(0.01)


def fly(seed, settle, frames):
    """For each filter the numbers of the frames that it was on in, and a map."""
    flowgraph = static_clutter(seed)
    spans, maps = {}, {}
    flowgraph.start()
    try:
        for name, options in filters(flowgraph.grid).items():
            flowgraph.estimator.set_clutter(name, **options)
            # The frame that is in work is the old filter's.
            first = flowgraph.found.num_messages() + 1 + settle
            flowgraph.wait_for(first + frames)
            spans[name] = range(first, first + frames)
            maps[name] = flowgraph.map.whole
            print(f"{name}: frames {first} to {first + frames - 1}", file=sys.stderr)
    finally:
        flowgraph.stop()
        flowgraph.wait()
    return flowgraph, spans, maps


def assess(flowgraph, span):
    """What was found in these frames, beside the truth."""
    grid = flowgraph.grid
    cell, step = grid.range_resolution(), grid.velocity_resolution()
    hits, errors = np.zeros(2), [[], []]
    static = ghosts = 0
    for frame in span:
        seen = pmt.to_python(flowgraph.found.get_message(frame))
        truth = pmt.to_python(flowgraph.truth.get_message(frame))
        assert seen["frame"] == truth["frame"]
        drones = flowgraph.drones_of(truth)
        matched = np.zeros(len(seen["range"]), bool)
        for i, drone in enumerate(drones):
            near = ((np.abs(seen["range"] - truth["range"][drone]) < cell / 2) &
                    (np.abs(seen["velocity"] - truth["velocity"][drone]) < step / 2))
            matched |= near
            if near.any():
                hits[i] += 1
                best = np.flatnonzero(near)[np.argmax(seen["snr"][near])]
                errors[i].append(seen["range"][best] - truth["range"][drone])
        slow = np.abs(seen["velocity"]) < step
        static += np.sum(slow & ~matched)
        ghosts += np.sum(~slow & ~matched)
    return {"found": list(hits / len(span)), "static": static / len(span),
            "ghosts": ghosts / len(span),
            "range_rmse_m": [float(np.sqrt(np.mean(np.square(e)))) if e else None
                             for e in errors]}


def plot(flowgraph, spans, maps, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    grid, estimator = flowgraph.grid, flowgraph.estimator
    metres = 0.5 * SPEED_OF_LIGHT * estimator.delay_step()
    speed = 0.5 * grid.wavelength() * estimator.doppler_step()
    # Of a value of a row, which is N times that of a resource element.
    noise_dbm = theory.thermal_noise_dbm(grid.sample_rate(), NOISE_FIGURE_DB)
    columns, rows = 45, 14
    figure, axes = pyplot.subplots(2, 2, figsize=(11, 8), sharex=True, sharey=True,
                                   layout="constrained")
    zero = estimator.doppler_cells() // 2
    for axis, (name, powers) in zip(axes.flat, maps.items()):
        # Doppler rows ascend; a velocity is positive when receding.
        shown = 10 * np.log10(powers[zero - rows:zero + rows + 1, :columns])[::-1] - noise_dbm
        picture = axis.imshow(shown, aspect="auto", origin="lower", vmin=-10, vmax=70, cmap="viridis",
                              extent=(-metres / 2, (columns - 0.5) * metres,
                                      -(rows + 0.5) * speed, (rows + 0.5) * speed))
        seen = pmt.to_python(flowgraph.found.get_message(spans[name][-1]))
        truth = pmt.to_python(flowgraph.truth.get_message(spans[name][-1]))
        drones = flowgraph.drones_of(truth)
        axis.plot(truth["range"][drones], truth["velocity"][drones], "o", ms=16, mfc="none",
                  mec="white", label="drones")
        axis.plot(seen["range"], seen["velocity"], "x", color="red", ms=8, label="detections")
        axis.set(title=f"clutter = {name}", xlim=(-5, 420), ylim=(-12, 12))
    for axis in axes[1]:
        axis.set_xlabel("Range (m)")
    for axis in axes[:, 0]:
        axis.set_ylabel("Velocity (m/s), receding")
    axes[0, 0].legend(loc="upper right", labelcolor="white", facecolor="black", framealpha=0.6)
    figure.colorbar(picture, ax=axes, label="Power over the thermal noise (dB)")
    figure.savefig(path, dpi=110)


def count(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--frames", type=count, default=8, help="assessed a filter (default: 8)")
    parser.add_argument("--settle", type=count, default=8,
                        help="left out after each switch (default: 8)")
    parser.add_argument("--seed", type=count, default=1, help="of the noise (default: 1)")
    parser.add_argument("--plot", metavar="FILE", default="static_clutter.png",
                        help="picture (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    flowgraph, spans, maps = fly(arguments.seed, arguments.settle, arguments.frames)
    result = {name: assess(flowgraph, span) for name, span in spans.items()}
    print("clutter  near drone  far drone  static a frame  others a frame  RMSE of range")
    for name, r in result.items():
        errors = ", ".join("-" if e is None else f"{e:.2f} m" for e in r["range_rmse_m"])
        print(f"{name:8s} {100 * r['found'][0]:9.0f}% {100 * r['found'][1]:9.0f}% "
              f"{r['static']:15.1f} {r['ghosts']:15.1f}  {errors}")
    if flowgraph.estimator.faults():
        print(flowgraph.estimator.faults(), file=sys.stderr)
    plot(flowgraph, spans, maps, arguments.plot)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"filters": result, "faults": flowgraph.estimator.faults()}, file, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
