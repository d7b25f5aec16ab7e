#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What deciding by distance is worth when sensing is real: the moving drones once more, their
ranges erring as the Cramer-Rao bound says, or as the estimator was measured to (range_errors.json).

All settings, SNRs and pilot shares see the same flights with the same shadowing, which the echoes
pass twice.
"""

import sys
import time

import lawn
import numpy as np
from flights import Flights, decider, means, without_nan
from gnuradio.isac import reproduction
from moving_drones import BAR, FLOWN, settings
from range_errors import BoundErrors, MeasuredErrors, bound_std, grid_of, read

# Curves over the SNR, relative to the link budget's, and over the pilot share at some of these.
SNR_OFFSETS_DB = (0.0, -8.0, -12.0, -15.0, -17.0, -19.0, -21.0, -23.0, -26.0, -30.0)
PILOT_SHARE = 0.2
PILOT_SHARES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
PILOT_OFFSETS_DB = (0.0, -15.0)

# What knows no distance: the page's bar, and what a joint criterion is without distances.
ALONE = "rsrp 0.48 s"
TIME_TO_TRIGGER = 0.48
CRITERIA = ("distance", "joint_or", "joint_veto")
# What a decider makes of measured distances: believes them, asks for two standard deviations more,
# or filters them by their variances and asks for two of what then remains.
PLAIN, CONFIDENCE, AWARE = "plain", "confidence", "aware"
TRUST = {
    PLAIN: {},
    CONFIDENCE: {"distance_confidence": 2.0},
    AWARE: {"distance_confidence": 2.0, "distance_acceleration": 1.0},
}
# How ranges err: false-alarm probabilities of the estimator, None for the bound.
BOUND = "bound"
ERRORS = {BOUND: None, "pfa 1e-6": 1e-6, "pfa 1e-3": 1e-3}


def make_flights(seed):
    return Flights(FLOWN * lawn.STATION_X_M, seed)


def fly_by_rsrp(count, seed):
    """Results of every flight by BAR and ALONE."""
    machines = {name: decider(**settings()[name]) for name in (BAR, ALONE)}
    return make_flights(seed).fly(machines, count, lambda distance, shadowing: (None, None))


def fly(errors, offset_db, count, seed):
    """Results of every flight by criterion and trust."""
    machines = {(criterion, trust): decider(
        criterion=criterion, time_to_trigger=TIME_TO_TRIGGER, **parameters)
        for criterion in CRITERIA for trust, parameters in TRUST.items()}
    random = np.random.default_rng([seed, 1])  # the flights' own stays in step

    def sense(distance, shadowing):
        snr_db = lawn.CORRECTED.echo_snr_db(distance) + 2 * shadowing + offset_db
        return errors.draw(distance, snr_db, random)

    return make_flights(seed).fly(machines, count, sense)


def study(points, count, seed, data, progress):
    """For each pilot share and SNR offset the means of every setting, and of its paired differences
    from the bar, from RSRP alone, from the same with errors of the bound, and from the decider
    that believes what is measured."""
    by_rsrp = fly_by_rsrp(count, seed)
    middle = lawn.CORRECTED.echo_snr_db(lawn.distances(0.0)[0])
    rows = []
    for i, (share, offset) in enumerate(points):
        snr_db = float(middle) + offset
        point = {"pilot_share": share, "offset_db": offset, "snr_db": snr_db,
                 "bound_m": float(bound_std(grid_of(share), snr_db))}
        results = {}
        for kind, pfa in ERRORS.items():
            errors = BoundErrors(share) if pfa is None else MeasuredErrors(share, pfa, data)
            results[kind] = fly(errors, offset, count, seed)
            for (criterion, trust), result in results[kind].items():
                rows.append({
                    **point, "errors": kind, "criterion": criterion, "trust": trust,
                    **means(result), "never": float(np.mean(result["handovers"] == 0)),
                    "minus_bar": means(result, by_rsrp[BAR]),
                    "minus_alone": means(result, by_rsrp[ALONE]),
                    "minus_bound": means(result, results[BOUND][criterion, trust]),
                    "minus_plain": means(result, results[kind][criterion, PLAIN])})
        progress(i + 1)
    return {"flights": count, "seed": seed, "rows": rows,
            "rsrp": {name: means(result) for name, result in by_rsrp.items()}}


def print_means(name, row):
    print(f"  {name:24s} {row['handovers'][0]:9.4f} ±{row['handovers'][1]:6.4f} "
          f"{row['ping_pongs'][0]:9.5f} ±{row['ping_pongs'][1]:7.5f} "
          f"{1e3 * row['outage'][0]:9.3f} ±{1e3 * row['outage'][1]:6.3f} "
          f"{row['first_x_m'][0]:8.0f} {100 * row.get('never', 0):7.1f}%")


def print_study(found):
    print(f"{found['flights']} flights\n{'':26s} {'handovers':>17s} {'ping-pongs':>18s} "
          f"{'outage, 1/1000':>17s} {'first, m':>8s} {'without':>8s}\nBy RSRP")
    for name, row in found["rsrp"].items():
        print_means(name, row)
    heading = None
    for row in found["rows"]:
        text = (f"\n{row['pilot_share']:.0%} pilots, {row['snr_db']:.1f} dB in the middle "
                f"({row['offset_db']:+g} dB), bound {row['bound_m']:.1f} m, "
                f"errors: {row['errors']}")
        if heading != text:
            heading = text
            print(heading)
        print_means(f"{row['criterion']}, {row['trust']}", row)


STYLES = ((BOUND, PLAIN, "k", "--"), ("pfa 1e-6", PLAIN, "C3", "-"),
          ("pfa 1e-3", PLAIN, "C3", ":"), ("pfa 1e-6", CONFIDENCE, "C1", "-"),
          ("pfa 1e-6", AWARE, "C2", "-"), ("pfa 1e-3", AWARE, "C2", ":"))
# With the factor and the scale that they are drawn on; ping-pongs are none or many.
QUANTITIES = (
    ("handovers", 1, "handovers a flight", {"value": "linear"}),
    ("ping_pongs", 1, "ping-pongs a flight", {"value": "symlog", "linthresh": 0.01}),
    ("outage", 1e3, "outage, 1/1000 of the flight", {"value": "log"}))


def draw_curves(pyplot, found, key, label, chosen):
    figure, axes = pyplot.subplots(len(CRITERIA), len(QUANTITIES), figsize=(14, 11),
                                   layout="constrained", sharex=True)
    for i, criterion in enumerate(CRITERIA):
        for j, (quantity, factor, title, scale) in enumerate(QUANTITIES):
            axis = axes[i, j]
            first = i == j == 0  # which the legend stands in
            for kind, trust, colour, line in STYLES:
                curve = sorted((row[key], *row[quantity]) for row in found["rows"]
                               if (row["errors"], row["criterion"], row["trust"])
                               == (kind, criterion, trust) and chosen(row))
                x, mean, error = np.array(curve).T
                axis.errorbar(x, factor * mean, factor * error, color=colour, ls=line, marker=".",
                              label=f"{kind}, {trust}" if first else None)
            for name, colour in ((BAR, "C0"), (ALONE, "C9")):
                axis.axhline(factor * found["rsrp"][name][quantity][0], color=colour, lw=1,
                             label=name if first else None)
            axis.set_title(f"{criterion}: {title}", fontsize="medium")
            axis.set_yscale(**scale)
            axis.yaxis.set_major_formatter("{x:g}")
            axis.yaxis.set_minor_formatter("{x:g}" if criterion != "distance" else "")
            if quantity == "ping_pongs":
                axis.set_ylim(bottom=0)
            if key == "pilot_share":
                axis.set_xscale("log")
                axis.set_xticks(PILOT_SHARES, [f"{share:.0%}" for share in PILOT_SHARES])
                axis.set_xticks([], minor=True)
            axis.grid(alpha=0.3)
    figure.supxlabel(label)
    return figure


def drawings(found):
    """Curves over the SNR, and over the pilot share at the lowest of its SNRs."""
    lowest = min(PILOT_OFFSETS_DB)
    snr_db = next(row["snr_db"] for row in found["rows"] if row["offset_db"] == lowest)
    return {
        "sensed_ranges_snr": lambda pyplot: draw_curves(
            pyplot, found, "snr_db",
            f"Echo SNR a resource element in the middle, dB ({PILOT_SHARE:.0%} pilots)",
            lambda row: row["pilot_share"] == PILOT_SHARE),
        "sensed_ranges_pilots": lambda pyplot: draw_curves(
            pyplot, found, "pilot_share",
            f"Pilot share, at {snr_db:.1f} dB a resource element in the middle",
            lambda row: row["offset_db"] == lowest)}


def parse_arguments():
    parser = reproduction.parser(description=" ".join(__doc__.split("\n\n")[0].split()))
    parser.add_argument("--flights", type=reproduction.count, default=300,
                        help="(default: %(default)s, a minute; the page has 1000)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    reproduction.output_options(parser)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    points = list(dict.fromkeys(
        [(PILOT_SHARE, offset) for offset in SNR_OFFSETS_DB]
        + [(share, offset) for offset in PILOT_OFFSETS_DB for share in PILOT_SHARES]))
    started = time.monotonic()

    def progress(done):
        if sys.stderr.isatty():
            print(f"\r{done} of {len(points)} points", end="" if done < len(points) else "\n",
                  file=sys.stderr, flush=True)

    found = study(points, arguments.flights, arguments.seed, read(), progress)
    print_study(found)
    print(f"\nflown in {time.monotonic() - started:.0f} s")
    reproduction.write_output(arguments, without_nan(found), drawings(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
