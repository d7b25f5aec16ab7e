#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Runs all benchmarks and writes their tables into docs/benchmarks.md.

What was measured goes to docs/benchmarks/results.json and costs.csv as well, from which
--tables-only makes the page again. Programs of one thread, and the threads of blocks measured alone,
stay on one CPU; chains of blocks are run on one and on all. Each round runs everything, so that what
keeps the machine busy for a minute does not meet all turns of a figure. Figures beside each other come
from one run.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import costs
import openisac
import programs

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "docs" / "benchmarks" / "results.json"
SIZES = ("64x64", "1024x256", "4096x1024")
NOT_THERE = "not installed"

# Programs, which of their benchmarks ("-" before those that are not run), and whether they stay on
# one CPU.
PROGRAMS = (
    ("bm_sensing", "-threads|compensate_motion", True),
    ("bm_sensing", "threads", False),
    ("bm_waveform", "fft_only|modulator|receiver", True),
    ("bm_channel", ".", True),
    ("bm_scene", ".", True),
    ("bm_mobility", ".", True),
    ("bm_estimator_block", "rows", False),
)
# These time flowgraphs, with so many turns for one of a program.
SCRIPTS = ("chain.py", "blocks.py")
SHORT_TURNS = 3


# --- measuring ---

def first_line(*command):
    """Of what a command says, or that it is not there."""
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return NOT_THERE
    return told.splitlines()[0] if told else ""


def machine(build):
    """What the figures hang on."""
    cpus = Path("/proc/cpuinfo").read_text()
    system = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines()
                  if "=" in line)
    cache = dict(re.findall(r"^(CMAKE_CXX_COMPILER|CMAKE_BUILD_TYPE):\w+=(.*)$",
                            (build / "CMakeCache.txt").read_text(), re.M))
    sizes = [f"L{level.read_text().strip()} {(level.parent / 'size').read_text().strip()}"
             for level in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/level"))
             if (level.parent / "type").read_text().strip() != "Instruction"]
    libraries = {name: first_line("pkg-config", "--modversion", package) for name, package in
                 (("GNU Radio", "gnuradio-runtime"), ("FFTW", "fftw3f"), ("VOLK", "volk"))}
    return {
        "CPU": re.search(r"^model name\s*: (.*)$", cpus, re.M)[1],
        "cores": str(os.cpu_count()),
        "caches": ", ".join(sizes),
        "system": f"{system['PRETTY_NAME'].strip(chr(34))}, Linux {platform.release()}",
        "compiler": f"{first_line(cache['CMAKE_CXX_COMPILER'], '--version')}, "
                    f"{cache['CMAKE_BUILD_TYPE']}",
        **libraries,
    }


def rows_of(script, build, room):
    """What a script that times flowgraphs tells of its turns: those in a folder, and more."""
    turns, table = (room / f"{script}.{kind}" for kind in ("turns", "table"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(
        [str(build / "test_modules"), os.environ.get("PYTHONPATH", "")])}
    subprocess.run([sys.executable, HERE / script, "--repeats", str(SHORT_TURNS),
                    "--turns", turns, "--json", table],
                   env=environment, stdout=subprocess.DEVNULL, check=True)
    return json.loads(table.read_text())


def measure(build, rounds):
    """All figures, by program and by script."""
    runs, cost_runs, tables = defaultdict(list), [], {}
    with tempfile.TemporaryDirectory() as room:
        for done in range(rounds):
            print(f"round {done + 1} of {rounds}", file=sys.stderr)
            for name, only, pinned in PROGRAMS:
                runs[name] += programs.run(build / "tests" / "benchmarks" / name, only, 1, pinned)
            for script in SCRIPTS:
                tables[script] = rows_of(script, build, Path(room))
            cost_runs += costs.measure(build)
    costs.write_table(costs.table_of(cost_runs))
    costs.draw_picture(costs.read_table())
    return {"machine": machine(build), **tables,
            "programs": {name: programs.quickest(told) for name, told in runs.items()}}


# --- tables ---

def digits(value, count=3):
    """A number to so many significant digits, without an exponent."""
    return f"{value:.{count}g}" if abs(value) < 10 ** count else f"{value:.0f}"


def markdown(head, rows):
    return "\n".join(["| " + " | ".join(cells) + " |"
                      for cells in (head, ["---"] * len(head), *rows)])


class figures:
    """What was measured, by name."""

    def __init__(self, results, open_isac):
        self._results = results
        self.open_isac = open_isac

    def of(self, program, benchmark, what="cpu_ms"):
        return self._results["programs"][program][benchmark][what]

    def sensing(self, benchmark, size, *arguments, what="cpu_ms"):
        return self.of("bm_sensing", "/".join([benchmark, *size.split("x"), *arguments]), what)

    def in_turns(self, benchmark, size, program="bm_sensing", first="first_ms", second="second_ms"):
        """How many times as long the first of two takes as the second, by least times and by medians."""
        told = self._results["programs"][program]["/".join([benchmark, *size.split("x")])]
        return told[first] / told[second], told["median_ratio"]

    def chain(self, size, cpus, what):
        """On "one" or "all" CPUs; None where the peer was not there."""
        return {(row["size"], row["cpus"]): row for row in self._results["chain.py"]}[
            size, cpus].get(what)

    def rows(self, script):
        return self._results[script]

    def machine(self):
        return self._results["machine"]


def targets(f):
    """Each figure, and by medians where it is of turns, beside what it is to be: text, figures, target,
    and whether it is met."""
    def row(what, value, limit, least=True, show=lambda v: f"{digits(100 * v, 4)}%", median=None):
        told = [v for v in (value, median) if v is not None]
        met = [v >= limit if least else v <= limit for v in told]
        verdict = ("" if not met else "yes" if all(met) else "no" if not any(met)
                   else "by medians" if met[-1] else "by least times")
        return [what, NOT_THERE if value is None else show(value), "" if median is None else show(median),
                ("at least " if least else "at most ") + show(limit), verdict]

    def row_in_turns(what, ratios, limit, **options):
        return row(what, ratios[0], limit, median=ratios[1], **options)

    def times(value):
        return f"{digits(value)} x"

    def share(value):
        return f"1/{digits(1 / value)}"

    for size, limit in (("1024x256", 0.72), ("4096x1024", 0.76)):
        yield row_in_turns(f"FFTs alone over the map, {size}",
                           f.in_turns("transforms_over_map", size), limit)
    yield row_in_turns("map with two threads, 4096x1024",
                       f.in_turns("one_thread_over_two_threads", "4096x1024"), 1.8, show=times)
    for padding in (2, 4):
        yield row(f"map padded {padding} times on both axes, a cell, 4096x1024",
                  f.sensing("map_padded", "4096x1024", str(padding))
                  / f.sensing("map_padded", "4096x1024", "1") / padding ** 2, 1, False, times)
    map_ms = f.sensing("map", "4096x1024")
    ca_ms = f.sensing("detect/ca", "4096x1024")
    yield row("CA-CFAR over the map, 4096x1024", ca_ms / map_ms, 0.25, False)
    for kind in ("os", "osgo"):
        yield row(f"{kind.upper()}-CFAR over CA-CFAR, 4096x1024",
                  f.sensing(f"detect/{kind}", "4096x1024") / ca_ms, 4, False, times)
    for size in SIZES:
        yield row_in_turns(
            f"estimator's rate in a flowgraph over its kernel's, {size}",
            f.in_turns("estimator/rows", size, "bm_estimator_block", "kernel_ms", "block_ms"), 0.9)
    for size, limit in (("1024x256", 6), ("4096x1024", 10)):
        for cpus, where in (("one", "one CPU"), ("all", "all CPUs")):
            for which, frames in (("", ""), ("first_", ", first ten frames and start")):
                yield row_in_turns(f"gr-radar's chain over ours, {size}, {where}{frames}",
                                   [f.chain(size, cpus, f"{by}{which}ratio") for by in ("", "median_")],
                                   limit, show=times)
    yield row("`gr::random` over our noise", f.of("bm_channel", "noise_of_gnuradio")
              / f.of("bm_channel", "noise"), 4, show=times)
    for told in f.open_isac:
        yield row(f"demodulation, map and power over OpenISAC's, {told['size']}",
                  told["isac_map_ms"] / told["openisac_map_ms"], 0.5, False)
        yield row(f"CA-CFAR of all cells over OpenISAC's OS-CFAR, {told['size']}",
                  told["isac_ca_ms"] / told["openisac_os_ms"], 0.01, False, share)


def table_of_targets(f):
    return markdown(["what", "by least times", "by medians", "to be", "met"], targets(f))


def table_of_machine(f):
    return markdown(["", ""], [[key, value] for key, value in f.machine().items()])


def table_of_sensing(f):
    names = {"fft_only_limit": "the map's FFTs alone", "map": "range-Doppler map",
             "detect/ca": "CA-CFAR", "detect/os": "OS-CFAR", "detect/osgo": "OSGO-CFAR",
             "estimate": "whole estimator, CA-CFAR"}
    return markdown(["ms of CPU a frame", *SIZES], [
        [text, *(digits(f.sensing(name, size)) for size in SIZES)] for name, text in names.items()])


def table_of_waveform(f):
    names = {"fft_only": "the FFTs alone, all at once", "modulator": "modulator", "demodulator": "demodulator",
             "receiver": "receiver, from rows"}
    return markdown(["million samples a second", *SIZES], [
        [text, *(digits(f.of("bm_waveform", f"{name}/{size.replace('x', '/')}", "MS/s"))
                 for size in SIZES)] for name, text in names.items()])


def table_of_channel(f):
    def rate(program, name, unit):
        return digits(f.of(program, name, "items_per_second") / unit)

    def nanoseconds(program, name, what):
        return digits(1e9 * f.of(program, name, what))

    return markdown(["what", "figure"], [
        ["echo channel, a target and sample, 1 and 16 targets at 20 m/s", ", ".join(
            nanoseconds("bm_channel", f"echoes/targets:{count}/speed:20", "per_target_and_sample")
            for count in (1, 16)) + " ns"],
        ["scene channel, a path and sample, 1 and 174 paths", ", ".join(
            nanoseconds("bm_scene", f"streams/{scene}/noise:0", "per_path_and_sample")
            for scene in ("nodes:1/objects:1", "nodes:6/objects:4")) + " ns"],
        ["one path with noise", rate("bm_scene", "streams/nodes:1/objects:1/noise:1", 1e6)
         + " million samples a second"],
        ["noise", rate("bm_channel", "noise", 1e6) + " million samples a second"],
        ["link budget behind walls",
         rate("bm_scene", "link_budget/behind_walls", 1e6) + " million Tx-Rx pairs a second"],
        ["handover decisions, two cells",
         rate("bm_mobility", "handover_step/rsrp/2", 1e6) + " million steps a second"],
    ])


def table_of_chain(f):
    def cell(row, key):
        return digits(row[key]) if key in row else NOT_THERE

    keys = {"isac_ms": "this module", "isac_with_noise_ms": "with noise",
            "gr_radar_ms": "gr-radar", "ratio": "gr-radar over this", "median_ratio": "by medians",
            "first_ratio": "first ten frames and start", "median_first_ratio": "by medians"}
    return markdown(["ms of CPU a frame", "CPUs", *keys.values()], [
        [row["size"], row["cpus"], *(cell(row, key) for key in keys)] for row in f.rows("chain.py")])


def table_of_blocks(f):
    """Whatever the script tells of the sizes."""
    rows = [row for row in f.rows("blocks.py") if row["size"] in SIZES]
    names = [key for key in rows[0] if key != "size"]
    return markdown(["ms of CPU a frame", *(row["size"] for row in rows)], [
        [name.replace("_", " "), *(digits(row[name]) for row in rows)] for name in names])


def table_of_open_isac(f):
    keys = {"fft_ms": "map's FFTs alone", "isac_map_ms": "demodulation, map and power",
            "isac_decibels_ms": "in dB",
            "openisac_map_ms": "OpenISAC's", "openisac_fast_map_ms": "with `-ffast-math`",
            "isac_ca_ms": "CA-CFAR", "isac_os_ms": "OS-CFAR", "openisac_os_ms": "OpenISAC's OS-CFAR",
            "openisac_os_floor_ms": "from 0 dB on"}
    return markdown(["ms of CPU a frame", *keys.values()], [
        [told["size"], *(digits(told[key]) for key in keys)] for told in f.open_isac])


TABLES = {
    "targets": table_of_targets,
    "machine": table_of_machine,
    "sensing": table_of_sensing,
    "waveform": table_of_waveform,
    "channel": table_of_channel,
    "chain": table_of_chain,
    "blocks": table_of_blocks,
    "openisac": table_of_open_isac,
}


def fill(page, f):
    """The page with each table put between its marks, <!-- NAME --> and <!-- end -->."""
    def table(match):
        return f"{match[1]}\n{TABLES[match[2]](f)}\n{match[3]}"

    names = re.findall(r"<!-- (\w+) -->(?=\n)", page)
    missing = TABLES.keys() - set(names)
    if missing:
        raise ValueError(f"the page has no place for {', '.join(sorted(missing))}")
    return re.sub(r"(<!-- (?!end)(\w+) -->)\n.*?\n?(<!-- end -->)", table, page, flags=re.S)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="build tree (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="of everything (default: %(default)s)")
    parser.add_argument("--openisac", action="store_true",
                        help="measure OpenISAC anew too, which openisac.py fetches")
    parser.add_argument("--tables-only", action="store_true", help="of the results that are there")
    chosen = parser.parse_args()
    if not chosen.tables_only:
        if not (chosen.build / "tests" / "benchmarks" / "bm_costs").exists():
            sys.exit(f"{chosen.build}: configure it with -DENABLE_BENCHMARKS=ON and build it first")
        results = measure(chosen.build.resolve(), chosen.rounds)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    if chosen.openisac:
        openisac.measure(chosen.build.resolve())
    f = figures(json.loads(RESULTS.read_text()), costs.read_table(openisac.TABLE))
    PAGE.write_text(fill(PAGE.read_text(), f))
    print(table_of_targets(f))


if __name__ == "__main__":
    main()
