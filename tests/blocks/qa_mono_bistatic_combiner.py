#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Detections in, the best pair's out; selection and combination are tested in tests/kernels."""

import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac
from report_messages import (changed, detections, link, message_player, signal, stored, track,
                             wait_until, without)

MONO, BISTATIC = (0, 0), (0, 5)


class qa_mono_bistatic_combiner(gr_unittest.TestCase):
    def setUp(self):
        self.tb = gr.top_block()
        self.detections, self.configuration = (blocks.message_debug(False) for _ in range(2))

    def tearDown(self):
        self.tb.stop()
        self.tb.wait()

    def connect(self, pairs=(MONO, BISTATIC), **options):
        self.combiner = isac.mono_bistatic_combiner(pairs, **options)
        self.tb.msg_connect(self.combiner, "detections", self.detections, "store")
        self.tb.msg_connect(self.combiner, "configuration", self.configuration, "store")
        return self.combiner

    def connect_anew(self, pairs, **options):
        """Another combiner instead of the one that runs."""
        self.tearDown()
        self.setUp()
        return self.start(pairs, **options)

    def start(self, pairs=(MONO, BISTATIC), **options):
        self.connect(pairs, **options)
        self.tb.start()
        return self.combiner

    def post(self, port, message):
        self.combiner.to_basic_block()._post(pmt.intern(port), message)

    def send(self, *messages):
        for message in messages:
            self.post("detections", message)

    def both(self, scene_time, mono_db, bistatic_db):
        self.send(detections(*MONO, scene_time, [1000], snr=10 ** (mono_db / 10)),
                  detections(*BISTATIC, scene_time, [1200], snr=10 ** (bistatic_db / 10)))

    def steps(self, count):
        self.assertTrue(wait_until(lambda: self.combiner.num_steps() >= count))
        self.assertEqual(self.combiner.num_steps(), count)

    def outputs(self, num_detections, num_configurations):
        for debug, count in ((self.detections, num_detections),
                             (self.configuration, num_configurations)):
            self.assertTrue(wait_until(lambda: debug.num_messages() >= count))
            self.assertEqual(debug.num_messages(), count)
        return stored(self.detections), stored(self.configuration)

    def test_best_pair_with_hysteresis(self):
        combiner = self.start(hysteresis_db=3)
        self.assertEqual(combiner.selected(), (-1, -1))
        for i, (mono, bistatic) in enumerate(((-10, -12), (-10, -8), (-10, -6), (-8, -6))):
            self.both(0.1 * i, mono, bistatic)
        self.steps(4)
        found, configurations = self.outputs(4, 2)
        self.assertEqual([(d["tx"], d["rx"]) for d in found],
                         [MONO, MONO, BISTATIC, BISTATIC])
        none = {"source_tx": -1, "source_rx": -1}
        self.assertEqual(configurations, [
            {"scene_time": 0.0, "tx": 0, "rx": 0, "mode": "monostatic", "cause": "first", **none},
            {"scene_time": 0.2, "tx": 0, "rx": 5, "mode": "bistatic", "cause": "snr", **none}])
        self.assertEqual(combiner.selected(), BISTATIC)
        self.assertEqual(combiner.num_changes(), 1)
        np.testing.assert_allclose(found[-1]["range"], [1200])
        np.testing.assert_allclose(found[-1]["snr"], [10**-0.6])

    def test_reports_of_one_pair_are_combined(self):
        """Weights 4/5 and 1/5 (deviations 1 and 2 m); the other target was seen once."""
        self.start(reports_per_pair=2, window=0.05)
        self.send(detections(*MONO, 1.00, [1000], deviation=1, frame=8),
                  detections(*BISTATIC, 1.00, [1200], snr=0.1),
                  detections(*MONO, 1.02, [1005, 5000], deviation=2, frame=9))
        self.assertFalse(wait_until(lambda: self.combiner.num_steps() > 0, 0.1))
        self.send(detections(*BISTATIC, 1.02, [1200], snr=0.1))
        (found,), _ = self.outputs(1, 1)
        np.testing.assert_allclose(found["range"], [1001, 5000])
        np.testing.assert_allclose(
            np.sqrt(found["var_delay"]) * 299792458.0 / 2, [np.sqrt(0.8), 2])
        np.testing.assert_allclose(found["snr"], [2, 1])
        self.assertEqual(found["frame"], 8)
        self.assertAlmostEqual(found["scene_time"], 1.01)

    def test_soft_handover_ends_with_its_window(self):
        combiner = self.start(soft_window=0.25)
        for i, (mono, bistatic) in enumerate(((0, -9), (-9, 0), (-9, 0), (-9, 0), (-9, 0))):
            self.both(0.1 * i, mono, bistatic)
        self.steps(5)
        _, configurations = self.outputs(5, 3)
        self.assertEqual([(c["source_tx"], c["source_rx"], c["cause"]) for c in configurations],
                         [(-1, -1, "first"), (*MONO, "snr"), (-1, -1, "soft_end")])
        self.assertAlmostEqual(configurations[2]["scene_time"], 0.4)
        self.assertEqual(combiner.source(), (-1, -1))

    def test_soft_handover_ends_early_by_threshold(self):
        self.start(soft_window=10, soft_end_db=-8)
        for i, mono in enumerate((0, -7, -7, -9, -9)):
            self.both(0.1 * i, mono, 5 if i else -9)
        self.steps(5)
        _, configurations = self.outputs(5, 3)
        self.assertAlmostEqual(configurations[2]["scene_time"], 0.3)

    def test_soft_handover_ends_early_by_the_targets_word(self):
        combiner = self.start(soft_window=10)
        self.both(0.0, 0, -9)
        self.both(0.1, 0, 9)
        self.steps(2)
        self.assertEqual(combiner.source(), MONO)
        self.post("signalling", signal("release", 0.1, 7, *BISTATIC))  # of a stranger
        self.both(0.2, 0, 9)
        self.steps(3)
        self.assertEqual(combiner.source(), MONO)
        self.post("signalling", signal("release", 0.2, 5, *BISTATIC))
        self.assertTrue(wait_until(lambda: combiner.source() == (-1, -1)))
        self.both(0.3, 0, 9)
        _, configurations = self.outputs(4, 3)
        self.assertEqual(configurations[2]["cause"], "soft_end")

    def test_the_source_sees_what_the_target_misses(self):
        self.start(soft_window=10)
        self.both(0.0, 0, -9)
        self.both(0.1, 0, 9)
        self.steps(2)
        self.combiner.set_time_to_trigger(10)
        self.send(detections(*MONO, 0.2, [1000]), detections(*BISTATIC, 0.2, []))
        self.send(detections(*MONO, 0.3, []), detections(*BISTATIC, 0.3, []))
        found, _ = self.outputs(4, 3)
        self.assertEqual([(d["tx"], d["rx"], len(d["snr"])) for d in found],
                         [(*MONO, 1), (*BISTATIC, 1), (*MONO, 1), (*BISTATIC, 0)])

    def test_users_in_need_move_the_sensing(self):
        """The user of node 5 has it relieved of receiving; its timer then runs for a second."""
        combiner = self.start(users=[5], needed_sinr_db=15, prohibit_time=1)
        sinr = (20, 14, 14, 20)
        for i, db in enumerate(sinr):
            self.both(0.5 * i, -20, 10)
            self.post("link", link(5, 0.5 * i, -80, db))
        self.steps(4)
        # The first pair, which receives at node 0, from the start on.
        self.assertEqual(combiner.num_changes(), 0)
        combiner = self.connect_anew(
            [BISTATIC, MONO], users=[5], needed_sinr_db=15, prohibit_time=1)
        for i, db in enumerate(sinr):
            self.both(0.5 * i, -20, 10)
            self.post("link", link(5, 0.5 * i, -80, db))
        self.steps(4)
        _, configurations = self.outputs(4, 2)
        self.assertEqual([(c["tx"], c["rx"], c["scene_time"], c["cause"])
                          for c in configurations],
                         [(*BISTATIC, 0.0, "first"), (*MONO, 0.5, "users")])

    def test_empty_and_silent_pairs(self):
        combiner = self.start(patience=0.5, silence_time=0.15)
        self.send(detections(*MONO, 0.0, []), detections(*BISTATIC, 0.0, []))
        self.steps(1)
        self.assertEqual(combiner.selected(), (-1, -1))
        self.both(0.1, 0, -20)
        self.send(detections(*MONO, 0.2, []), detections(*BISTATIC, 0.2, [1200], snr=0.01))
        self.steps(3)
        time.sleep(0.7)
        for moment in (0.3, 0.4, 0.5, 0.6):
            self.send(detections(*MONO, moment, [1000], snr=1e-4))
        self.steps(7)
        found, configurations = self.outputs(6, 3)
        self.assertEqual([c["mode"] for c in configurations],
                         ["monostatic", "bistatic", "monostatic"])
        # None was selected at 0.
        np.testing.assert_allclose([d["scene_time"] for d in found], 0.1 * np.arange(1, 7))
        self.assertEqual(combiner.faults(), {"silent_pair": 1})

    def test_patience_begins_with_the_first_report(self):
        """Pairs that need long until they report at all are not silent before."""
        combiner = self.start(patience=0.4)
        time.sleep(0.6)
        self.send(detections(*MONO, 0.0, [1000]))
        time.sleep(0.2)
        self.send(detections(*BISTATIC, 0.0, [1200]))
        self.steps(1)
        self.assertEqual(combiner.faults(), {})

    def test_parameters_change_live(self):
        combiner = self.start(hysteresis_db=30)
        self.both(0.0, 0, -10)
        self.both(0.1, 0, 10)
        self.steps(2)
        self.assertEqual(combiner.selected(), MONO)
        combiner.set_hysteresis_db(3)
        combiner.set_time_to_trigger(0)
        combiner.set_silence_time(2)
        combiner.set_gate(5)
        combiner.set_patience(2)
        combiner.set_window(0.01)
        combiner.set_reports_per_pair(2)
        self.assertLess({"hysteresis_db": 3.0, "silence_time": 2.0, "gate": 5.0,
                         "reports_per_pair": 2}.items(), combiner.parameters().items())
        self.both(0.2, 0, 10)
        self.both(0.205, 0, 10)
        self.steps(3)
        self.assertEqual(combiner.selected(), BISTATIC)
        self.assertFalse(hasattr(combiner, "set_users"))
        for call in (lambda: combiner.set_hysteresis_db(-1), lambda: combiner.set_gate(0),
                     lambda: combiner.set_patience(-1), lambda: combiner.set_window(-1),
                     lambda: combiner.set_reports_per_pair(0),
                     lambda: combiner.set_silence_time(float("nan"))):
            with self.assertRaises(ValueError):
                call()

    def test_wrong_messages_are_counted_and_nothing_else_is_lost(self):
        combiner = self.start()
        good = detections(*MONO, 0.0, [1000])
        bad = [pmt.PMT_NIL, pmt.from_long(3), without(good, "snr"), without(good, "tx"),
               changed(good, "delay", 1e-6), changed(good, "scene_time", float("nan")),
               changed(good, "doppler", pmt.init_f64vector(2, [0, 0])),
               changed(good, "var_delay", pmt.init_f64vector(1, [float("nan")]))]
        self.send(*bad, detections(5, 0, 0.0, [1]))
        self.both(0.0, 0, -10)
        self.steps(1)
        self.both(0.0, 0, -10)
        self.both(0.1, 0, -10)
        self.steps(2)
        self.outputs(2, 1)
        self.assertEqual(combiner.faults(), {
            "bad_detections": len(bad), "unknown_pair": 1, "late_detections": 2})

    def test_wrong_messages_at_the_other_ports(self):
        combiner = self.start(users=[7])
        for port, good in (("link", link(7, 0, -80)), ("tracks", track([0, 0, 0])),
                           ("signalling", signal("accept", 0.0, 0, *MONO))):
            bad = [pmt.PMT_NIL, pmt.from_long(3), without(good, "scene_time"),
                   changed(good, "scene_time", float("nan"))]
            for message in bad:
                self.post(port, message)
            self.assertTrue(wait_until(
                lambda: combiner.faults().get("bad_" + port, 0) == len(bad)), port)
        self.post("link", link(8, 0, -80))
        self.post("signalling", signal("accept", 0.0, 0, *MONO))
        self.post("signalling", signal("request", 0.0, 0, *MONO, num_symbols=1,
                                       num_subcarriers=1, tx_power_dbm=1.0))
        self.assertTrue(wait_until(lambda: combiner.faults().get("bad_signalling") == 5))
        self.assertEqual(combiner.faults()["unknown_user"], 1)
        self.assertEqual(combiner.faults()["late_reply"], 1)

    def test_wrong_parameters_are_refused(self):
        for options in (
            dict(pairs=[]), dict(pairs=[(0, 0), (0, 0)]), dict(pairs=[(0, -1)]),
            dict(pairs=[MONO], hysteresis_db=-1), dict(pairs=[MONO], time_to_trigger=-1),
            dict(pairs=[MONO], silence_time=-1), dict(pairs=[MONO], reports_per_pair=0),
            dict(pairs=[MONO], window=-1), dict(pairs=[MONO], gate=0),
            dict(pairs=[MONO], patience=-1), dict(pairs=[MONO], gate=float("nan")),
        ):
            with self.assertRaises(ValueError, msg=str(options)):
                isac.mono_bistatic_combiner(**options)

    def test_no_message_is_lost_when_one_upstream_ends_before_the_other(self):
        """Every step's detections also reach a decider behind the combiner."""
        count = 40
        self.connect()
        # The last step never becomes complete, and is decided at the end.
        players = [message_player([("detections", detections(*pair, 0.1 * i, [1000], snr=snr))
                                   for i in range(steps)], pause)
                   for pair, steps, snr, pause in (
                       (MONO, count + 1, 1, 0), (BISTATIC, count, 0.1, 0.02))]
        for player in players:
            self.tb.connect(player, blocks.null_sink(gr.sizeof_float))
            self.tb.msg_connect(player, "detections", self.combiner, "detections")
        decider = isac.handover_decider([0], criterion="distance")
        self.tb.msg_connect(self.combiner, "detections", decider, "detections")
        self.tb.run()
        self.assertEqual(self.combiner.faults(), {})
        for received in (self.combiner.num_steps(), self.detections.num_messages(),
                         decider.num_steps()):
            self.assertEqual(received, count + 1)


if __name__ == "__main__":
    gr_unittest.run(qa_mono_bistatic_combiner)
