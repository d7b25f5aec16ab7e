#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What a frame costs the map and the estimator, against subcarriers, symbols, targets, padding and
threads: data and picture of docs/benchmarks.md, from build/tests/benchmarks/bm_costs."""

import argparse
import csv
from pathlib import Path

import numpy as np

import programs

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "benchmarks" / "costs.csv"
PICTURE = ROOT / "docs" / "benchmarks" / "costs.png"
KERNELS = {"map": "range-Doppler map", "estimator": "estimator, with CFAR and fit"}
VARIABLES = ("subcarriers", "symbols", "targets", "padding", "threads")
# All CPUs are seldom free at once: of what takes them all there are so many turns for one of the rest.
TURNS_OF_ALL = 5
COLUMNS = ("kernel", *VARIABLES, "cpu_ms", "wall_ms")
# Of each curve: what varies, what the rest is, and whether the scale is logarithmic.
USUAL = {"subcarriers": 1024, "symbols": 256, "targets": 1, "padding": 1, "threads": 1}
CURVES = {
    "subcarriers": (USUAL, True),
    "symbols": (USUAL, True),
    "targets": (USUAL, False),
    "padding": (USUAL, True),
    "threads": ({**USUAL, "subcarriers": 4096, "symbols": 1024}, False),
}


def measure(build: Path, repetitions: int = 1):
    """Runs of the program. One thread stays on one CPU; several take all there are."""
    program = build / "tests" / "benchmarks" / "bm_costs"
    return (programs.run(program, "threads:1/", repetitions)
            + programs.run(program, "-threads:1/", TURNS_OF_ALL * repetitions, pinned=False))


def table_of(runs):
    """Rows of the table, of the quickest runs."""
    return sorted((row_of(name, told) for name, told in programs.quickest(runs).items()),
                  key=lambda row: [row[column] for column in COLUMNS])


def row_of(name, figures):
    """A row from a benchmark's name, "map/subcarriers:1024/...", and its figures."""
    kernel, *arguments = name.split("/")
    places = dict(argument.split(":") for argument in arguments)
    return {"kernel": kernel, **{variable: int(places[variable]) for variable in VARIABLES},
            "cpu_ms": figures["cpu_ms"], "wall_ms": figures["wall_ms"]}


def curve(table, kernel, variable):
    """Rows of a curve, in its order."""
    fixed = {key: value for key, value in CURVES[variable][0].items() if key != variable}
    return sorted((row for row in table if row["kernel"] == kernel
                   and all(row[key] == value for key, value in fixed.items())),
                  key=lambda row: row[variable])


def read_table(path=TABLE):
    """A committed table, numbers as numbers."""
    return np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8")


def write_table(table, path=TABLE):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, table[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: f"{value:.4g}" if isinstance(value, float) else value
                          for key, value in row.items()} for row in table)


def draw_picture(table, path=PICTURE):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    figure, axes = pyplot.subplots(2, 3, figsize=(12, 7))
    for axis, (variable, (rest, logarithmic)) in zip(axes.flat, CURVES.items()):
        time = "wall_ms" if variable == "threads" else "cpu_ms"
        for colour, (kernel, label) in enumerate(KERNELS.items()):
            rows = curve(table, kernel, variable)
            if len(rows) < 2:
                continue
            axis.plot([row[variable] for row in rows], [row[time] for row in rows],
                      "o-", markersize=4, color=f"C{colour}", label=label)
        if logarithmic:
            axis.loglog()
            ticks = sorted({row[variable] for kernel in KERNELS
                            for row in curve(table, kernel, variable)})
            axis.set_xticks(ticks, [str(tick) for tick in ticks])
            axis.xaxis.set_minor_locator(ticker.NullLocator())
        else:
            axis.set_ylim(0)
            if variable == "threads":
                axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(which="both", alpha=0.3)
        axis.set_xlabel("zero-padding of both axes" if variable == "padding" else variable)
        axis.set_ylabel("wall time a frame (ms)" if variable == "threads"
                        else "CPU time a frame (ms)")
        axis.set_title(", ".join(
            ([f"{rest['subcarriers']} subcarriers"] if variable != "subcarriers" else [])
            + ([f"{rest['symbols']} symbols"] if variable != "symbols" else [])), fontsize=10)
    axes.flat[-1].axis("off")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    axes.flat[-1].legend(handles, labels, loc="center")
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="build tree (%(default)s)")
    parser.add_argument("--repetitions", type=int, default=3, help="turns each (default: %(default)s)")
    parser.add_argument("--plot-only", action="store_true", help="of the table that is there")
    chosen = parser.parse_args()
    if not chosen.plot_only:
        write_table(table_of(measure(chosen.build, chosen.repetitions)))
    draw_picture(read_table())


if __name__ == "__main__":
    main()
