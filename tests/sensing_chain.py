#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The whole chain from payload to decision, and something that spoils its samples."""

import os
import re
import tempfile
import threading
import time
from collections import Counter

import numpy as np
import pmt
from gnuradio import blocks, gr, isac
from gnuradio.isac.message_sink import guarded, message_sink

NUM_FRAMES = 8
REVISIT = 0.5  # s; nothing of a frame reaches the next


def small_grid(**options):
    return isac.ofdm_grid(**{"fft_len": 64, "cp_len": 16, "num_symbols": 16,
                             "subcarrier_spacing": 120e3, "pilots": "comb",
                             "comb_spacing_frequency": 2, "guard_low": 7, "guard_high": 6, **options})


class spoiler(gr.basic_block):
    """Passes complex samples, except what it is told to spoil.

    Args:
        values: {sample: value} that replaces it.
        drops: (first, count) samples that are missing in the output; tags on them are lost too.
        renumber: what makes the number of a frame tag another, or any PMT.
        clock: Hz; tells rx_time of the first sample, and of the first after each gap, as a UHD source does.
    """

    def __init__(self, values=None, drops=(), renumber=None, clock=None):
        gr.basic_block.__init__(self, "spoiler", [np.complex64], [np.complex64])
        self.set_tag_propagation_policy(gr.TPP_DONT)
        self.values = values or {}
        self.drops = drops
        self.renumber = renumber
        self.clock = clock

    def general_work(self, input_items, output_items):
        first = self.nitems_read(0)
        count = min(len(input_items[0]), len(output_items[0]))
        samples = input_items[0][:count].copy()
        for index, value in self.values.items():
            if first <= index < first + count:
                samples[index - first] = value
        index = first + np.arange(count)
        kept = np.ones(count, bool)
        for start, length in self.drops:
            kept &= (index < start) | (index >= start + length)
        place = self.nitems_written(0) + np.cumsum(kept) - 1
        for tag in self.get_tags_in_window(0, 0, count):
            if not kept[tag.offset - first]:
                continue
            value = tag.value
            if self.renumber and pmt.to_python(tag.key) == "frame":
                value = self.renumber(pmt.to_python(value))
            self.add_item_tag(0, int(place[tag.offset - first]), tag.key, value)
        for start in [0] + [start + length for start, length in self.drops]:
            if self.clock and first <= start < first + count:
                self.add_item_tag(0, int(place[start - first]), pmt.intern("rx_time"), pmt.make_tuple(
                    pmt.from_uint64(int(start // self.clock)), pmt.from_double(start / self.clock % 1)))
        output_items[0][:kept.sum()] = samples[kept]
        self.consume(0, count)
        return int(kept.sum())


class cell:
    """One base station: payload, modulator, channel, demodulator, receiver, estimator, monitor."""

    def __init__(self, top, grid, node=0, before=None, after=None, reference="rows",
                 noise=True, frames=NUM_FRAMES, source=None, **modulator):
        self.node = node
        self.modulator = isac.ofdm_modulator(
            grid, 30, num_frames=frames, **{"when_starved": "wait", **modulator})
        if source is None and modulator.get("input", "stream") == "stream":
            source = list(np.random.default_rng(node).integers(
                0, 256, frames * self.modulator.capacity()))
        # Standing still, so that a frame's number does not change what is heard of it.
        self.channel = isac.echo_channel(
            grid, (300.0 * node, 0, 25), targets=[isac.target((150, 20, 100), 10000.0)],
            tx=node, rx=node, path_loss="free_space", revisit_interval=REVISIT,
            noise_enabled=noise, seed=node + 1)
        self.demodulator = isac.ofdm_demodulator(grid)
        self.receiver = isac.ofdm_receiver(grid, node)
        self.estimator = isac.range_doppler_estimator(grid, node, node, reference, pfa=1e-9)
        self.monitor = isac.crlb_monitor(grid, reference)
        self.debugs = {}

        chain = [self.modulator, before, self.channel, after, self.demodulator]
        if source is not None:
            chain.insert(0, blocks.vector_source_b(source))
        top.connect(*[block for block in chain if block is not None])
        for sink in (self.receiver, self.estimator):
            top.connect(self.demodulator, sink)
        if reference == "rows":
            for sink in (self.receiver, self.estimator):
                top.connect((self.modulator, 1), (sink, 1))
        top.msg_connect(self.estimator, "detections", self.monitor, "detections")
        top.msg_connect(self.channel, "ground_truth", self.monitor, "ground_truth")


class network:
    """Cells with one decider, combiner and log; run() leaves what came out by port and cell."""

    def __init__(self, *cells, **options):
        self.top = gr.top_block()
        grid = options.pop("grid", None) or small_grid()
        self.grid = grid
        cells = cells or ({}, {})
        self.cells = [cell(self.top, grid, i, **{**options, **own}) for i, own in enumerate(cells)]
        nodes = [c.node for c in self.cells]
        self.decider = isac.handover_decider(nodes, criterion="joint_or")
        self.combiner = isac.mono_bistatic_combiner([(n, n) for n in nodes])
        self.log = isac.handover_log(keep_payload=True)
        self.tap = message_tap()
        for c in self.cells:
            for source, port in ((c.receiver, "link"), (c.receiver, "pdus"),
                                 (c.estimator, "detections"), (c.channel, "ground_truth"),
                                 (c.monitor, "bounds")):
                self.top.msg_connect(source, port, self.log, port)
                self.top.msg_connect(source, port, self.tap, port)
            self.top.msg_connect(c.receiver, "link", self.decider, "link")
            self.top.msg_connect(c.estimator, "detections", self.decider, "detections")
            self.top.msg_connect(c.estimator, "detections", self.combiner, "detections")
        self.top.msg_connect(self.decider, "handover", self.log, "handover")

    def blocks(self):
        """Every block that has faults(), with its place."""
        found = {f"{name}{c.node}": getattr(c, name) for c in self.cells for name in (
            "modulator", "channel", "demodulator", "receiver", "estimator", "monitor")}
        return {**found, "decider": self.decider, "combiner": self.combiner, "log": self.log}

    def faults(self):
        """What was dropped where, without what was not."""
        return {name: dict(block.faults()) for name, block in self.blocks().items()
                if block.faults()}

    def run(self, meanwhile=lambda: None, seconds=60):
        with captured_log() as log:
            self.top.start()
            meanwhile()
            ended = ends(self.top, seconds)
        self.text = log.text
        return ended

    def warnings(self):
        """How often each block warned of each kind of fault."""
        return Counter(re.findall(r"(\S+) :warning: (\w+): ", self.text))

    def got(self, port, node=0):
        """Messages of a port and a cell by frame number."""
        key = "node" if port in ("link", "pdus") else "tx"
        return {m["frame"]: m for m in self.tap.stored[port] if m[key] == node}


class message_tap(message_sink):
    """Keeps all messages as Python objects."""

    PORTS = ("link", "pdus", "detections", "ground_truth", "bounds")

    def __init__(self):
        self.stored = {port: [] for port in self.PORTS}
        message_sink.__init__(self, "message_tap", self.PORTS)

    @guarded
    def _on_link(self, message):
        self.stored["link"].append(pmt.to_python(message))

    @guarded
    def _on_detections(self, message):
        self.stored["detections"].append(pmt.to_python(message))

    @guarded
    def _on_ground_truth(self, message):
        self.stored["ground_truth"].append(pmt.to_python(message))

    @guarded
    def _on_bounds(self, message):
        self.stored["bounds"].append(pmt.to_python(message))

    @guarded
    def _on_pdus(self, message):
        entry = pmt.to_python(pmt.car(message))
        entry["payload"] = bytes(pmt.u8vector_elements(pmt.cdr(message)))
        self.stored["pdus"].append(entry)


def ends(top, seconds):
    """Whether the flowgraph ends by itself in time; ended by force otherwise."""
    waiter = threading.Thread(target=top.wait)
    waiter.start()
    waiter.join(seconds)
    ended = not waiter.is_alive()
    if not ended:
        top.stop()
        waiter.join()
    return ended


class captured_log:
    """What GNU Radio's loggers, which write in C++, print meanwhile: afterwards in `text`."""

    def __enter__(self):
        self.text = ""
        self.file = tempfile.TemporaryFile()
        self.kept = [(fd, os.dup(fd)) for fd in (1, 2)]
        for fd, _ in self.kept:
            os.dup2(self.file.fileno(), fd)
        return self

    def __exit__(self, *_):
        time.sleep(0.05)  # the logger has a thread of its own
        for fd, copy in self.kept:
            os.dup2(copy, fd)
            os.close(copy)
        self.file.seek(0)
        self.text = self.file.read().decode()
        self.file.close()
