#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The map that a flowgraph made last, for scripts that draw it."""

import numpy as np
from gnuradio import gr


class map_keeper(gr.sync_block):
    """Keeps the last whole map of a Range-Doppler Estimator or Detector.

    `whole` is `rows` x `columns` powers, zeros before the first.

    Args:
        rows: doppler_cells() of the block.
        columns: range_cells() of the block.
    """

    def __init__(self, rows, columns):
        gr.sync_block.__init__(self, "map_keeper", [(np.float32, columns)], None)
        self.gathered, self.filled = np.zeros((rows, columns), np.float32), 0
        self.whole = self.gathered.copy()

    def work(self, input_items, output_items):
        count = min(len(input_items[0]), len(self.gathered) - self.filled)
        self.gathered[self.filled:self.filled + count] = input_items[0][:count]
        self.filled = (self.filled + count) % len(self.gathered)
        if self.filled == 0:
            self.whole = self.gathered.copy()
        return count
