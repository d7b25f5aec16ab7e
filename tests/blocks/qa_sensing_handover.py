#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""A Mono/Bistatic Combiner and its nodes: request, answer, assistance, and what triggers."""

import math
import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac
from report_messages import detections, heard, signal, stored_so_far, track, wait_until

NODES = {0: (0.0, 0.0, 0.0), 1: (1000.0, 0.0, 0.0), 2: (500.0, 900.0, 0.0)}
PAIRS = [(0, 0), (1, 1), (2, 2)]
OBJECT = np.array([400.0, 300.0, 0.0])
RESOURCES = {"num_symbols": 14, "num_subcarriers": 600, "tx_power_dbm": 30.0}
FIRST_BEAM = -math.pi + 0.05


class qa_sensing_handover(gr_unittest.TestCase):
    def setUp(self):
        self.tb = gr.top_block()
        self.configuration, self.signals, self.beams = (
            blocks.message_debug(False) for _ in range(3))
        self.nodes = {}

    def tearDown(self):
        self.tb.stop()
        self.tb.wait()

    def start(self, nodes=(0, 1, 2), places=NODES, **options):
        """With these nodes; the others do not answer."""
        self.combiner = isac.mono_bistatic_combiner(PAIRS, **{
            "nodes": places, "dimensions": 2, "locate_by_all": True, "hysteresis_db": 1,
            "speed": 300, "acceleration": 100, **options})
        self.tb.msg_connect(self.combiner, "configuration", self.configuration, "store")
        self.tb.msg_connect(self.combiner, "signalling", self.signals, "store")
        for i in nodes:
            node = self.nodes[i] = isac.sensing_node(
                i, position=NODES[i], beamwidth=0.1, sector_width=2 * math.pi, **RESOURCES)
            for port in ("signalling", "configuration", "tracks"):
                self.tb.msg_connect(self.combiner, port, node, port)
            self.tb.msg_connect(node, "signalling", self.combiner, "signalling")
            self.tb.msg_connect(node, "signalling", self.signals, "store")
            self.tb.msg_connect(node, "beam", self.beams, "store")
        self.tb.start()

    def step(self, number, snr, place=OBJECT):
        """The next step, to its end."""
        for pair, level in zip(PAIRS, snr):
            length = 2 * np.linalg.norm(place - np.array(NODES[pair[0]]))
            self.combiner.to_basic_block()._post(
                pmt.intern("detections"),
                detections(*pair, 0.1 * number, [length / 2], snr=10 ** (level / 10)))
        self.assertTrue(wait_until(lambda: self.combiner.num_steps() > number))

    def configurations(self):
        return [(c["rx"], c["cause"]) for c in stored_so_far(self.configuration)]

    def kinds(self):
        return [(s["kind"], s["node"]) for s in stored_so_far(self.signals)]

    # The handshake

    def test_accepted_and_assisted(self):
        self.start(handshake=True, **RESOURCES)
        self.step(0, (10, 0, 0))
        self.step(1, (0, 10, 0))
        # Assistance and configuration come in either order: one beam or two for each.
        for node in self.nodes.values():
            for port in ("signalling", "configuration"):
                self.assertTrue(heard(node, port))
        self.assertTrue(wait_until(lambda: stored_so_far(self.beams)[-1]["node"] == 1))
        self.assertEqual([node.active() for node in self.nodes.values()], [False, True, False])
        self.assertEqual(self.configurations(), [(0, "first"), (1, "snr")])
        # A node's answer reaches the combiner before this record.
        self.assertCountEqual(self.kinds(), [("request", 0), ("accept", 0), ("assist", 0),
                                             ("request", 1), ("accept", 1), ("assist", 1)])
        help_ = [s for s in stored_so_far(self.signals) if s["kind"] == "assist"][-1]
        np.testing.assert_allclose(help_["position"], OBJECT, atol=1e-3)
        way = OBJECT - np.array(NODES[1])
        self.assertAlmostEqual(help_["azimuth"], math.atan2(way[1], way[0]), 5)
        # Its first beam is where the object is.
        self.assertAlmostEqual(stored_so_far(self.beams)[-1]["azimuth"], help_["azimuth"], 5)
        self.assertEqual(self.combiner.faults(), {})

    def test_without_assistance_the_target_sweeps(self):
        """The same without positions: the sweep's first beam."""
        self.start(handshake=True, places={}, **RESOURCES)
        self.step(0, (10, 0, 0))
        self.step(1, (0, 10, 0))
        self.assertTrue(wait_until(lambda: self.beams.num_messages() == 2))
        self.assertNotIn("assist", [kind for kind, _ in self.kinds()])
        self.assertAlmostEqual(stored_so_far(self.beams)[-1]["azimuth"], FIRST_BEAM, 1)

    def looks_until_seen(self, node):
        """Beams that a node points until one is on the object, where it would see it."""
        way = OBJECT - np.array(NODES[node])
        azimuth = math.atan2(way[1], way[0])

        def beams():
            return [b for b in stored_so_far(self.beams) if b["node"] == node]

        # Assistance and configuration have come, in either order.
        for port in ("signalling", "configuration"):
            self.assertTrue(heard(self.nodes[node], port))
        looks = 1
        while abs(beams()[-1]["azimuth"] - azimuth) > 0.05:
            count = len(beams())
            self.nodes[node].to_basic_block()._post(
                pmt.intern("detections"), detections(node, node, 0.1, []))
            self.assertTrue(wait_until(lambda: len(beams()) > count))
            looks += 1
        return looks

    def test_assistance_saves_the_sweep(self):
        """Of 63 beams; the sweep comes to the object's by and by."""
        looks = {}
        for places in (NODES, {}):
            self.start(handshake=True, places=places, **RESOURCES)
            self.step(0, (10, 0, 0))
            self.step(1, (0, 10, 0))
            self.assertTrue(wait_until(self.nodes[1].active))
            looks[bool(places)] = self.looks_until_seen(1)
            self.tearDown()
            self.setUp()
        self.assertEqual(looks[True], 1)
        self.assertEqual(looks[False], 1 + math.floor(
            (math.atan2(300, -600) + math.pi) / (2 * math.pi / 63)))

    def test_refused_the_next_best_is_tried(self):
        self.start(handshake=True, retry_time=0.25, **RESOURCES)
        self.nodes[1].set_num_symbols(0)
        self.step(0, (10, 0, 0))
        self.step(1, (0, 10, 5))
        self.assertEqual(self.configurations(), [(0, "first"), (2, "snr")])
        self.assertEqual([s for s in self.kinds() if s[0] == "request"],
                         [("request", 0), ("request", 1), ("request", 2)])
        self.assertIn(("refuse", 1), self.kinds())
        self.assertEqual(self.combiner.faults(), {"refused": 1})
        self.nodes[1].set_num_symbols(14)
        for i in range(2, 5):
            self.step(i, (0, 10, 5))
        self.assertEqual(self.combiner.selected(), (1, 1))
        self.assertAlmostEqual(stored_so_far(self.configuration)[-1]["scene_time"], 0.4)

    def test_a_node_that_does_not_answer_is_passed_over(self):
        self.start(handshake=True, nodes=(0, 2), reply_time=0.2, **RESOURCES)
        self.step(0, (10, 0, 0))
        began = time.monotonic()
        self.step(1, (0, 10, 5))
        self.assertGreater(time.monotonic() - began, 0.2)
        self.assertEqual(self.configurations(), [(0, "first"), (2, "snr")])
        self.assertEqual(self.combiner.faults(), {"no_reply": 1})
        # What it answers later is not taken for another one's answer.
        self.combiner.to_basic_block()._post(
            pmt.intern("signalling"), signal("accept", 0.1, 1, 1, 1))
        self.assertTrue(wait_until(
            lambda: self.combiner.faults() == {"no_reply": 1, "late_reply": 1}))
        self.assertEqual(self.combiner.selected(), (2, 2))

    def test_where_all_refuse_the_selection_stays(self):
        self.start(handshake=True, **RESOURCES)
        self.step(0, (10, 0, 0))
        for i in (1, 2):
            self.nodes[i].set_num_subcarriers(0)
        self.step(1, (0, 10, 5))
        self.assertEqual(self.configurations(), [(0, "first")])
        self.assertEqual(self.combiner.num_changes(), 0)

    # What triggers

    def test_resources_run_short(self):
        self.start(handshake=True, retry_time=0.35, **RESOURCES)
        for i in range(3):
            self.step(i, (10, 0, 5))
        self.nodes[0].set_tx_power_dbm(20)
        self.assertTrue(wait_until(lambda: self.combiner.faults() == {"refused": 1}))
        self.step(3, (10, 0, 5))
        self.assertEqual(self.configurations()[-1], (2, "resources"))
        self.nodes[0].set_tx_power_dbm(30)
        for i in range(4, 8):
            self.step(i, (10, 0, 5))
        # It refused in the step at 0 s, which it had accepted: until 0.35 s.
        self.assertEqual(self.configurations()[-1], (0, "snr"))

    def test_the_first_pair_may_refuse(self):
        self.start(handshake=True, **RESOURCES)
        self.nodes[0].set_num_symbols(0)
        self.step(0, (10, 0, 5))
        self.step(1, (10, 0, 5))
        self.assertEqual(self.configurations(), [(0, "first"), (2, "resources")])

    def moves(self, places, snr=(10, 0, 5), **options):
        """Where the sensing is after each step, and why."""
        self.start(time_to_trigger=10, **options)
        selected = []
        for i, place in enumerate(places):
            self.step(i, snr, np.array(place, float))
            selected.append(self.combiner.selected()[1])
        return selected, self.configurations()[-1][1]

    def test_coverage_is_left(self):
        # sqrt(700^2 - 300^2) = 632 m.
        x = (580, 600, 620, 640, 660)
        selected, cause = self.moves([(i, 300, 0) for i in x], coverage_range=700)
        self.assertEqual((selected, cause), ([0, 0, 0, 2, 2], "coverage"))

    def test_coverage_is_predicted_to_be_left(self):
        x = 400 + 10 * np.arange(10)  # 100 m/s: at 632 m in another 1.3 s or more
        selected, cause = self.moves([(i, 300, 0) for i in x], coverage_range=700,
                                     lead_time=1.7)
        self.assertEqual(cause, "coverage")
        change = selected.index(2)
        self.assertGreater(632, x[change])
        self.assertEqual(selected, [0] * change + [2] * (10 - change))

    def test_a_wall_blocks(self):
        places = [(x, 300, 0) for x in range(370, 430, 10)]
        selected, cause = self.moves(
            places, walls=[((200, 140, 0), (200, 160, 0))])  # in the way to 375...428 m
        self.assertEqual(cause, "blockage")
        self.assertEqual(selected[0], 0)
        self.assertEqual(selected[-1], 2)

    def test_a_beam_is_restricted(self):
        azimuth = math.atan2(300, 400)
        selected, cause = self.moves(
            [(x, 300, 0) for x in (500, 480, 460, 440, 420, 400, 380)],
            restricted_beams={0: [(azimuth - 0.02, azimuth + 0.5)]})
        self.assertEqual(cause, "beam")
        self.assertEqual((selected[0], selected[-1]), (0, 2))

    def test_a_user_is_interfered_with(self):
        selected, cause = self.moves(
            [(x, 300, 0) for x in (500, 480, 460, 440, 420, 400, 380)],
            user_positions=[(800, 600, 0)], interference_angle=0.05)
        self.assertEqual(cause, "interference")
        self.assertEqual((selected[0], selected[-1]), (0, 2))

    def test_two_objects_in_one_angle_cell(self):
        self.start(time_to_trigger=10, resolution_angle=0.05)
        self.step(0, (10, 0, 5))
        self.combiner.to_basic_block()._post(pmt.intern("tracks"), track([800, 600, 0]))
        self.assertTrue(heard(self.combiner, "tracks"))
        self.step(1, (10, 0, 5))
        self.assertEqual(self.configurations(), [(0, "first"), (2, "resolution")])

    def test_an_echo_fades(self):
        self.start(time_to_trigger=10, hysteresis_db=30, fade_db=6)
        for i in range(12):
            self.step(i, (10, 0, 5))
        self.step(12, (3, 0, 5))
        self.assertEqual(self.configurations(), [(0, "first"), (2, "fade")])

    def test_nothing_triggers_unasked(self):
        selected, _ = self.moves([(x, 300, 0) for x in range(400, 3000, 20)])
        self.assertEqual(set(selected), {0})


if __name__ == "__main__":
    gr_unittest.run(qa_sensing_handover)
