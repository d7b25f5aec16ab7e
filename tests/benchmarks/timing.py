#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""How the benchmarks of flowgraphs measure."""

import resource
import statistics
from typing import Callable, Tuple

from gnuradio import gr


def size(text: str) -> Tuple[int, int]:
    """"1024x256" as subcarriers and symbols."""
    n, _, m = text.partition("x")
    return int(n), int(m)


def frames_for(n: int, m: int) -> int:
    """Frames that make a measurement long enough, and no longer."""
    return max(4, (1 << 23) // (n * m))


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
