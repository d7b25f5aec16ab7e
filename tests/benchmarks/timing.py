#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""How the benchmarks of flowgraphs measure."""

import argparse
import contextlib
import json
import os
import resource
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from gnuradio import gr

SIZES = ((64, 64), (1024, 256), (4096, 1024))
Turns = Dict[str, dict]


def size(text: str) -> Tuple[int, int]:
    """"1024x256" as subcarriers and symbols."""
    n, _, m = text.partition("x")
    return int(n), int(m)


def frames_for(n: int, m: int) -> int:
    """Frames of a turn beyond the first ones (frame_cost): short, for some turns to fall where the
    machine does nothing else."""
    return min(max(10, (1 << 24) // (n * m)), 4096)


@contextlib.contextmanager
def on_one_cpu() -> Iterator[None]:
    """Threads started within share one CPU: what data costs that moves from one CPU's cache to
    another's, which hangs on where the system puts threads, is then no part of the figures."""
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(all_of_them)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_of_them)


def cpu_seconds(run: Callable[[], None]) -> float:
    """CPU time of a run, all threads."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    run()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tell(description: str, print_table: Callable[[List[Tuple[int, int]], int, Turns], List[dict]],
         given: Optional[List[str]] = None):
    """The table of a script, by its arguments; `print_table` is given sizes, how many turns to take, and
    those taken before, to which it adds."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--size", type=size, action="append", metavar="NxM",
                        help="subcarriers x symbols (default: 64x64, 1024x256, 4096x1024)")
    parser.add_argument("--repeats", type=int, default=15, help="turns each (default: 15)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the table there too")
    parser.add_argument("--turns", metavar="FILE", type=Path,
                        help="add to the turns of earlier runs there: the table is of all")
    arguments = parser.parse_args(given)
    file = arguments.turns
    turns = json.loads(file.read_text()) if file and file.exists() else {}
    table = print_table(arguments.size or SIZES, arguments.repeats, turns)
    if file:
        file.write_text(json.dumps(turns))
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=2))


class frame_cost:
    """CPU time a frame of a flowgraph, from runs with few and with many frames: the difference of
    the two, so that start-up does not count. What is to be compared takes turns.

    `turns` are those taken before, to which this one's are added."""

    FEW = 10

    def __init__(self, build: Callable[[int], gr.top_block], frames: int,
                 turns: Dict[str, List[float]]):
        self._build = build
        self._frames = frames
        self._seconds = turns
        for which in ("few", "many"):
            turns.setdefault(which, [])

    def take_turn(self):
        for which, frames in (("few", self.FEW), ("many", self.FEW + self._frames)):
            self._seconds[which].append(cpu_seconds(self._build(frames).run))

    def milliseconds(self, of=min) -> float:
        """By default of the least times: what else a machine does adds time, and never takes any
        (Chen and Revels, Robust benchmarking in noisy environments, 2016)."""
        return 1e3 * (of(self._seconds["many"]) - of(self._seconds["few"])) / self._frames

    def first_milliseconds(self, of=min) -> float:
        """Of the first FEW frames, start-up and the pages of all buffers included."""
        return 1e3 * of(self._seconds["few"]) / self.FEW
