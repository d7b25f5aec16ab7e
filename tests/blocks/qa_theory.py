#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Closed forms as Python sees them; their values are tested in tests/kernels."""

import numpy as np
from gnuradio import gr_unittest, isac
from gnuradio.isac import theory


class qa_theory(gr_unittest.TestCase):
    def test_published_points(self):
        """The LAWN scene at (0, 0, 200) m; the reference has ten digits."""
        x = np.array([0.0, 25.0])
        serving, target = np.hypot(x + 1000, 175), np.hypot(x - 1000, 175)
        loss = [theory.path_loss_uma_av(d, 2e9) for d in (serving, target)]
        snr = [
            10 ** ((42 + 20 * np.log10(32) - theory.echo_loss(one_way, 0.1, 0.15)
                    - 10 * np.log10(50) + 100) / 10)
            for one_way in loss
        ]
        variance = [
            theory.range_crlb(s, 200e3, 64, 0.2 * 50, model="published", speed_of_light=3e8)
            for s in snr
        ]
        by_rsrp = theory.handover_probability_rsrp(
            *loss, 2, theory.shadowing_std_uma_av(200))
        by_distance = theory.handover_probability_distance(serving, target, 50, *variance)
        joint = theory.handover_probability_joint(by_rsrp, by_distance)
        for ours, reference in (
            (by_rsrp, [0.126945846, 0.1903873533]),
            (by_distance, [0.05052217604, 0.4902239374]),
            (joint, [0.1710544417, 0.5872788527]),
        ):
            np.testing.assert_allclose(ours, reference, rtol=1e-8)

    def test_numbers_give_numbers_and_arrays_broadcast(self):
        self.assertIsInstance(theory.path_loss_uma_av(1000, 2e9), float)
        self.assertEqual(
            theory.path_loss_uma_av(np.ones((3, 1)), np.full(4, 2e9)).shape, (3, 4))
        self.assertEqual(
            theory.range_crlb(np.ones(5), 200e3, 64, [[3], [10]]).shape, (2, 5))
        self.assertEqual(theory.bit_error_rate([1.0, 10.0], "16qam").shape, (2,))

    def test_bound_of_a_grid_is_the_closed_form(self):
        grid = isac.ofdm_grid(fft_len=64, cp_len=8, num_symbols=14, pilots="comb",
                              comb_spacing_frequency=4)
        spacing = grid.subcarrier_spacing()
        frequencies = (np.arange(64) - 32) * spacing
        snr = np.array([0.1, 2.0])
        bound = theory.delay_doppler_bound(
            snr, frequencies, grid.symbol_times(), grid.elements() == 2)
        np.testing.assert_allclose(
            bound["var_delay"] * (299792458.0 / 2) ** 2,
            theory.range_crlb(snr, spacing, 14, 16, pilot_spacing=4),
            rtol=1e-9)
        np.testing.assert_allclose(
            bound["var_doppler"],
            1 / (8 * np.pi**2 * snr * 16 * np.sum(np.square(grid.symbol_times()))),
            rtol=1e-9)

    def test_crossings_run_along_the_last_axis(self):
        x = np.linspace(-1, 1, 21)
        offsets = np.array([[-0.5, 0.0, 0.25], [0.3, 2.0, -2.0]])
        crossings = theory.first_upward_crossing(x, x - offsets[..., None], 0)
        expected = offsets.copy()
        expected[1, 1:] = np.nan  # above or below it all along
        np.testing.assert_allclose(crossings, expected, atol=1e-12)
        self.assertIsInstance(theory.first_upward_crossing(x, x, 0), float)

    def test_rates(self):
        np.testing.assert_allclose(
            theory.data_rate([0.0, 3.0], 10e6, 0.25), [0, 15e6], rtol=1e-12)
        np.testing.assert_allclose(
            theory.effective_rate([0.0, 0.25, 1.0], 4e6, 8e6), [4e6, 5e6, 8e6], rtol=1e-12)

    def test_wrong_values_are_refused(self):
        for call in (
            lambda: theory.path_loss_uma_av([100, -1], 2e9),
            lambda: theory.echo_loss(100, -1, 0.15),
            lambda: theory.range_crlb(1, 200e3, 64, 2.5),
            lambda: theory.range_crlb(1, 200e3, 64, 10, model="guess"),
            lambda: theory.bit_error_rate(1, "8psk"),
            lambda: theory.handover_probability_joint(np.nan, 0.5),
            lambda: theory.first_upward_crossing([0, 1], [1, 2, 3], 2),
            lambda: theory.first_upward_crossing([0, 0], [1, 2], 1.5),
            lambda: theory.data_rate(1, 10e6, 2),
            lambda: theory.effective_rate(2, 1, 1),
            lambda: theory.delay_doppler_bound(1, [0, 1e3], [0, 1], np.ones((3, 2))),
            lambda: theory.delay_doppler_bound(1, [[0, 1e3]], [0, 1]),
            lambda: theory.delay_doppler_bound(-1, [0, 1e3], [0, 1]),
        ):
            with self.assertRaises(ValueError):
                call()

    def test_both_imports(self):
        import gnuradio.isac.theory as module
        self.assertIs(module, isac.theory)
        for name in module.__all__:
            self.assertTrue(getattr(module, name).__doc__)


if __name__ == "__main__":
    gr_unittest.run(qa_theory)
