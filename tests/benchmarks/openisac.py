#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Measures OpenISAC's sensing beside this module's, in one program.

Fetches OpenISAC into the build tree, builds its sensing with this module's benchmarks, and writes
docs/benchmarks/openisac.csv, which report.py makes a table of. Besides what this module is built with
it takes git and OpenISAC's own libraries: libuhd-dev, libzmq3-dev and libyaml-cpp-dev on Debian.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import costs
import programs

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "benchmarks" / "openisac.csv"
FROM = "https://github.com/zhouzhiwen2000/OpenISAC"
COMMIT = "20244e8bc3b63a25e100587376bc737d998931f9"
SIZES = ("1024x100", "1024x256", "4096x1024")
FIGURES = ("fft", "isac_map", "isac_decibels", "openisac_map", "openisac_fast_map", "isac_ca", "isac_os", "openisac_os",
           "openisac_os_floor")


def fetch(to):
    """OpenISAC's sources, as they were at that commit."""
    to.mkdir(parents=True, exist_ok=True)
    for command in (["init", "-q"], ["fetch", "-q", "--depth", "1", FROM, COMMIT],
                    ["checkout", "-q", "FETCH_HEAD"]):
        subprocess.run(["git", *command], cwd=to, check=True)


def build_with(source, build):
    for command in ([f"-DOPENISAC_SOURCE={source}", build], ["--build", build, "--target", "bm_openisac"]):
        subprocess.run(["cmake", *command], stdout=sys.stderr, check=True)


def table_of(told):
    return [{"size": size, **{f"{name}_ms": told["/".join([name, *size.split("x")])]["cpu_ms"]
                              for name in FIGURES}} for size in SIZES]


def measure(build, source=None, repeats=15):
    """Fetches what is not there, and writes the table."""
    if not source:
        source = build / "openisac"
        if not (source / "src").exists():
            fetch(source)
    build_with(source.resolve(), build)
    program = build / "tests" / "benchmarks" / "openisac" / "bm_openisac"
    costs.write_table(table_of(programs.quickest(programs.run(program, repetitions=repeats))), TABLE)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="build tree (%(default)s)")
    parser.add_argument("--source", type=Path, help="OpenISAC's sources, where they are there already")
    parser.add_argument("--repeats", type=int, default=15, help="turns each (default: %(default)s)")
    chosen = parser.parse_args()
    measure(chosen.build.resolve(), chosen.source, chosen.repeats)
    print(TABLE.read_text(), end="")


if __name__ == "__main__":
    main()
