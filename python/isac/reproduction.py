#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What scripts that reproduce a paper share: its numbers beside ours, pictures, plain errors."""

import argparse
import csv
import json
import math
import sys
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence


class parser(argparse.ArgumentParser):
    """Tells what is wrong in a line."""

    def error(self, message):
        sys.exit(f"{self.prog}: {message}")


def positive(text: str) -> float:
    """Type of an option."""
    value = float(text)
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"{text}: must be positive")
    return value


def not_negative(text: str) -> float:
    """Type of an option."""
    value = float(text)
    if not (value >= 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"{text}: must be zero or positive")
    return value


def count(text: str) -> int:
    """Type of an option: at least two, of which a standard error can be told."""
    if int(text) < 2:
        raise argparse.ArgumentTypeError(f"{text}: must be at least 2")
    return int(text)


def seed(text: str) -> int:
    """Type of an option: of random draws."""
    if int(text) < 0:
        raise argparse.ArgumentTypeError(f"{text}: must be zero or positive")
    return int(text)


def output_options(options: argparse.ArgumentParser) -> None:
    """Adds --plot DIR and --json FILE, which write_output() serves."""
    options.add_argument("--plot", type=Path, metavar="DIR", help="write the pictures there")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the table there too")


def curve_options(options: argparse.ArgumentParser, data: Path, picture: Path) -> None:
    """Adds --csv and --plot, where the data and the picture of curves go, and --plot-only."""
    options.add_argument("--csv", type=Path, default=data, help="table to write (%(default)s)")
    options.add_argument("--plot", type=Path, default=picture, help="picture (%(default)s)")
    options.add_argument("--plot-only", action="store_true", help="of the table that is there")


def read_csv(path: Path) -> List[dict]:
    """Rows of a table with a head, by column; what reads as a number is one."""
    def value(text):
        try:
            return float(text)
        except ValueError:
            return text

    with path.open(newline="", encoding="utf-8") as file:
        return [{key: value(text) for key, text in row.items()} for row in csv.DictReader(file)]


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[dict]) -> None:
    """Writes them, with five digits."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: f"{value:.5g}" if isinstance(value, float) else value
                          for key, value in row.items()} for row in rows)


class table:
    """Every number of a paper beside ours.

    Attributes:
        rows: dicts of figure (a number, or the name of a table), quantity, paper, ours (both None
            where there is none) and convention.
    """

    def __init__(self):
        self.rows = []
        self._notes = []

    def add(self, figure, quantity: str, paper: Optional[float], ours: Optional[float],
            convention: str, note: str = "", error: Optional[float] = None) -> None:
        """Adds a row.

        Args:
            note: printed behind it.
            error: standard error of ours; printed behind it, and a row of its own for readers of
                rows.
        """
        ours = None if ours is None or not math.isfinite(ours) else float(ours)
        self.rows.append({"figure": figure, "quantity": quantity, "paper": paper, "ours": ours,
                          "convention": convention})
        if error is None:
            self._notes.append(note)
        else:
            self._notes.append(f"+- {error:.2g} {note}")
            self.add(figure, f"{quantity}, standard error", None, error, convention)
            self._notes[-1] = None

    def print(self) -> None:
        heading = None
        for row, note in zip(self.rows, self._notes):
            if note is None:  # told behind the row before
                continue
            figure = row["figure"]
            name = f"Fig. {figure}" if isinstance(figure, int) else figure
            if heading != (name, row["convention"]):
                heading = (name, row["convention"])
                print(f"\n{name}, {row['convention']}")
            paper, ours = ("-" if v is None else f"{v:.5g}" for v in (row["paper"], row["ours"]))
            print(f"  {row['quantity']:62s} {paper:>8s} {ours:>9s}{f'  {note}' if note else ''}")


def write_pictures(folder: Path, drawings: Dict[str, Callable]) -> None:
    """Writes NAME.png of every drawing, a function of pyplot that returns a figure."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in drawings.items():
        figure = draw(pyplot)
        for axis in figure.axes:
            if axis.get_legend_handles_labels()[0]:
                axis.grid(alpha=0.3)
                if axis.get_legend() is None:
                    axis.legend(fontsize="small")
        figure.savefig(folder / f"{name}.png", dpi=80)
        pyplot.close(figure)


def write_output(options: argparse.Namespace, content, drawings: Dict[str, Callable]) -> None:
    """Writes what --json and --plot ask for; ends the program in a line where that fails."""
    try:
        if options.json:
            options.json.write_text(json.dumps(content, indent=1) + "\n")
        if options.plot:
            write_pictures(options.plot, drawings)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
