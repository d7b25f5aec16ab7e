#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The benchmarks' report: what it takes from the programs, and what it writes into the page."""

import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(os.environ["ISAC_SOURCE_DIR"]) / "tests" / "benchmarks"))

import chain  # noqa: E402
import costs  # noqa: E402
import openisac  # noqa: E402
import programs  # noqa: E402
import report  # noqa: E402
import timing  # noqa: E402


def iteration(name, cpu, wall, unit="us", **more):
    return {"name": name, "run_name": name, "run_type": "iteration", "cpu_time": cpu,
            "real_time": wall, "time_unit": unit, "iterations": 7, **more}


class qa_benchmark_page(unittest.TestCase):
    def setUp(self):
        self.results = json.loads(report.RESULTS.read_text())
        self.page = report.PAGE.read_text()

    def figures(self):
        return report.figures(self.results, costs.read_table(openisac.TABLE))

    def verdict(self, start):
        return next(row for row in report.targets(self.figures()) if row[0].startswith(start))[1:]

    def test_the_quickest_of_runs(self):
        told = programs.quickest([
            iteration("map/64/64", 3000, 5000, rate=2.0, first_ms=7.0, median_ratio=3.0),
            iteration("map/64/64", 1000, 9000, rate=8.0, first_ms=6.0, median_ratio=9.0),
            iteration("map/64/64", 2000, 7000, rate=4.0, first_ms=8.0, median_ratio=5.0),
            {**iteration("map/64/64", 99, 99), "run_type": "aggregate"},
            iteration("map_threads/64/64/2/real_time", 4, 5, "ms"),
            iteration("estimator/rows/64/64/iterations:60/manual_time", 6, 7, "ms"),
            {**iteration("broken", 1, 1), "error_occurred": True},
        ])
        self.assertEqual(told, {"map/64/64": {"cpu_ms": 1, "wall_ms": 5, "rate": 2, "first_ms": 6,
                                              "median_ratio": 5},
                                "map_threads/64/64/2": {"cpu_ms": 4, "wall_ms": 5},
                                "estimator/rows/64/64": {"cpu_ms": 6, "wall_ms": 7}})

    def test_turns_are_added_to_those_of_earlier_runs(self):
        def print_table(sizes, repeats, turns):
            for n, m in sizes:
                turns.setdefault(f"{n}x{m}", []).extend([n * m] * repeats)
            return [{"turns": len(taken)} for taken in turns.values()]

        with tempfile.TemporaryDirectory() as folder:
            turns, table = Path(folder) / "turns", Path(folder) / "table"
            for _ in range(2):
                timing.tell("A table.", print_table, ["--size", "3x4", "--repeats", "2",
                                                      "--turns", str(turns), "--json", str(table)])
            self.assertEqual(json.loads(turns.read_text()), {"3x4": [12] * 4})
            self.assertEqual(json.loads(table.read_text()), [{"turns": 4}])

    def test_a_frame_costs_the_difference_of_least_times(self):
        cost = timing.frame_cost(None, 10, {"few": [0.2, 0.1, 0.4], "many": [1.3, 1.1]})
        self.assertAlmostEqual(cost.milliseconds(), 100)
        self.assertAlmostEqual(cost.milliseconds(max), 90)
        self.assertAlmostEqual(cost.first_milliseconds(), 10)
        self.assertAlmostEqual(cost.first_milliseconds(max), 40)

    def test_the_page_tells_the_committed_figures(self):
        self.assertEqual(report.fill(self.page, self.figures()), self.page)

    def test_a_new_figure_reaches_the_page(self):
        self.results["programs"]["bm_sensing"]["map/1024/256"]["cpu_ms"] = 123.4
        page = report.fill(self.page, self.figures())
        self.assertIn("| range-Doppler map | ", page)
        self.assertIn("| 123 |", page)
        self.assertEqual(page.count("\n"), self.page.count("\n"))

    def test_a_page_without_a_place_is_refused(self):
        with self.assertRaisesRegex(ValueError, "no place for chain"):
            report.fill(self.page.replace("<!-- chain -->", ""), self.figures())

    def test_targets_are_met_or_not(self):
        told = self.results["programs"]["bm_sensing"]
        for share, median, met in ((0.8, 0.73, "yes"), (0.7199, 0.71, "no"),
                                   (0.7199, 0.73, "by medians"), (0.8, 0.71, "by least times")):
            told["transforms_over_map/1024/256"].update(first_ms=share, second_ms=1,
                                                        median_ratio=median)
            self.assertEqual(self.verdict("FFTs alone over the map, 1024x256"),
                             [f"{100 * share:.4g}%", f"{100 * median:.4g}%", "at least 72%", met])
        for ratio, met in ((3, "yes"), (5, "no")):
            for kind in ("os", "osgo"):
                told[f"detect/{kind}/4096/1024"]["cpu_ms"] = (
                    ratio * told["detect/ca/4096/1024"]["cpu_ms"])
                self.assertEqual(self.verdict(f"{kind.upper()}-CFAR over CA-CFAR")[-1], met)

    def test_a_peer_that_is_not_there(self):
        for row in self.results["chain.py"]:
            for key in ("gr_radar_ms", *chain.RATIOS):
                row.pop(key, None)
        for where in ("one CPU", "all CPUs"):
            for frames in ("", ", first ten frames"):
                self.assertEqual(self.verdict(f"gr-radar's chain over ours, 1024x256, {where}{frames}"),
                                 ["not installed", "", "at least 6 x", ""])
        table = report.table_of_chain(self.figures()).splitlines()[-1]
        self.assertEqual(table.count("not installed"), 5)

    def test_curves_of_costs(self):
        table = costs.read_table()
        for kernel in costs.KERNELS:
            for variable in costs.VARIABLES:
                points = costs.curve(table, kernel, variable)
                if (kernel, variable) != ("map", "targets"):  # of which it knows nothing
                    self.assertGreater(len(points), 1, f"{kernel} against {variable}")
                self.assertTrue(all(row["cpu_ms"] > 0 for row in points))

    def test_figures_beside_openisac(self):
        told = {f"{name}/{size.replace('x', '/')}": {"cpu_ms": float(i), "wall_ms": 99.0}
                for size in openisac.SIZES for i, name in enumerate(openisac.FIGURES)}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "table.csv"
            costs.write_table(openisac.table_of(told), file)
            table = costs.read_table(file)
        self.assertEqual(table.dtype.names, costs.read_table(openisac.TABLE).dtype.names)
        self.assertEqual(tuple(table["size"]), openisac.SIZES)
        self.assertEqual(list(table["openisac_map_ms"]), [3, 3, 3])

    def test_names_of_costs(self):
        told = costs.row_of("map/subcarriers:64/symbols:32/targets:1/padding:2/threads:4",
                            {"cpu_ms": 1.5, "wall_ms": 2.5, "found": 1})
        self.assertEqual(told, {"kernel": "map", "subcarriers": 64, "symbols": 32, "targets": 1,
                                "padding": 2, "threads": 4, "cpu_ms": 1.5, "wall_ms": 2.5})


if __name__ == "__main__":
    unittest.main()
