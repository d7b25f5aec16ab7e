#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Drones fly from one base station to the other through the decider: handovers, ping-pongs and outage.

All settings see the same flights: the same shadowing (Gudmundson: exponential over distance) and
the same range errors, so that differences between settings are those of pairs.
"""

import argparse
import json
import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lawn
import numpy as np
from gnuradio import isac
from gnuradio.isac import theory

HEIGHT_M = 200.0
# Beyond 500 m one station is 10 dB stronger and 1 km nearer: nothing is left to decide. Only this
# part of the flight from station to station is flown; outage is a share of the whole.
FLOWN_M = 500.0
CHUNK = 500  # flights held in memory at once

BAR = "rsrp L3 0.32 s"

L3 = {"l3_coefficient": 0.25}


def settings():
    """The deciders, by name."""
    found = {f"{criterion} {ttt:.2f} s": {"criterion": criterion, "time_to_trigger": ttt}
             for criterion in ("rsrp", "distance", "joint_or", "joint_and", "joint_veto")
             for ttt in (0.08, 0.16, 0.32)}
    found[BAR] = {"criterion": "rsrp", "time_to_trigger": 0.32, **L3}
    veto = {"criterion": "joint_veto"}
    found["joint_veto L3 0.32 s"] = {**veto, "time_to_trigger": 0.32, **L3}
    found["joint_veto L3 0.32 s, 25 m"] = {
        **veto, "time_to_trigger": 0.32, **L3, "distance_threshold_m": 25.0}
    found["joint_veto L3 0.40 s, 20 m"] = {
        **veto, "time_to_trigger": 0.40, **L3, "distance_threshold_m": 20.0}
    found["joint_veto 0.16 s, prohibit 1 s"] = {
        **veto, "time_to_trigger": 0.16, "prohibit_time": 1.0 + 1e-3}
    return found


class Flights:
    """Chunks of flights with shadowing and measured distances drawn anew."""

    def __init__(self, arguments):
        step_m = arguments.speed * arguments.step
        self.x = np.arange(-FLOWN_M, FLOWN_M + step_m / 2, step_m)
        self.times = arguments.step * np.arange(len(self.x))
        self.shadowing_std = theory.shadowing_std_uma_av(HEIGHT_M)
        self.kept = math.exp(-step_m / arguments.correlation)
        self.random = np.random.default_rng(arguments.seed)
        self.distance = np.stack(lawn.distances(self.x, height=HEIGHT_M), axis=1)
        self.mean_rsrp = (lawn.TX_POWER_DBM - 10 * math.log10(lawn.SUBCARRIERS)
                          + 10 * math.log10(lawn.CORRECTED.antennas)
                          - lawn.path_loss(self.distance))
        self.range_std = np.sqrt(lawn.CORRECTED.range_variance(self.distance))

    def draw(self, count):
        """RSRP, distance and SINR, count x steps x cells."""
        shape = (count, *self.distance.shape)
        shadowing = self.random.normal(0, self.shadowing_std, shape)
        shadowing[:, 1:] *= math.sqrt(1 - self.kept**2)
        for i in range(1, shape[1]):
            shadowing[:, i] += self.kept * shadowing[:, i - 1]
        rsrp = self.mean_rsrp + shadowing
        distance = self.distance + self.range_std * self.random.standard_normal(shape)
        # The other cell interferes on the same resources; the noise is 50 dB below it.
        return rsrp, distance, rsrp - rsrp[..., ::-1]


def fly(arguments, progress):
    """Results of every flight by every setting."""
    flights = Flights(arguments)
    machines = {name: isac.handover_machine(
        2, hysteresis_db=2.0, initial_cell=0, **{"distance_threshold_m": 50.0, **parameters})
        for name, parameters in settings().items()}
    results = {name: [] for name in machines}
    done = 0
    with ThreadPoolExecutor() as pool:
        while done < arguments.flights:
            count = min(CHUNK, arguments.flights - done)
            measured = flights.draw(count)
            chunk = pool.map(lambda machine: machine.run_flights(flights.times, *measured),
                             machines.values())
            for name, result in zip(machines, chunk):
                results[name].append(result)
            done += count
            progress(done)
    whole = {}
    for name, chunks in results.items():
        whole[name] = {key: np.concatenate([c[key] for c in chunks]) for key in chunks[0]}
        whole[name]["outage"] *= FLOWN_M / lawn.STATION_X_M
        whole[name]["first_x_m"] = arguments.speed * whole[name].pop("first_time") - FLOWN_M
    return whole


def mean_and_error(values):
    """Mean with its standard error, over the flights that have a value."""
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return [math.nan, math.nan]
    return [float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values)))]


def summary(results):
    """Means of each setting, and of its paired differences from the bar."""
    table = {}
    for name, result in results.items():
        row = {key: mean_and_error(result[key].astype(float))
               for key in ("handovers", "ping_pongs", "outage", "first_x_m")}
        row["ping_pong_share"] = float(result["ping_pongs"].sum()
                                       / max(result["handovers"].sum(), 1))
        row["minus_bar"] = {
            key: mean_and_error(result[key].astype(float) - results[BAR][key])
            for key in ("handovers", "ping_pongs", "outage", "first_x_m")}
        table[name] = row
    return table


def print_summary(table):
    print(f"{'':32s} {'handovers':>15s} {'ping-pongs':>17s} {'share':>7s} {'outage':>17s} "
          f"{'first at x':>11s}")
    for name, row in table.items():
        print(f"{name:32s} {row['handovers'][0]:7.4f} ±{row['handovers'][1]:6.4f} "
              f"{row['ping_pongs'][0]:9.5f} ±{row['ping_pongs'][1]:6.5f} "
              f"{100 * row['ping_pong_share']:6.2f}% "
              f"{row['outage'][0]:8.6f} ±{row['outage'][1]:7.6f} {row['first_x_m'][0]:9.1f} m")
    print(f"\nPaired differences from {BAR}, with standard errors")
    for name, row in table.items():
        if name == BAR:
            continue
        d = row["minus_bar"]
        print(f"{name:32s} {d['handovers'][0]:+7.4f} ±{d['handovers'][1]:6.4f} "
              f"{d['ping_pongs'][0]:+9.5f} ±{d['ping_pongs'][1]:6.5f} {'':7s} "
              f"{d['outage'][0]:+8.6f} ±{d['outage'][1]:7.6f} {d['first_x_m'][0]:+9.1f} m")


def plot(table, results, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (trade, first) = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    colours = {"rsrp": "C0", "distance": "C1", "joint_or": "C3", "joint_and": "C4",
               "joint_veto": "C2"}
    told = set()
    for name, row in table.items():
        criterion = name.split()[0]
        tuned = name.split()[1] == "L3" or "," in name
        label = f"{criterion}{', L3 filter or prohibit timer' if tuned else ''}"
        trade.plot(1e3 * row["outage"][0], max(row["ping_pongs"][0], 5e-5),
                   "*" if tuned else "o", color=colours[criterion], ms=11 if tuned else 6,
                   label=None if label in told else label)
        told.add(label)
    trade.set(yscale="log", xlabel="Outage (share of the flight, 1/1000)",
              ylabel="Ping-pongs a flight (none: at the bottom)")
    bins = np.arange(-200.0, 201.0, 5.0)
    for name in (BAR, "distance 0.16 s", "joint_or 0.16 s", "joint_veto 0.16 s"):
        first.hist(results[name]["first_x_m"], bins, histtype="step", density=True,
                   color=colours[name.split()[0]], label=name)
    first.set(yscale="log", ylim=(1e-4, 1), xlabel="First handover at x (m)",
              ylabel="Density (1/m)")
    for axes in (trade, first):
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])

    def positive(text):
        value = float(text)
        if not (value > 0 and math.isfinite(value)):
            raise argparse.ArgumentTypeError(f"{text}: must be positive")
        return value

    def count(text):
        if int(text) < 2:
            raise argparse.ArgumentTypeError(f"{text}: must be at least 2")
        return int(text)

    parser.add_argument("--flights", type=count, default=20000, help="(default: %(default)s)")
    parser.add_argument("--speed", type=positive, default=10.0, metavar="M/S",
                        help="(default: %(default)s)")
    parser.add_argument("--step", type=positive, default=0.04, metavar="S",
                        help="between two measurements (default: %(default)s)")
    parser.add_argument("--correlation", type=positive, default=10.0, metavar="M",
                        help="of the shadowing, to 1/e (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write the picture there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if arguments.speed * arguments.step > FLOWN_M:
        sys.exit(f"--speed and --step: {arguments.speed * arguments.step:g} m a step, "
                 f"must be at most {FLOWN_M:g} m")
    started = time.monotonic()

    def progress(done):
        if sys.stderr.isatty():
            print(f"\r{done} of {arguments.flights} flights", end="", file=sys.stderr, flush=True)

    results = fly(arguments, progress)
    table = summary(results)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{arguments.flights} flights at {arguments.speed:g} m/s, a measurement every "
          f"{arguments.step:g} s, shadowing {theory.shadowing_std_uma_av(HEIGHT_M):.3f} dB "
          f"correlated over {arguments.correlation:g} m\n")
    print_summary(table)
    print(f"\nflown in {time.monotonic() - started:.0f} s")
    try:
        if arguments.json:
            arguments.json.write_text(json.dumps(
                {"flights": arguments.flights, "bar": BAR, "settings": table}, indent=1) + "\n")
        if arguments.plot:
            plot(table, results, arguments.plot)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
