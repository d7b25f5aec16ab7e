#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The drone handover example flies as its README says."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["ISAC_SOURCE_DIR"])
SHARED = Path(os.environ["ISAC_SHARED_DIR"])
SCRIPT = SOURCE / "examples/drone_handover/drone_handover.py"


class qa_drone_handover(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = Path(self.folder.name)

    def fly(self, *options, expect=0):
        result = subprocess.run(
            [sys.executable, str(SCRIPT), "--plot", str(self.out / "flight.png"),
             "--json", str(self.out / "flight.json"), *map(str, options)],
            capture_output=True, text=True, check=False, timeout=600, cwd=self.out)
        self.assertEqual(result.returncode, expect, result.stdout + result.stderr)
        return result

    def result(self):
        return json.loads((self.out / "flight.json").read_text())

    def test_flight_agrees_with_the_closed_forms(self):
        # 100 frames without shadowing: link budget and samples differ by the noise of the
        # estimates alone.
        text = self.fly("--revisit", 2, "--shadowing", 0).stdout
        self.assertIn("100%", text)
        self.assertGreater((self.out / "flight.png").stat().st_size, 20000)
        result = self.result()
        for cell in result["cells"]:
            self.assertEqual(cell["frames_sensed"], result["frames"])
            self.assertEqual(cell["outliers"], 0)
            self.assertEqual(cell["failed_crcs"], 0)
            # Samples and link budget describe one scene.
            self.assertLess(abs(cell["snr_channel_minus_budget_db"]), 0.3)
            self.assertLess(abs(cell["snr_estimate_minus_channel_db"]), 0.3)
            # Without shadowing the RSRP is the link budget's.
            self.assertLess(abs(cell["shadowing_db"]), 0.3)
            # 100 errors, each over its own bound: their RMS is known to 1 / sqrt(2 * 100) = 7%,
            # five of which make 35%; the bound may not be beaten by more, nor missed by more than
            # that and 1.5 dB.
            ratio = cell["range_rms_over_bound"]
            self.assertGreater(ratio, 0.65)
            self.assertLess(ratio, 1.35 * 10 ** (1.5 / 20))
        self.assertTrue(result["payload"]["bit_for_bit"])
        for criterion, decided in result["handovers"].items():
            # Out and back, once each: nothing blurs the RSRP here. One step is 40 m of flight.
            self.assertEqual([(e["from"], e["to"]) for e in decided["events"]],
                             [(0, 1), (1, 0)], criterion)
            for event in decided["events"]:
                low, high = sorted(event["closed_form_x_m"])
                self.assertGreater(event["x_m"], low - 41, criterion)
                self.assertLess(event["x_m"], high + 41, criterion)

    def test_shadowed_flight_stays_in_the_closed_forms_region(self):
        self.fly("--revisit", 1, "--seed", 3)
        result = self.result()
        self.assertTrue(result["payload"]["bit_for_bit"])
        for criterion, decided in result["handovers"].items():
            first = decided["events"][0]
            low, high = first["closed_form_x_m"]
            self.assertGreater(first["x_m"], low - 21, criterion)
            self.assertLess(first["x_m"], high + 21, criterion)

    def test_any_payload_arrives(self):
        payload = self.out / "payload.bin"
        payload.write_bytes(os.urandom(100_003))
        self.fly("--revisit", 10, "--payload", payload)
        self.assertTrue(self.result()["payload"]["bit_for_bit"])

    def test_recorded_flight(self):
        flight = self.out / "flight.csv"
        rows = ["time_s,east_m,north_m,altitude_m,role,pci,rsrp_dbm"]
        for i in range(40):
            rows += [f"{i},{-400 + 20 * i},30,100,serving,1,-80", f"{i},,,100,neighbour,2,-90"]
        flight.write_text("\n".join(rows))
        self.fly("--flight", flight, "--revisit", 1)
        result = self.result()
        self.assertEqual(result["frames"], 39)
        self.assertEqual(result["handovers"]["distance"]["handovers"], 1)

    def test_shared_flight(self):
        flight = SHARED / "data/uav_lte/flight_20m.csv"
        if not flight.exists():
            self.skipTest("the recorded flights are not here")
        self.fly("--flight", flight, "--revisit", 60)
        self.assertGreater(self.result()["frames"], 10)

    def test_bad_arguments_are_told_in_a_line(self):
        empty = self.out / "empty"
        empty.write_bytes(b"")
        torn = self.out / "torn.csv"
        torn.write_text("time_s,east_m\n1,2\n")
        for options in (("--payload", empty), ("--payload", self.out / "absent"),
                        ("--flight", self.out / "absent.csv"), ("--flight", torn),
                        ("--flight", empty), ("--shadowing", -1)):
            with self.subTest(options=options):
                error = self.fly(*options, expect=1).stderr.strip()
                self.assertEqual(len(error.splitlines()), 1, error)


if __name__ == "__main__":
    unittest.main()
