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
import unittest
from pathlib import Path

import yaml
from gnuradio import isac

SOURCE = Path(os.environ["ISAC_SOURCE_DIR"])


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
                self.run_for(8, generated[0], flowgraph.parent)

    def run_for(self, seconds, script, folder):
        """Runs a flowgraph without a screen and ends it as Ctrl-C does."""
        process = subprocess.Popen(
            [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=folder)
        try:
            text, _ = process.communicate(timeout=seconds)
            self.fail(f"ended by itself:\n{text}")
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        try:
            text, _ = process.communicate(timeout=60)
        finally:
            process.kill()
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
                for line in block["asserts"]:
                    self.assertRegex(line, r"^\$\{.*\}$")
                made = block["templates"].get("make", "")
                setters = re.findall(r"(set_\w+)\(", str(block["templates"].get("callbacks", "")))
                if made:
                    made_class = getattr(isac, re.search(r"isac\.(\w+)\(", made).group(1))
                    for setter in setters:
                        self.assertTrue(hasattr(made_class, setter), setter)


if __name__ == "__main__":
    unittest.main()
