# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a recorded flight: the CSV of this folder's README.md."""

import bisect
import csv
import math
import sys

import numpy as np

COLUMNS = ("time_s", "role", "pci", "rsrp_dbm")
OTHER_COLUMNS = ("east_m", "north_m", "altitude_m", "rsrq_db", "sinr_db")
ROLES = ("serving", "neighbour")


class flight_error(Exception):
    """Why a file is no flight, in one line."""


def values_of(line):
    """The values of one line: a stray quote tears this line, not those after it."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return [line]


def row_of(header, values):
    """Time, role, pci and RSRP of a row, None when it is torn."""
    if len(values) != len(header):
        return None
    named = dict(zip(header, values))
    try:
        time, rsrp = float(named["time_s"]), float(named["rsrp_dbm"])
        pci, role = int(named["pci"]), named["role"].strip()
    except ValueError:
        return None
    if not (math.isfinite(time) and math.isfinite(rsrp) and role in ROLES):
        return None
    return time, role, pci, rsrp


def ascending(times):
    """Which rows to keep so that time never goes back and the fewest are lost: neither a row
    from the past nor one from the future costs its neighbours."""
    ends, end_rows, before = [], [], []  # of the longest run of each length so far
    for row, time in enumerate(times):
        length = bisect.bisect_right(ends, time)
        before.append(end_rows[length - 1] if length else None)
        ends[length:length + 1] = [time]
        end_rows[length:length + 1] = [row]
    keep = [False] * len(times)
    row = end_rows[-1] if end_rows else None
    while row is not None:
        keep[row] = True
        row = before[row]
    return keep


class flight:
    """What a drone heard, reading by reading.

    Attributes:
        times: of the readings, s, ascending.
        pcis: of the cells, in the order in which they were first heard.
        rsrp: dBm, one row a reading and one column a cell; NaN where the reading lacks the cell.
        network: column of the cell that the network served at each reading.
        warnings: what the file had that was left out, one line each.
    """

    def __init__(self, path):
        self.path = str(path)
        self.warnings = []
        readings = self._with_serving_cell(self._readings())
        self.times = np.array([time for time, _, _ in readings])
        cells = {}
        for _, _, heard in readings:
            for pci in heard:
                cells.setdefault(pci, len(cells))
        self.pcis = list(cells)
        self.rsrp = np.full((len(readings), len(cells)), np.nan)
        for row, (_, _, heard) in zip(self.rsrp, readings):
            for pci, rsrp in heard.items():
                row[cells[pci]] = rsrp
        self.network = np.array([cells[serving] for _, serving, _ in readings])

    def _rows(self):
        """The rows of the file, each with the number of its line and the header's names."""
        try:
            with open(self.path, encoding="utf-8-sig", errors="replace") as file:
                header = [name.strip() for name in values_of(file.readline())]
                if not any(header):
                    raise flight_error("is empty")
                absent = [name for name in COLUMNS if name not in header]
                if absent:
                    raise flight_error(f"is no flight: has no column {', '.join(absent)}")
                unknown = [name for name in header if name not in COLUMNS + OTHER_COLUMNS]
                if unknown:
                    self.warnings.append(f"ignored unknown column {', '.join(unknown)}")
                for number, line in enumerate(file, 2):
                    yield number, header, values_of(line)
        except OSError as error:
            raise flight_error(f"cannot be read: {error.strerror}") from error

    def _readings(self):
        """Time, serving cell (or None) and RSRP by pci of every reading."""
        blank, torn, rows = [], [], []
        for number, header, values in self._rows():
            if not any(value.strip() for value in values):
                blank.append(number)
                continue
            row = row_of(header, values)
            if row:
                rows.append((number, row))
            else:
                torn.append(number)
        kept = ascending([time for _, (time, *_) in rows])
        back = [number for (number, _), keep in zip(rows, kept) if not keep]
        self._warn(blank, "blank line")
        self._warn(torn, "torn row")
        self._warn(back, "row", " out of the order of time")

        readings = []
        for (_, (time, role, pci, rsrp)), keep in zip(rows, kept):
            if not keep:
                continue
            if not readings or time > readings[-1][0]:
                readings.append((time, None, {}))
            _, serving, heard = readings[-1]
            if role == "serving" and serving is None:
                readings[-1] = (time, pci, heard)
            heard.setdefault(pci, rsrp)  # listed twice: on two carriers
        return readings

    def _with_serving_cell(self, readings):
        served = [reading for reading in readings if reading[1] is not None]
        if not served:
            raise flight_error("has no reading with a serving cell")
        without = len(readings) - len(served)
        if without:
            first = next(time for time, serving, _ in readings if serving is None)
            self.warnings.append(
                f"left out {without} reading{'s' if without > 1 else ''} without a serving cell, "
                f"the first at {first:g} s")
        return served

    def _warn(self, lines, noun, which=""):
        if lines:
            self.warnings.append(
                f"left out {len(lines)} {noun}{'s' if len(lines) > 1 else ''}{which}, "
                f"the first in line {lines[0]}")


def read_flights(paths):
    """The flights among the files; what is wrong with any goes to stderr, a line each.

    Returns:
        list of flights and whether every file was one.
    """
    flights = []
    for path in paths:
        try:
            one = flight(path)
        except flight_error as error:
            print(f"error: {path}: {error}", file=sys.stderr)
            continue
        for warning in one.warnings:
            print(f"warning: {path}: {warning}", file=sys.stderr)
        flights.append(one)
    return flights, len(flights) == len(paths)
