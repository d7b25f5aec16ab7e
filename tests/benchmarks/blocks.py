#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""CPU time a frame of each block in a flowgraph, sources and sinks taken off.

The same frame is fed over and over from memory; a flowgraph of source and sink alone is measured
too and its time taken off. Kernels are timed by the bm_* programs beside this one.
"""

import argparse
import json

import numpy as np
from gnuradio import blocks, gr, isac

from timing import frames_for, median, milliseconds_a_frame, size


def grid_of(n, m):
    return isac.ofdm_grid(fft_len=n, cp_len=n // 4, num_symbols=m, subcarrier_spacing=5e6 / n,
                          carrier_frequency=2.45e9, pilots="comb")


class workbench:
    """Flowgraphs with one block under test, for one grid."""

    def __init__(self, n, m):
        self.grid = grid_of(n, m)
        capture = gr.top_block()
        payload = np.random.default_rng(1).integers(0, 256, 1 << 16).astype(np.uint8)
        self.payload = payload.tolist()
        modulator = isac.ofdm_modulator(self.grid, num_frames=1, when_starved="wait")
        demodulator = isac.ofdm_demodulator(self.grid)
        samples, rows = blocks.vector_sink_c(), blocks.vector_sink_c(n)
        capture.connect(blocks.vector_source_b(self.payload, True), modulator, demodulator, rows)
        capture.connect(modulator, samples)
        capture.run()
        self.samples, self.rows = samples.data(), rows.data()

    def source(self, kind, frames):
        n, m = self.grid.num_subcarriers(), self.grid.num_symbols()
        if kind == "samples":
            length, itemsize, source = (self.grid.frame_samples(), gr.sizeof_gr_complex,
                                        blocks.vector_source_c(self.samples, True))
        else:
            length, itemsize, source = (m, gr.sizeof_gr_complex * n,
                                        blocks.vector_source_c(self.rows, True, n))
        head = blocks.head(itemsize, length * frames)
        return source, head

    def idle(self, kind, frames):
        top = gr.top_block()
        source, head = self.source(kind, frames)
        items = 1 if kind == "samples" else self.grid.num_subcarriers()
        top.connect(source, head, blocks.null_sink(gr.sizeof_gr_complex * items))
        return top

    def modulator(self, frames):
        top = gr.top_block()
        top.connect(blocks.vector_source_b(self.payload, True),
                    isac.ofdm_modulator(self.grid, num_frames=frames, when_starved="wait"),
                    blocks.null_sink(gr.sizeof_gr_complex))
        return top

    def channel(self, frames, noise=False):
        top = gr.top_block()
        target = isac.target(isac.trajectory(position=(100, 0, 10), velocity=(20, 0, 0)), rcs=10.0)
        top.connect(*self.source("samples", frames),
                    isac.echo_channel(self.grid, (0, 0, 10), None, [target], noise_enabled=noise),
                    blocks.null_sink(gr.sizeof_gr_complex))
        return top

    def noisy_channel(self, frames):
        return self.channel(frames, True)

    def demodulator(self, frames):
        top = gr.top_block()
        n = self.grid.num_subcarriers()
        top.connect(*self.source("samples", frames), isac.ofdm_demodulator(self.grid),
                    blocks.null_sink(gr.sizeof_gr_complex * n))
        return top

    def receiver(self, frames):
        top = gr.top_block()
        top.connect(*self.source("rows", frames), isac.ofdm_receiver(self.grid))
        return top

    def estimator(self, frames):
        top = gr.top_block()
        head = self.source("rows", frames)
        estimator = isac.range_doppler_estimator(self.grid, reference="rows", max_targets=1)
        top.connect(*head, estimator)
        top.connect(head[1], (estimator, 1))
        return top


def measure(n, m, repeats):
    bench, frames = workbench(n, m), frames_for(n, m)
    idle = {kind: median([milliseconds_a_frame(lambda f: bench.idle(kind, f), frames)
                          for _ in range(repeats)]) for kind in ("samples", "rows")}
    result = {"size": f"{n}x{m}"}
    for name, fed in (("modulator", None), ("channel", "samples"), ("noisy_channel", "samples"),
                      ("demodulator", "samples"), ("receiver", "rows"), ("estimator", "rows")):
        spent = median([milliseconds_a_frame(getattr(bench, name), frames)
                        for _ in range(repeats)])
        result[name] = max(spent - (idle[fed] if fed else 0), 0)
    result["noise"] = result.pop("noisy_channel") - result["channel"]
    return result, bench.grid.frame_samples()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=size, action="append", metavar="NxM",
                        help="subcarriers x symbols (default: 64x64, 1024x256, 4096x1024)")
    parser.add_argument("--repeats", type=int, default=3, help="median of so many (default: 3)")
    parser.add_argument("--json", metavar="FILE", help="write the table there too")
    arguments = parser.parse_args()
    names = ("modulator", "channel", "noise", "demodulator", "receiver", "estimator")
    print("ms of CPU a frame (MS/s)")
    print(f"{'size':>10} " + " ".join(f"{name:>16}" for name in names))
    table = []
    for n, m in arguments.size or [(64, 64), (1024, 256), (4096, 1024)]:
        row, samples = measure(n, m, arguments.repeats)
        table.append(row)
        print(f"{row['size']:>10} " + " ".join(
            f"{row[name]:8.3f} ({samples / max(row[name], 1e-6) / 1e3:5.0f})" for name in names),
            flush=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(table, file, indent=2)


if __name__ == "__main__":
    main()
