#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Messages in, handovers out; the rules of the decision are tested in tests/kernels."""

import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac
from report_messages import (changed, detections, link, message_player, stored, wait_until,
                             without)

EAST, WEST = 7, 3  # node numbers


class qa_handover_decider(gr_unittest.TestCase):
    def setUp(self):
        self.tb = gr.top_block()
        self.debug = blocks.message_debug(False)

    def tearDown(self):
        self.tb.stop()
        self.tb.wait()

    def start(self, **options):
        self.decider = isac.handover_decider([EAST, WEST], **options)
        self.tb.msg_connect(self.decider, "handover", self.debug, "store")
        self.tb.start()
        return self.decider

    def send(self, port, *messages):
        for message in messages:
            self.decider.to_basic_block()._post(pmt.intern(port), message)

    def links(self, scene_time, east, west, sinr=20):
        self.send("link", link(EAST, scene_time, east, sinr),
                  link(WEST, scene_time, west, sinr))

    def ranges(self, scene_time, east, west):
        self.send("detections", detections(EAST, EAST, scene_time, east),
                  detections(WEST, WEST, scene_time, west))

    def steps(self, count):
        self.assertTrue(wait_until(lambda: self.decider.num_steps() >= count))
        self.assertEqual(self.decider.num_steps(), count)

    def handovers(self, count):
        self.assertTrue(wait_until(lambda: self.debug.num_messages() >= count))
        self.assertEqual(self.decider.num_handovers(), count)
        return stored(self.debug)

    def test_rsrp(self):
        decider = self.start(criterion="rsrp", hysteresis_db=2)
        self.assertEqual(decider.serving(), -1)
        self.links(0.1, -80, -90)
        self.links(0.2, -80, -79)
        self.steps(2)
        self.assertEqual(decider.serving(), EAST)
        self.links(0.3, -80, -77, sinr=-10)
        self.assertEqual(self.handovers(1), [
            {"scene_time": 0.3, "from": EAST, "to": WEST, "cause": "rsrp"}])
        self.assertEqual(decider.serving(), WEST)
        self.assertAlmostEqual(decider.outage(), 1 / 3)
        self.links(0.4, -70, -77)
        self.assertEqual(len(self.handovers(2)), 2)
        self.assertEqual(decider.num_ping_pongs(), 1)
        self.assertEqual(decider.faults(), {})

    def test_distance_of_the_strongest_detection(self):
        self.start(criterion="distance", initial_cell=EAST)
        self.ranges(0.1, [900], [1000])
        clutter = detections(WEST, WEST, 0.2, [10, 800, 20], snr=np.array([0.1, 5, 0.2]))
        self.send("detections", detections(EAST, EAST, 0.2, [1000]), clutter)
        self.assertEqual(self.handovers(1), [
            {"scene_time": 0.2, "from": EAST, "to": WEST, "cause": "distance"}])

    def test_variance_of_the_range_is_used(self):
        self.start(criterion="distance", initial_cell=EAST, distance_confidence=2)
        for moment, west in ((0.1, 921), (0.2, 919)):  # 50 m and 2 sqrt(9^2 + 12^2) m
            self.send("detections", detections(EAST, EAST, moment, [1000], deviation=9),
                      detections(WEST, WEST, moment, [west], deviation=12))
        self.assertEqual([event["scene_time"] for event in self.handovers(1)], [0.2])

    def test_a_wrong_peak_and_missed_echoes_when_distances_are_filtered(self):
        self.start(criterion="distance", initial_cell=EAST, distance_acceleration=1)
        for i in range(1, 21):
            moment = round(0.1 * i, 6)
            west = {10: [100], 12: [], 13: []}.get(i, [960])
            self.ranges(moment, [1000], west)
        self.steps(20)
        self.ranges(2.1, [1000], [100])
        self.steps(21)
        self.assertEqual(self.decider.num_handovers(), 0)
        self.decider.set_distance_acceleration(0)
        self.ranges(2.2, [1000], [100])
        self.assertEqual([event["scene_time"] for event in self.handovers(1)], [2.2])

    def test_joint_waits_for_both_in_any_order(self):
        self.start(criterion="joint_or", initial_cell=EAST)
        self.ranges(0.1, [1000], [900])
        self.ranges(0.2, [1000], [900])
        self.send("link", link(WEST, 0.1, -70), link(WEST, 0.2, -70))
        self.assertFalse(wait_until(lambda: self.decider.num_steps() > 0, 0.1))
        self.send("link", link(EAST, 0.1, -80), link(EAST, 0.2, -80))
        self.steps(2)
        self.assertEqual(self.handovers(1), [
            {"scene_time": 0.1, "from": EAST, "to": WEST, "cause": "rsrp+distance"}])

    def test_skipped_reports_and_empty_detections_are_not_measured(self):
        self.start(criterion="distance", initial_cell=EAST)
        self.ranges(0.1, [1000], [])
        self.steps(1)
        self.send("detections", detections(EAST, EAST, 0.2, [1000]))
        self.assertFalse(wait_until(lambda: self.decider.num_steps() > 1, 0.1))
        self.ranges(0.3, [1000], [100])  # the newer report ends the wait
        self.steps(3)
        self.assertEqual([event["scene_time"] for event in self.handovers(1)], [0.3])

    def test_silent_cell_is_not_waited_for(self):
        self.start(criterion="rsrp", patience=0.5)
        self.links(0.1, -80, -90)
        self.send("link", link(EAST, 0.2, -80))
        time.sleep(0.7)
        self.send("link", link(EAST, 0.3, -80))
        self.steps(3)

    def test_one_cell_runs_far_ahead(self):
        """As simulations do, whose chains nothing holds together."""
        self.start(criterion="rsrp", initial_cell=EAST)
        times = 0.1 * np.arange(500)
        self.send("link", *(link(EAST, t, -80) for t in times))
        self.send("link", *(link(WEST, t, -70) for t in times))
        self.steps(500)
        self.assertEqual(self.handovers(1)[0]["scene_time"], 0.0)
        self.assertEqual(self.decider.faults(), {})

    def test_parameters_change_live(self):
        decider = self.start(criterion="rsrp", hysteresis_db=10, initial_cell=EAST)
        self.links(0.1, -80, -75)
        self.ranges(0.1, [1000], [990])
        self.steps(1)
        decider.set_criterion("distance")
        decider.set_distance_threshold_m(5)
        self.links(0.2, -80, -75)
        self.ranges(0.2, [1000], [990])
        self.assertEqual(self.handovers(1)[0]["cause"], "distance")
        changes = {
            "criterion": "joint_and", "hysteresis_db": 1.0, "l3_coefficient": 0.25,
            "time_to_trigger": 0.1, "distance_threshold_m": 20.0,
            "distance_confidence": 1.5, "distance_acceleration": 2.0, "distance_gate": 5.0,
            "prohibit_time": 0.2, "ping_pong_window": 2.0,
            "outage_sinr_db": -5.0, "measurement_hold": 3.0, "l3_period": 0.2,
            "bound_missing": True, "return_hysteresis_db": 4.0, "return_time": 5.0,
        }
        for name, value in changes.items():
            getattr(decider, "set_" + name)(value)
        self.assertEqual(decider.parameters(), {**changes, "initial_cell": EAST})
        with self.assertRaises(ValueError):
            decider.set_hysteresis_db(-1)
        with self.assertRaises(ValueError):
            decider.set_criterion("best")
        with self.assertRaises(ValueError):
            decider.set_tolerance(float("nan"))
        with self.assertRaises(ValueError):
            decider.set_patience(-1)
        self.assertEqual(decider.parameters(), {**changes, "initial_cell": EAST})
        decider.reset()
        self.assertEqual(decider.num_handovers(), 0)

    def test_wrong_messages_are_counted_and_nothing_else_is_lost(self):
        decider = self.start(criterion="joint_or", initial_cell=EAST)
        good_link, good_detections = link(EAST, 0.1, -80), detections(EAST, EAST, 0.1, [1000])
        bad_links = [pmt.PMT_NIL, pmt.intern("link"), pmt.from_double(1),
                     pmt.cons(pmt.PMT_NIL, pmt.PMT_NIL),
                     without(good_link, "rsrp_dbm"), without(good_link, "node"),
                     changed(good_link, "rsrp_dbm", float("nan")),
                     changed(good_link, "scene_time", float("inf")),
                     changed(good_link, "node", "east")]
        bad_detections = [pmt.PMT_T, without(good_detections, "range"),
                          changed(good_detections, "range", 1000.0),
                          changed(good_detections, "snr", pmt.init_f64vector(2, [1, 2])),
                          changed(good_detections, "range", pmt.init_f64vector(
                              1, [float("nan")]))]
        self.send("link", *bad_links, link(99, 0.1, -10))
        self.send("detections", *bad_detections, detections(99, 99, 0.1, [1]),
                  detections(EAST, WEST, 0.1, [1]))
        self.links(0.1, -80, -80)
        self.ranges(0.1, [1000], [1000])
        self.steps(1)
        self.links(0.05, -80, -80)
        self.ranges(0.1, [1000], [1000])
        self.links(0.2, -80, -70)
        self.ranges(0.2, [1000], [1000])
        self.handovers(1)
        self.assertEqual(decider.faults(), {
            "bad_link": len(bad_links), "bad_detections": len(bad_detections),
            "unknown_cell": 2, "bistatic": 1, "late_link": 2, "late_detections": 2})

    def test_wrong_parameters_are_refused(self):
        for options in (
            dict(cells=[]), dict(cells=[1, 1]), dict(cells=[-1]),
            dict(cells=[1, 2], initial_cell=3), dict(cells=[1, 2], criterion="best"),
            dict(cells=[1, 2], hysteresis_db=-1), dict(cells=[1, 2], l3_coefficient=0),
            dict(cells=[1, 2], tolerance=-1), dict(cells=[1, 2], patience=-1),
            dict(cells=[1, 2], time_to_trigger=float("nan")),
        ):
            with self.assertRaises(ValueError, msg=str(options)):
                isac.handover_decider(**options)

    def test_no_message_is_lost_when_one_upstream_ends_before_the_others(self):
        """A flight back and forth by slow detections, beside links that end at once."""
        count = 40
        times = 0.1 * np.arange(count)
        near = [(900, 1000) if i // 4 % 2 else (1000, 900) for i in range(count)]
        lost = ("link", link(EAST, 4.0, -80))  # a last step that never becomes complete
        link_player = message_player(
            [("link", link(node, t, -80)) for t in times for node in (EAST, WEST)]
            + [lost])
        players = [link_player] + [
            message_player([("detections", detections(node, node, t, [near[i][column]]))
                            for i, t in enumerate(times)], pause=0.02)
            for column, node in enumerate((EAST, WEST))]
        decider = isac.handover_decider(
            [EAST, WEST], criterion="joint_or", initial_cell=EAST)
        for player in players:
            self.tb.connect(player, blocks.null_sink(gr.sizeof_float))
        self.tb.msg_connect(link_player, "link", decider, "link")
        for player in players[1:]:
            self.tb.msg_connect(player, "detections", decider, "detections")
        self.tb.msg_connect(decider, "handover", self.debug, "store")
        self.tb.run()
        self.assertEqual(decider.faults(), {})
        self.assertEqual(decider.num_steps(), count + 1)
        self.assertEqual(decider.num_handovers(), count // 4)
        self.assertEqual(self.debug.num_messages(), count // 4)


if __name__ == "__main__":
    gr_unittest.run(qa_handover_decider)
