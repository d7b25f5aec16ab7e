#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#

import threading
import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac
from waveform_link import frames_of, pdu, random_bytes, transmit


def small_grid(**overrides):
    return isac.ofdm_grid(
        **{
            "fft_len": 64,
            "cp_len": [9, 7, 5],
            "num_symbols": 8,
            "guard_low": 3,
            "guard_high": 2,
            "dc_null": True,
            **overrides,
        }
    )


class late_source(gr.sync_block):
    """A payload, and then the news that it is there."""

    def __init__(self, payload, there):
        gr.sync_block.__init__(self, "late_source", None, [np.uint8])
        self._payload = np.frombuffer(payload, np.uint8)
        self._there = there

    def work(self, input_items, output_items):
        count = len(self._payload)
        if count == 0:
            self._there.set()
            return -1
        output_items[0][:count] = self._payload
        self._payload = self._payload[:0]
        return count


class waiting_sink(gr.sync_block):
    """Takes samples only once the payload is there, however late its source starts."""

    def __init__(self, there):
        gr.sync_block.__init__(self, "waiting_sink", [np.complex64], None)
        self._there = there
        self.count = 0

    def work(self, input_items, output_items):
        self._there.wait(timeout=30)
        self.count += len(input_items[0])
        return len(input_items[0])


class qa_ofdm_modulator(gr_unittest.TestCase):
    def run_without_input(self, grid, messages=(), **options):
        top = gr.top_block()
        modulator = isac.ofdm_modulator(grid, **options)
        samples = blocks.vector_sink_c()
        rows = blocks.vector_sink_c(grid.num_subcarriers())
        top.connect(modulator, samples)
        top.connect((modulator, 1), rows)
        for message in messages:
            modulator.to_basic_block()._post(pmt.intern("pdus"), message)
        top.run()
        return modulator, samples, rows

    def test_samples_are_the_inverse_transform_of_the_rows(self):
        """Each symbol against NumPy's FFT, its CP against its own end; single precision."""
        for preamble in (False, True):
            grid = small_grid(preamble=preamble)
            _, samples, reference, sink = transmit(grid, random_bytes(100), tx_power_dbm=-13.0)
            frames = len(samples) // grid.frame_samples()
            self.assertEqual(len(samples), frames * grid.frame_samples())
            rows = np.reshape(reference.data(), (frames, grid.num_symbols(), 64))
            scale = grid.amplitude() * 10 ** (-13 / 20)
            at = 0
            for frame in range(frames):
                all_rows = [(row, cp) for row, cp in zip(rows[frame], grid.cp_lens())]
                if preamble:
                    all_rows.insert(0, (grid.preamble_row(), grid.cp_lens()[0]))
                for row, cp in all_rows:
                    useful = scale * 8 * np.fft.ifft(np.fft.ifftshift(row))
                    np.testing.assert_allclose(samples[at + cp : at + cp + 64], useful, atol=1e-6)
                    np.testing.assert_array_equal(samples[at : at + cp], samples[at + 64 : at + cp + 64])
                    at += cp + 64
            self.assertEqual(
                frames_of(sink), [(i * grid.frame_samples(), i) for i in range(frames)]
            )
            self.assertEqual(
                frames_of(reference), [(i * grid.num_symbols(), i) for i in range(frames)]
            )

    def test_power(self):
        """Mean power over 56 thousand samples: relative standard error 0.5% at most."""
        grid = isac.ofdm_grid_preset("NR mu 1")
        for power in (-30.0, 0.0, 20.0):
            _, samples, _ = self.run_without_input(
                grid, tx_power_dbm=power, input="none", num_frames=1
            )
            measured = 10 * np.log10(np.mean(np.abs(samples.data()) ** 2))
            self.assertAlmostEqual(measured, power, delta=0.1)

    def test_rows_have_unit_energy_and_the_pilots(self):
        grid = small_grid(modulation="qpsk")
        _, _, rows = self.run_without_input(grid, input="none", num_frames=1)
        rows = np.reshape(rows.data(), (8, 64))
        np.testing.assert_allclose(np.abs(rows), grid.elements() != 0, atol=1e-6)
        pilots = grid.elements() == 2
        np.testing.assert_array_equal(rows[pilots], grid.pilot_rows()[pilots])

    def test_large_frames_fit_default_buffers(self):
        """A symbol longer than the buffers of both outputs goes out in parts."""
        grid = isac.ofdm_grid(fft_len=16384, cp_len=1200, num_symbols=6)
        _, samples, rows = self.run_without_input(grid, input="none", num_frames=2)
        self.assertEqual(len(samples.data()), 2 * grid.frame_samples())
        self.assertEqual(len(rows.data()), 2 * 6 * 16384)

    def test_waiting_sends_every_byte_and_ends(self):
        grid = small_grid()
        codec = isac.waveform.frame_codec(grid)
        for count in (0, 1, codec.capacity(), codec.capacity() + 1, 5 * codec.capacity() - 3):
            payload = random_bytes(count)
            modulator, _, rows, _ = transmit(grid, payload)
            frames = -(-count // codec.capacity())
            self.assertEqual(modulator.frames_sent(), frames)
            self.assertEqual(self.decoded(grid, rows), payload)

    def decoded(self, grid, rows):
        rows = np.reshape(rows.data(), (-1, grid.num_symbols(), grid.num_subcarriers()))
        receiver = isac.waveform.frame_receiver(grid)
        found = [receiver.receive(frame) for frame in rows]
        self.assertTrue(all(f["ok"] for f in found))
        self.assertEqual([f["frame"] for f in found], list(range(len(found))))
        return b"".join(f["payload"] for f in found)

    def test_a_starved_transmitter_keeps_sending(self):
        """With idle frames before and behind a payload; there are more than buffers hold."""
        grid = small_grid()
        payload = random_bytes(30)
        there = threading.Event()
        top = gr.top_block()
        modulator = isac.ofdm_modulator(grid, when_starved="idle", num_frames=300)
        source, samples = late_source(payload, there), waiting_sink(there)
        rows = blocks.vector_sink_c(grid.num_subcarriers())
        top.connect(source, modulator, samples)
        top.connect((modulator, 1), rows)
        top.run()
        self.assertEqual(modulator.frames_sent(), 300)
        self.assertEqual(samples.count, 300 * grid.frame_samples())
        self.assertEqual(self.decoded(grid, rows), payload)

    def test_pdus(self):
        grid = small_grid()
        capacity = isac.waveform.frame_codec(grid).capacity()
        sent = [random_bytes(n, seed=n) for n in (5, capacity, 1)]
        modulator, _, rows = self.run_without_input(
            grid, [pdu(p) for p in sent], input="pdu", num_frames=3, when_starved="wait"
        )
        self.assertEqual(self.decoded(grid, rows), b"".join(sent))
        self.assertEqual(modulator.faults(), {})

    def test_wrong_pdus_are_counted_and_cost_nothing_else(self):
        grid = small_grid()
        capacity = isac.waveform.frame_codec(grid).capacity()
        wrong = [
            pmt.intern("text"),
            pmt.PMT_NIL,
            pmt.cons(pmt.PMT_NIL, pmt.init_f32vector(2, [1.0, 2.0])),
            pmt.make_dict(),
            pdu(bytes(capacity + 1)),
        ]
        modulator, _, rows = self.run_without_input(
            grid, wrong + [pdu(b"good")], input="pdu", num_frames=1, when_starved="wait"
        )
        self.assertEqual(self.decoded(grid, rows), b"good")
        self.assertEqual(modulator.faults(), {"bad_pdu": 4, "oversize_pdu": 1})

    def test_repeated_frame(self):
        grid = small_grid(preamble=True)
        payload = random_bytes(20)
        modulator, samples, rows, sink = transmit(
            grid, payload, repeat_frame=True, num_frames=5, when_starved="idle"
        )
        frames = samples.reshape(5, -1)
        for frame in frames[1:]:
            np.testing.assert_array_equal(frame, frames[0])
        self.assertEqual([number for _, number in frames_of(sink)], list(range(5)))
        again = np.reshape(rows.data(), (5, -1))
        np.testing.assert_array_equal(again[4], again[0])
        receiver = isac.waveform.frame_receiver(grid)
        self.assertEqual(receiver.receive(again[4])["payload"], payload)

    def test_power_changes_at_a_frame_boundary(self):
        grid = small_grid(num_symbols=64)
        for repeat in (False, True):
            top = gr.top_block()
            modulator = isac.ofdm_modulator(grid, input="none", repeat_frame=repeat)
            sink = blocks.vector_sink_c()
            top.connect(modulator, blocks.throttle(gr.sizeof_gr_complex, 1e6), sink)
            top.start()
            time.sleep(0.05)
            modulator.set_tx_power_dbm(20.0)
            time.sleep(0.1)
            top.stop()
            top.wait()
            length = grid.frame_samples()
            samples = np.array(sink.data())
            frames = samples[: len(samples) // length * length].reshape(-1, length)
            powers = 10 * np.log10(np.mean(np.abs(frames) ** 2, axis=1))
            # 64 x 58 samples a frame: within 0.5 dB of one power or the other, never between
            low, high = np.abs(powers) < 0.5, np.abs(powers - 20) < 0.5
            self.assertTrue(np.all(low | high))
            self.assertTrue(low[0] and high[-1])
            self.assertEqual(modulator.tx_power_dbm(), 20.0)

    def test_refusals(self):
        grid = small_grid()
        full = small_grid(pilots="all")
        for wrong in (
            {"tx_power_dbm": float("nan")},
            {"tx_power_dbm": 101.0},
            {"input": "file"},
            {"when_starved": "stop"},
            {"input": "none", "when_starved": "wait"},
            {"grid": full},
            {"grid": full, "input": "pdu"},
            {"grid": None},
        ):
            with self.assertRaises(ValueError, msg=str(wrong)):
                isac.ofdm_modulator(**{"grid": grid, **wrong})
        modulator = isac.ofdm_modulator(full, input="none")
        self.assertEqual(modulator.capacity(), 0)
        with self.assertRaises(ValueError):
            modulator.set_tx_power_dbm(float("inf"))


if __name__ == "__main__":
    gr_unittest.run(qa_ofdm_modulator)
