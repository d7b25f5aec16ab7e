#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The Python in README.md and docs runs as it stands there, and the links lead somewhere."""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

SOURCE = Path(os.environ["ISAC_SOURCE_DIR"])
PAGES = [SOURCE / "README.md", *sorted((SOURCE / "docs").rglob("*.md"))]


class qa_docs(unittest.TestCase):
    def test_python_runs(self):
        count = 0
        for page in PAGES:
            for text in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S):
                count += 1
                with self.subTest(page=page.name, text=text):
                    run = subprocess.run([sys.executable, "-c", text], capture_output=True,
                                         text=True, timeout=120, check=False)
                    self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertGreater(count, 10)

    def test_links_lead_somewhere(self):
        for page in PAGES:
            for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
                # The picture is made by the demo.
                if not link.endswith(".png"):
                    self.assertTrue((page.parent / link).exists(), f"{link} in {page}")

    def test_every_block_has_its_page(self):
        blocks = {path.name.split(".")[0].replace("isac_", "", 1)
                  for path in (SOURCE / "grc").glob("isac_*.block.yml")}
        pages = {path.stem for path in (SOURCE / "docs/blocks").glob("*.md")}
        self.assertEqual(pages, blocks - {"target", "trajectory"})  # parts of the channel's page
        index = (SOURCE / "docs/README.md").read_text()
        for page in pages:
            self.assertIn(f"(blocks/{page}.md)", index)


if __name__ == "__main__":
    unittest.main()
