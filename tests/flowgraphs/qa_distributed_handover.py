#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The sensing handover of three stations, in one process and in four, and with one that dies."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

SCRIPT = Path(os.environ["ISAC_SOURCE_DIR"]) / "examples/sensing_handover/distributed.py"
FRAMES = 60


def free_port():
    """The first of two that are free."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


class qa_distributed_handover(unittest.TestCase):
    def run_script(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "result.json"
            run = subprocess.run(
                [sys.executable, SCRIPT, "--frames", str(FRAMES), "--port", str(free_port()),
                 "--json", file, *options], capture_output=True, text=True, timeout=300,
                check=False)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            return json.loads(file.read_text())

    def test_four_processes_decide_as_one(self):
        # Patience enough for a loaded machine: nobody is late.
        central = self.run_script("--central", "--patience", "60")
        distributed = self.run_script("--patience", "60")
        self.assertEqual(central["faults"], {})
        self.assertEqual([(c["tx"], c["rx"]) for c in central["configurations"]
                          if c["cause"] != "soft_end"], [(0, 0), (1, 1), (2, 2)])
        # The channel sums power in single precision in pieces as they come.
        for key in ("position_rmse_m", "last_position_m"):
            np.testing.assert_allclose(distributed.pop(key), central.pop(key), rtol=1e-4)
        self.assertEqual(distributed, central)
        self.assertEqual(central["located"], FRAMES)

    def test_a_station_that_dies_is_dropped(self):
        """The second, while it senses: the first or the third goes on."""
        result = self.run_script("--pace", "10", "--patience", "3", "--kill", "1",
                                 "--kill-at", "25")
        self.assertEqual(result["steps"], FRAMES)
        # Its pairs (1, 1) and (0, 1); each falls silent once.
        self.assertEqual(result["faults"].pop("silent_pair"), 2)
        self.assertEqual(set(result["faults"]) - {"no_reply"}, set())
        before = [c for c in result["configurations"] if c["scene_time"] < 40 * 25 / FRAMES]
        self.assertEqual((before[-1]["tx"], before[-1]["rx"]), (1, 1))
        after = result["configurations"][len(before):]
        self.assertTrue(after)
        self.assertNotIn(1, [node for c in after for node in (c["tx"], c["rx"])])
        # Within a few steps: what it had sent before it died is still used.
        self.assertLess(after[0]["scene_time"], 40 * 31 / FRAMES)
        self.assertEqual((after[-1]["tx"], after[-1]["rx"]), (2, 2))
        # Three pairs are left to locate with, one of them monostatic each.
        self.assertGreater(result["located"], 0.9 * FRAMES)
        self.assertLess(result["position_rmse_m"], 5)


if __name__ == "__main__":
    unittest.main()
