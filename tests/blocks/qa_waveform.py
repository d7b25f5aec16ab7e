#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The waveform's kernels on NumPy arrays."""

import unittest

import numpy as np
from gnuradio import isac
from gnuradio.isac import waveform
from waveform_link import noise, random_bytes


class qa_waveform(unittest.TestCase):
    def test_a_frame_without_a_flowgraph(self):
        grid = isac.ofdm_grid_preset("LAWN flight", modulation="16qam")
        codec = waveform.frame_codec(grid)
        payload = random_bytes(codec.capacity())
        bits = codec.encode(5, payload)
        rows = waveform.map_frame(grid, bits)
        samples = waveform.modulate(grid, rows)
        # 5e4 resource elements of 16-QAM: relative standard error of the power 0.3%
        self.assertAlmostEqual(np.mean(np.abs(samples) ** 2), 1.0, delta=0.015)
        received = waveform.demodulate(grid, samples, timing_advance=20)
        np.testing.assert_allclose(received, grid.amplitude() * rows, atol=1e-5)

        power = grid.amplitude() ** 2
        received = received + noise(rows.shape, power * 10**-2.5)
        found = waveform.frame_receiver(grid).receive(received, bits)
        self.assertEqual((found["ok"], found["frame"], found["payload"]), (True, 5, payload))
        self.assertEqual(found["ber"], 0)
        # 21 thousand pilots: 4.35 dB / sqrt(21e3) = 0.03 dB, five of them
        self.assertAlmostEqual(found["sinr_db"], 25, delta=0.15)
        # a sample is 98 ns; the bound at 25 dB is some ten picoseconds
        self.assertAlmostEqual(found["delay"], 0, delta=1e-9)

    def test_bits_and_symbols(self):
        for modulation, bits in (("bpsk", 1), ("qpsk", 2), ("16qam", 4), ("64qam", 6), ("256qam", 8)):
            constellation = waveform.constellation(modulation)
            self.assertEqual(constellation.bits_per_symbol(), bits)
            self.assertEqual(len(constellation.points()), 2**bits)
            sent = np.frombuffer(random_bytes(48), np.uint8)
            np.testing.assert_array_equal(constellation.demap(constellation.map(sent)), sent)

    def test_refusals(self):
        grid = isac.ofdm_grid_preset("LAWN")
        codec = waveform.frame_codec(grid)
        for wrong in (
            lambda: waveform.constellation("8psk"),
            lambda: codec.encode(0, bytes(codec.capacity() + 1)),
            lambda: codec.decode(np.zeros(3, np.uint8)),
            lambda: waveform.map_frame(grid, np.zeros(3, np.uint8)),
            lambda: waveform.modulate(grid, np.zeros((64, 49))),
            lambda: waveform.demodulate(grid, np.zeros(7)),
            lambda: waveform.demodulate(grid, np.zeros(grid.frame_samples()), timing_advance=13),
            lambda: waveform.frame_receiver(grid, "guessed"),
            lambda: waveform.frame_receiver(grid).receive(np.zeros((64, 49))),
            lambda: waveform.frame_receiver(grid).receive(np.zeros((64, 50)), np.zeros(3, np.uint8)),
        ):
            with self.assertRaises(ValueError):
                wrong()


if __name__ == "__main__":
    unittest.main()
