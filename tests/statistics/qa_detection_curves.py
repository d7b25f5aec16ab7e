#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""A part of docs/detection's curves, made anew, and what the page says of them."""

import sys
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
from gnuradio.isac import reproduction

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "detection"))

import curves  # noqa: E402

# Standard errors that none of some forty figures passes.
FAR = 3.5


def table(name):
    return reproduction.read_csv(curves.HERE / name)


def false_alarms(method):
    """By CFAR, padding, whether it knows of that, and rate."""
    return {(row["cfar"], row["padding"], row["knows"], row["pfa"]): row
            for row in table("false_alarms.csv") if row["method"] == method}


class qa_detection_curves(unittest.TestCase):
    def test_alarms_are_as_many_as_set(self):
        for method in ("counted", "importance sampling"):
            known = [row for row in false_alarms(method).values() if row["knows"] == "True"]
            self.assertEqual(len(known), 6 * 5)
            for row in known:
                self.assertLess(abs(row["ratio"] - 1), FAR * row["error"], row)
                # Of so few frames that a percent shows.
                if row["pfa"] >= 1e-3:
                    self.assertLess(abs(row["ratio"] - 1), 0.05, row)

    def test_clusters_are_counted_apart_from_cells(self):
        for row in false_alarms("counted").values():
            self.assertLessEqual(row["clusters"], row["ratio"] + 1e-6, row)
            # Padded, an alarm seldom comes alone.
            if row["padding"] == 2 and row["pfa"] == 1e-2:
                self.assertLess(row["clusters"], 0.75 * row["ratio"], row)

    def test_a_part_of_the_alarms_comes_out_again(self):
        told = false_alarms("counted")
        cases = [("ca", 1, True), ("ca", 2, True), ("ca", 2, False)]
        with mock.patch.object(curves, "CASES", cases):
            rows = list(curves.count_alarms(8, np.random.default_rng(9)))
        self.assertEqual(len(rows), 3 * 5)
        for kind, pad, knows, _, pfa, ratio, error, clusters in rows:
            if pfa < 1e-4:
                continue
            before = told[kind, pad, str(knows), pfa]
            # The spread of a few frames does not tell an error well.
            far = 5 * np.hypot(error, before["error"])
            self.assertAlmostEqual(ratio, before["ratio"], delta=far)
            self.assertAlmostEqual(clusters, before["clusters"], delta=far)

    def test_a_part_of_the_rare_alarms_comes_out_again(self):
        with mock.patch.object(curves, "CASES", [("ca", 2, True)]):
            rows = list(curves.weigh_alarms(1000, np.random.default_rng(9)))
        for _, _, _, _, pfa, ratio, error, _ in rows:
            if pfa >= 1e-8:
                self.assertAlmostEqual(ratio, 1, delta=4 * error)

    def test_detections_are_those_of_theory(self):
        rows = table("detections.csv")
        self.assertEqual({(row["swerling"], row["looks"]) for row in rows},
                         {(swerling, looks) for swerling in range(5) for looks in (1, 8)})
        for row in rows:
            # Of 200 draws, whose share is never more certain than by one of them.
            spread = max(row["theory"] * (1 - row["theory"]), 1 / 200)
            self.assertAlmostEqual(row["measured"], row["theory"], delta=4 * (spread / 200) ** 0.5)

    def test_losses_and_edges_come_out_again(self):
        told = {(row["cfar"], row["rank"], row["what"], row["pfa"]): row["value"]
                for row in table("kinds.csv")}
        for kind, rank, what, pfa, value in curves.losses():
            self.assertAlmostEqual(value, told[kind, rank, what, pfa], delta=1e-3)
        for kind, rank, what, pfa, value in curves.alarms_at_edges(8, np.random.default_rng(9)):
            # The worst of 128 lines, of fewer maps.
            self.assertAlmostEqual(np.log(value / told[kind, rank, what, pfa]), 0, delta=0.5)


if __name__ == "__main__":
    unittest.main()
