#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""A small drone, too weak for any one frame, found in the sum of frames and of two antennas.

A Range-Doppler Estimator senses each frame by itself; Range-Doppler Detectors add its maps up, of one
antenna and of two. The script tells how often each finds the drone, beside theory, and draws the maps.
"""

import argparse
import json
import sys
import time

import numpy as np
import pmt
from gnuradio import blocks, gr, isac
from gnuradio.isac import reproduction
from gnuradio.isac.map_keeper import map_keeper

TX_POWER_DBM, ARRAY_GAIN_DB, NOISE_FIGURE_DB = 30.0, 5.0, 7.0
RCS_M2 = 0.01
SPACING_M = 0.043  # of the antennas, half a wavelength
REVISIT_S = 0.05
PADDING, PFA = 2, 1e-8
SPEED_OF_LIGHT = 299792458.0


def make_grid():
    """7.7 MHz at 3.5 GHz; a frame of 4.8 ms tells 20 m and 8.9 m/s apart."""
    return isac.ofdm_grid(fft_len=256, cp_len=32, num_symbols=128, subcarrier_spacing=30e3,
                          carrier_frequency=3.5e9, pilots="comb", modulation="qpsk")


class weak_target(gr.top_block):
    """One transmitter, two antennas that hear, each with its own noise."""

    def __init__(self, range_m, frames, reports, seed):
        gr.top_block.__init__(self, "Weak target")
        self.grid = make_grid()
        cells = dict(reference="rows", pad_delay=PADDING, pad_doppler=PADDING, pfa=PFA)
        # Across the line of sight: in range it moves by half a metre a report.
        drone = isac.target(isac.trajectory((range_m, 0.0, 40.0), (-2.0, 8.0, 0.0)), rcs=RCS_M2)
        modulator = isac.ofdm_modulator(self.grid, tx_power_dbm=TX_POWER_DBM, input="none",
                                        num_frames=frames * reports)
        self.single = isac.range_doppler_detector(self.grid, inputs=1, frames=frames, **cells)
        self.double = isac.range_doppler_detector(self.grid, inputs=2, frames=frames, **cells)
        self.estimators, self.stores = [], {}
        for antenna in range(2):
            channel = isac.echo_channel(
                self.grid, (0, 0, 10), (0, antenna * SPACING_M, 10), [drone],
                tx_gain_db=ARRAY_GAIN_DB, rx_gain_db=ARRAY_GAIN_DB,
                noise_figure_db=NOISE_FIGURE_DB, revisit_interval=REVISIT_S,
                direct_path=False, seed=2 * seed + antenna)
            estimator = isac.range_doppler_estimator(self.grid, **cells)
            self.connect(modulator, channel, isac.ofdm_demodulator(self.grid), (estimator, 0))
            self.connect((modulator, 1), (estimator, 1))
            self.connect(estimator, (self.double, antenna))
            self.estimators.append(estimator)
            if antenna == 0:
                self.connect(estimator, self.single)
                self.keep("truth", channel, "ground_truth")
        rows, columns = self.double.doppler_cells(), self.double.range_cells()
        self.maps = [map_keeper(rows, columns) for _ in range(2)]
        self.connect(self.estimators[0], self.maps[0])
        self.connect(self.double, self.maps[1])
        for name, block in (("alone", self.estimators[0]), ("single", self.single),
                            ("double", self.double)):
            self.keep(name, block, "detections")

    def keep(self, name, block, port):
        self.stores[name] = blocks.message_debug(False)
        self.msg_connect(block, port, self.stores[name], "store")

    def messages(self, name):
        store = self.stores[name]
        return [pmt.to_python(store.get_message(i)) for i in range(store.num_messages())]


def assess(flowgraph, name, looks):
    """How often the drone was found, and what else; theory is for the middle of a cell."""
    grid = flowgraph.grid
    truth = {t["frame"]: t for t in flowgraph.messages("truth")}
    elements = grid.num_symbols() * grid.num_subcarriers()
    multiplier = isac.sensing.ca_multiplier(17 * 13 - 25, PFA, looks)
    found, others, errors, stated, powers = 0, 0, [], [], []
    reports = flowgraph.messages(name)
    for seen in reports:
        true = truth[seen["frame"]]
        near = ((np.abs(seen["range"] - true["range"][0]) < grid.range_resolution()) &
                (np.abs(seen["velocity"] - true["velocity"][0]) < grid.velocity_resolution()))
        found += near.any()
        others += np.sum(~near)
        if near.any():
            best = np.flatnonzero(near)[0]
            # The truth is of the frame in the middle, the report of the middle's time.
            later = seen["scene_time"] - true["scene_time"]
            errors.append(seen["range"][best] - true["range"][0] - true["velocity"][0] * later)
            stated.append(seen["var_delay"][best])
        powers.append(true["snr"][0] * elements)
    rmse = float(np.sqrt(np.mean(np.square(errors)))) if errors else None
    bound = 0.5 * SPEED_OF_LIGHT * float(np.sqrt(np.mean(stated))) if stated else None
    expected = np.mean([isac.sensing.ca_probability(17 * 13 - 25, multiplier, looks, power)
                        for power in powers])
    return {"reports": len(reports), "found": found / len(reports), "theory": float(expected),
            "snr_of_a_frame_db": float(10 * np.log10(np.mean(powers))), "others": int(others),
            "range_rmse_m": rmse, "range_bound_m": bound}


def plot(flowgraph, frames, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    grid, detector = flowgraph.grid, flowgraph.double
    metres = 0.5 * SPEED_OF_LIGHT * detector.delay_step()
    speed = 0.5 * grid.wavelength() * detector.doppler_step()
    columns, rows = 80, 32
    zero = detector.doppler_cells() // 2
    truth = flowgraph.messages("truth")[-1]
    figure, axes = pyplot.subplots(1, 2, figsize=(12, 4.6), sharey=True, layout="constrained")
    for axis, keeper, name, title in (
            (axes[0], flowgraph.maps[0], "alone", "One frame, one antenna"),
            (axes[1], flowgraph.maps[1], "double", f"{frames} frames, two antennas")):
        powers = keeper.whole / np.median(keeper.whole)
        # Doppler rows ascend; a velocity is positive when receding.
        shown = 10 * np.log10(powers[zero - rows:zero + rows + 1, :columns])[::-1]
        top = shown.max()
        picture = axis.imshow(shown, aspect="auto", origin="lower", vmin=top - 12, vmax=top,
                              cmap="viridis",
                              extent=(-metres / 2, (columns - 0.5) * metres,
                                      -(rows + 0.5) * speed, (rows + 0.5) * speed))
        figure.colorbar(picture, ax=axis, label="Power over the median (dB)")
        seen = flowgraph.messages(name)[-1]
        axis.plot(truth["range"], truth["velocity"], "o", ms=18, mfc="none", mec="white",
                  label="drone")
        axis.plot(seen["range"], seen["velocity"], "x", color="red", ms=8, label="detections")
        axis.set(title=title, xlabel="Range (m)")
    axes[0].set_ylabel("Velocity (m/s), receding")
    axes[0].legend(loc="upper right", labelcolor="white", facecolor="black", framealpha=0.6)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    count = reproduction.count
    parser.add_argument("--frames", type=count, default=16, help="added up (default: 16)")
    parser.add_argument("--reports", type=count, default=40, help="of that many (default: 40)")
    parser.add_argument("--range", type=reproduction.positive, default=370.0, metavar="METRES",
                        help="to the drone (default: 370)")
    parser.add_argument("--seed", type=reproduction.seed, default=1, help="of the noise (default: 1)")
    parser.add_argument("--plot", metavar="FILE", default="weak_target.png",
                        help="picture (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    frames = arguments.frames
    flowgraph = weak_target(arguments.range, frames, arguments.reports, arguments.seed)
    flowgraph.start()
    while flowgraph.stores["double"].num_messages() < arguments.reports:
        time.sleep(0.1)
        if sys.stderr.isatty():
            done = flowgraph.stores["double"].num_messages()
            print(f"\r{done} of {arguments.reports} reports", end="", file=sys.stderr)
    flowgraph.wait()
    result = {name: assess(flowgraph, name, looks) for name, looks in (
        ("alone", 1), ("single", frames), ("double", 2 * frames))}
    names = {"alone": "one frame", "single": f"{frames} frames",
             "double": f"{frames} frames, two antennas"}
    print("maps                     found  theory  others  RMSE of range  its bound")
    for name, r in result.items():
        errors = [f"{r[key]:.1f} m" if r[key] else "-" for key in ("range_rmse_m", "range_bound_m")]
        print(f"{names[name]:24s} {100 * r['found']:4.0f}%  {100 * r['theory']:5.1f}%  "
              f"{r['others']:6d}  {errors[0]:>13s}  {errors[1]:>9s}")
    faults = {**flowgraph.single.faults(), **flowgraph.double.faults(),
              **flowgraph.estimators[0].faults(), **flowgraph.estimators[1].faults()}
    if faults:
        print(faults, file=sys.stderr)
    plot(flowgraph, frames, arguments.plot)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"maps": result, "faults": faults}, file, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
