#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Modulator, channel and demodulator keep the module's conventions of delay, Doppler and power."""

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

from report_messages import silent_publisher, stored, wait_until


class qa_echo_channel_rows(gr_unittest.TestCase):
    def sense(self, frames, **arguments):
        """Rows and reference rows (frames x M x N) of a channel, and its ground truths."""
        grid = isac.ofdm_grid_preset("LAWN flight")
        top = gr.top_block()
        modulator = isac.ofdm_modulator(grid, tx_power_dbm=30, input="none", num_frames=frames)
        channel = isac.echo_channel(grid=grid, transmitter=(0, 0, 0), **arguments)
        demodulator = isac.ofdm_demodulator(grid)
        rows, reference = (blocks.vector_sink_c(grid.num_subcarriers()) for _ in range(2))
        store = blocks.message_debug()
        keep = silent_publisher()
        top.connect(modulator, channel, demodulator, rows)
        top.connect((modulator, 1), reference)
        top.msg_connect(channel, "ground_truth", store, "store")
        top.msg_connect(keep, "none", store, "store")
        top.start()
        shape = (frames, grid.num_symbols(), grid.num_subcarriers())
        self.assertTrue(wait_until(lambda: len(rows.data()) >= np.prod(shape)
                                   and store.num_messages() >= frames))
        top.stop()
        top.wait()
        return (grid, np.array(rows.data()).reshape(shape),
                np.array(reference.data()).reshape(shape), stored(store))

    def test_rows_follow_the_ground_truth(self):
        """An echo is a X exp(-j 2 pi (k - N/2) df tau) exp(j 2 pi fD t_m), all as reported.

        What is left is the Doppler's spread over other subcarriers, (fD / spacing)^2 pi^2 / 3.
        """
        target = isac.target(isac.trajectory((300, 0, 200), (15, 5, 0)), 1.0)
        for revisit in (0.0, 0.5):
            grid, rows, reference, truths = self.sense(
                3, targets=[target], noise_enabled=False, revisit_interval=revisit)
            n = grid.num_subcarriers()
            subcarriers = (np.arange(n) - n // 2) * grid.subcarrier_spacing()
            times = np.array(grid.symbol_times())
            for row, sent, truth in zip(rows, reference, truths):
                delay, doppler = truth["delay"][0], truth["doppler"][0]
                shape = sent * np.exp(-2j * np.pi * subcarriers * delay)
                shape *= np.exp(2j * np.pi * doppler * times)[:, None]
                gain = np.vdot(shape, row) / np.vdot(shape, shape)
                error = np.sum(np.abs(row - gain * shape)**2) / np.sum(np.abs(row)**2)
                spread = np.pi**2 / 3 * (doppler / grid.subcarrier_spacing())**2
                self.assertLess(abs(10 * np.log10(error / spread)), 1)
                phase = gain * np.exp(2j * np.pi * grid.carrier_frequency() * delay)
                self.assertLess(abs(np.angle(phase)), 0.01)
                active = np.abs(sent) > 0
                power = 10 * np.log10(np.mean(np.abs(row[active])**2) / n)
                self.assertLess(abs(power - truth["power_dbm"][0]), 0.02)

    def test_snr_of_an_element(self):
        """Noise on the rows has the reported power: 262144 elements know it to 0.01 dB (sigma)."""
        grid, rows, reference, truths = self.sense(
            2, targets=[], noise_enabled=True, self_interference="residual", residual_dbm=-110)
        wanted = 10**(truths[0]["noise_dbm"] / 10) + 10**(truths[0]["interference_dbm"] / 10)
        found = np.mean(np.abs(rows)**2) / grid.num_subcarriers()
        self.assertLess(abs(10 * np.log10(found / wanted)), 0.05)


if __name__ == "__main__":
    gr_unittest.run(qa_echo_channel_rows)
