#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Makes a small flight of the form that flight_replay.py reads: a drone over a synthetic network.

Sites of three sectors, UMa-AV path loss, and shadowing that changes along the way. The receiver
reports at most nine cells beside the serving one, in whole dB, at irregular times. The network of
the recording hands over by RSRP without a filter.
"""

import argparse
import csv
import sys

import numpy as np
from gnuradio import isac
from gnuradio.isac import theory

CARRIER = 2e9  # Hz
POWER_DBM = 19.0  # of a resource element, with the antenna's gain
SITE_HEIGHT = 25.0  # m
SPACING = 700.0  # m between sites
BACK_LOSS_DB = 15.0  # behind a sector's antenna
SHADOWING_DB = 4.0
CORRELATION_M = 30.0
MEASUREMENT_DB = 1.0
WEAKEST_DBM = -95.0  # that is found
NEIGHBOURS = 9
RSRQ_DB = (-19.5, -3.0)  # that a receiver reports


def sectors():
    """PCI, place (m) and direction (rad) of the sectors of seven sites."""
    places = [(0.0, 0.0)] + [(SPACING * np.cos(a), SPACING * np.sin(a))
                             for a in np.arange(6) * np.pi / 3]
    return [(10 + 3 * site + sector, place, sector * 2 * np.pi / 3 + 0.3 * site)
            for site, place in enumerate(places) for sector in range(3)]


def fly(rng, duration, altitude, speed=3.0):
    """Times (s) and places (m) of the readings on a winding way about the middle."""
    steps = rng.choice([1.0, 1.28, 1.28, 1.28, 2.56], int(duration))
    times = np.concatenate([[0.0], np.cumsum(steps + rng.normal(0, 0.01, len(steps)))])
    times = times[times <= duration]
    turn = speed * times / 250
    east, north = 450 * np.sin(turn), 300 * np.sin(1.618 * turn)
    return times, np.column_stack([east, north, np.full_like(east, altitude)])


def shadowing(rng, places):
    """Of one cell along the way, dB: Gudmundson's exponential correlation."""
    moved = np.linalg.norm(np.diff(places, axis=0), axis=1)
    values = rng.normal(0, SHADOWING_DB, len(places))
    for i, step in enumerate(moved, 1):
        kept = np.exp(-step / CORRELATION_M)
        values[i] = kept * values[i - 1] + np.sqrt(1 - kept**2) * values[i]
    return values


def measure(rng, places):
    """RSRP as reported, dBm, one column a cell."""
    columns = []
    for _, (east, north), direction in sectors():
        away = places - (east, north, SITE_HEIGHT)
        bearing = np.arctan2(away[:, 1], away[:, 0]) - direction
        pattern = BACK_LOSS_DB * (np.cos(bearing) - 1) / 2
        loss = theory.path_loss_uma_av(np.linalg.norm(away, axis=1), CARRIER)
        columns.append(POWER_DBM + pattern - loss + shadowing(rng, places))
    rsrp = np.column_stack(columns)
    return np.round(rsrp + rng.normal(0, MEASUREMENT_DB, rsrp.shape))


def make(seed, duration, altitude):
    """The rows of a flight, after its header."""
    rng = np.random.default_rng(seed)
    times, places = fly(rng, duration, altitude)
    rsrp = measure(rng, places)
    network = isac.handover_machine(
        rsrp.shape[1], criterion="rsrp", hysteresis_db=5, time_to_trigger=1)
    # A decision shows from the next reading on.
    serving = network.run(times, rsrp)["serving"]
    serving = np.concatenate([serving[:1], serving[:-1]])
    pcis = [pci for pci, _, _ in sectors()]
    yield ("time_s", "east_m", "north_m", "altitude_m", "role", "pci", "rsrp_dbm", "rsrq_db",
           "sinr_db")
    for time, place, levels, served in zip(times, places, rsrp, serving):
        power = 10 ** (levels / 10)
        interference = power.sum() - power[served]
        sinr = 10 * np.log10(power[served] / interference)
        strongest = [cell for cell in np.argsort(-levels, kind="stable")
                     if cell != served and levels[cell] >= WEAKEST_DBM]
        for cell in [served, *strongest[:NEIGHBOURS]]:
            rsrq = np.clip(10 * np.log10(power[cell] / (12 * power.sum())), *RSRQ_DB)
            yield (f"{time:.3f}", f"{place[0]:.1f}", f"{place[1]:.1f}", f"{altitude:g}",
                   "serving" if cell == served else "neighbour", pcis[cell],
                   f"{levels[cell]:.1f}", f"{round(2 * rsrq) / 2:.1f}",
                   f"{round(2 * sinr) / 2:.1f}" if cell == served else "")


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", metavar="FLIGHT.csv")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--duration", type=float, default=1800, metavar="S")
    parser.add_argument("--altitude", type=float, default=100, metavar="M")
    options = parser.parse_args(arguments)
    if options.duration < 10:
        parser.error("--duration must be at least 10 s")
    if options.seed < 0:
        parser.error("--seed must not be negative")
    with open(options.output, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(
            make(options.seed, options.duration, options.altitude))
    return 0


if __name__ == "__main__":
    sys.exit(main())
