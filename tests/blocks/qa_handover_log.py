#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What handover_log keeps, what it drops, what handover_display draws, and how a run is ended."""

import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac


def dictionary(**values):
    message = pmt.make_dict()
    for key, value in values.items():
        item = (pmt.init_f64vector(len(value), value) if isinstance(value, list)
                else pmt.to_pmt(value))
        message = pmt.dict_add(message, pmt.intern(key.rstrip("_")), item)
    return message


def detections(frame, ranges, snr, tx=0, **more):
    count = len(ranges)
    vectors = {key: [0.0] * count for key in
               ("delay", "doppler", "velocity", "var_delay", "var_doppler")}
    return dictionary(frame=frame, scene_time=0.1 * frame, tx=tx, rx=tx, range=ranges, snr=snr,
                      **vectors, **more)


def link(frame, node, rsrp):
    return dictionary(frame=frame, scene_time=0.1 * frame, node=node, rsrp_dbm=rsrp, sinr_db=20.0,
                      evm_db=-20.0, ber=0.0)


class message_source(gr.basic_block):
    def __init__(self):
        gr.basic_block.__init__(self, "message_source", None, None)


class qa_handover_log(gr_unittest.TestCase):
    def deliver(self, sink, *messages):
        ports = ("link", "detections", "ground_truth", "bounds", "handover", "pdus")
        source = message_source()
        top = gr.top_block()
        for port in ports:
            source.message_port_register_out(pmt.intern(port))
            top.msg_connect(source, port, sink, port)
        top.start()
        for port, message in messages:
            source.message_port_pub(pmt.intern(port), message)
        time.sleep(0.3)
        top.stop()
        top.wait()

    def test_series_by_cell(self):
        log = isac.handover_log(keep_payload=True)
        pdu = pmt.cons(dictionary(frame=7, node=1), pmt.init_u8vector(3, [1, 2, 3]))
        self.deliver(
            log,
            ("link", link(0, 0, -80.0)), ("link", link(1, 0, -81.0)), ("link", link(0, 1, -90.0)),
            ("detections", detections(0, [100.0, 200.0], [1.0, 5.0])),
            ("detections", detections(1, [], [])),
            ("ground_truth", detections(0, [50.0, 201.0], [9.0, 5.0], target=[-1.0, 0.0])),
            ("handover", dictionary(scene_time=3.0, from_=0, to=1, cause="rsrp")),
            ("pdus", pdu))
        self.assertEqual(log.cells(), [0, 1])
        np.testing.assert_array_equal(log.link(0)["rsrp_dbm"], [-80, -81])
        np.testing.assert_array_equal(log.link(1)["rsrp_dbm"], [-90])
        # The strongest detection, and the true target, not the direct path (-1).
        np.testing.assert_array_equal(log.detections(0)["range"], [200])
        np.testing.assert_array_equal(log.truth(0)["range"], [201])
        self.assertEqual(log.frames("detections", 0), 2)
        self.assertEqual(log.handovers(),
                         [{"scene_time": 3.0, "from": 0, "to": 1, "cause": "rsrp"}])
        self.assertEqual(log.payload(1, 7), bytes([1, 2, 3]))
        self.assertIsNone(log.payload(0, 7))
        self.assertEqual(log.faults(), {})
        log.clear()
        self.assertEqual(log.cells(), [])

    def test_wrong_messages_are_counted_and_the_next_is_kept(self):
        log = isac.handover_log()
        self.deliver(log, ("link", pmt.intern("hello")), ("link", pmt.PMT_NIL),
                     ("detections", dictionary(frame=1)), ("pdus", pmt.from_long(3)),
                     ("handover", pmt.make_dict()), ("link", link(0, 0, -80.0)))
        self.assertEqual(log.faults(), {"bad_link": 2, "bad_detections": 1, "bad_pdus": 1,
                                        "bad_handover": 1})
        np.testing.assert_array_equal(log.link(0)["rsrp_dbm"], [-80])

    def test_values_of_another_type_never_reach_a_reader(self):
        log = isac.handover_log()
        good = detections(0, [100.0], [1.0])
        self.deliver(log, ("link", pmt.dict_add(link(0, 0, -80.0), pmt.intern("rsrp_dbm"),
                                           pmt.intern("loud"))),
                     ("detections", pmt.dict_add(good, pmt.intern("range"), pmt.intern("far"))),
                     ("detections", pmt.dict_add(good, pmt.intern("tx"), pmt.intern("here"))),
                     ("handover", dictionary(scene_time=3.0, from_=0, to=1, cause=7)),
                     ("detections", good))
        self.assertEqual(log.faults(), {"bad_link": 1, "bad_detections": 2, "bad_handover": 1})
        self.assertEqual(log.cells(), [0])
        self.assertEqual(log.frames("detections", 0), 1)
        self.assertEqual(log.link(0)["rsrp_dbm"].size, 0)
        np.testing.assert_array_equal(log.detections(0)["range"], [100])

    def test_run_until_stops_when_it_is_told_or_too_late(self):
        top = gr.top_block()
        counter = blocks.null_sink(1)
        top.connect(blocks.null_source(1), counter)
        self.assertTrue(isac.run_until(top, lambda: counter.nitems_read(0) > 1000, timeout=10))
        top = gr.top_block()
        top.connect(blocks.null_source(1), blocks.null_sink(1))
        self.assertFalse(isac.run_until(top, lambda: False, timeout=0.1))

    def test_display_draws_what_arrived(self):
        from PyQt5 import QtWidgets
        application = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
        display = isac.handover_display(serving_cell=0, span=5.0)
        self.deliver(display, *[("link", link(i, 0, -80.0 - i)) for i in range(10)],
                     ("detections", detections(0, [200.0], [5.0])),
                     ("handover", dictionary(scene_time=0.5, from_=0, to=1, cause="rsrp")))
        display._draw()
        application.processEvents()
        self.assertIn("cell 1 serves, 1 handovers", display._state.text())
        x, y = display._items["RSRP", 0].getData()
        np.testing.assert_allclose(x, 0.1 * np.arange(10))
        np.testing.assert_allclose(y, -80.0 - np.arange(10))

    def test_display_refuses_what_it_cannot_show(self):
        with self.assertRaisesRegex(ValueError, "span = -1"):
            isac.handover_display(span=-1)
        with self.assertRaisesRegex(ValueError, "update_time = 0"):
            isac.handover_display(update_time=0)


if __name__ == "__main__":
    gr_unittest.run(qa_handover_log)
