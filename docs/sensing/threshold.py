#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The SNR at which the RMSE leaves the Cramer-Rao bound, beside joint maximum likelihood.

On a large grid one estimate in a hundred millions that is taken from a peak of noise doubles the
RMSE: the SNR where it does is found by importance sampling. Frames are drawn with echoes that are
weaker than those asked about, so that noise wins often, and each counts by the ratio of the
densities of what it shows along its own echo, all phases being alike. The same frames tell about
every SNR and about both estimators. Errors are standard errors, by bootstrap over frames.
"""

import sys
from pathlib import Path

import numpy as np
from gnuradio import isac
from gnuradio.isac import reproduction
from scipy.special import i0e
from tqdm import tqdm

import accuracy

HERE = Path(__file__).parent
TABLE = HERE / "threshold.csv"
PICTURE = HERE / "threshold.png"
COLUMNS = ("grid", "integrated_snr_db", "snr_db", "estimator", "draws",
           "range_ratio", "range_error", "velocity_ratio", "velocity_error")
ESTIMATORS = {"fit": "this module", "likeliest": "joint maximum likelihood"}
LEAVES = 2.0  # RMSE over the bound's root
PAD = 4
BETWEEN = 0.9  # of its power that a peak keeps in a map padded so, at least
ASKED_DB = np.arange(9.0, 19.51, 0.25)  # SNRs after integration
DRAWN_DB = np.arange(7.0, 19.01, 2.0)
DRAWS = {"LAWN": (3000, 11), "NR 1024 x 112, PRS comb 4": (600, 12),
         "4096 x 256": (150, 13)}  # at each SNR drawn, and seed


class likelihood:
    """Joint maximum likelihood of one echo: every peak of a fine map that may be the highest is
    climbed by Newton's method, on sums over the elements."""

    def __init__(self, frames):
        self._frames = frames
        self._delay_powers = self._powers(2 * np.pi * frames.frequencies)
        self._doppler_powers = self._powers(-2 * np.pi * frames.times)

    @staticmethod
    def _powers(phases):
        """Of the slope of a phase: 1, j p, (j p)^2."""
        return phases, np.stack([(1j * phases) ** order for order in range(3)])

    def place(self, rows):
        """Range and velocity."""
        frames = self._frames
        powers, ranges, velocities = isac.sensing.range_doppler_map(
            rows, frames.grid, pad_delay=PAD, pad_doppler=PAD)
        products = rows * np.conj(frames.sent)
        found = [self._climb(products, frames.delay(ranges[column]), frames.doppler(velocities[row]))
                 for row, column in peaks(powers, BETWEEN)]
        _, delay, doppler = max(found)
        return delay * frames.metres, doppler * frames.mps

    def _sums(self, products, delay, doppler):
        """Derivatives of the matched sum, by orders in Doppler and delay."""
        (delay_phases, delay_powers), (doppler_phases, doppler_powers) = (
            self._delay_powers, self._doppler_powers)
        along = (delay_powers * np.exp(1j * delay_phases * delay)).astype(np.complex64)
        return (doppler_powers * np.exp(1j * doppler_phases * doppler)) @ (products @ along.T)

    def _climb(self, products, delay, doppler, steps=5):
        for _ in range(steps):
            s = self._sums(products, delay, doppler)
            gradient = 2 * np.real(np.conj(s[0, 0]) * np.array([s[0, 1], s[1, 0]]))
            mixed = np.conj(s[0, 1]) * s[1, 0] + np.conj(s[0, 0]) * s[1, 1]
            curvature = 2 * np.real(np.array([
                [abs(s[0, 1]) ** 2 + np.conj(s[0, 0]) * s[0, 2], mixed],
                [mixed, abs(s[1, 0]) ** 2 + np.conj(s[0, 0]) * s[2, 0]]]))
            step = np.linalg.solve(curvature, gradient)
            delay, doppler = delay - step[0], doppler - step[1]
        return abs(self._sums(products, delay, doppler)[0, 0]) ** 2, delay, doppler


def peaks(powers, share):
    """Rows and columns of the peaks that have a share of the highest one; both axes wrap."""
    for row, column in np.argwhere(powers >= share * powers.max()):
        near = powers.take(range(row - 1, row + 2), axis=0, mode="wrap")
        if powers[row, column] >= near.take(range(column - 1, column + 2), axis=1, mode="wrap").max():
            yield row, column


def density(strength, matched):
    """Of what noise of unit power and an echo of that power, of any phase, show along the echo;
    but for a factor of `matched` alone."""
    turn = 2 * np.sqrt(strength) * matched
    return np.exp(turn - strength - matched**2) * i0e(turn)


class experiment:
    """Frames of all the SNRs drawn: what they show, and the errors that both estimators make."""

    def __init__(self, grid, draws, seed, drawn_db=DRAWN_DB, progress=lambda: None):
        frames = self._frames = accuracy.experiment(grid, seed)
        self._random = np.random.default_rng(seed)
        self._energy = np.sum(np.abs(frames.sent) ** 2, dtype=float)
        strongest = likelihood(frames)
        self._drawn = 10 ** (drawn_db / 10)
        self._matched, errors = [], []
        for drawn in self._drawn:
            for _ in range(draws):
                rows, range_m, velocity = frames.draw(drawn / self._energy)
                own = np.vdot(frames.response(range_m, velocity), rows) / np.sqrt(self._energy)
                fit = isac.sensing.estimate(rows, grid, kind="none")
                told = (fit["range"][0], fit["velocity"][0]), strongest.place(rows)
                self._matched.append(abs(own))
                errors.append([frames.error(*place, range_m, velocity) for place in told])
                progress()
        self._squares = np.square(errors)  # frames x estimators x axes

    def snr_db(self, integrated_db):
        """A resource element's."""
        return integrated_db - 10 * np.log10(self._energy)

    def ratios(self, integrated_db, repeats=200):
        """RMSE over the bound's root, estimators x axes, and its errors."""
        asked = 10 ** (integrated_db / 10)
        matched = np.array(self._matched)
        mixture = np.mean([density(drawn, matched) for drawn in self._drawn], axis=0)
        bound = np.square(self._frames.bound(asked / self._energy))
        parts = (density(asked, matched) / mixture)[:, None, None] * self._squares / bound
        again = self._random.multinomial(len(parts), np.full(len(parts), 1 / len(parts)), repeats)
        means = np.tensordot(again, parts, 1) / len(parts)
        return np.sqrt(parts.mean(axis=0)), np.sqrt(means).std(axis=0)


def rows_of(name, draws=None, progress=lambda: None):
    """Rows of the table for a grid."""
    all_draws, seed = DRAWS[name]
    found = experiment(accuracy.GRIDS[name][0](), draws or all_draws, seed, progress=progress)
    for integrated_db in ASKED_DB:
        ratios, errors = found.ratios(integrated_db)
        for i, estimator in enumerate(ESTIMATORS):
            yield dict(zip(COLUMNS, (
                name, integrated_db, found.snr_db(integrated_db), estimator, draws or all_draws,
                ratios[i, 0], errors[i, 0], ratios[i, 1], errors[i, 1])))


def threshold(rows, name, estimator):
    """SNR a resource element, dB, from which on the RMSE of range and of velocity stay below
    LEAVES times the bound's root; and its error."""
    curve = [row for row in rows if (row["grid"], row["estimator"]) == (name, estimator)]
    return max(crossing(curve, axis) for axis in ("range", "velocity"))


def crossing(curve, axis):
    logs = [np.log(row[f"{axis}_ratio"] / LEAVES) for row in curve]
    last = max(i for i, log in enumerate(logs) if log > 0)
    before, after = curve[last], curve[last + 1]
    slope = (logs[last + 1] - logs[last]) / (after["snr_db"] - before["snr_db"])
    error = before[f"{axis}_error"] / before[f"{axis}_ratio"] / abs(slope)
    return before["snr_db"] - logs[last] / slope, error


def draw_picture(table, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(DRAWS), figsize=(13, 3.8), sharey=True)
    for axis, name in zip(axes, DRAWS):
        for i, (estimator, label) in enumerate(ESTIMATORS.items()):
            curve = [row for row in table if (row["grid"], row["estimator"]) == (name, estimator)]
            for what, style in (("range", "-"), ("velocity", "--")):
                axis.semilogy([row["snr_db"] for row in curve],
                              [row[f"{what}_ratio"] for row in curve],
                              style, color=f"C{i}", label=f"{what}, {label}")
        axis.axhline(LEAVES, color="black", linewidth=0.5)
        axis.grid(True, which="both", alpha=0.3)
        axis.set(title=name, xlabel="SNR a resource element (dB)", ylim=(0.8, 1e4))
    axes[0].set_ylabel("RMSE over the root of the bound")
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def main():
    options = reproduction.parser(description=__doc__.splitlines()[0])
    options.add_argument("--draws", type=reproduction.count, help="at each SNR drawn; otherwise %s" %
                         ", ".join(f"{draws} ({name})" for name, (draws, _) in DRAWS.items()))
    reproduction.curve_options(options, TABLE, PICTURE)
    chosen = options.parse_args()
    table = reproduction.read_csv(TABLE) if chosen.plot_only else []
    if not chosen.plot_only:
        total = sum(chosen.draws or draws for draws, _ in DRAWS.values()) * len(DRAWN_DB)
        with tqdm(total=total, disable=not sys.stderr.isatty()) as bar:
            for name in DRAWS:
                table += rows_of(name, chosen.draws, bar.update)
        reproduction.write_csv(chosen.csv, COLUMNS, table)
    draw_picture(table, chosen.plot)
    for name in DRAWS:
        for estimator, label in ESTIMATORS.items():
            snr_db, error = threshold(table, name, estimator)
            print(f"{name}, {label}: {snr_db:.2f} dB +- {error:.2f}")


if __name__ == "__main__":
    main()
