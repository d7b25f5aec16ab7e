#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac
from waveform_link import frame_tag, frames_of, noise, tag


def small_grid(**overrides):
    return isac.ofdm_grid(
        **{"fft_len": 64, "cp_len": [9, 7, 5], "num_symbols": 8, "preamble": True, **overrides}
    )


def expected_rows(grid, samples):
    """NumPy's FFT of each symbol's useful part."""
    rows, at = [], grid.preamble_samples()
    n = grid.num_subcarriers()
    for cp in grid.cp_lens():
        rows.append(np.fft.fftshift(np.fft.fft(samples[at + cp : at + cp + n])) / np.sqrt(n))
        at += cp + n
    return np.array(rows)


START = 1234567.875  # s, of the receiver's clock at the first sample


def rx_time(offset, grid, sample):
    """A receiver's tag of the sample that many after the first one that it sent."""
    time = START + sample / grid.sample_rate()
    return tag(
        offset,
        "rx_time",
        pmt.make_tuple(pmt.from_uint64(int(time)), pmt.from_double(time % 1)),
    )


class qa_ofdm_demodulator(gr_unittest.TestCase):
    def run_block(self, grid, samples, tags=(), timing_advance=0):
        top = gr.top_block()
        source = blocks.vector_source_c(np.asarray(samples).tolist(), False, 1, list(tags))
        demodulator = isac.ofdm_demodulator(grid, timing_advance)
        sink = blocks.vector_sink_c(grid.num_subcarriers())
        top.connect(source, demodulator, sink)
        top.run()
        return (
            demodulator,
            np.array(sink.data(), np.complex64).reshape(-1, grid.num_subcarriers()),
            sink,
        )

    def test_rows_are_the_transform_of_the_samples(self):
        """Single precision against NumPy's double: 1e-5 of unit values."""
        for grid in (small_grid(), small_grid(preamble=False, fft_len=50), small_grid(cp_len=0)):
            samples = noise(3 * grid.frame_samples(), 1.0)
            _, rows, _ = self.run_block(grid, samples)
            expected = np.concatenate(
                [expected_rows(grid, part) for part in samples.reshape(3, -1)]
            )
            np.testing.assert_allclose(rows, expected, atol=1e-5)

    def test_symbols_longer_than_the_buffer(self):
        grid = isac.ofdm_grid(fft_len=32768, cp_len=100, num_symbols=3)
        samples = noise(grid.frame_samples(), 1.0)
        _, rows, _ = self.run_block(grid, samples)
        np.testing.assert_allclose(rows, expected_rows(grid, samples), atol=5e-5)

    def test_timing_advance_keeps_the_delay(self):
        """A cyclic symbol gives the same row wherever the window starts within its CP."""
        grid = small_grid()
        useful = isac.waveform.modulate(grid, noise((8, 64), 1.0))
        _, plain, _ = self.run_block(grid, useful)
        for advance in (1, 5):
            _, rows, _ = self.run_block(grid, useful, timing_advance=advance)
            np.testing.assert_allclose(rows, plain, atol=1e-5)

    def test_tags_align_and_pass(self):
        grid = small_grid()
        length = grid.frame_samples()
        samples = noise(3 * length, 1.0)
        rx_time = pmt.make_tuple(pmt.from_uint64(5), pmt.from_double(0.25))
        tags = [
            frame_tag(0, 7),
            tag(0, "scene_time", pmt.from_double(1.5)),
            tag(0, "rx_time", rx_time),
            tag(0, "rx_rate", pmt.from_double(1e6)),
            tag(0, "rx_freq", pmt.from_double(2e9)),
            tag(0, "other", pmt.PMT_T),
            frame_tag(length, 8),
            tag(length + 20, "scene_time", pmt.from_double(9.0)),
            frame_tag(2 * length, 10),
        ]
        demodulator, _, sink = self.run_block(grid, samples, tags)
        self.assertEqual(frames_of(sink), [(0, 7), (8, 8), (16, 10)])
        keys = sorted(pmt.symbol_to_string(t.key) for t in sink.tags() if t.offset == 0)
        self.assertEqual(keys, ["frame", "rx_freq", "rx_rate", "rx_time", "scene_time"])
        self.assertEqual(len(sink.tags()), 7)
        self.assertEqual(demodulator.faults(), {})

    def test_lost_samples_lose_only_their_frame(self):
        grid = small_grid()
        length = grid.frame_samples()
        frames = noise((4, length), 1.0)
        for lost in (1, 70, 300):
            samples = np.concatenate([frames[0], frames[1][: length - lost], frames[2], frames[3]])
            starts = [0, length, 2 * length - lost, 3 * length - lost]
            tags = [frame_tag(start, i) for i, start in enumerate(starts)]
            demodulator, rows, sink = self.run_block(grid, samples, tags)
            self.assertEqual(demodulator.faults(), {"lost_samples": 1})
            found = dict((number, offset) for offset, number in frames_of(sink))
            for number in (0, 2, 3):
                at = found[number]
                np.testing.assert_allclose(
                    rows[at : at + 8], expected_rows(grid, frames[number]), atol=1e-5
                )
            self.assertLess(found[2] - found[1], 8)

    def test_an_overflow_is_told_by_the_receivers_time(self):
        """With a gap that swallows the next frame's tag: no frame is made of two."""
        grid = small_grid()
        length = grid.frame_samples()
        frames = noise((4, length), 1.0)
        stream = frames.reshape(-1)
        before = length + 200  # samples that came before the gap
        for lost, whole in ((70, (0, 2, 3)), (length, (0, 3))):
            samples = np.concatenate([stream[:before], stream[before + lost:]])
            tags = [
                frame_tag(start - lost * (start > before), i)
                for i, start in enumerate(range(0, 4 * length, length))
                if not before <= start < before + lost
            ]
            tags += [rx_time(0, grid, 0), rx_time(before, grid, before + lost)]
            demodulator, rows, sink = self.run_block(grid, samples, tags)
            self.assertEqual(demodulator.faults(), {"lost_samples": 1})
            found = dict((number, offset) for offset, number in frames_of(sink))
            self.assertEqual(sorted(found), sorted((1, *whole)))
            for number in whole:
                at = found[number]
                np.testing.assert_allclose(
                    rows[at : at + 8], expected_rows(grid, frames[number]), atol=1e-5
                )
            self.assertLess(found[whole[1]] - found[1], 8)

    def test_frames_without_tags_keep_their_places_over_an_overflow(self):
        """As from a UHD source: the time since the first sample tells where frames start."""
        grid = small_grid()
        length = grid.frame_samples()
        frames = noise((6, length), 1.0)
        stream = frames.reshape(-1)
        for before, lost in (
            (length + 20, 70),
            (2 * length, 2 * length),
            (length - 1, 2 * length + 3),
        ):
            samples = np.concatenate([stream[:before], stream[before + lost:]])
            tags = [rx_time(0, grid, 0), rx_time(before, grid, before + lost)]
            demodulator, rows, sink = self.run_block(grid, samples, tags)
            self.assertEqual(demodulator.faults(), {"lost_samples": 1})
            whole = [i for i in range(6) if (i + 1) * length <= before or i * length >= before + lost]
            found = dict((number, offset) for offset, number in frames_of(sink))
            times = {
                t.offset: pmt.to_double(t.value)
                for t in sink.tags()
                if pmt.symbol_to_string(t.key) == "scene_time"
            }
            for number in whole:
                at = found[number]
                np.testing.assert_allclose(
                    rows[at : at + 8], expected_rows(grid, frames[number]), atol=1e-5
                )
                if at in times:
                    self.assertAlmostEqual(
                        times[at], START + number * length / grid.sample_rate(), delta=1e-9
                    )
            self.assertIn(found[whole[-1]], times)

    def test_a_tag_of_the_receiver_where_nothing_was_lost(self):
        """As after a change of its frequency; and a clock that was set back, and a wrong tag."""
        grid = small_grid()
        length = grid.frame_samples()
        samples = noise(3 * length, 1.0)
        _, plain, _ = self.run_block(grid, samples)
        for tags, faults in (
            ([rx_time(0, grid, 0), rx_time(length + 33, grid, length + 33)], {}),
            ([rx_time(0, grid, 0), rx_time(length + 33, grid, -1000)], {}),
            ([rx_time(0, grid, 0), tag(100, "rx_time", pmt.from_double(1))], {"bad_tag": 1}),
        ):
            demodulator, rows, _ = self.run_block(grid, samples, tags)
            np.testing.assert_allclose(rows, plain, atol=1e-5)
            self.assertEqual(demodulator.faults(), faults)

    def test_a_run_after_one_that_ended_within_a_frame(self):
        grid = small_grid()
        length = grid.frame_samples()
        samples = noise(length + 100, 1.0)
        top = gr.top_block()
        source = blocks.vector_source_c(samples.tolist())
        sink = blocks.vector_sink_c(grid.num_subcarriers())
        top.connect(source, isac.ofdm_demodulator(grid), sink)
        top.run()
        sink.reset()
        source.rewind()
        top.run()
        rows = np.array(sink.data()).reshape(-1, grid.num_subcarriers())
        np.testing.assert_allclose(rows[:8], expected_rows(grid, samples[:length]), atol=1e-5)

    def test_samples_between_frames_are_dropped(self):
        grid = small_grid()
        length = grid.frame_samples()
        frames = noise((2, length), 1.0)
        samples = np.concatenate([frames[0], np.ones(100), frames[1]])
        demodulator, rows, _ = self.run_block(
            grid, samples, [frame_tag(0, 0), frame_tag(length + 100, 1)]
        )
        np.testing.assert_allclose(rows[8:], expected_rows(grid, frames[1]), atol=1e-5)
        self.assertIn("lost_samples", demodulator.faults())

    def test_a_nan_stays_in_its_row(self):
        grid = small_grid()
        samples = noise(2 * grid.frame_samples(), 1.0)
        poisoned = samples.copy()
        poisoned[grid.preamble_samples() + 73 + 7 + 3] = np.nan  # useful part of symbol 1
        _, clean, _ = self.run_block(grid, samples)
        _, rows, _ = self.run_block(grid, poisoned)
        self.assertTrue(np.all(np.isnan(rows[1])))
        keep = np.arange(16) != 1
        np.testing.assert_array_equal(rows[keep], clean[keep])

    def test_refusals(self):
        grid = small_grid()
        for advance in (-1, 6):
            with self.assertRaises(ValueError):
                isac.ofdm_demodulator(grid, advance)
        with self.assertRaises(ValueError):
            isac.ofdm_demodulator(None)


if __name__ == "__main__":
    gr_unittest.run(qa_ofdm_demodulator)
