#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Every kind of message finds its port."""

import pmt
from gnuradio import blocks, gr, gr_unittest, isac
from gnuradio.isac.message_router import PORTS
from report_messages import changed, detections, dictionary, link, signal, track, wait_until

FOUND = detections(0, 0, 1.0, [100.0])
CONFIGURATION = {"scene_time": 0.0, "tx": 0, "rx": 0, "mode": "monostatic", "source_tx": -1,
                 "source_rx": -1, "cause": "first"}
MESSAGES = {
    "signalling": signal("refuse", 0.0, 0, 0, 0, cause="power"), "link": link(0, 0.0, -80.0),
    "bounds": changed(FOUND, "crlb_delay", 0.0), "ground_truth": changed(FOUND, "power_dbm", 0.0),
    "detections": FOUND, "configuration": dictionary(CONFIGURATION), "tracks": track([0, 0, 0]),
    "beam": dictionary({"scene_time": 0.0, "node": 0, "azimuth": 0.0, "elevation": 0.0,
                        "width": 0.1}),
    "handover": dictionary({"scene_time": 0.0, "from": 0, "to": 1, "cause": "rsrp"}),
}


class qa_message_router(gr_unittest.TestCase):
    def setUp(self):
        self.tb = gr.top_block()
        self.router = isac.message_router()
        self.came = {port: blocks.message_debug(False) for port in PORTS}
        for port, debug in self.came.items():
            self.tb.msg_connect(self.router, port, debug, "store")
        self.tb.start()

    def tearDown(self):
        self.tb.stop()
        self.tb.wait()

    def post(self, message):
        self.router.to_basic_block()._post(pmt.intern("messages"), message)

    def test_each_kind_finds_its_port(self):
        self.assertEqual(set(MESSAGES), set(PORTS))
        fused = changed(changed(FOUND, "position", 0.0), "covariance", 0.0)
        assist = changed(track([0, 0, 0]), "kind", "assist")
        for message in (*MESSAGES.values(), fused, assist):
            self.post(message)
        wanted = {port: [message] for port, message in MESSAGES.items()}
        wanted["detections"].append(fused)
        wanted["signalling"].append(assist)
        counts = {port: len(messages) for port, messages in wanted.items()}
        self.assertTrue(wait_until(lambda: {port: debug.num_messages() for port, debug in
                                            self.came.items()} == counts))
        self.assertEqual(self.router.counts(), counts)
        for port, messages in wanted.items():
            for i, message in enumerate(messages):
                self.assertTrue(pmt.equal(self.came[port].get_message(i), message), port)

    def test_what_is_none_is_counted(self):
        wrong = [pmt.PMT_T, pmt.from_long(3), pmt.intern("delay"), pmt.make_dict(),
                 dictionary({"answer": 42}), pmt.init_f64vector(1, [1.0])]
        for message in (*wrong, MESSAGES["link"]):
            self.post(message)
        self.assertTrue(wait_until(lambda: self.came["link"].num_messages() == 1))
        self.assertEqual(self.router.faults(), {"bad_messages": len(wrong)})


if __name__ == "__main__":
    gr_unittest.run(qa_message_router)
