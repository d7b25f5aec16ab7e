#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The sensing blocks in GRC: a chain compiles and runs, wrong parameters are refused."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from grc_flowgraph import block, flowgraph


def chain(estimator: dict = {}, monitor: dict = {}) -> str:
    """Four frames of the pilots themselves, an echo of delay 0, as GRC stores it."""
    rows = "[complex(x) for x in grid.pilot_rows().ravel()] * 4"
    blocks = [
        block("grid", "isac_ofdm_grid", fft_len="64", cp_len="16", num_symbols="32",
              pilots="comb", comb_spacing_frequency="2"),
        block("source", "blocks_vector_source_x", type="complex", vector=rows, repeat="False",
              vlen="64", tags="[]"),
        block("estimator", "isac_range_doppler_estimator", grid="grid", **estimator),
        block("sink", "blocks_vector_sink_x", type="float",
              vlen="isac.sensing.range_cells(grid, 'pilots', 2)", reserve_items="1024"),
        block("store", "blocks_message_debug"),
        block("monitor", "isac_crlb_monitor", grid="grid", **monitor),
        block("plot", "blocks_null_sink", type="float", vlen="1", num_inputs="1", bus_structure_sink=""),
        block("check", "snippet", section="main_after_stop",
              code="assert len(self.sink.data()) == 4 * 32 * 64\n"
                   "assert self.store.num_messages() == 4"),
    ]
    return flowgraph("sensing_chain", blocks, [
        ["source", "0", "estimator", "0"],
        ["estimator", "0", "sink", "0"],
        ["estimator", "detections", "store", "store"],
        ["estimator", "detections", "monitor", "detections"],
        ["estimator", "detections", "monitor", "ground_truth"],
        ["monitor", "0", "plot", "0"],
    ])


class qa_sensing_grc(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)

    def compile(self, text: str) -> subprocess.CompletedProcess:
        stored = self.path / "sensing_chain.grc"
        stored.write_text(text)
        return subprocess.run(
            ["grcc", "-o", str(self.path), str(stored)],
            capture_output=True, text=True, check=False, timeout=120)

    def test_chain_compiles_and_runs(self):
        result = self.compile(chain({"pad_delay": "2"}))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        run = subprocess.run(
            [sys.executable, str(self.path / "sensing_chain.py")],
            capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertNotIn("Error", run.stderr)

    def test_wrong_parameters_are_refused(self):
        for estimator, monitor in (
            ({"pfa": "0"}, {}),
            ({"pfa": "1.5"}, {}),
            ({"max_targets": "0"}, {}),
            ({"guard_delay": "-1"}, {}),
            ({"training_delay": "0", "training_doppler": "0"}, {}),
            ({}, {"gate_delay": "0"}),
            ({}, {"window": "-1"}),
        ):
            result = self.compile(chain({"pad_delay": "2", **estimator}, monitor))
            self.assertNotEqual(result.returncode, 0, (estimator, monitor))


if __name__ == "__main__":
    unittest.main()
