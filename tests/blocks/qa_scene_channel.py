#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Scene Channel: streams, tags, messages and faults; its powers are tested in tests/statistics."""

import os
from pathlib import Path

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

from report_messages import silent_publisher, stored, wait_until

C = 299792458.0
FIG4 = Path(os.environ["ISAC_SOURCE_DIR"]) / "examples/sensing_handover/fig4.yml"


def frame_tag(offset, number):
    return gr.python_to_tag((offset, pmt.intern("frame"), pmt.from_uint64(number), pmt.intern("")))


class qa_scene_channel(gr_unittest.TestCase):
    def setUp(self):
        self.grid = isac.ofdm_grid(fft_len=64, cp_len=32, num_symbols=16, subcarrier_spacing=480e3,
                                   carrier_frequency=24e9)
        self.frame = self.grid.frame_samples()
        self.scene = isac.scene.load(FIG4)

    def run_channel(self, transmit, receive, signals, tags=((),), messages=None, **options):
        """Samples and tags of every output, ground truths, faults; waits for so many messages."""
        channel = isac.scene_channel(self.grid, self.scene, transmit, receive,
                                     **{"noise_enabled": False, "self_interference": "none", **options})
        top = gr.top_block()
        tags = list(tags) + [()] * (len(signals) - len(tags))
        for i, (signal, marks) in enumerate(zip(signals, tags)):
            top.connect(blocks.vector_source_c(np.asarray(signal).tolist(), False, 1, list(marks)),
                        (channel, i))
        sinks = [blocks.vector_sink_c() for _ in receive]
        for i, sink in enumerate(sinks):
            top.connect((channel, i), sink)
        store, keep = blocks.message_debug(), silent_publisher()
        top.msg_connect(channel, "ground_truth", store, "store")
        top.msg_connect(keep, "none", store, "store")
        length = min(len(signal) for signal in signals)
        if messages is None:
            pairs = (sum(toward == "object" for _, toward in transmit) *
                     sum(not isinstance(one, str) for one in receive))
            messages = length // self.frame * pairs
        top.start()
        wait_until(lambda: all(len(sink.data()) >= length for sink in sinks) and
                   store.num_messages() >= messages, 30)
        top.stop()
        top.wait()
        self.assertEqual({len(sink.data()) for sink in sinks}, {length})
        self.assertEqual(store.num_messages(), messages)
        return ([np.array(sink.data()) for sink in sinks], [sink.tags() for sink in sinks],
                stored(store), channel.faults())

    def test_a_tone_arrives_over_each_path(self):
        """Delay, Doppler, carrier phase and power of an echo from one node to another in closed
        form, at every sample; a user hears the beam that illuminates."""
        rate = self.grid.sample_rate()
        count = 2 * self.frame
        sent = 100 * np.exp(2j * np.pi * 0.1 * np.arange(count))
        (heard, user), _, truths, faults = self.run_channel(
            [("AP1", "object"), ("AP2", "UE1"), ("AP3", "UE2")], [("AP3", "object"), "UE2"],
            [sent, np.zeros(count), np.zeros(count)], paths="budget", start_time=60.0)
        self.assertEqual(faults, {})

        time = 60 + np.arange(count) / rate
        place = np.column_stack([116.5 * (time - 1) / 119, 0 * time])
        out, back = (np.linalg.norm(place - node, axis=1) for node in ((38, 87.5), (109.5, 92.5)))
        delay = (out + back) / C
        budget = self.scene.sensing_budget(60.0, "AP1", "AP3")
        gain = 10 ** ((budget["echo_dbm"] - 40) / 20)
        echo = gain * 100 * np.exp(2j * np.pi * (0.1 * rate * (time - 60 - delay) -
                                                 np.fmod(24e9 * delay, 1)))
        arrived = slice(int(delay[0] * rate) + 20, None)
        error = np.linalg.norm((heard - echo)[arrived]) / np.linalg.norm(echo[arrived])
        # -70 dB of the delay line; 24 GHz over 0.7 us in doubles is no more.
        self.assertLess(error, 10 ** (-65 / 20))
        # 20 samples on the way, less half a filter.
        self.assertLess(np.abs(heard[:6]).max(), 1e-6 * np.abs(heard).max())
        # The sensing beam straight: interference to the user.
        straight = 10 ** (self.scene.user_budget(60.0, "UE2", "AP1", "AP3")["interference_dbm"] / 10)
        self.assertAlmostEqual(np.mean(np.abs(user[arrived])**2) / straight, 1, delta=1e-3)

        for number, truth in enumerate(truths):
            middle = 60 + number * self.frame / rate + self.grid.middle_time()
            self.assertEqual((truth["frame"], truth["tx"], truth["rx"]), (number, 0, 2))
            self.assertAlmostEqual(truth["scene_time"], middle, delta=1e-9)
            at = np.argmin(np.abs(time - middle))
            self.assertEqual(truth["target"].tolist(), [0])
            self.assertAlmostEqual(truth["delay"][0] / delay[at], 1, delta=1e-9)
            # The slope over both frames; it changes by 1e-7 of itself there.
            slope = -(delay[-1] - delay[0]) / (time[-1] - time[0]) * 24e9
            self.assertAlmostEqual(truth["doppler"][0] / slope, 1, delta=1e-4)
            self.assertAlmostEqual(truth["range"][0], C * delay[at] / 2, delta=1e-6)
            self.assertAlmostEqual(truth["velocity"][0], -truth["doppler"][0] * C / 24e9 / 2)
            # All subcarriers are active: an element has a 64th of the power.
            self.assertAlmostEqual(truth["power_dbm"][0], budget["echo_dbm"] - 10 * np.log10(64),
                                   delta=1e-3)

    def test_ground_truth_counts_what_disturbs(self):
        count = 3 * self.frame
        # Every stream with 40 dBm.
        sent = [100 * np.exp(2j * np.pi * f * np.arange(count)) for f in (0.1, 0.2, 0.3)]
        _, _, truths, _ = self.run_channel(
            [("AP1", "object"), ("AP2", "UE1"), ("AP3", "UE2")],
            [("AP1", "object"), "UE1"], sent, paths="budget",
            noise_enabled=True, self_interference="residual", start_time=25.0, revisit_interval=10.0)
        self.assertEqual([(truth["tx"], truth["rx"]) for truth in truths], 3 * [(0, 0)])
        for truth in truths:
            time = truth["scene_time"]
            self.assertAlmostEqual(10 * np.log10(truth["snr"][0]),
                                   self.scene.sensing_sinr_db(time, "AP1", "AP1"), delta=1e-3)
            disturbance = sum(10 ** (truth[key] / 10) for key in ("noise_dbm", "interference_dbm"))
            self.assertAlmostEqual(truth["snr"][0],
                                   10 ** (truth["power_dbm"][0] / 10) / disturbance, places=9)

    def test_paths_leakage_and_revisits(self):
        x = np.random.default_rng(1).normal(size=2 * self.frame)
        (heard,), _, truths, _ = self.run_channel(
            [("AP1", "object")], [("AP1", "object")], [x], paths="all", self_interference="leakage",
            revisit_interval=5.0)
        self.assertEqual([truth["target"].tolist() for truth in truths], [[-2, 0]] * 2)
        self.assertEqual([round(truth["scene_time"], 3) for truth in truths], [1, 6])
        leaked = 10 ** ((-45 - 40) / 20) * x
        # Before the echo, of 19 samples less half a filter, comes nothing but leakage, and so in
        # each frame anew.
        for start in (0, self.frame):
            np.testing.assert_allclose(heard[start:start + 6], leaked[start:start + 6],
                                       atol=1e-6 * np.abs(leaked).max())

    def test_noise_is_in_the_active_band(self):
        half = isac.ofdm_grid(fft_len=64, cp_len=16, num_symbols=16, subcarrier_spacing=480e3,
                              carrier_frequency=24e9, guard_low=16, guard_high=16)
        for grid, density in ((self.grid, 1e-6), (half, 2e-6)):
            self.grid = grid
            (noise,), _, _, _ = self.run_channel(
                [("AP1", "object")], ["UE1"], [np.zeros(100000)], noise_enabled=True)
            # 1e5 samples: five standard errors.
            self.assertAlmostEqual(np.mean(np.abs(noise)**2) / density, 1, delta=5 / 1e5**0.5)

    def test_tags(self):
        frame = self.frame
        marks = [frame_tag(10, 7), frame_tag(10 + frame, 8)]
        other = [frame_tag(10, 7), frame_tag(12 + frame, 8)]
        _, tags, truths, faults = self.run_channel(
            [("AP1", "object"), ("AP2", "UE1")], [("AP3", "object"), "UE1"],
            [np.ones(3 * frame)] * 2, tags=(marks, other), messages=2, revisit_interval=2.0)
        # Up to the first tag there is a frame of its own, cut short.
        self.assertEqual(faults, {"misaligned": 1, "lost_samples": 1})
        for found in tags:
            self.assertEqual(
                sorted((tag.offset, pmt.to_python(tag.key), pmt.to_python(tag.value)) for tag in found),
                sorted([(0, "frame", 0), (0, "scene_time", 1.0), (10, "frame", 7),
                        (10, "scene_time", 3.0), (10 + frame, "frame", 8),
                        (10 + frame, "scene_time", 5.0)]))
        self.assertEqual([truth["frame"] for truth in truths], [7, 8])

    def test_faults(self):
        x = np.ones(2 * self.frame, complex)
        x[5] = complex(np.nan, 0)
        *_, faults = self.run_channel([("AP1", "object")], [("AP2", "object")], [x],
                                      start_time=119.5, revisit_interval=1.0)
        self.assertEqual(faults, {"not_finite": 1, "scene_over": 1})

    def test_live(self):
        channel = isac.scene_channel(self.grid, self.scene, [("AP1", "object")], ["UE1"])
        channel.set_noise_enabled(False)
        channel.set_revisit_interval(0.5)
        with self.assertRaisesRegex(ValueError, "revisit_interval = -1"):
            channel.set_revisit_interval(-1)

    def test_another_carrier_is_refused(self):
        with self.assertRaisesRegex(ValueError, "carrier_frequency of the grid = 3.5e.09 Hz"):
            isac.scene_channel(isac.ofdm_grid(64, 16, 16, carrier_frequency=3.5e9), self.scene,
                               [("AP1", "object")], ["UE1"])


if __name__ == "__main__":
    gr_unittest.run(qa_scene_channel)
