#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Recorded flights replayed: what is counted, what is lost of a bad file, and what is gained."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["ISAC_SOURCE_DIR"])
FOLDER = SOURCE / "examples/flight_replay"
RECORDED = Path(os.environ["ISAC_SHARED_DIR"]) / "data/uav_lte"

HEADER = "time_s,east_m,north_m,altitude_m,role,pci,rsrp_dbm,rsrq_db,sinr_db\n"


def row(time, role, pci, rsrp):
    return f"{time},0,0,50,{role},{pci},{rsrp},-10,\n"


def reading(time, serving, **heard):
    """The rows of a reading; heard: RSRP by "c" and pci."""
    cells = {int(name[1:]): rsrp for name, rsrp in heard.items()}
    return row(time, "serving", serving, cells[serving]) + "".join(
        row(time, "neighbour", pci, rsrp) for pci, rsrp in cells.items() if pci != serving)


class qa_flight_replay(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name)

    def run_script(self, name, *arguments):
        return subprocess.run(
            [sys.executable, "-B", str(FOLDER / name), *map(str, arguments)],
            capture_output=True, text=True, check=False, timeout=300, cwd=self.out)

    def file(self, text, name="flight.csv"):
        path = self.out / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def replay(self, *arguments, expect=0, stderr=()):
        """The --json of a replay, whose stderr has these lines and no other."""
        result = self.run_script("flight_replay.py", "--json", self.out / "out.json", *arguments)
        self.assertEqual(result.returncode, expect, result.stdout + result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), len(stderr), result.stderr)
        for line, part in zip(lines, stderr):
            self.assertIn(part, line)
        return json.loads((self.out / "out.json").read_text()) if result.stdout else None

    def test_counted_by_hand(self):
        # The network goes 1 > 2 > 1 in 10 s, a ping-pong, > 3 > 1, which is none: 10.5 s. Ours
        # stays on 1: every cell is as strong as it is. The fourth reading lacks 1: its lowest.
        text = HEADER + (
            reading(0, 1, c1=-80, c2=-80)
            + reading(1, 2, c1=-80, c2=-81)
            + reading(11, 1, c1=-80, c2=-81)
            + reading(12, 3, c2=-82, c3=-80)
            + reading(22.5, 1, c1=-79, c3=-80))
        result = self.replay(self.file(text))
        self.assertEqual(set(result["network"]), {"handovers", "ping_pongs",
                                                  "mean_serving_rsrp_dbm"})
        self.assertEqual(set(result["ours"]), set(result["network"]))
        self.assertEqual(result["network"]["handovers"], 4)
        self.assertEqual(result["network"]["ping_pongs"], 1)
        self.assertAlmostEqual(
            result["network"]["mean_serving_rsrp_dbm"], (-80 - 81 - 80 - 80 - 79) / 5)
        self.assertEqual(result["ours"]["handovers"], 0)
        self.assertEqual(result["ours"]["ping_pongs"], 0)
        self.assertAlmostEqual(
            result["ours"]["mean_serving_rsrp_dbm"], (-80 - 80 - 80 - 82 - 79) / 5)

    def test_a_handover_by_hand(self):
        # A step of 10 dB in cell 2 has risen to 10 (1 - exp(-t / 5.28)) in the filter: 1.73 dB at
        # 1 s, 3.15 at 2 s, 4.33 at 3 s, the first above 4.
        text = HEADER + reading(0, 1, c1=-90, c2=-90) + "".join(
            reading(t, 1, c1=-90, c2=-80) for t in range(1, 6))
        result = self.replay(self.file(text))
        self.assertEqual(result["ours"]["handovers"], 1)
        self.assertAlmostEqual(
            result["ours"]["mean_serving_rsrp_dbm"], (3 * -90 + 3 * -80) / 6)
        # ...and one reading later it is one reading less.
        self.assertAlmostEqual(
            result["mean_serving_rsrp_one_reading_late_dbm"], (4 * -90 + 2 * -80) / 6)

    def test_the_first_of_a_cell_counts(self):
        # The serving cell stands among the neighbours again, and a neighbour twice.
        text = HEADER + row(0, "serving", 1, -80) + row(0, "neighbour", 1, -60) + row(
            0, "neighbour", 2, -90) + row(0, "neighbour", 2, -99) + reading(1, 2, c2=-90)
        result = self.replay(self.file(text))
        self.assertAlmostEqual(result["network"]["mean_serving_rsrp_dbm"], -85)
        self.assertAlmostEqual(result["ours"]["mean_serving_rsrp_dbm"], -85)

    def test_several_flights_together(self):
        one = self.file(HEADER + reading(0, 1, c1=-80), "one.csv")
        two = self.file(HEADER + reading(0, 1, c1=-90) + reading(1, 2, c2=-90) + reading(
            2, 2, c2=-90), "two.csv")
        result = self.replay(one, two)
        # The mean of all readings, not of the flights.
        self.assertAlmostEqual(result["network"]["mean_serving_rsrp_dbm"], -87.5)
        self.assertEqual(result["network"]["handovers"], 1)
        self.assertEqual([f["flight"] for f in result["flights"]], ["one.csv", "two.csv"])

    def test_bad_lines_cost_only_themselves(self):
        good = [reading(t, 1 + t // 2 % 2, c1=-80 - t, c2=-82) for t in range(12)]
        clean = self.replay(self.file(HEADER + "".join(good)))
        cases = {
            "blank": (["\n", " , ,,,,,,,\n"], "left out 2 blank lines, the first in line 4"),
            "torn": (["2,0,0,50,serv", "\n", "2,0,0,50,neighbour,2,\n", '2,0,"0,50,neigh\n',
                      "2,0,0,50,neighbour,7,nan,-10,\n", "2,0,0,50,neighbour,7,-6x,-10,\n",
                      "2,0,0,50,donor,7,-60,-10,\n", "2,0,0,50,neighbour,\0,-60,-10,\n",
                      "2,0,0,50,neighbour,7,-60,-10,,9\n"],
                     "left out 8 torn rows, the first in line 4"),
            "past": ([row(-5, "serving", 7, -60)], "left out 1 row out of the order of time"),
            "future": ([row(99999, "serving", 7, -60)], "left out 1 row out of the order of time"),
            "unserved": ([row(0.5, "neighbour", 7, -60), row(0.75, "neighbour", 7, -60)],
                         "left out 2 readings without a serving cell, the first at 0.5 s"),
        }
        for name, (lines, warning) in cases.items():
            with self.subTest(name):
                text = HEADER + good[0] + "".join(lines) + "".join(good[1:])
                result = self.replay(self.file(text), stderr=[f"flight.csv: {warning}"])
                self.assertEqual(result, clean)
        with self.subTest("not text"):
            text = (HEADER + good[0]).encode() + b"\xff\xfe,1\n" + "".join(good[1:]).encode()
            self.assertEqual(self.replay(self.file(text), stderr=["left out 1 torn row"]), clean)
        with self.subTest("cut off at the end"):
            text = HEADER + "".join(good) + "12,0,0,50,ser"
            self.assertEqual(self.replay(self.file(text), stderr=["left out 1 torn row"]), clean)
        with self.subTest("Windows line ends, byte order mark"):
            text = "\ufeff" + (HEADER + "".join(good)).replace("\n", "\r\n")
            self.assertEqual(self.replay(self.file(text)), clean)

    def test_columns(self):
        # In any order; what is not needed may be absent, what is unknown is told.
        few = "pci,rsrp_dbm,weather,role,time_s\n1,-80,fine,serving,0\n2,-70,fine,neighbour,0\n"
        result = self.replay(self.file(few), stderr=["ignored unknown column weather"])
        self.assertEqual(result["network"]["mean_serving_rsrp_dbm"], -80)

    def test_what_is_no_flight(self):
        cases = {
            "empty": ("", "is empty"),
            "header only": (HEADER, "has no reading with a serving cell"),
            "nobody serves": (HEADER + row(0, "neighbour", 1, -80), "no reading with a serving"),
            "no header": (reading(0, 1, c1=-80), "has no column time_s, role, pci, rsrp_dbm"),
            "picture": (bytes(range(256)) * 40, "has no column time_s, role, pci, rsrp_dbm"),
        }
        good = self.file(HEADER + reading(0, 1, c1=-80), "good.csv")
        for name, (text, error) in cases.items():
            with self.subTest(name):
                bad = self.file(text, "bad.csv")
                line = [f"error: {bad}: "]
                self.assertIsNone(self.replay(bad, expect=1, stderr=line))
                # The other flights are replayed, and the exit status tells.
                result = self.replay(bad, good, expect=1, stderr=[error])
                self.assertEqual(result["network"]["mean_serving_rsrp_dbm"], -80)
        for absent in (self.out / "absent.csv", self.out):
            self.assertIsNone(self.replay(absent, expect=1, stderr=["cannot be read"]))

    def test_synthetic_flight(self):
        flight, again = self.out / "synthetic.csv", self.out / "again.csv"
        for path in (flight, again):
            made = self.run_script("make_flight.py", path)
            self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(flight.read_bytes(), again.read_bytes())
        self.assertTrue(flight.read_text().startswith(HEADER))
        result = self.replay(flight, "--plot", self.out / "flight.png")
        self.assertGreater((self.out / "flight.png").stat().st_size, 20000)
        ours, network = result["ours"], result["network"]
        self.assertGreater(network["ping_pongs"], 0)
        self.assertLess(ours["ping_pongs"], network["ping_pongs"])
        self.assertLess(ours["handovers"], network["handovers"])
        self.assertGreater(ours["mean_serving_rsrp_dbm"], network["mean_serving_rsrp_dbm"])

    def test_robustness_is_told(self):
        flights = [self.out / f"{seed}.csv" for seed in (2, 3)]
        for flight in flights:
            self.run_script("make_flight.py", flight, "--seed", flight.stem, "--duration", 300)
        told = self.run_script("robustness.py", *flights)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        for name in ("as is", "hysteresis_db +20%", "backwards", "without 2.csv", "plain A3"):
            self.assertIn(f"\n{name} ", told.stdout)

    def test_recorded_flights(self):
        flights = sorted(RECORDED.glob("flight_*m.csv"))
        if not flights:
            self.skipTest(f"no recorded flights in {RECORDED}")
        result = self.replay(*flights)
        self.assertLessEqual(result["setting"]["prohibit_time"], 2)
        ours, network = result["ours"], result["network"]
        self.assertEqual((network["handovers"], network["ping_pongs"]), (317, 34))
        self.assertLessEqual(ours["ping_pongs"], 6)
        self.assertLessEqual(ours["handovers"], network["handovers"])
        for mean in (ours["mean_serving_rsrp_dbm"],
                     result["mean_serving_rsrp_one_reading_late_dbm"]):
            self.assertGreaterEqual(mean, network["mean_serving_rsrp_dbm"] + 0.65)


if __name__ == "__main__":
    unittest.main()
