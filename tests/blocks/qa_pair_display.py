#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What pair_display keeps and draws, and what it drops."""

import numpy as np
import pmt
from gnuradio import gr, gr_unittest, isac
from PyQt5 import QtWidgets
from report_messages import changed, detections, dictionary, wait_until, without


def configuration(scene_time, tx, rx, mode):
    return dictionary({"scene_time": scene_time, "tx": tx, "rx": rx, "mode": mode})


class qa_pair_display(gr_unittest.TestCase):
    def setUp(self):
        self.application = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
        self.display = isac.pair_display(span=5.0)

    def deliver(self, *messages, until):
        top = gr.top_block()
        # A block without neighbours is no part of a flowgraph.
        other = isac.mono_bistatic_combiner([(0, 0)])
        top.msg_connect(other, "detections", self.display, "combined")
        top.start()
        for port, message in messages:
            self.display.to_basic_block()._post(pmt.intern(port), message)
        self.assertTrue(wait_until(until))
        top.stop()
        top.wait()

    def test_draws_what_arrived(self):
        messages = []
        for i in range(5):
            messages += [("detections", detections(0, 1, i, [900.0, 500.0], snr=[0.1, 0.01])),
                         ("detections", detections(0, 0, i, [200.0 + i], snr=10.0)),
                         ("combined", detections(0, 0, i, [200.0 + i], snr=10.0))]
        self.deliver(*messages,
                     ("combined", detections(0, 0, 5.0)),
                     ("configuration", configuration(0.0, 0, 0, "monostatic")),
                     ("configuration", configuration(3.0, 0, 1, "bistatic")),
                     until=lambda: len(self.display.series()[2]) == 2)
        self.display._draw()
        self.application.processEvents()
        self.assertEqual(self.display._state.text(), "4.0 s: 0 → 1 senses, bistatic")
        snr, ranges = self.display._plots
        for plot, pair, values in ((snr, (0, 1), [-10.0] * 5), (snr, (0, 0), [10.0] * 5),
                                   (ranges, (0, 0), 200.0 + np.arange(5))):
            time, drawn = self.display._curves[plot, pair].getData()
            np.testing.assert_allclose(time, np.arange(5))
            np.testing.assert_allclose(drawn, values)
        self.assertNotIn((0, 1), self.display.series()[1])
        self.assertEqual(self.display.faults(), {})

    def test_drops_what_it_cannot_read(self):
        report = detections(0, 0, 0.0, [100.0])
        self.deliver(("detections", pmt.intern("nothing")), ("detections", without(report, "rx")),
                     ("combined", without(report, "range")),
                     ("configuration", without(configuration(0.0, 0, 0, "monostatic"), "mode")),
                     # Of a wrong type, which would else come to light in Qt's thread.
                     ("detections", changed(report, "scene_time", pmt.intern("now"))),
                     ("detections", changed(report, "snr", pmt.intern("high"))),
                     ("combined", changed(report, "range", pmt.intern("far"))),
                     ("configuration", configuration(0.0, 0, 0, 3)),
                     ("configuration", configuration(pmt.intern("now"), 0, 0, "bistatic")),
                     until=lambda: sum(self.display.faults().values()) == 9)
        self.assertEqual(self.display.series(), ({}, {}, []))
        self.display._draw()

    def test_refuses_what_it_cannot_show(self):
        with self.assertRaisesRegex(ValueError, "span = -1"):
            isac.pair_display(span=-1)
        with self.assertRaisesRegex(ValueError, "update_time = 0"):
            isac.pair_display(update_time=0)


if __name__ == "__main__":
    gr_unittest.run(qa_pair_display)
