#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Reproduces Figs 2 to 7 of J. Li et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless
Networks": each under the convention that gives the paper's digits, and with the physics corrected."""

import math
import sys

import lawn
import numpy as np
from gnuradio.isac import reproduction, theory
from lawn import CORRECTED, CRITERIA, PAPER

LINE = np.arange(-1000.0, 1000.25, 0.25)  # m along the flight, for the figures at y = 0
MARGIN = "echo SNR above the estimator's threshold, dB"
TITLES = {"paper": "as published", "corrected": "corrected physics"}
NAMES = {"rsrp": "RSRP", "distance": "distance", "joint": "joint"}


def above_threshold(table, figure, scene, convention, distance=None):
    """Whether an estimator attains the bound that the figure believes in."""
    if distance is None:
        distance = float(lawn.distances(0.0)[0])  # 1015 m, where the handover is decided
    margin = scene.above_threshold_db(distance)
    table.add(figure, MARGIN, None, margin, convention,
              "below: no estimator attains the bound" if margin < 0 else "")


def lengths(regions):
    return {criterion: high - low for criterion, (low, high) in regions.items()}


# Fig. 2

def extremes(x, probability):
    """First and last grid point of each row with 0.1 <= p <= 0.9, NaN where a row has none."""
    within = (probability >= 0.1) & (probability <= 0.9)
    low = np.where(within.any(-1), x[np.argmax(within, -1)], np.nan)
    high = np.where(within.any(-1), x[len(x) - 1 - np.argmax(within[..., ::-1], -1)], np.nan)
    return low, high


def figure_2(table, draws, seed):
    x = np.arange(-1000.0, 1001.0, 5.0)
    y = np.arange(-1000.0, 1001.0, 5.0)[:, None]
    published = {"rsrp": (-25, 465, 490, 235, 490), "distance": (-65, 150, 215, 40, 205),
                 "joint": (-115, 130, 245, 60, 220)}

    def tell(criterion, low, high, convention):
        paper = published[criterion]
        table.add(2, f"{NAMES[criterion]} region over abs(y) <= 1000 m, lower edge, m",
                  paper[0], low, convention)
        table.add(2, f"{NAMES[criterion]} region over abs(y) <= 1000 m, upper edge, m",
                  paper[1], high, convention)
        table.add(2, f"{NAMES[criterion]} region over abs(y) <= 1000 m, length, m",
                  paper[2], high - low, convention)

    pictures = {}
    for scene, name in ((PAPER, "paper"), (CORRECTED, "corrected")):
        grid = f"{name}: extreme points of a 5 m grid, Nt = 32, h = 200 m"
        probability = scene.probabilities(x, y)
        pictures[name] = probability
        for criterion in CRITERIA:
            low, high = extremes(x, probability[criterion])
            tell(criterion, np.nanmin(low), np.nanmax(high), grid)
            if criterion == "rsrp":
                table.add(2, "RSRP region length, smallest over y, m", 235,
                          np.nanmin(high - low), grid)
                table.add(2, "RSRP region length, largest over y, m", 490,
                          np.nanmax(high - low), grid)
        exact = f"{name}: interpolated crossings, Nt = 32, h = 200 m"
        at = [lengths(scene.regions(LINE, y=y)) for y in (0.0, 1000.0)]
        for criterion in ("distance", "joint"):
            for length, place, paper in zip(at, (0, 1000), published[criterion][3:]):
                table.add(2, f"{NAMES[criterion]} region length at abs(y) = {place} m, m",
                          paper, length[criterion], exact)
        above_threshold(table, 2, scene, exact)

    # The paper's ranges of the sensing criteria appear only with noise on each pixel.
    noisy = f"paper: 5 m grid, one shadowing draw a pixel in both echoes, mean of {draws} maps"
    random = np.random.default_rng(seed)
    edges = {"distance": [], "joint": []}
    for _ in range(draws):
        shadowing = random.normal(0, theory.shadowing_std_uma_av(200.0), (y.size, x.size))
        pictures["noisy"] = PAPER.probabilities(x, y, shadowing_db=shadowing)
        for criterion, found in edges.items():
            low, high = extremes(x, pictures["noisy"][criterion])
            found.append((np.nanmin(low), np.nanmax(high), np.nanmax(high - low)))
    for criterion, found in edges.items():
        low, high, longest = np.mean(found, axis=0)
        tell(criterion, low, high, noisy)
        table.add(2, f"{NAMES[criterion]} region length, largest over y, m",
                  published[criterion][4], longest, noisy)

    def draw(pyplot):
        figure, axes = pyplot.subplots(3, 3, figsize=(9, 8), sharex=True, sharey=True,
                                       layout="constrained")
        for row, (name, title) in zip(axes, (("paper", "as published"),
                                             ("noisy", "a shadowing draw a pixel"),
                                             ("corrected", "corrected physics"))):
            for axis, criterion in zip(row, CRITERIA):
                picture = axis.pcolormesh(x, y[:, 0], pictures[name][criterion], vmin=0, vmax=1,
                                          rasterized=True)
                axis.set_xlim(-300, 600)
            row[0].set_ylabel(f"{title}\ny (m)")
        for axis, criterion in zip(axes[0], CRITERIA):
            axis.set_title(NAMES[criterion])
        for axis in axes[-1]:
            axis.set_xlabel("x (m)")
        figure.colorbar(picture, ax=axes, label="Probability of a handover", shrink=0.6)
        return figure
    return draw


# Fig. 3

def figure_3(table):
    hystereses, thresholds = (0.0, 1.0, 2.0), (0.0, 25.0, 50.0, 75.0, 100.0)
    curves = {}
    for scene, name, snr in ((PAPER.with_(snr_db=-10.0), "paper", "fixed SNR of -10 dB"),
                             (CORRECTED, "corrected", "Nt = 32")):
        convention = f"{name}: y = 0, h = 200 m, {snr}"
        low = {g: scene.with_(hysteresis_db=g).regions(LINE)["rsrp"][0] for g in hystereses}
        table.add(3, "RSRP lower edge at a hysteresis of 0 dB, m", -120, low[0.0], convention)
        table.add(3, "RSRP lower edge at a hysteresis of 2 dB, m", -13, low[2.0], convention)
        table.add(3, "RSRP lower edge, displacement, m", 107, low[2.0] - low[0.0], convention)
        for threshold in thresholds:
            table.add(3, f"joint lower edge at a distance threshold of {threshold:.0f} m, m",
                      -13, scene.with_(threshold_m=threshold).regions(LINE)["joint"][0], convention)
        above_threshold(table, 3, scene, convention)
        curves[name] = [("RSRP, {:.0f} dB", g, scene.with_(hysteresis_db=g), "rsrp")
                        for g in hystereses]
        curves[name] += [("joint, {:.0f} m", d, scene.with_(threshold_m=d), "joint")
                         for d in thresholds[::2]]

    def draw(pyplot):
        figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
        for axis, (name, lines) in zip(axes, curves.items()):
            for label, value, scene, criterion in lines:
                axis.plot(LINE, scene.probabilities(LINE)[criterion], label=label.format(value),
                          ls="--" if criterion == "rsrp" else "-")
            axis.set(title=TITLES[name], xlabel="x (m)", xlim=(-300, 400))
        axes[0].set_ylabel("Probability of a handover")
        return figure
    return draw


# Fig. 4

def figure_4(table):
    shares = np.arange(0.04, 0.42, 0.02)
    found = {}
    for scene, name in ((PAPER, "paper"), (CORRECTED, "corrected")):
        convention = f"{name}: y = 0, h = 200 m, Nt = 32"
        found[name] = [lengths(scene.with_(pilot_share=share).regions(LINE)) for share in shares]
        at_6 = lengths(scene.with_(pilot_share=0.06).regions(LINE))
        for criterion, paper in (("distance", 318), ("joint", 251), ("rsrp", 238)):
            table.add(4, f"{NAMES[criterion]} region length at 6% pilots, m", paper,
                      at_6[criterion], convention)
        # NaN: the sensing is too poor for the criterion to be ever quiet.
        longer = [share for share, length in zip(shares, found[name])
                  if not length["joint"] < length["rsrp"]]
        first = min((s for s in shares if all(s > other for other in longer)), default=math.nan)
        table.add(4, "pilot share from which joint is shorter than RSRP, %", 8,
                  100 * first, convention)
        above_threshold(table, 4, scene.with_(pilot_share=0.06), convention)

    x = np.arange(-1000.0, 1001.0)
    deviation = theory.shadowing_std_uma_av(200.0) * math.log(10) / 10
    mean_gain_db = 10 * math.log10(math.exp(deviation**2 / 2))
    probability = PAPER.with_(pilot_share=0.06).probabilities(x, shadowing_db=mean_gain_db / 2)
    for criterion, paper in (("distance", 318), ("joint", 251), ("rsrp", 238)):
        low, high = extremes(x, probability[criterion])
        table.add(4, f"{NAMES[criterion]} region length at 6% pilots, m", paper, high - low,
                  "paper: the same, SNR times E[10^(-e/10)] of the shadowing e, extreme points of a 1 m grid")

    def draw(pyplot):
        figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
        for axis, (name, values) in zip(axes, found.items()):
            for criterion in CRITERIA:
                axis.plot(100 * shares, [v[criterion] for v in values], marker=".",
                          label=NAMES[criterion])
            axis.set(title=TITLES[name], xlabel="Pilot share (%)", ylim=(0, 450))
        axes[0].set_ylabel("Length of the handover region (m)")
        return figure
    return draw


# Fig. 5

def figure_5(table):
    x = np.arange(-1000.0, 1001.0, 10.0)
    y = np.arange(-1000.0, 1001.0, 10.0)[:, None]
    heights = np.arange(100.0, 301.0, 10.0)
    found = {}
    for corrected, name in ((False, "paper"), (True, "corrected")):
        scene = lawn.Lawn(corrected=corrected, antennas=64)
        convention = f"{name}: Nt = 64, 10 m grid, h = 100 to 300 m by 10, interpolated crossings"
        regions = [lengths(scene.regions(x, y, height)) for height in heights]
        mean = {c: np.array([np.nanmean(r[c]) for r in regions]) for c in ("rsrp", "joint")}
        found[name] = mean
        for criterion, papers in (("rsrp", (616, 170)), ("joint", (208, 36))):
            for place, paper in zip((0, -1), papers):
                table.add(5, f"{NAMES[criterion]} mean region length at h = {heights[place]:.0f} m, m",
                          paper, mean[criterion][place], convention)
        cut = 1 - mean["joint"].mean() / mean["rsrp"].mean()
        table.add(5, "mean cut of the region length, %", 75.20, 100 * cut, convention)
        above_threshold(table, 5, scene, convention)

    def draw(pyplot):
        figure, axis = pyplot.subplots(figsize=(7, 4), layout="constrained")
        for name, mean in found.items():
            for criterion, values in mean.items():
                axis.plot(heights, values, label=f"{NAMES[criterion]}, {name}",
                          ls="-" if name == "paper" else "--",
                          color="C0" if criterion == "rsrp" else "C2")
        axis.set(xlabel="Height of the drone (m)", ylabel="Mean length of the region (m)")
        return figure
    return draw


# Fig. 6

def figure_6(table):
    x = np.arange(-1000.0, 1001.0, 10.0)
    y = np.arange(-1000.0, 1001.0, 50.0)[:, None]
    heights = np.arange(100.0, 301.0, 10.0)
    snrs = np.arange(-40.0, 21.0, 5.0)

    def gains(scene):
        ratios = {"distance": [], "joint": []}
        for height in heights:
            p = scene.probabilities(x, y, height)
            region = (p["rsrp"] >= 0.1) & (p["rsrp"] <= 0.9)
            base = np.sum(p["rsrp"] * region, axis=-1)
            for criterion, ratio in ratios.items():
                ratio.append(np.sum(p[criterion] * region, axis=-1) / base - 1)
        return {criterion: 100 * np.mean(ratio) for criterion, ratio in ratios.items()}

    found = {}
    for corrected, name in ((False, "paper"), (True, "corrected")):
        found[name] = [gains(lawn.Lawn(corrected=corrected, snr_db=snr)) for snr in snrs]
        scene = lawn.Lawn(corrected=corrected, snr_db=0.0)
        convention = f"{name}: fixed SNR of 0 dB, mean over h and y"
        at_0 = found[name][list(snrs).index(0.0)]
        table.add(6, "gain of the probability, joint, %", 76.31, at_0["joint"], convention)
        table.add(6, "gain of the probability, distance, %", 71.60, at_0["distance"], convention)
        above_threshold(table, 6, scene, convention)
        low = scene.with_(snr_db=-30.0)
        table.add(6, "bound of the range variance at -30 dB, m^2", 100,
                  float(low.range_variance(1000.0)), f"{name}: fixed SNR of -30 dB; the paper says 10^2")

    def draw(pyplot):
        figure, axis = pyplot.subplots(figsize=(7, 4), layout="constrained")
        for name, values in found.items():
            for criterion, colour in (("distance", "C1"), ("joint", "C2")):
                axis.plot(snrs, [v[criterion] for v in values], marker=".", color=colour,
                          ls="-" if name == "paper" else "--", label=f"{NAMES[criterion]}, {name}")
        axis.axvspan(snrs[0], lawn.THRESHOLD_SNR_DB[2], color="0.9",
                     label="no estimator attains the bound")
        axis.set(xlabel="Echo SNR a resource element (dB)", ylabel="Gain over RSRP (%)")
        return figure
    return draw


# Fig. 7

def figure_7(table):
    x = np.arange(-1000.0, 1001.0, 1.0)
    y = np.arange(-1000.0, 1001.0, 50.0)[:, None]
    found = {}
    for scene, name in ((PAPER, "paper"), (CORRECTED, "corrected")):
        gain = scene.rate_gain(x, y) / 1e6
        found[name] = gain
        convention = f"{name}: Nt = 32, h = 200 m, 1 m x 50 m grid"
        table.add(7, "largest gain of the effective rate, Mbit/s", 2.67, gain.max(), convention)
        middle = x[np.argmax(gain[y[:, 0] == 0])]
        table.add(7, "x of the largest gain at y = 0, m", None, middle, convention)
        above_threshold(table, 7, scene, convention, float(lawn.distances(middle)[0]))

    def draw(pyplot):
        figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
        for axis, (name, gain) in zip(axes, found.items()):
            picture = axis.pcolormesh(x, y[:, 0], gain, rasterized=True)
            axis.set(title=TITLES[name], xlabel="x (m)", xlim=(-300, 600))
            figure.colorbar(picture, ax=axis, label="Gain of the effective rate (Mbit/s)")
        axes[0].set_ylabel("y (m)")
        return figure
    return draw


def parse_arguments():
    parser = reproduction.parser(description=" ".join(__doc__.split()))
    reproduction.output_options(parser)
    parser.add_argument("--draws", type=int, default=10,
                        help="shadowed maps of Fig. 2 (default: %(default)s)")
    parser.add_argument("--seed", type=reproduction.seed, default=1, help="of the shadowing (default: 1)")
    arguments = parser.parse_args()
    if arguments.draws < 1:
        parser.error("--draws must be at least 1")
    return arguments


def main():
    arguments = parse_arguments()
    for warning in lawn.scene_warnings():
        print(f"warning: {warning}", file=sys.stderr)
    table = reproduction.table()
    drawings = {"figure_2": figure_2(table, arguments.draws, arguments.seed)}
    for number, figure in ((3, figure_3), (4, figure_4), (5, figure_5), (6, figure_6),
                           (7, figure_7)):
        drawings[f"figure_{number}"] = figure(table)
    table.print()
    reproduction.write_output(arguments, table.rows, drawings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
