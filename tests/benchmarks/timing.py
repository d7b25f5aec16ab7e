#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""How the benchmarks of flowgraphs measure."""

import contextlib
import os
import resource
import statistics
from typing import Callable, Iterator, Tuple

from gnuradio import gr


def size(text: str) -> Tuple[int, int]:
    """"1024x256" as subcarriers and symbols."""
    n, _, m = text.partition("x")
    return int(n), int(m)


def frames_for(n: int, m: int) -> int:
    """Frames that make a measurement long enough, and no longer: what a flowgraph takes for the
    first time, buffers and their pages, is over before a fifth of them (milliseconds_a_frame)."""
    return min(max(32, (1 << 26) // (n * m)), 4096)


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


def milliseconds_a_frame(build: Callable[[int], gr.top_block], frames: int) -> float:
    """CPU time a frame: of two runs with different numbers of frames the difference, so that
    planning and start-up do not count."""
    few = max(2, frames // 5)
    return 1e3 * (cpu_seconds(build(few + frames).run) - cpu_seconds(build(few).run)) / frames


def median(values) -> float:
    return statistics.median(values)
