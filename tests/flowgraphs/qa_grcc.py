#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Every example flowgraph compiles with grcc and runs, and every block's yml is well formed."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import yaml
from gnuradio import isac

from report_messages import wait_until

SOURCE = Path(os.environ["ISAC_SOURCE_DIR"])
STARTED = "the flowgraph has started"
# Tells when a flowgraph has started, however long the machine took to load it.
RUNNER = f"""
import runpy
import sys
from gnuradio import gr

start = gr.top_block.start


def start_and_tell(*arguments):
    start(*arguments)
    print("{STARTED}", flush=True)


gr.top_block.start = start_and_tell
del sys.argv[0]  # a flowgraph with parameters reads its own arguments
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class qa_grcc(unittest.TestCase):
    def test_examples_compile_and_run(self):
        flowgraphs = sorted(SOURCE.glob("examples/**/*.grc"))
        self.assertTrue(flowgraphs)
        for flowgraph in flowgraphs:
            with self.subTest(flowgraph=flowgraph.name), tempfile.TemporaryDirectory() as out:
                # Where GNU Radio Companion runs it: files beside it are found.
                result = subprocess.run(
                    ["grcc", "-o", out, str(flowgraph)],
                    capture_output=True, text=True, check=False, cwd=flowgraph.parent)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                generated = list(Path(out).glob("*.py"))
                self.assertEqual(len(generated), 1, result.stdout + result.stderr)
                # GNU Radio Companion writes it beside the flowgraph: over no script of ours.
                self.assertRegex(generated[0].name, "_live.py$")
                self.run_for(5, generated[0], flowgraph.parent)

    def run_for(self, seconds, script, folder):
        """Runs a flowgraph without a screen and ends it as Ctrl-C does, seconds after its start."""
        output = script.with_suffix(".out")
        with open(output, "w", encoding="utf-8") as file, subprocess.Popen(
                [sys.executable, "-c", RUNNER, str(script)], stdout=file,
                stderr=subprocess.STDOUT, cwd=folder) as process:
            try:
                self.assertTrue(
                    wait_until(lambda: STARTED in output.read_text() or process.poll() is not None,
                               120), "it did not start")
                time.sleep(seconds)
                self.assertIsNone(process.poll(), f"ended by itself:\n{output.read_text()}")
                process.send_signal(signal.SIGINT)
                process.wait(60)
            finally:
                process.kill()
        text = output.read_text()
        self.assertEqual(process.returncode, 0, text)
        self.assertNotIn("Traceback", text)

    def test_blocks_are_complete(self):
        files = sorted(SOURCE.glob("grc/*.block.yml"))
        self.assertTrue(files)
        for file in files:
            with self.subTest(block=file.name):
                block = yaml.safe_load(file.read_text())
                self.assertEqual(file.name, block["id"] + ".block.yml")
                self.assertTrue(block["documentation"].strip())
                self.assertTrue(block["category"].startswith("[ISAC]/"))
                # What has no parameters has nothing to assert.
                self.assertEqual("asserts" in block, "parameters" in block)
                for line in block.get("asserts", []):
                    self.assertRegex(line, r"^\$\{.*\}$")
                made = block["templates"].get("make", "")
                setters = re.findall(r"(set_\w+)\(", str(block["templates"].get("callbacks", "")))
                if made:
                    made_class = getattr(isac, re.search(r"isac\.(\w+)\(", made).group(1))
                    for setter in setters:
                        self.assertTrue(hasattr(made_class, setter), setter)


if __name__ == "__main__":
    unittest.main()
