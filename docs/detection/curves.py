#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Curves of detection: false alarms measured over those set, detections beside theory, and the kinds
of CFAR beside each other.

Writes false_alarms.csv, detections.csv, kinds.csv and the pictures. Takes some minutes.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from gnuradio import isac
from gnuradio.isac import reproduction
from scipy import ndimage, optimize
from tqdm import tqdm

HERE = Path(__file__).parent
SET = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6]
RARE = [1e-6, 1e-7, 1e-8, 1e-9, 1e-10]
CASES = [  # CFAR, padding of both axes, whether the threshold knows of it
    ("ca", 1, True),
    ("ca", 2, True),
    ("ca", 2, False),
    ("os", 1, True),
    ("os", 2, True),
    ("osgo", 1, True),
    ("osgo", 2, True),
]
KINDS = [("ca", 0.9), ("os", 0.9), ("os", 0.75), ("osgo", 0.9), ("osgo", 0.75)]  # with os_rank
CLUTTER = 100.0  # power over the noise's
TILT = 15.0  # mean power that importance sampling gives to the cell under test


def grid_of(subcarriers, symbols):
    return isac.ofdm_grid(fft_len=subcarriers, cp_len=16, num_symbols=symbols, pilots="all")


def noise(rng, *shape):
    parts = rng.standard_normal((2, *shape), dtype=np.float32) * np.float32(np.sqrt(0.5))
    return parts[0] + 1j * parts[1]


class Detector:
    """Thresholds of a map at any rate from one pass over it."""

    def __init__(self, kind, pad, knows, pfas, shape):
        self.options = dict(kind=kind, correlation=(pad, pad) if knows else (1, 1))
        flat = np.ones(shape, np.float32)
        self.pfas = pfas
        self.multipliers = [isac.sensing.cfar(flat, pfa=p, **self.options)[1] for p in pfas]

    def exceeded(self, powers):
        _, thresholds = isac.sensing.cfar(powers, pfa=self.pfas[0], **self.options)
        ratio = powers / thresholds * self.multipliers[0]
        return [ratio > multiplier for multiplier in self.multipliers]


def bootstrap_error(rng, of_frames):
    """Standard error of the mean over frames, resampled."""
    of_frames = np.asarray(of_frames)
    draws = rng.integers(0, len(of_frames), (500, len(of_frames)))
    return of_frames[draws].mean(axis=1).std()


def count_alarms(frames, rng):
    """Cells and clusters above threshold, a map of 1024 x 256 elements each frame."""
    grid = grid_of(1024, 256)
    for kind, pad, knows in CASES:
        shape = (256 * pad, 1024 * pad)
        detector = Detector(kind, pad, knows, SET, shape)
        share = frames if kind == "ca" else frames // 4
        cells, clusters = [], []
        for _ in tqdm(range(share // pad), desc=f"{kind}, padding {pad}", disable=None):
            powers, _, _ = isac.sensing.range_doppler_map(
                noise(rng, 256, 1024), grid, pad_delay=pad, pad_doppler=pad
            )
            above = detector.exceeded(powers)
            cells.append([a.mean() for a in above])
            clusters.append([ndimage.label(a, np.ones((3, 3)))[1] / a.size for a in above])
        for i, pfa in enumerate(SET):
            one = np.array(cells)[:, i] / pfa
            groups = np.array(clusters)[:, i] / pfa
            yield kind, pad, knows, "counted", pfa, one.mean(), bootstrap_error(rng, one), groups.mean()


def weigh_alarms(draws, rng):
    """One cell of small maps by importance sampling.

    The noise along the cell's own response is made TILT times as strong, what is correlated with
    it follows, and each alarm counts by the ratio of the densities.
    """
    grid = grid_of(64, 32)
    k, m = np.arange(64) - 32, np.arange(32) - 15.5
    for kind, pad, knows in CASES:
        column, row = 25 * pad + pad // 2, 20 * pad + pad // 2
        detector = Detector(kind, pad, knows, RARE, (32 * pad, 64 * pad))
        turn = np.exp(2j * np.pi * (row - 16 * pad) * m / (32 * pad))[:, None]
        response = grid.pilot_rows() * np.exp(-2j * np.pi * k * column / (64 * pad)) * turn
        response /= np.linalg.norm(response)
        alarms = []
        for _ in tqdm(range(draws), desc=f"{kind}, padding {pad}, rare", disable=None):
            rows = noise(rng, 32, 64)
            own = np.vdot(response, rows)
            rows = rows + (np.sqrt(TILT) - 1) * own * response
            powers, _, _ = isac.sensing.range_doppler_map(
                rows, grid, pad_delay=pad, pad_doppler=pad
            )
            weight = TILT * np.exp(-TILT * np.abs(own) ** 2 * (1 - 1 / TILT))
            alarms.append([weight * a[row, column] for a in detector.exceeded(powers)])
        for i, pfa in enumerate(RARE):
            one = np.array(alarms)[:, i] / pfa
            error = one.std() / np.sqrt(draws)
            yield kind, pad, knows, "importance sampling", pfa, one.mean(), error, ""


def detect(draws, rng):
    """Detections of a target on the centre of a cell."""
    grid = grid_of(64, 32)
    cells, pfa = 17 * 13 - 25, 1e-6
    k, m = np.arange(64) - 32, np.arange(32) - 15.5
    response = grid.pilot_rows() * np.exp(-2j * np.pi * k * 25 / 64)
    response *= np.exp(2j * np.pi * 4 * m / 32)[:, None] / np.sqrt(64 * 32)
    for swerling in range(5):
        for looks in (1, 8):
            multiplier = isac.sensing.ca_multiplier(cells, pfa, looks)
            for snr_db in np.arange(-4 if looks > 1 else 4, 25 if looks == 1 else 19, 2.0):
                snr = 10 ** (snr_db / 10)
                theory = isac.sensing.ca_probability(cells, multiplier, looks, snr, swerling)
                found = 0
                for _ in range(draws):
                    degrees = {0: 0, 1: 1, 2: 1, 3: 2, 4: 2}[swerling]
                    count = looks if swerling in (2, 4) else 1
                    power = np.ones(1) if not degrees else rng.gamma(degrees, 1 / degrees, count)
                    phase = np.exp(2j * np.pi * rng.random(looks)) * np.sqrt(snr * power)
                    frames = noise(rng, looks, 32, 64) + phase[:, None, None] * response
                    powers, _ = isac.sensing.mean_map(frames, grid)
                    _, thresholds = isac.sensing.cfar(powers, pfa=pfa, looks=looks)
                    found += powers[20, 25] > thresholds[20, 25]
                yield swerling, looks, snr_db, theory, found / draws


def alarms_at_edges(maps, rng):
    """False alarms over those set in the worst line of a map that clutter fills half of, from the
    thresholds of all its cells."""
    size = 128
    for axis, name in ((1, "delay"), (0, "Doppler")):
        mean = np.where(np.indices((size, size))[axis] < size // 2, 1.0, CLUTTER)
        for kind, rank in KINDS:
            for pfa in (1e-3, 1e-6):
                alarms = np.zeros(size)
                for _ in tqdm(range(maps), desc=f"{kind} at an edge", disable=None):
                    powers = rng.exponential(mean)
                    _, thresholds = isac.sensing.cfar(powers, pfa=pfa, kind=kind, rank=rank)
                    alarms += np.exp(-thresholds / mean).mean(axis=1 - axis) / (pfa * maps)
                yield kind, rank, f"alarms at an edge along {name} over those set", pfa, alarms.max()


def losses():
    """SNR that half of the targets of exponential power need beyond what CA does."""
    cells, quadrants = 196, [50, 48, 50, 48]
    for pfa in (1e-3, 1e-6):
        needed = {}
        for kind, rank in KINDS:
            if kind == "ca":
                multiplier = isac.sensing.ca_multiplier(cells, pfa)
                found = partial(isac.sensing.ca_probability, cells, multiplier)
            else:
                sectors = quadrants if kind == "osgo" else [cells]
                ranks = [int(np.ceil(rank * n)) for n in sectors]
                multiplier = isac.sensing.osgo_multiplier(sectors, ranks, pfa)
                found = partial(isac.sensing.osgo_probability, sectors, ranks, multiplier)
            snr = optimize.brentq(lambda snr: found(snr=snr, swerling=1) - 0.5, 1, 1000)
            needed[kind] = 10 * np.log10(snr)
            yield kind, rank, "loss against CA (dB)", pfa, needed[kind] - needed["ca"]


def miss_targets(scenes, rng):
    """Share of twenty targets of 40 dB spread whose nearest cell stays below its threshold."""
    grid, pfa = grid_of(256, 128), 1e-4
    k, m = np.arange(256) - 128, np.arange(128) - 63.5
    power = 10 ** (np.linspace(2.5, 6.5, 20) - np.log10(256 * 128))
    missed = {kind: 0 for kind in KINDS}
    for _ in tqdm(range(scenes), desc="twenty targets", disable=None):
        places = np.empty((0, 2))
        while len(places) < 20:
            place = rng.uniform((-50, 5), (50, 200))
            if (np.abs(places - place).max(axis=1) > 3).all():
                places = np.vstack([places, place])
        gains = np.sqrt(power) * np.exp(2j * np.pi * rng.random(20))
        turns = gains * np.exp(2j * np.pi * m[:, None] * places[:, 0] / 128)
        rows = grid.pilot_rows() * (turns @ np.exp(-2j * np.pi * places[:, 1:] * k / 256))
        powers, _, _ = isac.sensing.range_doppler_map(noise(rng, 128, 256) + rows, grid)
        row, column = np.rint(places).astype(int).T + [[64], [0]]
        for kind, rank in KINDS:
            _, thresholds = isac.sensing.cfar(powers, pfa=pfa, kind=kind, rank=rank)
            missed[kind, rank] += (powers <= thresholds)[row, column].mean() / scenes
    for (kind, rank), share in missed.items():
        yield kind, rank, "missed of twenty targets", pfa, share


def write(name, head, rows):
    reproduction.write_csv(HERE / name, head, [dict(zip(head, row)) for row in rows])


def plot():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    rows = reproduction.read_csv(HERE / "false_alarms.csv")
    for i, (kind, pad, knows) in enumerate(CASES):
        chosen = [r for r in rows if (r["cfar"], r["padding"], r["knows"]) == (kind, pad, str(knows))]
        label = f"{kind.upper()}, padding {pad}" + ("" if knows else ", taken for independent")
        for method, marker in (("counted", "o"), ("importance sampling", "x")):
            points = [r for r in chosen if r["method"] == method]
            axes.errorbar(
                [r["pfa"] * (0.85 + 0.075 * i) for r in points],
                [r["ratio"] for r in points],
                [r["error"] for r in points],
                fmt=marker, color=f"C{i}", markersize=4, capsize=2,
                label=label if method == "counted" else None,
            )
    axes.axhline(1, color="black", linewidth=0.5)
    axes.set(xscale="log", yscale="log", xlabel="false-alarm probability of a cell, set",
             ylabel="measured over set")
    axes.set_yticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
    axes.legend(fontsize=8)
    figure.savefig(HERE / "false_alarms.png", dpi=110, bbox_inches="tight")

    figure, pair = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
    rows = reproduction.read_csv(HERE / "detections.csv")
    for axes, looks in zip(pair, (1, 8)):
        for swerling in range(5):
            points = [r for r in rows if (r["looks"], r["swerling"]) == (looks, swerling)]
            snr = [r["snr_db"] for r in points]
            axes.plot(snr, [r["theory"] for r in points], color=f"C{swerling}",
                      label=f"Swerling {swerling}")
            axes.plot(snr, [r["measured"] for r in points], "o", color=f"C{swerling}",
                      markersize=3)
        axes.set(xlabel="SNR in the cell, a map (dB)", title=f"{looks} map{'s' * (looks > 1)}")
        axes.grid(alpha=0.3)
    pair[0].set_ylabel("probability of detection")
    pair[0].legend(fontsize=8)
    figure.savefig(HERE / "detections.png", dpi=110, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames", type=int, default=80, help="maps a case, for CA unpadded")
    parser.add_argument("--draws", type=int, default=4000, help="of importance sampling, a case")
    parser.add_argument("--targets", type=int, default=200, help="draws a point of detection")
    parser.add_argument("--plot-only", action="store_true", help="from the data as they are")
    args = parser.parse_args()
    if not args.plot_only:
        rng = np.random.default_rng(args.seed)
        head = ["cfar", "padding", "knows", "method", "pfa", "ratio", "error", "clusters"]
        alarms = [*count_alarms(args.frames, rng), *weigh_alarms(args.draws, rng)]
        write("false_alarms.csv", head, alarms)
        head = ["swerling", "looks", "snr_db", "theory", "measured"]
        write("detections.csv", head, detect(args.targets, rng))
        rng = np.random.default_rng(args.seed)
        head = ["cfar", "rank", "what", "pfa", "value"]
        kinds = [*alarms_at_edges(args.frames, rng), *losses(), *miss_targets(args.frames, rng)]
        write("kinds.csv", head, kinds)
    plot()


if __name__ == "__main__":
    main()
