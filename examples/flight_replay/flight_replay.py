#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Replays recorded drone flights through the handover machine and compares it with the network
that was recorded.

The flights hold what a drone heard (columns: README.md beside this file). The machine decides by
RSRP alone, with one setting for all flights: an L3 filter in the time of the readings in place of
a time-to-trigger.
"""

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np
from flight_file import read_flights
from gnuradio import isac

PING_PONG_WINDOW = 10.0  # s
SETTING = {
    "hysteresis_db": 4.0,
    # filterCoefficient fc19 of 3GPP TS 38.331, the slowest, at the 200 ms that it is meant for:
    # a time constant of 5.3 s, at whatever time the readings come.
    "l3_coefficient": 2 ** (-19 / 4),
    "l3_period": 0.2,
    "time_to_trigger": 0.0,
    "bound_missing": True,
    "return_hysteresis_db": 6.0,
    "return_time": PING_PONG_WINDOW,
    "prohibit_time": 0.0,
}


def tally(flight, serving):
    """Handovers and ping-pongs of the cells that served, one a reading, and the sum of their
    RSRP."""
    handovers = ping_pongs = 0
    previous, left = None, -math.inf
    for i in range(1, len(serving)):
        if serving[i] == serving[i - 1]:
            continue
        handovers += 1
        if serving[i] == previous and flight.times[i] - left <= PING_PONG_WINDOW + 1e-9:
            ping_pongs += 1
        previous, left = serving[i - 1], flight.times[i]
    return {"handovers": handovers, "ping_pongs": ping_pongs,
            "rsrp_sum": float(np.sum(served_rsrp(flight, serving)))}


def served_rsrp(flight, serving):
    """RSRP of the cell served at each reading as measured, dBm; the reading's lowest where it
    lacks that cell."""
    rsrp = flight.rsrp[np.arange(len(serving)), serving]
    return np.where(np.isnan(rsrp), np.nanmin(flight.rsrp, axis=1), rsrp)


def replay(flight, setting):
    """The cell that serves at each reading by the machine, which starts where the network did."""
    machine = isac.handover_machine(
        len(flight.pcis), criterion="rsrp", ping_pong_window=PING_PONG_WINDOW,
        initial_cell=int(flight.network[0]), **setting)
    return machine.run(flight.times, flight.rsrp)["serving"]


def compare(flight, setting, heard=None):
    """Network and machine on one flight; heard: the flight as the machine is to hear it."""
    serving = replay(heard or flight, setting)
    # A decision shows from its own reading on, as the network's does in the recording; late: from
    # the next one on.
    late = np.concatenate([flight.network[:1], serving[:-1]])
    return {"flight": Path(flight.path).name, "readings": len(serving), "serving": serving,
            "network": tally(flight, flight.network), "ours": tally(flight, serving),
            "late_rsrp_sum": float(np.sum(served_rsrp(flight, late)))}


def total(results):
    """The results of several flights as one; the mean RSRP is that of all their readings."""
    readings = sum(result["readings"] for result in results)
    sides = {
        side: {
            "handovers": sum(result[side]["handovers"] for result in results),
            "ping_pongs": sum(result[side]["ping_pongs"] for result in results),
            "mean_serving_rsrp_dbm":
                sum(result[side]["rsrp_sum"] for result in results) / readings,
        } for side in ("network", "ours")}
    late = sum(result["late_rsrp_sum"] for result in results) / readings
    return {**sides, "readings": readings, "mean_serving_rsrp_one_reading_late_dbm": late}


def gain(both):
    return both["ours"]["mean_serving_rsrp_dbm"] - both["network"]["mean_serving_rsrp_dbm"]


def table(rows):
    """The lines of a table: one a flight, (name, total), the last of all together."""
    yield (f"{'':25} {'':>8}  {'handovers':^14}  {'ping-pongs':^14}  "
           f"{'mean serving RSRP (dBm)':^26}")
    yield (f"{'flight':25} {'readings':>8}  {'network':>8} {'ours':>5}  {'network':>8} {'ours':>5}  "
           f"{'network':>8} {'ours':>8} {'gain':>8}")
    for name, both in rows:
        network, ours = both["network"], both["ours"]
        yield (f"{name:25} {both['readings']:8d}  "
               f"{network['handovers']:8d} {ours['handovers']:5d}  "
               f"{network['ping_pongs']:8d} {ours['ping_pongs']:5d}  "
               f"{network['mean_serving_rsrp_dbm']:8.2f} {ours['mean_serving_rsrp_dbm']:8.2f} "
               f"{gain(both):+8.2f}")


def smooth(times, values, width=60.0):
    """Means over the readings within width (s) about each."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    first = np.searchsorted(times, times - width / 2)
    last = np.searchsorted(times, times + width / 2, side="right")
    return (sums[last] - sums[first]) / (last - first)


def draw(file, flights, results):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        len(flights), 2, figsize=(12, 1 + 2.8 * len(flights)), squeeze=False, sharex="row",
        constrained_layout=True)
    for (rsrp_axis, cell_axis), flight, result in zip(axes, flights, results):
        times = (flight.times - flight.times[0]) / 60
        served = [cell for cell in range(len(flight.pcis))
                  if cell in flight.network or cell in result["serving"]]
        place = {cell: i for i, cell in enumerate(served)}
        for name, serving, colour in (("network", flight.network, "tab:gray"),
                                      ("ours", result["serving"], "tab:blue")):
            counts = result["network" if name == "network" else "ours"]
            mean = counts["rsrp_sum"] / result["readings"]
            rsrp = served_rsrp(flight, serving)
            rsrp_axis.plot(times, rsrp, color=colour, linewidth=0.5, alpha=0.4)
            rsrp_axis.plot(times, smooth(flight.times, rsrp), color=colour, linewidth=1.5,
                           label=f"{name}: mean {mean:.2f} dBm")
            cell_axis.step(times, [place[cell] for cell in serving], where="post", color=colour,
                           linewidth=2.5 if name == "network" else 1,
                           label=f"{name}: {counts['handovers']} handovers, "
                                 f"{counts['ping_pongs']} ping-pongs")
        rsrp_axis.set_ylabel(f"{result['flight']}\nserving RSRP (dBm)")
        cell_axis.set_ylabel("serving cell (PCI)")
        cell_axis.set_yticks(range(len(served)), [flight.pcis[cell] for cell in served],
                             fontsize=6 if len(served) > 12 else 8)
        for axis in (rsrp_axis, cell_axis):
            axis.legend(fontsize="small", loc="lower left", bbox_to_anchor=(0, 1), ncol=2)
            axis.grid(alpha=0.3)
            axis.set_xlabel("time (min)")
    figure.savefig(file, dpi=110)


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("flights", nargs="+", metavar="FLIGHT.csv")
    parser.add_argument("--json", metavar="FILE", help="write network and ours, all flights "
                        "together, and each flight of several")
    parser.add_argument("--plot", metavar="FILE", help="draw the serving RSRP and cell")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    flights, all_read = read_flights(options.flights)
    if not flights:
        return 1
    results = [compare(flight, SETTING) for flight in flights]
    rows = [(result["flight"], total([result])) for result in results]
    together = total(results)
    print("\n".join(table(rows + ([("all", together)] if len(rows) > 1 else []))))
    late = (together["mean_serving_rsrp_one_reading_late_dbm"]
            - together["network"]["mean_serving_rsrp_dbm"])
    print(f"If each of our handovers took effect one reading later: {late:+.2f} dB.")
    if options.json:
        flat = {**together, "ping_pong_window_s": PING_PONG_WINDOW, "setting": SETTING}
        if len(rows) > 1:
            flat["flights"] = [{"flight": name, **both} for name, both in rows]
        Path(options.json).write_text(json.dumps(flat, indent=2) + "\n", encoding="utf-8")
    if options.plot:
        draw(options.plot, flights, results)
    return 0 if all_read else 1


if __name__ == "__main__":
    sys.exit(main())
