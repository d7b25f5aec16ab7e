#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#

import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac
from waveform_link import frame_tag, messages, noise, random_bytes, reception, tag, transmit


def delayed(samples, delay):
    return np.concatenate([np.zeros(delay, np.complex64), samples[: len(samples) - delay]])


class qa_ofdm_receiver(gr_unittest.TestCase):
    def test_loop_back_is_error_free(self):
        """Noise at 30 dB (36 dB for 256-QAM) leaves 6.8 standard deviations to the nearest
        wrong decision: 1e-11 errors a bit, over less than 1e7 bits in all."""
        for preset in ("LAWN", "LAWN flight", "NR mu 1"):
            for modulation in ("bpsk", "qpsk", "16qam", "64qam", "256qam"):
                grid = isac.ofdm_grid_preset(preset, modulation=modulation)
                payload = random_bytes(isac.waveform.frame_codec(grid).capacity() + 11)
                _, samples, reference, _ = transmit(grid, payload)
                snr_db = 36 if modulation == "256qam" else 30
                for delay in (0, min(grid.cp_lens()) // 2):
                    with self.subTest(preset=preset, modulation=modulation, delay=delay):
                        received = delayed(samples, delay) + noise(
                            len(samples), grid.amplitude() ** 2 * 10 ** (-snr_db / 10)
                        )
                        run = reception(grid, received, reference=reference, node=4)
                        self.assertEqual(run.payload, payload)
                        self.assertEqual(b"".join(run.payloads()), payload)
                        self.assertEqual(run.receiver.num_frames(), 2)
                        self.assertEqual(run.receiver.num_failed_crcs(), 0)
                        self.assertEqual(run.receiver.faults(), {})
                        for i, link in enumerate(run.links):
                            self.assertEqual((link["frame"], link["node"]), (i, 4))
                            self.assertEqual(link["ber"], 0)
                            # 640 pilots at least: 4.3 dB / sqrt(640) = 0.17 dB
                            self.assertAlmostEqual(link["sinr_db"], snr_db, delta=0.8)
                            self.assertAlmostEqual(link["evm_db"], -snr_db, delta=0.5)

    def test_rsrp(self):
        """Samples of 0 dBm, spread over the active elements of a row."""
        grid = isac.ofdm_grid_preset("NR mu 1")
        _, samples, _, _ = transmit(grid, b"x", tx_power_dbm=-50.0)
        run = reception(grid, samples)
        expected = -50 - 10 * np.log10(68 * 12)
        self.assertAlmostEqual(run.links[0]["rsrp_dbm"], expected, delta=0.01)

    def test_scene_time_is_the_middle_of_the_frame(self):
        grid = isac.ofdm_grid_preset("LAWN")
        _, samples, _, _ = transmit(grid, random_bytes(700))
        length = grid.frame_samples()
        tags = [
            frame_tag(0, 0),
            tag(0, "scene_time", pmt.from_double(10.0)),
            frame_tag(length, 1),
            tag(length, "scene_time", pmt.from_double(12.0)),
        ]
        run = reception(grid, samples, tags)
        times = [link["scene_time"] for link in run.links]
        np.testing.assert_allclose(times, np.array([10.0, 12.0]) + grid.middle_time())
        meta = [pmt.to_python(pmt.car(p)) for p in run.pdus]
        self.assertEqual([m["scene_time"] for m in meta], times)
        self.assertEqual([m["frame"] for m in meta], [0, 1])

    def test_a_carrier_offset_turns_the_phase(self):
        grid = isac.ofdm_grid_preset("LAWN flight", modulation="64qam")
        payload = random_bytes(1000)
        _, samples, _, _ = transmit(grid, payload)
        offset = 100.0  # Hz: 1.6 turns over the frame; 0.5% of the spacing, -52 dB of ICI
        turn = np.exp(2j * np.pi * offset * np.arange(len(samples)) / grid.sample_rate())
        run = reception(grid, samples * turn)
        self.assertEqual(run.payload, payload)

    def test_one_bad_frame_costs_only_itself(self):
        grid = isac.ofdm_grid_preset("LAWN")
        capacity = isac.waveform.frame_codec(grid).capacity()
        payload = random_bytes(5 * capacity)
        parts = [payload[i : i + capacity] for i in range(0, len(payload), capacity)]
        _, samples, reference, _ = transmit(grid, payload)
        length = grid.frame_samples()
        without = b"".join(parts[:2] + parts[3:])

        nan = samples.copy()
        nan[2 * length + 100] = np.nan
        run = reception(grid, nan, reference=reference)
        self.assertEqual(run.payload, without)
        self.assertEqual(run.receiver.faults()["not_finite"], 1)
        self.assertEqual(len(run.links), 4)

        faded = samples.copy()
        faded[2 * length : 3 * length] = noise(length, 1.0)
        run = reception(grid, faded, reference=reference)
        self.assertEqual(run.payload, without)
        self.assertEqual(run.receiver.num_failed_crcs(), 1)
        self.assertEqual(len(run.links), 5)
        self.assertGreater(run.links[2]["ber"], 0.4)
        self.assertEqual([link["ber"] for i, link in enumerate(run.links) if i != 2], [0] * 4)

        torn = np.delete(samples, np.s_[2 * length + 500 : 2 * length + 900])
        starts = [0, length, 2 * length, 3 * length - 400, 4 * length - 400]
        tags = [frame_tag(start, i) for i, start in enumerate(starts)]
        run = reception(grid, torn, tags, reference=reference)
        self.assertEqual(run.payload, without)
        self.assertEqual(run.demodulator.faults(), {"lost_samples": 1})
        self.assertEqual(run.receiver.faults()["lost_rows"], 1)
        self.assertEqual([link["frame"] for link in run.links], [0, 1, 3, 4])

    def test_a_silent_frame_is_reported(self):
        grid = isac.ofdm_grid_preset("LAWN")
        run = reception(grid, np.zeros(2 * grid.frame_samples()))
        self.assertEqual(run.receiver.num_failed_crcs(), 2)
        self.assertEqual([link["rsrp_dbm"] for link in run.links], [-np.inf] * 2)

    def test_without_stream_output_no_frame_is_lost(self):
        """The reference ends long before the rows do."""
        grid = isac.ofdm_grid_preset("LAWN")
        payload = random_bytes(40 * 600)
        top = gr.top_block()
        modulator = isac.ofdm_modulator(grid, when_starved="wait")
        receiver = isac.ofdm_receiver(grid)
        links, pdus = blocks.message_debug(), blocks.message_debug()
        top.connect(
            blocks.vector_source_b(list(payload)),
            modulator,
            blocks.throttle(gr.sizeof_gr_complex, 1e6),
            isac.ofdm_demodulator(grid),
            receiver,
        )
        top.connect((modulator, 1), (receiver, 1))
        top.msg_connect(receiver, "link", links, "store")
        top.msg_connect(receiver, "pdus", pdus, "store")
        top.run()
        self.assertEqual(receiver.num_frames(), modulator.frames_sent())
        self.assertEqual(links.num_messages(), modulator.frames_sent())
        got = [pdus.get_message(i) for i in range(pdus.num_messages())]
        sent = b"".join(bytes(pmt.u8vector_elements(pmt.cdr(p))) for p in got)
        self.assertEqual(sent, payload)
        self.assertEqual([m["frame"] for m in messages(links)], list(range(len(got))))

    def test_the_reference_never_stalls_the_transmitter(self):
        """With no rows at all at input 0 the modulator still sends all of its frames."""
        grid = isac.ofdm_grid_preset("LAWN")
        top = gr.top_block()
        modulator = isac.ofdm_modulator(grid, input="none", num_frames=200)
        receiver = isac.ofdm_receiver(grid)
        sent = blocks.vector_sink_c()
        silent = blocks.message_debug()
        source = blocks.null_source(gr.sizeof_gr_complex * 50)
        stalled = blocks.skiphead(gr.sizeof_gr_complex * 50, 2**62)
        throttle = blocks.throttle(gr.sizeof_gr_complex * 50, 1000)
        top.connect(modulator, sent)
        top.connect((modulator, 1), (receiver, 1))
        top.connect(source, throttle, stalled, receiver)
        top.msg_connect(receiver, "link", silent, "store")
        top.start()
        wanted = 200 * grid.frame_samples()
        for _ in range(200):
            if len(sent.data()) >= wanted:
                break
            time.sleep(0.02)
        top.stop()
        top.wait()
        self.assertEqual(len(sent.data()), wanted)
        self.assertEqual(receiver.num_frames(), 0)

    def test_a_grid_without_payload_still_measures(self):
        grid = isac.ofdm_grid_preset("LAWN", pilots="all")
        top = gr.top_block()
        modulator = isac.ofdm_modulator(grid, input="none", num_frames=3)
        receiver = isac.ofdm_receiver(grid)
        links = blocks.message_debug()
        top.connect(modulator, isac.ofdm_demodulator(grid), receiver)
        top.msg_connect(receiver, "link", links, "store")
        top.run()
        self.assertEqual(links.num_messages(), 3)
        self.assertEqual(receiver.num_failed_crcs(), 0)

    def test_refusals(self):
        grid = isac.ofdm_grid_preset("LAWN")
        with self.assertRaises(ValueError):
            isac.ofdm_receiver(grid, channel="guessed")
        with self.assertRaises(ValueError):
            isac.ofdm_receiver(grid, node=-1)
        with self.assertRaises(ValueError):
            isac.ofdm_receiver(isac.ofdm_grid_preset("LAWN", pilots="none"))
        with self.assertRaises(ValueError):
            isac.ofdm_receiver(None)




if __name__ == "__main__":
    gr_unittest.run(qa_ofdm_receiver)
