#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Drones that fly from one base station to the other past deciders.

All deciders see the same flights with the same shadowing (Gudmundson: exponential over distance), so
that differences between them are those of pairs.
"""

import math
from concurrent.futures import ThreadPoolExecutor

import lawn
import numpy as np
from gnuradio import isac
from gnuradio.isac import theory

HEIGHT_M = 200.0
SPEED = 10.0  # m/s
STEP = 0.04  # s between two measurements
CORRELATION_M = 10.0  # of the shadowing, to 1/e
SHADOWING_DB = theory.shadowing_std_uma_av(HEIGHT_M)
CHUNK = 500  # flights held in memory at once

RESULTS = ("handovers", "ping_pongs", "outage", "first_x_m")


def decider(**parameters):
    """A handover machine of both stations with the paper's thresholds; the first one serves."""
    return isac.handover_machine(2, hysteresis_db=lawn.PAPER.hysteresis_db,
                                 distance_threshold_m=lawn.PAPER.threshold_m, initial_cell=0,
                                 **parameters)


class Flights:
    """Flights along x from -half_m to half_m, aside by up to lateral_m, with shadowing drawn anew."""

    def __init__(self, half_m, seed, station_x=lawn.STATION_X_M, lateral_m=0.0, speed=SPEED, step=STEP,
                 shadowing_db=SHADOWING_DB, correlation_m=CORRELATION_M):
        self.half_m, self.station_x, self.lateral_m = half_m, station_x, lateral_m
        self.speed, self.shadowing_db = speed, shadowing_db
        step_m = speed * step
        self.x = np.arange(-half_m, half_m + step_m / 2, step_m)
        self.times = step * np.arange(len(self.x))
        self.kept = math.exp(-step_m / correlation_m)
        self.random = np.random.default_rng(seed)
        self.straight = self.scene(np.zeros((1, 1)))

    def scene(self, y):
        """Distances and mean RSRP of flights aside by y."""
        distance = np.stack(lawn.distances(self.x, y, HEIGHT_M, self.station_x), axis=2)
        return distance, (lawn.TX_POWER_DBM - 10 * math.log10(lawn.SUBCARRIERS)
                          + 10 * math.log10(lawn.CORRECTED.antennas) - lawn.path_loss(distance))

    def draw(self, count):
        """Distances, m, RSRP, dBm, and the shadowing in it, dB: count x steps x cells (distances
        of straight flights: 1 x steps x cells)."""
        shape = (count, len(self.x), 2)
        shadowing = self.random.normal(0, self.shadowing_db, shape)
        shadowing[:, 1:] *= math.sqrt(1 - self.kept**2)
        for i in range(1, shape[1]):
            shadowing[:, i] += self.kept * shadowing[:, i - 1]
        distance, rsrp = self.straight
        if self.lateral_m:
            distance, rsrp = self.scene(
                self.random.uniform(-self.lateral_m, self.lateral_m, (count, 1)))
        return distance, rsrp + shadowing, shadowing

    def fly(self, machines, count, sense, progress=lambda done: None):
        """Results of every flight by every machine.

        Args:
            machines: isac.handover_machine by name.
            count: of flights.
            sense: from distances and shadowing makes the measured distances and, or None, their
                variances.
            progress: told how many have been flown.

        Returns:
            By name a dict of RESULTS, one entry a flight; outage is a share of the whole flight
            from station to station.
        """
        results = {name: [] for name in machines}
        with ThreadPoolExecutor() as pool:
            for done in range(0, count, CHUNK):
                distance, rsrp, shadowing = self.draw(min(CHUNK, count - done))
                measured, variance = sense(distance, shadowing)
                # The other cell interferes on the same resources; the noise is 50 dB below it.
                sinr = rsrp - rsrp[..., ::-1]
                chunk = pool.map(
                    lambda machine: machine.run_flights(
                        self.times, rsrp, measured, sinr, variance),
                    machines.values())
                for name, result in zip(machines, chunk):
                    results[name].append(result)
                progress(min(done + CHUNK, count))
        whole = {}
        for name, chunks in results.items():
            whole[name] = {key: np.concatenate([c[key] for c in chunks]) for key in chunks[0]}
            whole[name]["outage"] *= self.half_m / self.station_x
            whole[name]["first_x_m"] = self.speed * whole[name].pop("first_time") - self.half_m
        return whole


def mean_and_error(values):
    """Mean with its standard error, over the flights that have a value."""
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return [math.nan, math.nan]
    return [float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values)))]


def means(result, other=None):
    """Mean and standard error of each of RESULTS, or of the paired differences from other."""
    return {key: mean_and_error(result[key].astype(float) - (0 if other is None else other[key]))
            for key in RESULTS}


def without_nan(found):
    """The same for JSON, which knows no NaN: null."""
    if isinstance(found, dict):
        return {key: without_nan(value) for key, value in found.items()}
    if isinstance(found, list):
        return [without_nan(value) for value in found]
    return None if isinstance(found, float) and math.isnan(found) else found
