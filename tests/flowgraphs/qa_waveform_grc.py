#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The waveform's blocks in GRC: a link compiles and runs, wrong parameters are refused."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from grc_flowgraph import block, flowgraph


def link(grid: dict, modulator: dict = {}, demodulator: dict = {}, receiver: dict = {}) -> str:
    """A flowgraph of modulator, demodulator and receiver as GRC stores it."""
    blocks = [
        block("grid", "isac_ofdm_grid", **grid),
        block("source", "blocks_vector_source_x", type="byte", vector="list(range(200))",
              repeat="False", vlen="1", tags="[]"),
        block("modulator", "isac_ofdm_modulator", grid="grid", when_starved="wait", **modulator),
        block("demodulator", "isac_ofdm_demodulator", grid="grid", **demodulator),
        block("receiver", "isac_ofdm_receiver", grid="grid", **receiver),
        block("sink", "blocks_vector_sink_x", type="byte", vlen="1", reserve_items="1024"),
        block("check", "snippet", section="main_after_stop",
              code="assert list(self.sink.data()) == list(range(200))\n"
                   "assert self.receiver.num_failed_crcs() == 0"),
    ]
    return flowgraph("waveform_link", blocks, [
        ["source", "0", "modulator", "0"],
        ["modulator", "0", "demodulator", "0"],
        ["modulator", "1", "receiver", "1"],
        ["demodulator", "0", "receiver", "0"],
        ["receiver", "0", "sink", "0"],
    ])


class qa_waveform_grc(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def compile(self, text: str):
        out = Path(self.folder.name)
        stored = out / "waveform_link.grc"
        stored.write_text(text)
        return subprocess.run(["grcc", "-o", str(out), str(stored)],
                              capture_output=True, text=True, check=False)

    def test_links_compile_and_run(self):
        for grid in (
            {"preset": "LAWN flight", "modulation": "16qam"},
            {"preset": "NR mu 1", "preamble": "True"},
            {"preset": "custom", "fft_len": 64, "cp_len": "[9, 7]", "num_symbols": 20,
             "pilots": "contiguous", "pilot_share": 0.5, "dc_null": "True", "guard_low": 3},
        ):
            with self.subTest(grid=grid):
                compiled = self.compile(link(grid))
                self.assertEqual(compiled.returncode, 0, compiled.stdout + compiled.stderr)
                run = subprocess.run(
                    [sys.executable, str(Path(self.folder.name) / "waveform_link.py")],
                    stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                    timeout=60)
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_wrong_parameters_do_not_compile(self):
        good = {"preset": "custom"}
        for wrong in (
            {"grid": {**good, "fft_len": 0}},
            {"grid": {**good, "cp_len": 1025}},
            {"grid": {**good, "pilots": "contiguous", "pilot_share": 1.5}},
            {"grid": {**good, "comb_offset_frequency": 4}},
            {"grid": {**good, "pilots": "cells", "pilot_cells": "[(0, 0), (0, 0)]"}},
            {"grid": {"preset": "LAWN flite"}},
            {"grid": good, "modulator": {"tx_power_dbm": 500}},
            {"grid": good, "modulator": {"num_frames": -1}},
            {"grid": good, "demodulator": {"timing_advance": 73}},
            {"grid": good, "receiver": {"node": -1}},
            {"grid": {**good, "pilots": "none"}},
        ):
            with self.subTest(wrong=wrong):
                compiled = self.compile(link(**wrong))
                self.assertFalse((Path(self.folder.name) / "waveform_link.py").exists(),
                                 compiled.stdout)


if __name__ == "__main__":
    unittest.main()
