#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Runs the bm_* programs, and takes the medians of what they measure."""

import json
import os
import re
import statistics
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Dict

MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
# What Google Benchmark itself tells of a run; all else are counters of ours.
OWN_KEYS = {"name", "family_index", "per_family_instance_index", "run_name", "run_type",
            "repetitions", "repetition_index", "threads", "iterations", "real_time", "cpu_time",
            "time_unit"}
# What it adds to a benchmark's name.
HOW_TIMED = re.compile(r"(/iterations:\d+)?(/(real|manual)_time)?$")

Figures = Dict[str, Dict[str, float]]


def medians(report: dict) -> Figures:
    """Of each benchmark of a report: cpu_ms and wall_ms an iteration, and its counters."""
    runs = defaultdict(lambda: defaultdict(list))
    for run in report["benchmarks"]:
        if run["run_type"] != "iteration" or run.get("error_occurred"):
            continue
        scale = MILLISECONDS[run["time_unit"]]
        figures = runs[HOW_TIMED.sub("", run["run_name"])]
        figures["cpu_ms"].append(scale * run["cpu_time"])
        figures["wall_ms"].append(scale * run["real_time"])
        for key in run.keys() - OWN_KEYS:
            figures[key].append(run[key])
    return {name: {key: float(f"{statistics.median(values):.4g}")
                   for key, values in sorted(figures.items())}
            for name, figures in sorted(runs.items())}


def run(program: Path, only: str = ".", repetitions: int = 3, pinned: bool = True) -> Figures:
    """The medians of a program's benchmarks whose names match `only`, a regular expression with
    "-" before it for those that do not; `pinned` to one CPU, so that none moves."""
    cpu = max(os.sched_getaffinity(0))
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run(
            [program, f"--benchmark_filter={only}", f"--benchmark_repetitions={repetitions}",
             "--benchmark_min_time=0.1", "--benchmark_enable_random_interleaving=true",
             f"--benchmark_out={out.name}", "--benchmark_out_format=json"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
            preexec_fn=(lambda: os.sched_setaffinity(0, {cpu})) if pinned else None)
        return medians(json.load(out))
