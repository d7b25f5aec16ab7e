#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The channel's blocks in GRC: a scene compiles and runs, wrong parameters are refused."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from grc_flowgraph import block, flowgraph

SOURCE = Path(os.environ["ISAC_SOURCE_DIR"])


def scene(channel: dict = {}, target: dict = {}, trajectory: dict = {}) -> str:
    """A flowgraph of a source, the channel with one target, and a sink as GRC stores it."""
    blocks = [
        block("grid", "isac_ofdm_grid", preset="LAWN flight"),
        block("flight", "isac_trajectory", **trajectory),
        block("drone", "isac_target", **{"trajectory": "flight", **target}),
        block("source", "blocks_vector_source_x", type="complex", vector="[1] * 1000",
              repeat="False", vlen="1", tags="[]"),
        block("channel", "isac_echo_channel", grid="grid", **{"targets": "[drone]", **channel}),
        block("sink", "blocks_vector_sink_x", type="complex", vlen="1", reserve_items="1024"),
        block("check", "snippet", section="main_after_stop",
              code="assert len(self.sink.data()) == 1000\n"
                   "assert abs(self.sink.data()[900]) > 0"),
    ]
    return flowgraph("scene", blocks,
                     [["source", "0", "channel", "0"], ["channel", "0", "sink", "0"]])


class qa_channel_grc(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.made = Path(self.folder.name) / "scene.py"

    def compile(self, text: str):
        stored = Path(self.folder.name) / "scene.grc"
        stored.write_text(text)
        self.made.unlink(missing_ok=True)
        return subprocess.run(["grcc", "-o", self.folder.name, str(stored)],
                              capture_output=True, text=True, check=False)

    def test_scenes_compile_and_run(self):
        for settings in (
            {},
            {"trajectory": {"motion": "waypoints"}, "target": {"swerling": 1, "rcs": 2}},
            {"channel": {"receiver": "flight", "transmitter": "(0, 0, 0)", "direct_path": "True",
                         "targets": "[]", "path_loss": "log_distance"}},
            {"channel": {"self_interference": "leakage", "leakage_gain_db": "-50",
                         "noise_enabled": "False", "revisit_interval": "0.1"}},
        ):
            with self.subTest(settings=settings):
                compiled = self.compile(scene(**settings))
                self.assertTrue(self.made.exists(), compiled.stdout + compiled.stderr)
                run = subprocess.run(
                    [sys.executable, str(self.made)], stdin=subprocess.DEVNULL,
                    capture_output=True, text=True, check=False, timeout=60)
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_wrong_parameters_do_not_compile(self):
        for wrong in (
            {"target": {"rcs": -1}},
            {"target": {"swerling": 5}},
            {"trajectory": {"position": "(0, 0)"}},
            {"trajectory": {"motion": "waypoints", "times": "[1, 0]"}},
            {"channel": {"noise_figure_db": -1}},
            {"channel": {"direct_path": "True"}},
            {"channel": {"dwell_frames": 0}},
            {"channel": {"revisit_interval": -1}},
            {"channel": {"path_loss": "none"}},
        ):
            with self.subTest(wrong=wrong):
                compiled = self.compile(scene(**wrong))
                self.assertFalse(self.made.exists(), compiled.stdout)

    def test_a_scene_file_is_a_variable(self):
        street = SOURCE / "examples/sensing_handover/fig4.yml"

        def text(file, time):
            return flowgraph("scene", [
                block("street", "isac_scene", file=file),
                block("best", "variable", value=f"street.sensing_sinr_db({time}, 'AP1', 'AP3')"),
                block("check", "snippet", section="main_after_init",
                      code="assert abs(self.best - 18.711412) < 1e-5\n"
                           "assert self.street.user_names() == ['UE1', 'UE2']"),
            ], [])

        compiled = self.compile(text(street, 25))
        self.assertTrue(self.made.exists(), compiled.stdout + compiled.stderr)
        run = subprocess.run([sys.executable, str(self.made)], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        for file, time, told in (("absent.yml", 25, "absent.yml: cannot be read"),
                                 (street, 121, "must be from 1 to 120 s"), ("", 25, "len(file)")):
            compiled = self.compile(text(file, time))
            self.assertFalse(self.made.exists())
            self.assertIn(told, compiled.stdout + compiled.stderr)

    def test_streams_through_a_scene(self):
        def text(**channel):
            ends = {"type": "complex", "vlen": "1"}
            settings = {"grid": "grid", "scene": "street", "revisit_interval": "1",
                        "transmit": "[('AP1', 'object'), ('AP2', 'UE1')]",
                        "receive": "[('AP1', 'object'), ('AP3', 'object'), 'UE1']", **channel}
            return flowgraph("scene", [
                block("grid", "isac_ofdm_grid", preset="custom", carrier_frequency="24e9"),
                block("street", "isac_scene", file=SOURCE / "examples/sensing_handover/fig4.yml"),
                *(block(f"source_{i}", "blocks_vector_source_x", vector="[1] * 1000",
                        repeat="False", tags="[]", **ends) for i in range(2)),
                block("channel", "isac_scene_channel", **settings),
                *(block(f"sink_{i}", "blocks_vector_sink_x", reserve_items="1024", **ends)
                  for i in range(3)),
                block("check", "snippet", section="main_after_stop",
                      code="for sink in (self.sink_0, self.sink_1, self.sink_2):\n"
                           "    assert len(sink.data()) == 1000\n"
                           "    assert abs(sink.data()[900]) > 0"),
            ], [[f"source_{i}", "0", "channel", str(i)] for i in range(2)] +
               [["channel", str(i), f"sink_{i}", "0"] for i in range(3)])

        compiled = self.compile(text())
        self.assertTrue(self.made.exists(), compiled.stdout + compiled.stderr)
        run = subprocess.run([sys.executable, str(self.made)], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        for wrong in ({"dwell_frames": 0}, {"revisit_interval": -1}, {"paths": "none"},
                      {"start_time": "float('nan')"}):
            with self.subTest(wrong=wrong):
                compiled = self.compile(text(**wrong))
                self.assertFalse(self.made.exists(), compiled.stdout)


if __name__ == "__main__":
    unittest.main()
