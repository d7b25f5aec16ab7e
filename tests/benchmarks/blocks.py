#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""CPU time a frame of each block in a flowgraph, sources and sinks taken off.

The same frame is fed over and over from memory; a flowgraph of source and sink alone is measured
too and its time taken off. Buffers hold half a frame, as those of the module's own blocks. All threads
share one CPU. The decider takes messages, and is timed by its steps. Kernels are timed by the bm_*
programs beside this one.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pmt
from gnuradio import blocks, gr, isac

from timing import cpu_seconds, frame_cost, frames_for, on_one_cpu, tell

sys.path.append(str(Path(__file__).resolve().parent.parent))
from report_messages import detections, link, wait_until  # noqa: E402

# Steps posted at once: a block's queue drops what exceeds 8192 messages.
PORTION = 1000


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
        for block in source, head:
            block.set_min_output_buffer(0, length // 2)
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


def measure(n, m, repeats, turns):
    """Milliseconds of CPU a frame, of turns taken before and of these; and samples of a frame."""
    bench, frames = workbench(n, m), frames_for(n, m)
    fed_with = {"modulator": None, "channel": "samples", "noisy_channel": "samples",
                "demodulator": "samples", "receiver": "rows", "estimator": "rows"}
    spent = {name: frame_cost(getattr(bench, name), frames, turns.setdefault(name, {}))
             for name in fed_with}
    idle = {kind: frame_cost(partial(bench.idle, kind), frames, turns.setdefault(kind, {}))
            for kind in ("samples", "rows")}
    for _ in range(repeats):
        for cost in (*spent.values(), *idle.values()):
            cost.take_turn()
    result = {"size": f"{n}x{m}"}
    for name, kind in fed_with.items():
        rest = idle[kind].milliseconds() if kind else 0
        result[name] = max(spent[name].milliseconds() - rest, 0)
    result["noise"] = result.pop("noisy_channel") - result["channel"]
    return result, bench.grid.frame_samples()


def microseconds_a_step(steps):
    """CPU of the decider with two cells, each with a link and a detection a step."""
    ports = {kind: pmt.intern(kind) for kind in ("link", "detections")}
    levels = np.random.default_rng(1).normal(-80, 4, (steps, 2))
    messages = [(ports[kind], message) for step, rsrp in enumerate(levels) for cell in (0, 1)
                for kind, message in (("link", link(cell, 0.1 * step, rsrp[cell])),
                                      ("detections", detections(cell, cell, 0.1 * step, 500.0)))]
    decider = isac.handover_decider([0, 1], criterion="joint_veto")
    entry = decider.to_basic_block()
    top = gr.top_block()
    top.msg_connect(decider, "handover", blocks.message_debug(False), "store")

    def post_all():
        top.start()
        for first in range(0, steps, PORTION):
            for port, message in messages[4 * first:4 * (first + PORTION)]:
                entry._post(port, message)
            if not wait_until(lambda: decider.num_steps() >= min(first + PORTION, steps), 60):
                raise RuntimeError(f"the decider stopped after {decider.num_steps()} steps")
        top.stop()
        top.wait()

    return 1e6 * cpu_seconds(post_all) / steps


def print_table(sizes, repeats, turns):
    """Measures and prints row after row."""
    names = ("modulator", "channel", "noise", "demodulator", "receiver", "estimator")
    print("ms of CPU a frame (MS/s)")
    print(f"{'size':>10} " + " ".join(f"{name:>16}" for name in names))
    table = []
    for n, m in sizes:
        with on_one_cpu():
            row, samples = measure(n, m, repeats, turns.setdefault(f"{n}x{m}", {}))
        table.append(row)
        print(f"{row['size']:>10} " + " ".join(
            f"{row[name]:8.3f} ({samples / max(row[name], 1e-6) / 1e3:5.0f})" for name in names),
            flush=True)
    steps = turns.setdefault("step of two cells", [])
    steps += [microseconds_a_step(20000) for _ in range(repeats)]
    table.append({"size": "step of two cells", "decider_us": min(steps)})
    print(f"decider: {min(steps):.1f} us of CPU a step of four messages, their posting included")
    return table


if __name__ == "__main__":
    tell(__doc__, print_table)
