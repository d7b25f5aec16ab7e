#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""An installed copy is imported, found by GRC, linked by a consumer, and uninstalled."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["ISAC_SOURCE_DIR"])
BUILD = Path(os.environ["ISAC_BUILD_DIR"])

CONSUMER_CMAKE = """
cmake_minimum_required(VERSION 3.16)
foreach(policy CMP0148 CMP0167)
    if(POLICY ${policy})
        cmake_policy(SET ${policy} OLD)
    endif()
endforeach()
project(consumer CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(gnuradio-isac REQUIRED)
add_executable(consumer main.cc)
target_link_libraries(consumer gnuradio::gnuradio-isac)
"""

CONSUMER_SOURCE = """
#include <gnuradio/isac/ofdm_grid.h>
#include <cstdio>
int main()
{
    const auto grid = gr::isac::ofdm_grid::make(gr::isac::ofdm_grid::preset("LAWN flight"));
    std::printf("%zu\\n", grid->frame_samples());
}
"""

FLOWGRAPH = """
options:
  parameters:
    author: ''
    catch_exceptions: 'True'
    category: '[GRC Hier Blocks]'
    copyright: ''
    description: ''
    gen_linking: dynamic
    generate_options: no_gui
    hier_block_src_path: '.:'
    id: installed
    max_nouts: '0'
    output_language: python
    realtime_scheduling: ''
    run: 'True'
    run_command: '{python} -u {filename}'
    run_options: run
    sizing_mode: fixed
    thread_safe_setters: ''
    title: installed
  states:
    bus_sink: false
    bus_source: false
    bus_structure: null
    coordinate: [8, 8]
    rotation: 0
    state: enabled
blocks:
- name: grid
  id: isac_ofdm_grid
  parameters:
    preset: LAWN flight
  states:
    bus_sink: false
    bus_source: false
    bus_structure: null
    coordinate: [8, 120]
    rotation: 0
    state: enabled
connections: []
metadata:
  file_format: 1
"""


def run(*command, **kwargs):
    result = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, check=False, **kwargs)
    if result.returncode:
        raise AssertionError(f"{command} failed:\n{result.stdout}\n{result.stderr}")
    return result.stdout


class qa_install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Path(tempfile.mkdtemp())
        cls.prefix = cls.scratch / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        python_dir = next(cls.prefix.glob("**/gnuradio/isac/__init__.py")).parents[2]
        library = next(cls.prefix.glob("lib/**/libgnuradio-isac.so"))
        cls.environment = {
            **os.environ,
            "PYTHONPATH": str(python_dir),
            "LD_LIBRARY_PATH": str(library.parent),
            "GRC_BLOCKS_PATH": str(cls.prefix / "share/gnuradio/grc/blocks"),
        }

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.scratch)

    def test_import(self):
        text = run(
            sys.executable, "-c",
            "from gnuradio import isac; print(isac.__file__);"
            "print(isac.ofdm_grid_preset('LAWN flight').frame_samples())",
            env=self.environment, cwd=self.scratch)
        path, samples = text.split()
        self.assertTrue(path.startswith(str(self.prefix)), path)
        self.assertEqual(int(samples), 256 * 640)

    def test_every_block_is_installed_for_grc(self):
        installed = {p.name for p in self.prefix.glob("share/gnuradio/grc/blocks/*.yml")}
        self.assertEqual(installed, {p.name for p in (SOURCE / "grc").glob("*.yml")})

    def test_grc_finds_it(self):
        flowgraph = self.scratch / "installed.grc"
        flowgraph.write_text(FLOWGRAPH)
        run("grcc", "-o", self.scratch, flowgraph, env=self.environment, cwd=self.scratch)
        self.assertIn("isac.ofdm_grid", (self.scratch / "installed.py").read_text())

    def test_consumer_links(self):
        consumer = self.scratch / "consumer"
        consumer.mkdir()
        (consumer / "CMakeLists.txt").write_text(CONSUMER_CMAKE)
        (consumer / "main.cc").write_text(CONSUMER_SOURCE)
        run("cmake", "-G", "Ninja", "-S", consumer, "-B", consumer / "build",
            f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", consumer / "build")
        self.assertEqual(int(run(consumer / "build/consumer")), 256 * 640)

    def test_uninstall(self):
        prefix = self.scratch / "again"
        manifest = BUILD / "install_manifest.txt"
        run("cmake", "--install", BUILD, "--prefix", prefix)
        self.assertTrue(manifest.exists())
        run("cmake", "-P", BUILD / "cmake_uninstall.cmake")
        left = [p for p in prefix.rglob("*") if p.is_file() and p.suffix not in (".pyc", ".pyo")]
        self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()
