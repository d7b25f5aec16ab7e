#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Where the Mono/Bistatic Combiner says an object is; the solver and the track are kernels' tests."""

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac
from report_messages import detections, stored, wait_until

A, B, C = 0, 1, 2
NODES = {A: (0.0, 0.0, 0.0), B: (1000.0, 0.0, 0.0), C: (300.0, 700.0, 0.0)}
ABOVE = (0.0, 1.0, 0.0, 0.0)  # y of at least 0
OBJECT = np.array([400.0, 300.0, 0.0])
PLANE = {"nodes": NODES, "dimensions": 2}


def length(pair, place):
    return sum(np.linalg.norm(place - np.array(NODES[node])) for node in pair)


def gradient(pair, place):
    """Of the length, in x and y."""
    ways = [place - np.array(NODES[node]) for node in pair]
    return sum(way / np.linalg.norm(way) for way in ways)[:2]


class qa_combined_positions(gr_unittest.TestCase):
    def setUp(self):
        self.tb = gr.top_block()
        self.detections, self.tracks = (blocks.message_debug(False) for _ in range(2))

    def tearDown(self):
        self.tb.stop()
        self.tb.wait()

    def start(self, pairs, **options):
        self.pairs = pairs
        self.combiner = isac.mono_bistatic_combiner(pairs, **options)
        self.tb.msg_connect(self.combiner, "detections", self.detections, "store")
        self.tb.msg_connect(self.combiner, "tracks", self.tracks, "store")
        self.tb.start()

    def step(self, time, snr, place=OBJECT, others=()):
        """One report a pair, with the object's range and those of `others`; deviations of 1 m."""
        for pair, level in zip(self.pairs, snr):
            ranges = [length(pair, p) / 2 for p in (place, *others)]
            self.combiner.to_basic_block()._post(
                pmt.intern("detections"), detections(*pair, time, ranges, snr=level))

    def fused(self, count):
        self.assertTrue(wait_until(lambda: self.detections.num_messages() >= count and
                                   self.tracks.num_messages() >= count))
        return stored(self.detections)[-1], stored(self.tracks)[-1]

    def test_two_pairs_give_a_position_with_its_covariance(self):
        pairs = [(A, A), (A, B)]
        self.start(pairs, locate_by_all=True, side=ABOVE, **PLANE)
        self.step(0, (2, 1))
        found, track = self.fused(1)
        self.assertEqual(found["position_status"], "unique")
        np.testing.assert_allclose(found["position"], OBJECT, atol=1e-6)
        # A range that is wrong by 1 m is a path that is wrong by 2 m.
        fisher = sum(np.outer(g, g) / 4 for g in (gradient(pair, OBJECT) for pair in pairs))
        covariance = found["covariance"].reshape(3, 3)
        np.testing.assert_allclose(covariance[:2, :2], np.linalg.inv(fisher), rtol=1e-6)
        np.testing.assert_allclose(track["position"], OBJECT, atol=1e-6)
        self.assertEqual(len(track["covariance"]), 36)

    def test_the_ghost_is_resolved_by_a_third_pair(self):
        """Ranges about nodes on the x axis fit below it as well."""
        self.start([(A, A), (A, B), (A, C)], locate_by_all=True, **PLANE)
        self.step(0, (2, 1, 0.5))
        found, _ = self.fused(1)
        self.assertEqual(found["position_status"], "unique")
        np.testing.assert_allclose(found["position"], OBJECT, atol=1e-6)

    def test_an_unresolved_ghost_is_told_and_followed_by_none(self):
        self.start([(A, A), (A, B)], locate_by_all=True, **PLANE)
        self.step(0, (2, 1))
        found, track = self.fused(1)
        self.assertEqual(found["position_status"], "ambiguous")
        np.testing.assert_allclose(np.abs(found["position"]), OBJECT, atol=1e-6)
        self.assertEqual(len(track["position"]), 0)

    def test_once_followed_the_ghost_is_no_choice(self):
        """Then the source of a soft handover and its target suffice, later one pair alone."""
        self.start([(A, A), (A, B), (A, C)], soft_window=0.25, locate_by_all=True, **PLANE)
        self.step(0, (2, 1, 0.5))
        self.fused(1)
        self.combiner.set_locate_by_all(False)
        self.step(0.1, (1, 4, 0.5))
        found, _ = self.fused(2)
        self.assertEqual((found["tx"], found["rx"], found["position_status"]),
                         (A, B, "unique"))
        np.testing.assert_allclose(found["position"], OBJECT, atol=1e-3)
        for i in range(2, 6):
            self.step(0.1 * i, (1, 4, 0.5))
        found, track = self.fused(6)
        self.assertEqual(self.combiner.source(), (-1, -1))
        self.assertEqual(found["position_status"], "undetermined")
        self.assertTrue(np.isinf(found["covariance"].reshape(3, 3).diagonal()).any())
        np.testing.assert_allclose(track["position"], OBJECT, atol=1e-2)

    def test_the_objects_detection_is_told_from_others(self):
        """The first is the strongest of each pair; then the nearest to the prediction."""
        other = OBJECT + (50, 200, 0)
        self.start([(A, A), (A, B)], locate_by_all=True, side=ABOVE, **PLANE)
        self.step(0, (2, 1))
        for i in range(1, 4):
            self.step(0.1 * i, (np.array([2, 9]), np.array([1, 9])), others=[other])
        found, track = self.fused(4)
        position = found["position"].reshape(2, 3)
        np.testing.assert_allclose(position[0], OBJECT, atol=1e-3)
        self.assertTrue(np.isnan(position[1]).all())
        np.testing.assert_allclose(track["position"], OBJECT, atol=1e-2)

    def test_a_track_that_was_lost_is_taken_up_again(self):
        """A leap of 50 m: one range may still fit, but three agree on another place."""
        self.start([(A, A), (A, B), (A, C)], locate_by_all=True, acceleration=0.1, **PLANE)
        for i in range(5):
            self.step(0.1 * i, (2, 1, 0.5))
        self.fused(5)
        leapt = OBJECT + (30, 40, 0)
        self.step(0.5, (2, 1, 0.5), leapt)
        found, track = self.fused(6)
        self.assertEqual(found["position_status"], "unique")
        np.testing.assert_allclose(found["position"], leapt, atol=1e-6)
        np.testing.assert_allclose(track["position"], leapt, atol=1e-6)

    def test_what_is_not_seen_is_not_located(self):
        self.start([(A, A), (A, B)], locate_by_all=True, side=ABOVE, memory=0.15, **PLANE)
        self.step(0, (2, 1))
        self.fused(1)
        for time in (0.1, 0.2):
            for pair in self.pairs:
                self.combiner.to_basic_block()._post(
                    pmt.intern("detections"), detections(*pair, time, []))
        found, track = self.fused(3)
        self.assertEqual((found["position_status"], len(found["position"])), ("none", 0))
        self.assertEqual([len(t["position"]) for t in stored(self.tracks)], [3, 3, 0])

    def test_every_node_needs_a_place(self):
        for options in ({"nodes": {A: (0, 0, 0)}}, {"nodes": {A: (0, 0, 0), B: (np.nan, 0, 0)}},
                        {"nodes": NODES, "dimensions": 1}, {"nodes": NODES, "side": (1, 2)},
                        {"nodes": NODES, "speed": 0}, {"nodes": NODES, "acceleration": -1},
                        {"nodes": NODES, "memory": -1}, {"nodes": NODES, "height": np.inf}):
            with self.assertRaises(ValueError, msg=str(options)):
                isac.mono_bistatic_combiner([(A, B)], **options)


if __name__ == "__main__":
    gr_unittest.run(qa_combined_positions)
