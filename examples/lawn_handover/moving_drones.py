#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Drones fly from one base station to the other through the decider: handovers, ping-pongs and outage.

All settings see the same flights: the same shadowing (Gudmundson: exponential over distance) and
the same range errors, so that differences between settings are those of pairs.
"""

import json
import sys
import time
from pathlib import Path

import lawn
import numpy as np
from flights import CORRELATION_M, SHADOWING_DB, SPEED, STEP, Flights, decider, means, without_nan
from gnuradio.isac import reproduction

# Half way from the middle to a station, that one is 10 dB stronger: nothing is left to decide
# (later, for flights that pass to one side). Only this part is flown; outage is a share of the whole
# flight from station to station.
FLOWN = 0.5
FLOWN_ASIDE = 0.2
MAX_STEPS = 100000

BAR = "rsrp L3 0.32 s"  # what the joint criterion has to beat


def settings():
    """The deciders, by name."""
    l3 = {"l3_coefficient": 0.25}
    found = {f"{criterion} {ttt:.2f} s": {"criterion": criterion, "time_to_trigger": ttt}
             for criterion in ("rsrp", "distance", "joint_or", "joint_and", "joint_veto")
             for ttt in (0.16, 0.32, 0.48)}
    for criterion, ttt in (("rsrp", 0.32), ("rsrp", 0.48), ("joint_veto", 0.48)):
        found[f"{criterion} L3 {ttt:.2f} s"] = {
            "criterion": criterion, "time_to_trigger": ttt, **l3}
    # A handover exactly a second after the last would still count as a ping-pong.
    found["joint_veto 0.16 s, prohibit 1 s"] = {
        "criterion": "joint_veto", "time_to_trigger": 0.16, "prohibit_time": 1.001}
    return found


def fly(arguments, progress):
    """Results of every flight by every setting."""
    station_x = arguments.station_distance / 2
    flights = Flights(FLOWN * station_x + FLOWN_ASIDE * arguments.lateral, arguments.seed, station_x,
                      arguments.lateral, arguments.speed, arguments.step, arguments.shadowing,
                      arguments.correlation)

    def sense(distance, shadowing):
        std = arguments.range_error * np.sqrt(lawn.CORRECTED.range_variance(distance))
        return distance + std * flights.random.standard_normal(shadowing.shape), None

    machines = {name: decider(**parameters) for name, parameters in settings().items()}
    return flights.fly(machines, arguments.flights, sense, progress)


def summary(results):
    """Means of each setting, and of its paired differences from the bar."""
    table = {}
    for name, result in results.items():
        row = means(result)
        row["ping_pong_share"] = float(result["ping_pongs"].sum()
                                       / max(result["handovers"].sum(), 1))
        row["minus_bar"] = means(result, results[BAR])
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
    for name in (BAR, "distance 0.16 s", "joint_or 0.16 s", "joint_veto 0.48 s"):
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
    parser = reproduction.parser(description=__doc__.split("\n")[0])

    parser.add_argument("--flights", type=reproduction.count, default=20000, help="(default: %(default)s)")
    parser.add_argument("--speed", type=reproduction.positive, default=SPEED, metavar="M/S",
                        help="(default: %(default)s)")
    parser.add_argument("--step", type=reproduction.positive, default=STEP, metavar="S",
                        help="between two measurements (default: %(default)s)")
    parser.add_argument("--correlation", type=reproduction.positive, default=CORRELATION_M, metavar="M",
                        help="of the shadowing, to 1/e (default: %(default)s)")
    parser.add_argument("--shadowing", type=reproduction.not_negative, metavar="DB",
                        default=SHADOWING_DB,
                        help="standard deviation (default: %(default).3f, UMa-AV at 200 m)")
    parser.add_argument("--station-distance", type=reproduction.not_negative, default=2 * lawn.STATION_X_M,
                        metavar="M", help="(default: %(default)s)")
    parser.add_argument("--lateral", type=reproduction.not_negative, default=0.0, metavar="M",
                        help="flights pass aside by up to this, uniformly (default: %(default)s)")
    parser.add_argument("--range-error", type=reproduction.not_negative, default=1.0, metavar="FACTOR",
                        help="of the Cramer-Rao bound's standard deviation (default: %(default)s)")
    parser.add_argument("--seed", type=reproduction.seed, default=1, help="(default: %(default)s)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write the picture there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if arguments.station_distance == 0:
        sys.exit("--station-distance 0: the stations coincide, there is nothing to decide")
    steps = FLOWN * arguments.station_distance / (arguments.speed * arguments.step)
    if not 2 <= steps <= MAX_STEPS:
        sys.exit(f"--speed, --step and --station-distance make {steps:.3g} steps a flight, "
                 f"must be from 2 to {MAX_STEPS}")
    started = time.monotonic()

    def progress(done):
        if sys.stderr.isatty():
            print(f"\r{done} of {arguments.flights} flights", end="", file=sys.stderr, flush=True)

    results = fly(arguments, progress)
    table = summary(results)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{arguments.flights} flights at {arguments.speed:g} m/s, a measurement every "
          f"{arguments.step:g} s, shadowing {arguments.shadowing:.3f} dB "
          f"correlated over {arguments.correlation:g} m, aside by up to {arguments.lateral:g} m, range "
          f"errors {arguments.range_error:g} times the bound\n")
    print_summary(table)
    print(f"\nflown in {time.monotonic() - started:.0f} s")
    try:
        if arguments.json:
            arguments.json.write_text(json.dumps(without_nan(
                {"flights": arguments.flights, "bar": BAR, "settings": table}), indent=1) + "\n")
        if arguments.plot:
            plot(table, results, arguments.plot)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
