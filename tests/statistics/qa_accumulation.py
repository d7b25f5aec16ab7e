#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What adding frames and antennas gains, beside theory."""

import numpy as np
from gnuradio import gr_unittest, isac

FRAMES = 8
ROW, COLUMN = 19, 12  # of the target's cell
N, M = 64, 32


class qa_accumulation(gr_unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(41)
        self.grid = isac.ofdm_grid(
            fft_len=N, cp_len=16, num_symbols=M, subcarrier_spacing=60e3, pilots="all"
        )
        self.duration = M * self.grid.symbol_duration()
        self.doppler = (ROW - M // 2) / self.duration

    def noise(self, *shape):
        parts = self.rng.standard_normal((2, *shape, M, N))
        return (parts[0] + 1j * parts[1]) / np.sqrt(2)

    def echo(self, sent):
        """A target of unit power on the centre of a cell."""
        k, t = np.arange(N) - N // 2, np.array(self.grid.symbol_times())
        ramp = np.exp(-2j * np.pi * k * COLUMN / N)
        return sent * ramp * np.exp(2j * np.pi * self.doppler * t)[:, None]

    def data(self):
        """QPSK: amplitudes that vary would spread the target over the map."""
        return np.exp(0.5j * np.pi * (self.rng.integers(0, 4, (FRAMES, M, N)) + 0.5))

    def test_coherent_frames_add_their_energies(self):
        # Gaps between frames: the phase turns by doppler * times. 400 draws of a cell whose power
        # has a standard deviation of sqrt(2 snr): 0.36 sqrt(snr) are five standard errors.
        times = np.arange(FRAMES) * 5.3 * self.duration
        for aligned in (0.0, 0.01, 0.02):  # turns between frames that are not known of
            off = aligned / (times[1] - times[0])
            gain = np.abs(np.exp(2j * np.pi * off * times).sum()) ** 2 / FRAMES
            snr = 1000.0
            powers = []
            for _ in range(400):
                sent = self.data()
                phase = np.exp(2j * np.pi * (self.rng.random() + self.doppler * times))
                frames = phase[:, None, None] * self.echo(sent) * np.sqrt(snr / (N * M))
                rows, reference = isac.sensing.coherent_sum(
                    frames + self.noise(FRAMES), self.grid, sent, times, self.doppler - off
                )
                powers.append(isac.sensing.range_doppler_map(rows, self.grid, reference)[0])
            # The target's own cell, and the noise elsewhere, which did not grow: 2e5 cells.
            measured = np.mean([p[ROW, COLUMN] for p in powers])
            self.assertLess(abs(measured - 1 - snr * gain), 0.36 * np.sqrt(snr * gain))
            self.assertLess(abs(np.mean([p[:8] for p in powers]) - 1), 0.01)

    def test_mean_maps_find_targets_as_often_as_theory(self):
        # Four frames at two antennas; phases and, by Swerling 2, amplitudes are independent. 1500
        # draws know a probability to 1.3%.
        n, pfa = 17 * 13 - 25, 1e-4
        multiplier = isac.sensing.ca_multiplier(n, pfa, 8)
        for snr_db in (2.0, 5.0):
            snr = 10 ** (snr_db / 10)
            expected = isac.sensing.ca_probability(n, multiplier, 8, snr, 2)
            echo = self.echo(self.grid.pilot_rows()) * np.sqrt(snr / (N * M))
            found = 0
            for _ in range(1500):
                parts = self.rng.standard_normal((2, 4, 2, 1, 1)) / np.sqrt(2)
                frames = (parts[0] + 1j * parts[1]) * echo + self.noise(4, 2)
                powers, looks = isac.sensing.mean_map(frames, self.grid)
                self.assertEqual(looks, 8)
                _, thresholds = isac.sensing.cfar(powers, pfa=pfa, looks=looks)
                found += powers[ROW, COLUMN] > thresholds[ROW, COLUMN]
            self.assertLess(abs(found / 1500 - expected), 0.055, snr_db)
            # A single map would find a few of a hundred.
            alone = isac.sensing.ca_probability(n, isac.sensing.ca_multiplier(n, pfa), 1, snr, 2)
            self.assertGreater(found / 1500, 2 * alone)

    def test_wrong_input_is_refused(self):
        sensing, frames = isac.sensing, self.noise(2)
        for wrong in (frames[0], frames[:, :-1], frames[:0]):
            self.assertRaises(ValueError, sensing.coherent_sum, wrong, self.grid)
        self.assertRaises(ValueError, sensing.coherent_sum, frames, self.grid, frames[:1])
        self.assertRaises(ValueError, sensing.coherent_sum, frames, self.grid, None, [0.0], 1.0)
        self.assertRaises(ValueError, sensing.mean_map, frames[:, :-1], self.grid)
        self.assertRaises(ValueError, sensing.mean_map, np.zeros(5), self.grid)


if __name__ == "__main__":
    gr_unittest.run(qa_accumulation)
