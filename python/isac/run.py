#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Runs a flowgraph until what it should deliver has arrived."""

import time
from typing import Callable, Optional

from gnuradio import gr


def run_until(flowgraph: gr.top_block, finished: Callable[[], bool],
              timeout: Optional[float] = None, poll: float = 0.02) -> bool:
    """Runs a flowgraph until a condition holds, then stops it.

    GNU Radio ends a block without streams as soon as the first block that sends to it ends, with
    messages of the others still on their way. Where every message counts, let the sources run on
    and end the run here, by what has been received.

    Args:
        flowgraph: not yet started.
        finished: asked every poll seconds, in the caller's thread.
        timeout: s; None waits for as long as it takes.

    Returns:
        Whether the condition was met before the timeout.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    flowgraph.start()
    try:
        while not finished():
            if deadline is not None and time.monotonic() > deadline:
                return False
            time.sleep(poll)
        return True
    finally:
        flowgraph.stop()
        flowgraph.wait()
