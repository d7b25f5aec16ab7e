#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""RMSE of range and velocity against SNR, beside the Cramer-Rao bound and beside coarser estimates.

One echo anywhere between the cells, in white noise; the strongest peak of each frame is taken,
whatever its power. Each grid has one seed; its points follow each other.
"""

import sys
from pathlib import Path

import numpy as np
from gnuradio import isac
from gnuradio.isac import reproduction
from tqdm import tqdm

HERE = Path(__file__).parent
TABLE = HERE / "accuracy.csv"
PICTURE = HERE / "accuracy.png"
COLUMNS = ("grid", "snr_db", "estimator", "draws", "range_rmse_m", "range_bound_m",
           "velocity_rmse_mps", "velocity_bound_mps")
ESTIMATORS = {
    "bin": "whole bins, as OpenISAC tells",
    "parabolic": "parabola through three bins",
    "padded": "bins of a map padded 4 times",
    "fit": "this module",
}
PAD = 4
SPEED_OF_LIGHT = 299792458.0


def positioning_reference():
    """NR 1024 x 112, PRS of comb 4 on 12 symbols of each slot (TS 38.211, 7.4.1.7.3)."""
    empty = isac.ofdm_grid.preset_parameters("NR mu 1")
    cells = [(symbol, subcarrier)
             for symbol in range(112) if symbol % 14 >= 2
             for subcarrier in range(empty["guard_low"] + (0, 2, 1, 3)[(symbol % 14 - 2) % 4],
                                     empty["fft_len"] - empty["guard_high"], 4)]
    return isac.ofdm_grid_preset("NR mu 1", pilots="cells", pilot_cells=cells)


# Grid, SNRs a resource element in dB, draws a point, seed.
GRIDS = {
    "LAWN": (lambda: isac.ofdm_grid_preset("LAWN"), np.arange(-20.0, 21, 2), 4000, 1),
    "NR 1024 x 112, PRS comb 4": (positioning_reference, np.arange(-32.0, 1, 4), 400, 2),
    "4096 x 256": (lambda: isac.ofdm_grid(fft_len=4096, cp_len=288, num_symbols=256, pilots="all"),
                   np.arange(-48.0, -15, 4), 120, 3),
}


class experiment:
    """Frames of one echo, and the errors that each estimator makes of it."""

    def __init__(self, grid, seed):
        self.grid = grid
        self._random = np.random.default_rng(seed)
        self.sent = grid.pilot_rows()
        self.frequencies = grid.subcarrier_spacing() * (
            np.arange(grid.num_subcarriers()) - grid.num_subcarriers() // 2)
        self.times = np.array(grid.symbol_times())
        self.metres = SPEED_OF_LIGHT / 2
        self.mps = -grid.wavelength() / 2
        _, ranges, velocities = isac.sensing.range_doppler_map(self.sent, grid)
        self._longest = ranges[1] * len(ranges)
        self._span = abs(velocities[1] - velocities[0]) * len(velocities)

    def delay(self, range_m):
        return range_m / self.metres

    def doppler(self, velocity):
        return velocity / self.mps

    def response(self, range_m, velocity):
        """What an echo of unit amplitude makes of the frame."""
        ramp = np.exp(-2j * np.pi * self.frequencies * self.delay(range_m))
        turns = np.exp(2j * np.pi * self.times * self.doppler(velocity))
        return self.sent * np.outer(turns, ramp).astype(np.complex64)

    def bound(self, snr):
        """Roots of the bounds, m and m/s."""
        found = isac.theory.delay_doppler_bound(
            snr, self.frequencies, self.times, np.abs(self.sent) ** 2)
        return (np.sqrt(found["var_delay"]) * self.metres,
                np.sqrt(found["var_doppler"]) * abs(self.mps))

    def draw(self, snr):
        """A frame, its range and its velocity: anywhere in the middle 60% of the ranges."""
        range_m = self._random.uniform(0.2, 0.8) * self._longest
        velocity = self._random.uniform(-0.5, 0.5) * self._span
        phase = self._random.uniform(0, 2 * np.pi)
        amplitude = np.complex64(np.sqrt(snr) * np.exp(1j * phase))
        shape = (*self.sent.shape, 2)
        noise = self._random.standard_normal(shape, dtype=np.float32) * np.float32(0.5**0.5)
        rows = amplitude * self.response(range_m, velocity) + noise.view(np.complex64)[..., 0]
        return rows, range_m, velocity

    def error(self, told_range, told_velocity, range_m, velocity):
        """Of an estimate, m and m/s, modulo the ambiguities."""
        return (wrapped(told_range - range_m, self._longest),
                wrapped(told_velocity - velocity, self._span))

    def places(self, rows):
        """What each estimator takes for range and velocity."""
        found = isac.sensing.estimate(rows, self.grid, kind="none")
        yield "fit", found["range"][0], found["velocity"][0]
        powers, ranges, velocities = isac.sensing.range_doppler_map(rows, self.grid)
        row, column = np.unravel_index(np.argmax(powers), powers.shape)
        yield "bin", ranges[column], velocities[row]
        yield ("parabolic",
               ranges[column] + vertex(powers[row], column) * (ranges[1] - ranges[0]),
               velocities[row] + vertex(powers[:, column], row) * (velocities[1] - velocities[0]))
        powers, ranges, velocities = isac.sensing.range_doppler_map(
            rows, self.grid, pad_delay=PAD, pad_doppler=PAD)
        row, column = np.unravel_index(np.argmax(powers), powers.shape)
        yield "padded", ranges[column], velocities[row]

    def point(self, snr, draws, progress=lambda: None):
        """RMSE of range and velocity, m and m/s, of each estimator."""
        squares = {name: np.zeros(2) for name in ESTIMATORS}
        for _ in range(draws):
            rows, range_m, velocity = self.draw(snr)
            for name, told_range, told_velocity in self.places(rows):
                squares[name] += np.square(
                    self.error(told_range, told_velocity, range_m, velocity))
            progress()
        return {name: np.sqrt(sums / draws) for name, sums in squares.items()}


def wrapped(error, span):
    return (error + span / 2) % span - span / 2


def vertex(powers, at):
    """Of a parabola through the powers of three bins in dB; the axis wraps."""
    before, here, after = np.log(powers[[at - 1, at, (at + 1) % len(powers)]])
    return 0.5 * (before - after) / (before - 2 * here + after)


def rows_of(name, draws=None, snrs_db=None, progress=lambda: None):
    """Rows of the table for a grid."""
    make, all_snrs_db, all_draws, seed = GRIDS[name]
    frames = experiment(make(), seed)
    for snr_db in all_snrs_db if snrs_db is None else snrs_db:
        snr = 10 ** (snr_db / 10)
        bound = frames.bound(snr)
        for estimator, rmse in frames.point(snr, draws or all_draws, progress).items():
            yield dict(zip(COLUMNS, (name, snr_db, estimator, draws or all_draws,
                                     rmse[0], bound[0], rmse[1], bound[1])))


def draw_picture(table, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, len(GRIDS), figsize=(13, 7.5))
    for column, name in enumerate(GRIDS):
        rows = [row for row in table if row["grid"] == name]
        for axis, what, unit in ((axes[0, column], "range", "m"),
                                 (axes[1, column], "velocity", "mps")):
            for estimator, label in ESTIMATORS.items():
                curve = [row for row in rows if row["estimator"] == estimator]
                axis.semilogy([row["snr_db"] for row in curve],
                              [row[f"{what}_rmse_{unit}"] for row in curve],
                              "o-", markersize=3, label=label)
            axis.semilogy([row["snr_db"] for row in curve],
                          [row[f"{what}_bound_{unit}"] for row in curve],
                          "k--", label="root of the Cramer-Rao bound")
            axis.grid(True, which="both", alpha=0.3)
            axis.set_xlabel("SNR a resource element (dB)")
            axis.set_ylabel(f"RMSE of {what} ({'m' if unit == 'm' else 'm/s'})")
        axes[0, column].set_title(name)
    axes[0, 0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def main():
    options = reproduction.parser(description=__doc__.splitlines()[0])
    options.add_argument("--draws", type=reproduction.count, help="a point; otherwise %s" % ", ".join(
        f"{draws} ({name})" for name, (_, _, draws, _) in GRIDS.items()))
    reproduction.curve_options(options, TABLE, PICTURE)
    chosen = options.parse_args()
    if chosen.plot_only:
        draw_picture(reproduction.read_csv(TABLE), chosen.plot)
        return
    total = sum((chosen.draws or draws) * len(snrs) for _, snrs, draws, _ in GRIDS.values())
    table = []
    with tqdm(total=total, disable=not sys.stderr.isatty()) as bar:
        for name in GRIDS:
            table += rows_of(name, chosen.draws, progress=bar.update)
    reproduction.write_csv(chosen.csv, COLUMNS, table)
    draw_picture(table, chosen.plot)


if __name__ == "__main__":
    main()
