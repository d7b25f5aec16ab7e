#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Runs the bm_* programs, and takes the least times that they measure."""

import json
import os
import re
import statistics
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Dict, List

MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
# What Google Benchmark itself tells of a run; all else are counters of ours.
OWN_KEYS = {"name", "family_index", "per_family_instance_index", "run_name", "run_type",
            "repetitions", "repetition_index", "threads", "iterations", "real_time", "cpu_time",
            "time_unit"}
# What it adds to a benchmark's name.
HOW_TIMED = re.compile(r"(/iterations:\d+)?(/(real|manual)_time)?$")

Figures = Dict[str, Dict[str, float]]


def quickest(runs: List[dict]) -> Figures:
    """Of each benchmark: cpu_ms and wall_ms an iteration, and counters. Of what ends in _ms it is the
    least of all its runs, of what begins with median_ their median, else that of the run whose clock ran
    least."""
    runs_of = defaultdict(list)
    for told in runs:
        if told["run_type"] == "iteration" and not told.get("error_occurred"):
            runs_of[HOW_TIMED.sub("", told["run_name"])].append(told)
    figures = {}
    for name, repetitions in sorted(runs_of.items()):
        best = min(repetitions, key=lambda run: run["real_time"])
        scale = MILLISECONDS[best["time_unit"]]
        told = {"cpu_ms": scale * min(run["cpu_time"] for run in repetitions),
                "wall_ms": scale * best["real_time"]}
        for key in best.keys() - OWN_KEYS:
            values = [run[key] for run in repetitions]
            told[key] = (min(values) if key.endswith("_ms")
                         else statistics.median(values) if key.startswith("median_") else best[key])
        figures[name] = {key: float(f"{value:.4g}") for key, value in sorted(told.items())}
    return figures


def run(program: Path, only: str = ".", repetitions: int = 1, pinned: bool = True) -> List[dict]:
    """Runs of a program's benchmarks whose names match `only`, a regular expression with "-" before it
    for those that do not; `pinned` to one CPU, so that none moves."""
    cpu = max(os.sched_getaffinity(0))
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run(
            [program, f"--benchmark_filter={only}", f"--benchmark_repetitions={repetitions}",
             "--benchmark_min_time=0.1", "--benchmark_enable_random_interleaving=true",
             f"--benchmark_out={out.name}", "--benchmark_out_format=json"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
            preexec_fn=(lambda: os.sched_setaffinity(0, {cpu})) if pinned else None)
        return json.load(out)["benchmarks"]
