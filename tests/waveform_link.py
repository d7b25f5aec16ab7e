#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Flowgraphs that the waveform's tests share."""

import numpy as np
import pmt
from gnuradio import blocks, gr, isac


def frame_tag(offset: int, number: int) -> gr.tag_t:
    return tag(offset, "frame", pmt.from_uint64(number))


def tag(offset: int, key: str, value) -> gr.tag_t:
    t = gr.tag_t()
    t.offset = int(offset)
    t.key = pmt.intern(key)
    t.value = value
    return t


def random_bytes(count: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, count, dtype=np.uint8).tobytes()


def pdu(payload: bytes):
    return pmt.cons(pmt.PMT_NIL, pmt.init_u8vector(len(payload), list(payload)))


def messages(debug) -> list:
    return [pmt.to_python(debug.get_message(i)) for i in range(debug.num_messages())]


def frames_of(sink) -> list:
    """(offset, number) of every frame tag of a vector sink."""
    return sorted(
        (t.offset, pmt.to_uint64(t.value))
        for t in sink.tags()
        if pmt.symbol_to_string(t.key) == "frame"
    )


def transmit(grid, payload: bytes, rows: bool = True, **options):
    """Modulates a whole payload; returns (modulator, samples, rows, sample sink)."""
    options = {"when_starved": "wait", **options}
    top = gr.top_block()
    modulator = isac.ofdm_modulator(grid, **options)
    samples = blocks.vector_sink_c()
    reference = blocks.vector_sink_c(grid.num_subcarriers())
    top.connect(blocks.vector_source_b(list(payload)), modulator, samples)
    if rows:
        top.connect((modulator, 1), reference)
    top.run()
    return modulator, np.array(samples.data(), np.complex64), reference, samples


class reception:
    """Runs samples through demodulator and receiver, with a tag at each frame's start."""

    def __init__(
        self, grid, samples, tags=None, reference=None, stream=True, timing_advance=0, **options
    ):
        top = gr.top_block()
        if tags is None:
            starts = range(0, len(samples), grid.frame_samples())
            tags = [frame_tag(start, i) for i, start in enumerate(starts)]
        source = blocks.vector_source_c(np.asarray(samples).tolist(), False, 1, tags)
        self.demodulator = isac.ofdm_demodulator(grid, timing_advance)
        self.receiver = isac.ofdm_receiver(grid, **options)
        rows = blocks.vector_sink_c(grid.num_subcarriers())
        bytes_out = blocks.vector_sink_b()
        links, pdus = blocks.message_debug(), blocks.message_debug()
        top.connect(source, self.demodulator, self.receiver)
        top.connect(self.demodulator, rows)
        if stream:
            top.connect(self.receiver, bytes_out)
        if reference is not None:
            rows_of_reference = blocks.vector_source_c(
                list(reference.data()), False, grid.num_subcarriers(), reference.tags()
            )
            top.connect(rows_of_reference, (self.receiver, 1))
        top.msg_connect(self.receiver, "link", links, "store")
        top.msg_connect(self.receiver, "pdus", pdus, "store")
        top.run()
        self.rows = np.array(rows.data(), np.complex64).reshape(-1, grid.num_subcarriers())
        self.row_tags = rows.tags()
        self.payload = bytes(bytes_out.data())
        self.links = messages(links)
        self.pdus = [pdus.get_message(i) for i in range(pdus.num_messages())]

    def payloads(self) -> list:
        return [bytes(pmt.u8vector_elements(pmt.cdr(p))) for p in self.pdus]


def noise(shape, power: float, seed: int = 2):
    """Circular white Gaussian noise of the given power."""
    random = np.random.default_rng(seed)
    scale = np.sqrt(power / 2)
    return scale * (random.standard_normal(shape) + 1j * random.standard_normal(shape))
