#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The sensing pairs example selects what its README says."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(os.environ["ISAC_SOURCE_DIR"]) / "examples/sensing_pairs/sensing_pairs.py"


class qa_sensing_pairs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = Path(self.folder.name)

    def fly(self, *options, expect=0):
        process = subprocess.run(
            [sys.executable, str(SCRIPT), "--plot", str(self.out / "flight.png"),
             "--json", str(self.out / "flight.json"), *map(str, options)],
            capture_output=True, text=True, check=False, timeout=600, cwd=self.out)
        self.assertEqual(process.returncode, expect, process.stdout + process.stderr)
        return process

    def result(self):
        result = json.loads((self.out / "flight.json").read_text())
        # The script allows 1 dB for noise in the SNR of two pairs. Where one takes over from the
        # other both are above -12 dB, 38 dB over the 104448 elements of a frame: each SNR, in dB,
        # has a standard deviation of 4.34 sqrt(2 / 10^3.8) = 0.08.
        self.assertEqual(result["frames_beyond_hysteresis"], 0)
        self.assertEqual(result["fused_outliers"], 0)
        self.assertEqual(result["faults"], {})
        return result

    def selected(self, result):
        return {(r["tx"], r["rx"]): r["selected_frames"] for r in result["pairs"]}

    def test_changes_where_the_link_budget_says(self):
        text = self.fly("--revisit", 2).stdout
        self.assertIn("100%", text)
        self.assertGreater((self.out / "flight.png").stat().st_size, 20000)
        result = self.result()
        for pair in result["pairs"]:
            # One scene, of samples and of the link budget.
            self.assertLess(abs(pair["snr_channel_minus_budget_db"]), 0.3)
            self.assertLess(abs(pair["snr_estimate_minus_budget_db"]), 0.3)
        self.assertEqual(len(result["changes"]), 4)
        for change, expected in zip(result["changes"], result["changes_closed_form"]):
            self.assertEqual((change["from"], change["to"]), (expected["from"], expected["to"]))
            # A frame is 40 m of flight; one that is a near tie may fall either way.
            self.assertLess(abs(change["x_m"] - expected["x_m"]), 41)
        # 100 errors of the bound's size within a factor of four: their RMSE has a standard
        # deviation of at most 10%, four of which make 40%.
        ratio = result["fused_range_rmse_m"] / result["fused_range_bound_m"]
        self.assertGreater(ratio, 0.6)
        self.assertLess(ratio, 1.4)

    def test_bistatic_never_without_interference_always_with_much(self):
        # Without it the bistatic SNR is the mean of the two monostatic ones, in dB; with R =
        # 25 dB more noise no ratio of distances along the flight, at most 15 dB, makes up for it.
        self.fly("--revisit", 5, "--residual", -130)
        selected = self.selected(self.result())
        self.assertEqual(selected[0, 1], 0)
        self.assertGreater(min(selected[0, 0], selected[1, 1]), 10)
        self.fly("--revisit", 5, "--residual", -75)
        self.assertEqual(self.selected(self.result())[0, 1], 40)

    def test_a_wide_hysteresis_stays(self):
        self.fly("--revisit", 5, "--hysteresis", 60)
        self.assertEqual(self.result()["changes"], [])

    def test_bad_arguments_are_told_in_a_line(self):
        for options in (("--revisit", 0), ("--revisit", -1), ("--revisit", "nan"),
                        ("--hysteresis", -1), ("--residual", "inf"), ("--seed", -1)):
            with self.subTest(options=options):
                error = self.fly(*options, expect=1).stderr.strip()
                self.assertEqual(len(error.splitlines()), 1, error)


if __name__ == "__main__":
    unittest.main()
