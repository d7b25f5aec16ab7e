#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The static clutter example shows what its README says."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(os.environ["ISAC_SOURCE_DIR"]) / "examples/static_clutter/static_clutter.py"
sys.path.insert(0, str(SCRIPT.parent))

import static_clutter  # noqa: E402


class qa_static_clutter(unittest.TestCase):
    def run_script(self, *options, expect=0):
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.run(
                [sys.executable, str(SCRIPT), "--json", "out.json", "--plot", "out.png",
                 *map(str, options)],
                capture_output=True, text=True, check=False, timeout=600, cwd=folder)
            self.assertEqual(process.returncode, expect, process.stdout + process.stderr)
            if expect:
                return process.stderr
            self.assertGreater((Path(folder) / "out.png").stat().st_size, 20000)
            return json.loads((Path(folder) / "out.json").read_text())

    def test_filters_uncover_the_drones(self):
        result = self.run_script("--frames", 4)
        self.assertEqual(result["faults"], {})
        filters = result["filters"]
        self.assertEqual(filters["none"]["found"], [0, 0])
        self.assertGreater(filters["none"]["static"], 3)
        for name in ("mean", "mti", "eca"):
            found = filters[name]
            # 30 dB and more over the threshold: none is missed.
            self.assertEqual(found["found"], [1, 1], name)
            # Ten times what was measured, a hundredth of a range cell.
            self.assertLess(max(found["range_rmse_m"]), 0.1, name)
            # What the filter leaves stands still; of 4e5 cells at a Pfa of 1e-6 four tenths of a
            # false alarm may be expected a frame, 1.6 in four: 8 come less often than 1 in 4000.
            self.assertLess(found["ghosts"], 2, name)
        self.assertLess(filters["mean"]["static"], 2)
        self.assertLess(filters["mti"]["static"], 1)

    def test_a_filter_goes_on_and_off_while_it_runs(self):
        flowgraph = static_clutter.static_clutter(seed=2)
        told = []
        flowgraph.start()
        try:
            for name in ("none", "mean", "none"):
                flowgraph.estimator.set_clutter(name)
                # The frame that is in work is the old filter's; the mean takes some to settle.
                first = flowgraph.found.num_messages() + 9
                flowgraph.wait_for(first + 2)
                told.append(range(first, first + 2))
        finally:
            flowgraph.stop()
            flowgraph.wait()
        off, on, off_again = (static_clutter.assess(flowgraph, span) for span in told)
        self.assertEqual(on["found"], [1, 1])
        for without in (off, off_again):
            self.assertEqual(without["found"], [0, 0])
            self.assertGreater(without["static"], 3)

    def test_bad_arguments_are_told_in_a_line(self):
        for option in ("--frames", "--settle", "--seed"):
            text = self.run_script(option, 0, expect=2)
            self.assertIn("must be at least 1", text)
            self.assertNotIn("Traceback", text)


if __name__ == "__main__":
    unittest.main()
