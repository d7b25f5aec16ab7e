#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""A part of docs/sensing's curves, made anew, and what the page says of them."""

import sys
import unittest
from pathlib import Path

from gnuradio.isac import reproduction

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "sensing"))

import accuracy  # noqa: E402

# SNRs from 3 dB above the thresholds on, dB.
ABOVE_DB = {"LAWN": -10, "NR 1024 x 112, PRS comb 4": -22, "4096 x 256": -40}
MEASURES = (("range_rmse_m", "range_bound_m"), ("velocity_rmse_mps", "velocity_bound_mps"))


class qa_accuracy_curves(unittest.TestCase):
    def test_the_table_stands_at_the_bound(self):
        rows = [row for row in reproduction.read_csv(accuracy.TABLE)
                if row["estimator"] == "fit" and row["snr_db"] >= ABOVE_DB[row["grid"]]]
        self.assertGreater(len(rows), 25)
        for row in rows:
            # Three and a half standard errors of an RMSE, of some 60 that are looked at.
            error = 3.5 / (2 * row["draws"]) ** 0.5
            for rmse, bound in MEASURES:
                self.assertLess(abs(row[rmse] / row[bound] - 1), error, row)

    def test_a_part_comes_out_again(self):
        draws = 300
        told = {(row["snr_db"], row["estimator"]): row for row in reproduction.read_csv(accuracy.TABLE)
                if row["grid"] == "LAWN"}
        for row in accuracy.rows_of("LAWN", draws, (-6.0, 10.0)):
            before = told[row["snr_db"], row["estimator"]]
            for rmse, bound in MEASURES:
                self.assertAlmostEqual(row[bound] / before[bound], 1, delta=1e-4)
                # Four standard errors.
                self.assertAlmostEqual(row[rmse] / before[rmse], 1,
                                       delta=4 / (2 * draws) ** 0.5)


if __name__ == "__main__":
    unittest.main()
