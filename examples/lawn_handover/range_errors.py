#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Sensed ranges, with the errors of the Cramer-Rao bound or those that the estimator was measured
to make (measure_range_errors.py)."""

import json
import math
from pathlib import Path

import numpy as np
from gnuradio import isac
from gnuradio.isac import theory

DATA = Path(__file__).with_name("range_errors.json")
GRID = "LAWN flight"  # whose prefix and unambiguous range hold the scene


def grid_of(pilot_share):
    return isac.ofdm_grid_preset(GRID, pilot_share=pilot_share)


def pilots_of(grid):
    """The pilots' subcarriers, the same in each symbol."""
    return np.flatnonzero(grid.pilot_rows()[0])


def elements_db(grid):
    """SNR of all pilots together over that of one, dB."""
    return 10 * math.log10(len(pilots_of(grid)) * grid.num_symbols())


def bound_std(grid, snr_db):
    """Root of the Cramer-Rao bound of the range at an SNR a resource element, m."""
    return np.sqrt(theory.range_crlb(10 ** (np.asarray(snr_db) / 10), grid.subcarrier_spacing(),
                                     grid.num_symbols(), len(pilots_of(grid))))


def read(path=DATA):
    """What measure_range_errors.py has stored.

    Raises:
        OSError, ValueError: where nothing is.
    """
    data = json.loads(path.read_text())
    if not (isinstance(data, dict) and "tables" in data):
        raise ValueError("has no tables of range errors")
    return data


class BoundErrors:
    """Gaussian errors by the bound, which is reported as their variance; nothing is missed."""

    def __init__(self, pilot_share):
        self.grid = grid_of(pilot_share)

    def draw(self, distance, snr_db, random):
        """Measured range, m, and its variance, m^2, shaped as snr_db."""
        std = bound_std(self.grid, snr_db)
        return distance + std * random.standard_normal(std.shape), std**2


class MeasuredErrors:
    """What was measured at a pilot share and a false-alarm probability.

    Between two SNRs of the table either is taken, the nearer one more often; beyond its ends, its
    ends. Reported standard deviations are drawn relative to the bound, errors relative to what is
    reported: near the threshold too these two are close to independent. Outliers are anywhere in
    the unambiguous range.
    """

    def __init__(self, pilot_share, pfa, data):
        table, = (t for t in data["tables"] if (t["pilot_share"], t["pfa"]) == (pilot_share, pfa))
        self.grid = grid_of(pilot_share)
        cells = [dict(cell) for cell in table["cells"]]
        self.snr_db = np.array([cell["snr_db"] for cell in cells])
        self.missed = np.array([cell["missed"] for cell in cells])
        self.outliers = np.array([cell["outliers"] for cell in cells])
        self.scores = np.array(data["scores"])
        # Where next to nothing is near, the next SNR with enough of it serves.
        for i in reversed(range(len(cells) - 1)):
            for key in ("std", "error"):
                cells[i][key] = cells[i][key] or cells[i + 1][key]
        self.std, self.error = (np.array([cell[key] for cell in cells]) for key in ("std", "error"))
        self.outlier_std = np.array([table["outlier_std_m"] or [math.nan] * len(self.scores)])

    def _quantile(self, table, row, random):
        """Random values of the distributions in the rows of a table."""
        place = (random.standard_normal(row.shape) - self.scores[0]) / (
            self.scores[1] - self.scores[0])
        place = np.clip(place, 0, len(self.scores) - 1)
        left = np.minimum(place.astype(int), len(self.scores) - 2)
        place -= left
        return (1 - place) * table[row, left] + place * table[row, left + 1]

    def errors(self, snr_db, random):
        """Errors (of what is near) and reported standard deviations, m, and outliers, shaped as
        snr_db; NaN: missed."""
        place = np.interp(snr_db, self.snr_db, np.arange(len(self.snr_db)))
        row = (place + random.random(place.shape)).astype(int)
        std = bound_std(self.grid, snr_db) * self._quantile(self.std, row, random)
        error = std * self._quantile(self.error, row, random)
        kind = random.random(place.shape)
        outlier = kind < self.outliers[row]
        std[outlier] = self._quantile(
            self.outlier_std, np.zeros(np.count_nonzero(outlier), int), random)
        error[kind > 1 - self.missed[row]] = math.nan
        return error, std, outlier

    def draw(self, distance, snr_db, random):
        """Measured range, m, and reported variance, m^2, shaped as snr_db; NaN: missed."""
        error, std, outlier = self.errors(snr_db, random)
        measured = np.maximum(distance + error, 0)
        measured[outlier] = random.uniform(
            0, self.grid.unambiguous_range(True), np.count_nonzero(outlier))
        return measured, np.where(np.isnan(measured), math.nan, std**2)
