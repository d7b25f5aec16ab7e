#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What a node answers and where it points; the search for an object is tested in tests/kernels."""

import math

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac
from report_messages import (changed, detections, dictionary, heard, signal, stored, track,
                             wait_until, without)

NODE, OTHER = 3, 4
NEEDS = {"num_symbols": 14, "num_subcarriers": 600, "tx_power_dbm": 30.0}
# North of the node, a beam of 0.1 rad in a sector of 20.
BEAMS = {"beamwidth": 0.1, "sector_azimuth": math.pi / 2, "sector_width": 2.0}


def configuration(tx, rx, source=(-1, -1), scene_time=0.0):
    return dictionary({
        "scene_time": scene_time, "tx": tx, "rx": rx, "cause": "snr",
        "mode": "monostatic" if tx == rx else "bistatic",
        "source_tx": source[0], "source_rx": source[1]})


def assist(node, position, scene_time=0.0, **options):
    message = track(position, scene_time=scene_time, **options)
    for key, value in {"kind": "assist", "node": node, "tx": node, "rx": node,
                       "azimuth": 0.0, "elevation": 0.0}.items():
        message = changed(message, key, value)
    return message


class qa_sensing_node(gr_unittest.TestCase):
    def setUp(self):
        self.tb = gr.top_block()
        self.signalling, self.beam = (blocks.message_debug(False) for _ in range(2))

    def tearDown(self):
        self.tb.stop()
        self.tb.wait()

    def start(self, **options):
        self.node = isac.sensing_node(NODE, **{**BEAMS, **NEEDS, **options})
        self.tb.msg_connect(self.node, "signalling", self.signalling, "store")
        self.tb.msg_connect(self.node, "beam", self.beam, "store")
        self.tb.start()
        return self.node

    def post(self, port, *messages):
        for message in messages:
            self.node.to_basic_block()._post(pmt.intern(port), message)

    def configure(self, *pair, **options):
        """And waits until the node has heard it."""
        self.post("configuration", configuration(*pair, **options))
        self.assertTrue(heard(self.node, "configuration"))

    def request(self, tx=NODE, rx=NODE, node=NODE, scene_time=1.0, **needs):
        self.post("signalling", signal("request", scene_time, node, tx, rx, **{**NEEDS, **needs}))

    def signals(self, count):
        self.assertTrue(wait_until(lambda: self.signalling.num_messages() >= count))
        self.assertEqual(self.signalling.num_messages(), count)
        return stored(self.signalling)

    def beams(self, count):
        self.assertTrue(wait_until(lambda: self.beam.num_messages() >= count))
        self.assertEqual(self.beam.num_messages(), count)
        return stored(self.beam)

    def test_requests_are_answered(self):
        node = self.start()
        self.request()
        self.request(node=OTHER)
        self.request(num_symbols=15)
        self.request(num_subcarriers=601)
        self.request(tx_power_dbm=31.0)
        self.request(tx_power_dbm=-math.inf)
        answers = self.signals(5)
        self.assertEqual([a["kind"] for a in answers],
                         ["accept", "refuse", "refuse", "refuse", "accept"])
        self.assertEqual([a["cause"] for a in answers[1:4]], ["symbols", "subcarriers", "power"])
        for answer in answers:
            self.assertEqual((answer["node"], answer["tx"], answer["rx"], answer["scene_time"]),
                             (NODE, NODE, NODE, 1.0))
        self.assertEqual((node.num_accepted(), node.num_refused()), (2, 3))

    def test_what_was_accepted_is_refused_when_resources_run_short(self):
        node = self.start()
        self.request()
        self.configure(NODE, NODE)
        self.signals(1)
        self.beams(1)
        node.set_num_symbols(14)
        node.set_num_symbols(13)
        self.assertEqual(self.signals(2)[1]["cause"], "symbols")
        node.set_num_symbols(12)  # told once
        node.set_num_symbols(20)
        self.request()
        self.signals(3)
        self.configure(OTHER, OTHER)
        self.assertTrue(wait_until(lambda: not node.active()))
        node.set_tx_power_dbm(0)  # it senses no more
        self.signals(3)

    def test_assisted_it_points_there_at_once(self):
        """To a place and its prediction, whatever beam the sweep would begin with."""
        node = self.start()
        self.post("signalling", assist(OTHER, [1, 1, 0]), assist(NODE, [0, 1000, 0]))
        self.assertTrue(heard(self.node, "signalling"))
        self.configure(NODE, OTHER, scene_time=2.0)
        (beam,) = self.beams(1)
        self.assertEqual((beam["node"], beam["scene_time"], beam["width"]), (NODE, 2.0, 0.1))
        self.assertAlmostEqual(beam["azimuth"], math.pi / 2)
        self.assertAlmostEqual(beam["elevation"], 0)
        self.assertTrue(node.active())
        # Assistance that comes later turns the beam at once.
        self.post("signalling", assist(NODE, [1000, 1000, 0], scene_time=3.0))
        self.assertAlmostEqual(self.beams(2)[1]["azimuth"], math.pi / 4)

    def test_unassisted_it_sweeps_until_the_object_is_seen(self):
        self.start()
        self.configure(OTHER, NODE)
        for i, ranges in enumerate(([], [], [100.0], [100.0])):
            self.post("detections", detections(OTHER, NODE, 0.1 * i, ranges))
        self.post("detections", detections(OTHER, OTHER, 0.5, []))
        first = math.pi / 2 - 1 + 0.05
        np.testing.assert_allclose([b["azimuth"] for b in self.beams(5)],
                                   first + 0.1 * np.array([0, 1, 2, 2, 2]))

    def test_tracks_lead_the_beam(self):
        self.start()
        self.configure(NODE, NODE)
        self.beams(1)
        self.post("tracks", track([0, 1000, 0], [100, 0, 0]))
        self.assertTrue(heard(self.node, "tracks"))
        self.post("detections", detections(NODE, NODE, 2.0, [1000]))
        self.assertAlmostEqual(self.beams(2)[1]["azimuth"], math.pi / 2 - math.atan(0.2), 5)

    def test_the_source_is_released(self):
        self.start(release_snr_db=10)
        self.configure(NODE, NODE, source=(OTHER, OTHER))
        for i, snr in enumerate((9, 11, 12)):
            self.post("detections", detections(NODE, NODE, i, [100], snr=snr))
        self.beams(4)
        release, = self.signals(1)
        self.assertEqual((release["kind"], release["scene_time"], release["node"]),
                         ("release", 1.0, NODE))
        # As the source of another one's handover it has nothing to say.
        self.configure(OTHER, OTHER, source=(NODE, NODE))
        self.post("detections", detections(NODE, NODE, 3, [100], snr=20))
        self.beams(5)
        self.signals(1)

    def test_wrong_messages_are_counted(self):
        node = self.start()
        good = {"signalling": signal("request", 0, NODE, NODE, NODE, **NEEDS),
                "configuration": configuration(NODE, NODE), "tracks": track([0, 0, 0]),
                "detections": detections(NODE, NODE, 0.0, [1])}
        for port, message in good.items():
            self.post(port, pmt.PMT_NIL, pmt.from_long(3), without(message, "scene_time"),
                      changed(message, "scene_time", pmt.intern("now")))
        self.post("signalling", signal("accept", 0, NODE, NODE, NODE))
        self.assertTrue(wait_until(lambda: sum(node.faults().values()) == 17))
        self.assertEqual(node.faults(), {"bad_signalling": 5, "bad_configuration": 4,
                                         "bad_tracks": 4, "bad_detections": 4})
        self.assertFalse(node.active())

    def test_parameters_change_live(self):
        node = self.start()
        node.set_release_snr_db(3)
        self.assertEqual(node.parameters()["release_snr_db"], 3)
        self.assertFalse(hasattr(node, "set_beamwidth"))
        with self.assertRaises(ValueError):
            node.set_num_symbols(-1)


if __name__ == "__main__":
    gr_unittest.run(qa_sensing_node)
