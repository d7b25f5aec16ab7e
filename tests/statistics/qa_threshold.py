#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The SNR at which the RMSE leaves the bound, against joint maximum likelihood of the same frames."""

import sys
import unittest
from pathlib import Path

from gnuradio.isac import reproduction

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "sensing"))

import threshold  # noqa: E402

# Frames at each SNR drawn: a threshold's standard error is 0.1 to 0.2 dB.
DRAWS = {"LAWN": 300, "NR 1024 x 112, PRS comb 4": 60, "4096 x 256": 10}


def thresholds(rows, name):
    return [threshold.threshold(rows, name, estimator) for estimator in ("fit", "likeliest")]


class qa_threshold(unittest.TestCase):
    def test_the_table_stands_at_maximum_likelihood(self):
        rows = reproduction.read_csv(threshold.TABLE)
        for name in DRAWS:
            (fit, error), (likeliest, _) = thresholds(rows, name)
            # Both were told of the same frames, so that they differ by less than their errors.
            self.assertLess(error, 0.2, name)
            self.assertLess(fit, likeliest + 0.1, name)

    def test_a_part_comes_out_again(self):
        table = reproduction.read_csv(threshold.TABLE)
        for name, draws in DRAWS.items():
            rows = list(threshold.rows_of(name, draws))
            for (again, error), (told, _) in zip(thresholds(rows, name), thresholds(table, name)):
                # Few frames with large weights know their own error to a half.
                self.assertLess(abs(again - told), 4 * max(error, 0.2), name)
            (fit, _), (likeliest, _) = thresholds(rows, name)
            self.assertLess(fit, likeliest + 0.5, name)


if __name__ == "__main__":
    unittest.main()
