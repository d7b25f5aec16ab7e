#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#

import os
import unittest
from pathlib import Path

import numpy as np
from gnuradio import gr_unittest, isac

MAPS = Path(os.environ.get("ISAC_SHARED_DIR", "")) / "data" / "rd_maps"
MOVERS = {(253, 66), (237, 132)}  # (Doppler row, delay column)


def peaks_of_clusters(powers, cells):
    """The strongest cell of each group of detected cells that touch."""
    left = {tuple(cell) for cell in cells.tolist()}
    peaks = []
    while left:
        group, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            group.add((row, column))
            near = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            edge += near
        peaks.append(max(group, key=lambda cell: powers[cell]))
    return peaks


@unittest.skipUnless(MAPS.is_dir(), f"no measured maps in {MAPS}")
class qa_measured_maps(gr_unittest.TestCase):
    """OFDM at 2.4 GHz, oversampled tenfold in delay and fivefold in Doppler."""

    def clusters(self, name, kind):
        decibels = np.load(MAPS / name)
        powers = (10 ** (decibels.T / 10)).astype(np.float32)
        # Training cells hold more echoes than edges: at the default's rank, made for edges, one
        # more place stands out.
        cells, _ = isac.sensing.cfar(powers, pfa=1e-6, kind=kind, rank=0.75, correlation=(10, 5))
        return peaks_of_clusters(powers, cells)

    def test_two_movers_behind_the_filter(self):
        # Fewer than 0.3 false alarms are expected of 250000 cells; the rest are echoes.
        for kind in ("os", "osgo"):
            peaks = self.clusters("monostatic_rd_with_mti.npy", kind)
            self.assertLessEqual(MOVERS, set(peaks))
            self.assertLessEqual(len(peaks), 4)

    def test_clutter_hides_them_without_the_filter(self):
        peaks = self.clusters("monostatic_rd_without_mti.npy", "os")
        self.assertFalse(MOVERS & set(peaks))


if __name__ == "__main__":
    gr_unittest.run(qa_measured_maps)
