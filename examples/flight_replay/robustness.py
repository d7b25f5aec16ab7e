#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""How far the result of flight_replay.py hangs on its constants and on the flights.

Totals of all flights with each constant less and more, with the flights flown backwards, heard at
half the rate or with noise, with each flight left out, and of random halves of the flights.
"""

import argparse
import copy
import sys

import numpy as np
from flight_file import read_flights
from flight_replay import SETTING, compare, gain, table, total

CONSTANTS = ("hysteresis_db", "l3_period", "return_hysteresis_db", "return_time")
CHANGES = (-0.2, -0.1, 0.1, 0.2)
NOT_HEARD_DBM = -110.0  # what plain A3 takes for a missing cell
NOISE_DB = 1.5


def changed(flight, **attributes):
    other = copy.copy(flight)
    for name, value in attributes.items():
        setattr(other, name, value)
    return other


def backwards(flight):
    return changed(flight, times=flight.times[-1] - flight.times[::-1],
                   rsrp=flight.rsrp[::-1], network=flight.network[::-1])


def every_other(flight):
    return changed(flight, times=flight.times[::2], rsrp=flight.rsrp[::2],
                   network=flight.network[::2])


def noisy(flight, seed=1):
    noise = np.random.default_rng(seed).normal(0, NOISE_DB, flight.rsrp.shape)
    return changed(flight, rsrp=flight.rsrp + noise)


def not_heard(flight):
    """With a number for each missing cell, for a machine that has nothing else for them."""
    return changed(flight, rsrp=np.where(np.isnan(flight.rsrp), NOT_HEARD_DBM, flight.rsrp))


def plain_a3(flights):
    """Event A3 with a time-to-trigger and the filter of 3GPP, to be ahead of."""
    setting = dict(hysteresis_db=4.0, l3_coefficient=0.4, time_to_trigger=5.2)
    return total([compare(flight, setting, heard=not_heard(flight)) for flight in flights])


def halves(results, seed=1, draws=1000):
    """How often a random half of the flights shows no more handovers, no more ping-pongs and more
    RSRP than the network, and the gain that 95% of them exceed, dB."""
    rng = np.random.default_rng(seed)
    wins, gains = 0, []
    for _ in range(draws):
        chosen = rng.permutation(len(results))[:len(results) // 2]
        both = total([results[i] for i in chosen])
        gains.append(gain(both))
        wins += (both["ours"]["handovers"] <= both["network"]["handovers"]
                 and both["ours"]["ping_pongs"] <= both["network"]["ping_pongs"]
                 and gains[-1] > 0)
    return wins / draws, float(np.quantile(gains, 0.05))


def all_of(flights, setting=SETTING):
    return total([compare(flight, setting) for flight in flights])


def rows_of(flights):
    """Name and total of each variation; of the L3 filter its period stands for its time
    constant."""
    results = [compare(flight, SETTING) for flight in flights]
    yield "as is", total(results)
    for name in CONSTANTS:
        for change in CHANGES:
            yield f"{name} {change:+.0%}", all_of(
                flights, {**SETTING, name: SETTING[name] * (1 + change)})
    for name, without in (("return_hysteresis_db", 0.0), ("bound_missing", False)):
        yield f"no {name}", all_of(flights, {**SETTING, name: without})
    yield "plain A3", plain_a3(flights)
    for name, variation in (("backwards", backwards), ("half the rate", every_other),
                            (f"{NOISE_DB} dB noise", noisy)):
        varied = [variation(flight) for flight in flights]
        yield name, all_of(varied)
        yield f"{name}, plain A3", plain_a3(varied)
    if len(results) > 1:
        for left in results:
            yield f"without {left['flight']}"[:25], total([r for r in results if r is not left])


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("flights", nargs="+", metavar="FLIGHT.csv")
    flights, all_read = read_flights(parser.parse_args(arguments).flights)
    if not flights:
        return 1
    for line in table(rows_of(flights)):
        print(line, flush=True)
    if len(flights) > 1:
        wins, worst = halves([compare(flight, SETTING) for flight in flights])
        print(f"Random halves of the flights: {wins:.0%} beat the network in all three; 95% gain "
              f"more than {worst:+.2f} dB.")
    return 0 if all_read else 1


if __name__ == "__main__":
    sys.exit(main())
