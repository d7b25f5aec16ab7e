#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Measures how the estimator errs in range, over SNR and pilot share.

Frames of one echo at a random delay, Doppler and phase go through isac.sensing.estimate, and the
strongest target is taken, as the decider does. Such a frame is

- missed, when no cell passes the false-alarm threshold;
- an outlier, when that target is more than a cell that the pilots resolve off in delay or in
  Doppler: a wrong peak;
- near otherwise: it has an error, and a variance that the estimator reports.
"""

import argparse
import json
import math
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import NormalDist

import numpy as np
from gnuradio import isac
from gnuradio.isac import reproduction
from range_errors import (DATA, GRID, MeasuredErrors, bound_std, elements_db, grid_of, pilots_of,
                          read)

PILOT_SHARES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
FALSE_ALARMS = (1e-6, 1e-3)  # the estimator's default; one that finds something in any frame
# SNR of all pilots together. Below the first next to nothing but noise is detected, above the last
# the errors are those of the bound.
PROCESSED_SNR_DB = tuple(3.0 + 1.5 * i for i in range(16))
RANGE_M = (175.0, 1870.0)  # from right above a station to the end of the prefix

# Quantiles are stored where a standard normal variable has these values: those of a normal
# distribution are a straight line.
SCORES = tuple(-3.0 + 0.5 * i for i in range(13))
FEWEST = 100  # near frames that quantiles are taken from


class Frames:
    """Echoes in noise of unit power on the pilots of a grid."""

    def __init__(self, grid, random):
        self.grid, self.random = grid, random
        self.pilots = pilots_of(grid)
        self.sent = grid.pilot_rows()[:, self.pilots]
        self.frequencies = grid.subcarrier_spacing() * (self.pilots - grid.num_subcarriers() // 2)
        self.times = np.array(grid.symbol_times())
        self.rows = np.zeros((grid.num_symbols(), grid.num_subcarriers()), np.complex64)
        self.doppler_span = 1 / grid.symbol_duration()
        self.doppler_cell = self.doppler_span / grid.num_symbols()
        self.range_cell = grid.range_resolution(True)

    def draw(self, snr_db):
        """The rows of a frame, and the range and the Doppler of its echo."""
        distance = self.random.uniform(*RANGE_M)
        doppler = self.random.uniform(-0.5, 0.5) * self.doppler_span
        amplitude = 10 ** (snr_db / 20) * np.exp(2j * math.pi * self.random.uniform())
        delay = 2 * distance / isac.sensing.SPEED_OF_LIGHT
        echo = np.outer(
            (amplitude * np.exp(2j * math.pi * doppler * self.times)).astype(np.complex64),
            np.exp(-2j * math.pi * delay * self.frequencies).astype(np.complex64))
        noise = self.random.standard_normal((*self.sent.shape, 2), np.float32)
        noise *= np.float32(math.sqrt(0.5))
        self.rows[:, self.pilots] = self.sent * echo + noise.view(np.complex64)[..., 0]
        return self.rows, distance, doppler

    def measure(self, snr_db, pfa):
        """Error and reported standard deviation, m (NaN: missed), and whether it is an outlier,
        at each false-alarm probability."""
        rows, distance, doppler = self.draw(snr_db)
        found = []
        for probability in pfa:
            target = isac.sensing.estimate(rows, self.grid, pfa=probability, max_targets=1)
            if len(target["range"]) == 0:
                found.append((math.nan, math.nan, False))
                continue
            error = target["range"][0] - distance
            std = 0.5 * isac.sensing.SPEED_OF_LIGHT * math.sqrt(target["var_delay"][0])
            turns = (target["doppler"][0] - doppler) / self.doppler_span
            off = abs(turns - round(turns)) * self.doppler_span
            found.append((error, std, abs(error) > self.range_cell or off > self.doppler_cell))
        return found


def draw_frames(pilot_share, snr_db, count, seed, pfa=FALSE_ALARMS):
    """Errors and reported standard deviations, m (NaN: missed), and outliers; len(pfa) x count."""
    frames = Frames(grid_of(pilot_share), np.random.default_rng(seed))
    drawn = np.array([frames.measure(snr_db, pfa) for _ in range(count)])
    error, std, outlier = np.transpose(drawn, (2, 1, 0))
    return error, std, outlier > 0


def quantiles(values):
    levels = [NormalDist().cdf(score) for score in SCORES]
    return [float(f"{q:.4g}") for q in np.quantile(values, levels)]


def measure_point(share, processed_db, draws, seed):
    """A cell of each false-alarm probability's table, and the deviations its outliers report."""
    grid = grid_of(share)
    snr_db = processed_db - elements_db(grid)
    bound = float(bound_std(grid, snr_db))
    found = []
    for error, std, outlier in zip(*draw_frames(share, snr_db, draws, seed)):
        near = np.isfinite(error) & ~outlier
        enough = np.count_nonzero(near) >= FEWEST
        found.append(({
            "snr_db": round(snr_db, 3), "bound_m": float(f"{bound:.4g}"),
            "missed": np.isnan(error).mean(), "outliers": outlier.mean(),
            "std": quantiles(std[near] / bound) if enough else None,
            "error": quantiles(error[near] / std[near]) if enough else None}, std[outlier]))
    return found


def measure_all(draws, seed, progress):
    """What the data file holds; on all processors, the same whatever their number."""
    tables = []
    with ProcessPoolExecutor() as pool:
        waiting = [[pool.submit(measure_point, share, processed, draws, [seed, i, j])
                    for j, processed in enumerate(PROCESSED_SNR_DB)]
                   for i, share in enumerate(PILOT_SHARES)]
        for i, share in enumerate(PILOT_SHARES):
            points = []
            for future in waiting[i]:
                points.append(future.result())
                progress(i * len(PROCESSED_SNR_DB) + len(points))
            for pfa, found in zip(FALSE_ALARMS, zip(*points)):
                cells, stds = zip(*found)
                stds = np.concatenate(stds)
                tables.append({"pilot_share": share, "pilots": len(pilots_of(grid_of(share))),
                               "pfa": pfa, "cells": cells,
                               "outlier_std_m": quantiles(stds) if len(stds) else None})
    return {"grid": GRID, "range_m": RANGE_M, "draws": draws, "seed": seed, "scores": SCORES,
            "tables": tables}


def write(path, data):
    """JSON with a line a cell."""
    text = json.dumps(data)
    for start in ('{"pilot_share"', '{"snr_db"'):
        text = text.replace(start, "\n" + start)
    path.write_text(text + "\n")


def near_thresholds(table):
    """SNR a resource element at which half of the frames, and 99%, are near, dB."""
    near = [1 - cell["missed"] - cell["outliers"] for cell in table["cells"]]
    return np.interp([0.5, 0.99], np.maximum.accumulate(near),
                     [cell["snr_db"] for cell in table["cells"]])


def print_summary(data):
    print(f"{data['grid']}, {data['draws']} frames an SNR, seed {data['seed']}; of a resource "
          "element, the SNR at which\nhalf of the frames, and 99%, are near; spread of the error "
          "over the reported standard deviation there;\nreported standard deviation of outliers, "
          "median\n")
    low, high = data["scores"].index(-1.0), data["scores"].index(1.0)
    for table in data["tables"]:
        cells = table["cells"]
        found = near_thresholds(table)
        # Between the quantiles of scores -1 and 1 lie two standard deviations of a normal one.
        snrs, spreads = zip(*((cell["snr_db"], (cell["error"][high] - cell["error"][low]) / 2)
                              for cell in cells if cell["error"]))
        spread = np.interp(found, snrs, spreads)
        wrong = table["outlier_std_m"]
        wrong = f"{wrong[len(wrong) // 2]:.1f} m" if wrong else "none"
        print(f"{table['pilots']:4d} pilots, pfa {table['pfa']:g}: half {found[0]:6.1f} dB "
              f"({spread[0]:.2f}), 99% {found[1]:6.1f} dB ({spread[1]:.2f}), outliers {wrong}")


def draw_errors(pyplot, data):
    figure, axes = pyplot.subplots(1, 3, figsize=(15, 4.5), layout="constrained")
    for table in data["tables"]:
        cells = table["cells"]
        snr = np.array([cell["snr_db"] for cell in cells])
        default = table["pfa"] == FALSE_ALARMS[0]
        style = {"color": f"C{PILOT_SHARES.index(table['pilot_share'])}",
                 "ls": "-" if default else ":"}
        errors = MeasuredErrors(table["pilot_share"], table["pfa"], data)
        random = np.random.default_rng(1)
        distance = 0.5 * sum(RANGE_M)
        rmse = [np.sqrt(np.nanmean((errors.draw(distance, np.full(20000, s), random)[0]
                                    - distance) ** 2)) for s in snr]
        axes[0].plot(snr, rmse, **style)
        if default:
            axes[0].plot(snr, bound_std(errors.grid, snr), color=style["color"], lw=0.5,
                         label=f"{table['pilots']} pilots ({table['pilot_share']:.0%})")
        for axis, key in zip(axes[1:], ("missed", "outliers")):
            axis.plot(snr, [cell[key] for cell in cells], **style)
    axes[0].set(yscale="log", ylim=(0.2, 5e4), ylabel="RMSE of what is found, and bound (thin), m")
    axes[1].set(ylabel="Share of frames without a detection")
    axes[2].set(ylabel="Share of frames with a wrong peak")
    for pfa, line in zip(FALSE_ALARMS, ("k-", "k:")):
        axes[2].plot([], [], line, label=f"pfa {pfa:g}")
    for axis in axes:
        axis.set_xlabel("SNR a resource element, dB")
        axis.grid(alpha=0.3)
    return figure


def enough_draws(text):
    """Type of an option."""
    if int(text) < 2 * FEWEST:
        raise argparse.ArgumentTypeError(f"{text}: must be at least {2 * FEWEST}")
    return int(text)


def parse_arguments():
    parser = reproduction.parser(description=__doc__.split("\n")[0])
    parser.add_argument("--measure", action="store_true",
                        help="measure anew, in a quarter of an hour; else show what is stored")
    parser.add_argument("--data", type=Path, default=DATA, metavar="FILE",
                        help="what is stored (default: %(default)s)")
    parser.add_argument("--draws", type=enough_draws, default=1500,
                        help="frames an SNR (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--plot", type=Path, metavar="DIR", help="write the picture there")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    count = len(PILOT_SHARES) * len(PROCESSED_SNR_DB)

    def progress(done):
        if sys.stderr.isatty():
            print(f"\r{done} of {count} SNRs", end="" if done < count else "\n", file=sys.stderr,
                  flush=True)

    try:
        if arguments.measure:
            arguments.data.touch()  # rather than fail after a quarter of an hour
            write(arguments.data, measure_all(arguments.draws, arguments.seed, progress))
        data = read(arguments.data)
        print_summary(data)
        if arguments.plot:
            reproduction.write_pictures(
                arguments.plot, {"range_errors": lambda pyplot: draw_errors(pyplot, data)})
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    except ValueError as error:
        sys.exit(f"{arguments.data}: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
