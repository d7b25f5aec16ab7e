#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""isac.sensing: the kernels on NumPy arrays."""

import numpy as np
from gnuradio import gr_unittest, isac

SPEED_OF_LIGHT = 299792458.0


class qa_sensing(gr_unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(7)
        self.grid = isac.ofdm_grid(
            fft_len=64, cp_len=16, num_symbols=32, subcarrier_spacing=60e3, pilots="all"
        )

    def echo(self, grid, delay, doppler, sent=None):
        n = grid.num_subcarriers()
        f = (np.arange(n) - n // 2) * grid.subcarrier_spacing()
        t = np.array(grid.symbol_times())
        sent = grid.pilot_rows() if sent is None else sent
        ramp = np.exp(-2j * np.pi * f * delay)[None, :]
        return sent * ramp * np.exp(2j * np.pi * doppler * t)[:, None]

    def test_axes_of_the_map(self):
        for pilots, columns in (("all", 64), ("comb", 16)):
            grid = isac.ofdm_grid(fft_len=64, cp_len=16, num_symbols=32, pilots=pilots)
            for pad in (1, 2, 4):
                powers, ranges, velocities = isac.sensing.range_doppler_map(
                    self.echo(grid, 0, 0), grid, pad_delay=pad, pad_doppler=pad
                )
                self.assertEqual(powers.shape, (32 * pad, columns * pad))
                self.assertEqual(powers.shape, (len(velocities), len(ranges)))
                self.assertEqual(np.unravel_index(powers.argmax(), powers.shape), (16 * pad, 0))
                self.assertEqual(velocities[16 * pad], 0)
                step = SPEED_OF_LIGHT / 2 / grid.sample_rate() / pad
                np.testing.assert_allclose(ranges, np.arange(columns * pad) * step)
                resolution = grid.velocity_resolution() / pad
                np.testing.assert_allclose(np.diff(velocities), -resolution)
                self.assertEqual(isac.sensing.range_cells(grid, "pilots", pad), columns * pad)

    def test_without_noise_one_echo_is_one_target(self):
        for window in ("rectangular", "hann"):
            for delay in (3.0, 3.5, 20.2):
                truth = delay / self.grid.sample_rate()
                d = isac.sensing.estimate(self.echo(self.grid, truth, 777.0), self.grid, window=window)
                self.assertEqual(len(d["delay"]), 1)
                self.assertLess(abs(d["delay"][0] - truth), 1e-4 / self.grid.sample_rate())
                self.assertLess(abs(d["doppler"][0] - 777.0), 1.0)

    def test_without_detection_the_strongest_peak_is_the_target(self):
        noise = self.rng.standard_normal((32, 64, 2)) @ [1, 1j]
        empty = isac.sensing.estimate(noise, self.grid)
        self.assertEqual(len(empty["delay"]), 0)
        self.assertEqual(len(isac.sensing.estimate(noise, self.grid, kind="none")["delay"]), 1)
        # The weaker of two echoes is none, and power between cells is not lost.
        cell, row = 1 / self.grid.sample_rate(), 1 / (32 * self.grid.symbol_duration())
        rows = self.echo(self.grid, 8.5 * cell, 3.5 * row)
        rows += 0.7 * self.echo(self.grid, 30 * cell, -5 * row)
        d = isac.sensing.estimate(rows, self.grid, kind="none")
        self.assertEqual(len(d["delay"]), 1)
        self.assertLess(abs(d["delay"][0] - 8.5 * cell), 0.1 * cell)
        self.assertEqual(len(isac.sensing.estimate(np.zeros((32, 64)), self.grid, kind="none")["delay"]), 0)

    def test_snr_of_a_strong_echo_without_detection(self):
        # Between cells, where the raster's place is farthest from the echo's.
        rows = 10 ** (33 / 20) * self.echo(self.grid, 20.5 / self.grid.sample_rate(), 777.0)
        rows += self.rng.standard_normal((32, 64, 2)) @ [1, 1j] / np.sqrt(2)
        for kind in ("ca", "none"):
            snr = isac.sensing.estimate(rows, self.grid, kind=kind)["snr"]
            self.assertEqual(len(snr), 1)
            # An estimate of the noise from 2048 elements scatters by 0.1 dB.
            self.assertAlmostEqual(10 * np.log10(snr[0]), 33, delta=0.4)

    def test_keys_and_what_is_passed_on(self):
        d = isac.sensing.estimate(
            self.echo(self.grid, 1e-6, 0), self.grid, frame=3, scene_time=1.5, tx=1, rx=2
        )
        self.assertEqual(
            set(d),
            {"frame", "scene_time", "tx", "rx", "delay", "doppler", "range", "velocity", "snr",
             "var_delay", "var_doppler"},
        )
        self.assertEqual((d["frame"], d["scene_time"], d["tx"], d["rx"]), (3, 1.5, 1, 2))
        empty = isac.sensing.estimate(np.zeros((32, 64)), self.grid)
        self.assertEqual(len(empty["delay"]), 0)

    def test_cfar_of_a_bare_map(self):
        powers = self.rng.exponential(size=(64, 100))
        powers[0, 0] = powers[63, 99] = 1e3
        for kind in ("ca", "os", "osgo"):
            cells, thresholds = isac.sensing.cfar(powers, pfa=1e-9, kind=kind)
            self.assertEqual(cells.tolist(), [[0, 0], [63, 99]])
            self.assertEqual(thresholds.shape, powers.shape)
            np.testing.assert_array_equal(np.argwhere(powers.astype("f") > thresholds), cells)
            for pfa in (0.1, 1e-9, 1e-30):  # many are found, two, and none
                cells, thresholds = isac.sensing.cfar(powers, pfa=pfa, kind=kind)
                found, own = isac.sensing.cfar(powers, pfa=pfa, kind=kind, every_threshold=False)
                self.assertEqual(found.tolist(), cells.tolist())
                self.assertEqual(own.shape, (len(cells),))
                np.testing.assert_allclose(own, thresholds[tuple(cells.T)], rtol=1e-5)
        # Away from the targets: near n (pfa^(-1/n) - 1) of the mean of the training cells.
        n = 17 * 13 - 25
        self.assertAlmostEqual(isac.sensing.ca_multiplier(n, 1e-9), n * (1e-9 ** (-1 / n) - 1), 6)

    def test_probabilities_are_those_of_the_multipliers(self):
        sensing = isac.sensing
        for looks in (1, 8):
            a = sensing.ca_multiplier(180, 1e-6, looks)
            self.assertAlmostEqual(sensing.ca_probability(180, a, looks) / 1e-6, 1, 6)
            b = sensing.os_multiplier(180, 135, 1e-6, looks)
            self.assertAlmostEqual(sensing.os_probability(180, 135, b, looks) / 1e-6, 1, 6)
            sectors = ([50, 48, 50, 48], [45, 44, 45, 44])
            c = sensing.osgo_multiplier(*sectors, 1e-6, looks)
            self.assertAlmostEqual(sensing.osgo_probability(*sectors, c, looks) / 1e-6, 1, 6)
            # A multiple of the greatest of four is exceeded less often than of one of them.
            self.assertLess(c, sensing.os_multiplier(50, 45, 1e-6, looks))
        # One look, exponential power: noise of another mean.
        a = sensing.ca_multiplier(180, 1e-6)
        self.assertAlmostEqual(
            sensing.ca_probability(180, a, snr=10, swerling=1), (1 + a / 11 / 180) ** -180, 9
        )
        self.assertRaises(ValueError, sensing.ca_probability, 180, a, swerling=5)
        self.assertRaises(ValueError, sensing.os_probability, 180, 181, a)
        self.assertRaises(ValueError, sensing.osgo_multiplier, [50, 48], [45], 1e-6)
        self.assertRaises(ValueError, sensing.osgo_multiplier, [50, 48], [45, 49], 1e-6)
        self.assertRaises(ValueError, sensing.osgo_probability, [], [], 5.0)

    def test_cfar_of_added_maps(self):
        powers = self.rng.exponential(size=(4, 64, 100)).sum(axis=0)
        powers[20, 30] = 60
        for kind in ("ca", "os", "osgo"):
            cells, _ = isac.sensing.cfar(powers, pfa=1e-8, kind=kind, looks=4)
            self.assertEqual(cells.tolist(), [[20, 30]])
            # The multiplier does not mind whether they were added or averaged.
            again, _ = isac.sensing.cfar(powers / 4, pfa=1e-8, kind=kind, looks=4)
            self.assertEqual(again.tolist(), cells.tolist())

    def test_clutter_filter(self):
        cell, row = 1 / self.grid.sample_rate(), 1 / (32 * self.grid.symbol_duration())
        target = self.echo(self.grid, 5 * cell, 4 * row)
        rows = target + 100 * self.echo(self.grid, 3.3 * cell, 0)
        for options in (dict(kind="mean"), dict(kind="mti", cutoff=0.01), dict(kind="eca", delays=[3.3 * cell])):
            filtered = isac.sensing.clutter_filter(self.grid, **options).process(rows)
            self.assertLess(np.mean(np.abs(filtered - target) ** 2), 1e-2)
        self.assertRaises(ValueError, isac.sensing.clutter_filter, self.grid, "average")
        self.assertRaises(ValueError, isac.sensing.clutter_filter(self.grid).process, rows[:-1])

    def test_wrong_input_is_refused(self):
        good = self.echo(self.grid, 1e-6, 0)
        nan, infinite = good.copy(), good.copy()
        nan[3, 3], infinite[0, 0] = np.nan, np.inf
        for rows, options in (
            (good[:-1], {}),
            (good.ravel(), {}),
            (nan, {}),
            (infinite, {}),
            (np.full((32, 64), 1e300), {}),
            (np.full((32, 64), "a"), {}),
            (good, dict(reference=good[:, :-1])),
            (good, dict(reference=nan)),
            (good, dict(reference=np.zeros((32, 64)))),
            (good, dict(pfa=0.0)),
            (good, dict(pfa=float("nan"))),
            (good, dict(window="boxcar")),
            (good, dict(mode="x")),
            (good, dict(pad_delay=3)),
            (good, dict(kind="x")),
            (good, dict(guard=(-1, 0))),
            (good, dict(max_targets=0)),
        ):
            with self.assertRaises(ValueError) as caught:
                isac.sensing.estimate(rows, self.grid, **options)
            self.assertTrue(str(caught.exception))
        no_pilots = isac.ofdm_grid(fft_len=64, cp_len=16, num_symbols=32, pilots="none")
        self.assertRaises(ValueError, isac.sensing.estimate, good, no_pilots)
        for powers in (np.zeros(5), np.zeros((0, 4)), np.full((32, 32), np.nan), -np.ones((32, 32))):
            self.assertRaises(ValueError, isac.sensing.cfar, powers)
        self.assertRaises(ValueError, isac.sensing.cfar, np.ones((32, 32)), correlation=(0.5, 1))


if __name__ == "__main__":
    gr_unittest.run(qa_sensing)
