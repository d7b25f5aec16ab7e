#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Bad input to the whole chain, payload to decision: a warning, a count, and nothing else lost."""

import unittest

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

import report_messages
from sensing_chain import NUM_FRAMES, network, small_grid, spoiler

FRAME = small_grid().frame_samples()
ALL = list(range(NUM_FRAMES))
HIT = 3
# In the useful part of the frame's sixth symbol.
SAMPLE = HIT * FRAME + 5 * 80 + 40
# What of a message depends on its own frame alone; what runs over frames is left out.
FIELDS = {
    "link": ("scene_time", "rsrp_dbm", "sinr_db", "evm_db", "ber"),
    "pdus": ("scene_time", "payload"),
    "detections": ("scene_time", "delay", "doppler", "range", "velocity", "snr", "var_delay",
                   "var_doppler"),
    "ground_truth": ("scene_time", "delay", "doppler", "power_dbm", "snr", "target"),
    "bounds": ("scene_time", "target", "crlb_delay", "crlb_delay_measured", "error_delay",
               "error_doppler"),
}
REPORTS = ("link", "pdus", "detections", "bounds")


def but(*frames):
    return [frame for frame in ALL if frame not in frames]


class qa_bad_input(gr_unittest.TestCase):
    undisturbed = {}

    def clean(self, **options):
        """A run of the same chain without anything wrong, made once."""
        key = repr(sorted(options.items()))
        if key not in self.undisturbed:
            run = network(**options)
            self.assertTrue(run.run())
            self.assertEqual(run.faults(), {})
            self.undisturbed[key] = run
        return self.undisturbed[key]

    def disturbed(self, spoiled, meanwhile=lambda top: None, **options):
        """A run with a spoiled first cell; the second, and what waits for both, lose nothing."""
        run = network(spoiled, {}, **options)
        self.assertTrue(run.run(lambda: meanwhile(run)), "the flowgraph did not end")
        for port in FIELDS:
            self.assert_same(run, self.clean(**options), port, ALL, node=1)
        self.assert_warned_once(run)
        return run

    def assert_warned_once(self, run):
        faults = run.faults()
        kinds = sum(len(kinds) for kinds in faults.values())
        self.assertEqual(sum(run.warnings().values()), kinds, f"{faults}\n{run.text}")

    def assert_same(self, run, clean, port, frames, node=0, came=None):
        """These frames are as undisturbed; `came`, or else just these, have come."""
        got, wanted = run.got(port, node), clean.got(port, node)
        self.assertEqual(sorted(got), frames if came is None else came, f"{port} of cell {node}")
        for frame in frames:
            self.assert_equal(got[frame], wanted[frame], FIELDS[port],
                              f"frame {frame} on {port} of cell {node}")

    def assert_equal(self, got, wanted, fields, which):
        for field in fields:
            if isinstance(wanted[field], bytes):
                self.assertEqual(got[field], wanted[field], f"{field} of {which}")
            else:
                # The channel sums a frame's power in single precision, in pieces as they come.
                np.testing.assert_allclose(got[field], wanted[field], rtol=1e-6, atol=0,
                                           err_msg=f"{field} of {which}")

    def test_a_run_without_faults_loses_no_message(self):
        # The second cell is slower: whatever has no streams hears the first end long before.
        slow = {"before": blocks.throttle(gr.sizeof_gr_complex, 64000)}
        run = network({}, slow, frames=50)
        self.assertTrue(run.run())
        self.assertEqual(run.faults(), {})
        self.assertEqual(run.warnings(), {})
        for cell in run.cells:
            self.assertEqual(cell.receiver.num_frames(), 50)
            for port in FIELDS:
                self.assertEqual(sorted(run.got(port, cell.node)), list(range(50)), port)
                self.assertEqual(run.log.frames(port, cell.node), 50, port)
        self.assertEqual(run.decider.num_steps(), 50)
        self.assertEqual(run.combiner.num_steps(), 50)
        self.assertEqual(len(run.log.handovers()), run.decider.num_handovers())

    def test_not_finite_before_the_channel(self):
        for value in (np.nan, np.inf, complex(0, -np.inf)):
            with self.subTest(value=value):
                run = self.disturbed({"before": spoiler({SAMPLE: value, SAMPLE + 7: value})})
                # The channel hears nothing instead, which two samples of a frame do not show.
                self.assertEqual(run.faults(), {"channel0": {"not_finite": 2}})
                for port in FIELDS:
                    self.assert_same(run, self.clean(), port, but(HIT), came=ALL)

    def test_not_finite_behind_the_channel(self):
        for value in (np.nan, np.inf, complex(0, -np.inf)):
            with self.subTest(value=value):
                run = self.disturbed({"after": spoiler({SAMPLE: value, SAMPLE + 7: value})})
                self.assertEqual(run.faults(), {"estimator0": {"not_finite": 1},
                                                "receiver0": {"not_finite": 1}})
                for port in REPORTS:
                    self.assert_same(run, self.clean(), port, but(HIT))
                self.assert_same(run, self.clean(), "ground_truth", ALL)
                self.assertEqual(run.decider.num_steps(), NUM_FRAMES)
                self.assertEqual(run.combiner.num_steps(), NUM_FRAMES)

    def test_not_finite_in_a_prefix_costs_nothing(self):
        run = self.disturbed({"after": spoiler({HIT * FRAME + 5 * 80 + 3: np.nan})})
        self.assertEqual(run.faults(), {})
        for port in FIELDS:
            self.assert_same(run, self.clean(), port, ALL)

    def test_every_frame_not_finite(self):
        run = self.disturbed({"after": spoiler({i * FRAME + 40: np.nan for i in ALL})})
        self.assertEqual(run.faults(), {"estimator0": {"not_finite": NUM_FRAMES},
                                        "receiver0": {"not_finite": NUM_FRAMES}})
        for port in REPORTS:
            self.assertEqual(run.got(port), {})

    def test_lost_samples_before_the_channel(self):
        # Noise counts samples, and would be another one behind the gap.
        run = self.disturbed({"before": spoiler(drops=[(SAMPLE, 100)])}, noise=False)
        self.assertEqual(run.faults(), {"channel0": {"lost_samples": 1},
                                        "demodulator0": {"lost_samples": 1},
                                        "estimator0": {"lost_rows": 1},
                                        "receiver0": {"lost_rows": 1}})
        for port in FIELDS:
            self.assert_same(run, self.clean(noise=False), port, but(HIT))

    def test_lost_samples_behind_the_channel(self):
        for first, count in ((SAMPLE, 1), (SAMPLE, 100), (HIT * FRAME + 1, FRAME - 1)):
            with self.subTest(first=first, count=count):
                run = self.disturbed({"after": spoiler(drops=[(first, count)])})
                faults = run.faults()
                self.assertEqual(faults.pop("demodulator0"), {"lost_samples": 1})
                # Where not a row is left, the number of the next frame tells.
                for name, kinds in faults.items():
                    self.assertIn(name, ("estimator0", "receiver0"))
                    self.assertEqual(sum(kinds.values()), 1, kinds)
                self.assertEqual(len(faults), 2)
                for port in REPORTS:
                    self.assert_same(run, self.clean(), port, but(HIT))
                self.assert_same(run, self.clean(), "ground_truth", ALL)

    def test_lost_samples_take_a_frame_tag_with_them(self):
        # Without its tag the next frame's samples fill up the torn one; what is left over of
        # them stands outside any frame. Where they do not suffice, the torn frame is dropped.
        for count, heard in ((FRAME - 100, but(HIT + 1)), (FRAME, but(HIT + 1)),
                             (FRAME + 100, but(HIT, HIT + 1))):
            with self.subTest(count=count):
                run = self.disturbed({"after": spoiler(drops=[(SAMPLE, count)])})
                faults = run.faults()
                self.assertEqual("demodulator0" in faults, count != FRAME)
                for name in ("receiver0", "estimator0"):
                    self.assertEqual(faults[name]["frame_jump"], 1)
                    self.assertEqual("lost_rows" in faults[name], count > FRAME)
                for port in ("link", "detections"):
                    self.assert_same(run, self.clean(), port, but(HIT, HIT + 1), came=heard)

    def test_lost_samples_that_the_receiver_tells_of(self):
        # No frame is made of two, tag or not.
        for count in (FRAME - 100, FRAME, FRAME + 100):
            with self.subTest(count=count):
                run = self.disturbed({"after": spoiler(drops=[(SAMPLE, count)],
                                                       clock=small_grid().sample_rate())})
                faults = run.faults()
                self.assertEqual(faults["demodulator0"], {"lost_samples": 1})
                for name in ("receiver0", "estimator0"):
                    self.assertEqual(faults[name], {"lost_rows": 1, "frame_jump": 1})
                for port in REPORTS:
                    self.assert_same(run, self.clean(), port, but(HIT, HIT + 1))

    def test_a_whole_frame_is_lost(self):
        run = self.disturbed({"after": spoiler(drops=[(HIT * FRAME, FRAME)])})
        self.assertEqual(run.faults(), {"estimator0": {"frame_jump": 1},
                                        "receiver0": {"frame_jump": 1}})
        for port in REPORTS:
            self.assert_same(run, self.clean(), port, but(HIT))

    def test_frame_numbers_jump(self):
        def ahead(number):
            return pmt.from_uint64(number + (100 if number >= HIT else 0))
        moved = [i if i < HIT else i + 100 for i in ALL]
        for place, faults in (("before", ("channel0", "estimator0", "receiver0")),
                              ("after", ("estimator0", "receiver0"))):
            with self.subTest(place=place):
                run = self.disturbed({place: spoiler(renumber=ahead)}, reference="pilots")
                self.assertEqual(run.faults(), {name: {"frame_jump": 1} for name in faults})
                clean = self.clean(reference="pilots")
                for port in ("link", "pdus", "detections"):
                    got, wanted = run.got(port), clean.got(port)
                    self.assertEqual(sorted(got), moved)
                    for frame, before in zip(moved, ALL):
                        # Frames that are missing pass in the scene, where nothing moves.
                        self.assert_equal(got[frame], wanted[before], FIELDS[port][1:], port)
                # A jump that the channel has seen is in the truth as well.
                joined = moved if place == "before" else ALL[:HIT]
                self.assertEqual(sorted(run.got("bounds")), joined)

    def test_frame_numbers_start_anew(self):
        def again(number):
            return pmt.from_uint64(number % HIT)
        run = self.disturbed({"after": spoiler(renumber=again)}, reference="pilots")
        jumps = {"frame_jump": (NUM_FRAMES - 1) // HIT}
        self.assertEqual(run.faults(), {"estimator0": jumps, "receiver0": jumps})
        for port in ("link", "detections"):
            self.assertEqual(run.log.frames(port, 0), NUM_FRAMES)
        self.assertEqual(run.decider.num_steps(), NUM_FRAMES)

    def test_frame_numbers_without_a_reference(self):
        def ahead(number):
            return pmt.from_uint64(number + (100 if number >= HIT else 0))
        run = self.disturbed({"after": spoiler(renumber=ahead)})
        self.assertEqual(run.faults()["estimator0"],
                         {"frame_jump": 1, "no_reference": NUM_FRAMES - HIT})
        self.assert_same(run, self.clean(), "detections", ALL[:HIT])
        # The receiver needs none: the payload comes all the same.
        self.assertEqual(len(run.got("pdus")), NUM_FRAMES)

    def test_frame_tags_of_another_type(self):
        def wrong(number):
            return pmt.intern("next") if number == HIT else pmt.from_uint64(number)
        run = self.disturbed({"before": spoiler(renumber=wrong)})
        self.assertEqual(run.faults()["channel0"]["bad_tag"], 1)
        for port in REPORTS:
            self.assert_same(run, self.clean(), port, but(HIT))

    def test_wrong_messages_at_every_port(self):
        posted = {}

        def post(run):
            for name, block in run.blocks().items():
                basic = block.to_basic_block()
                ports = pmt.to_python(basic.message_ports_in())
                for port in (p for p in ports if p != "system"):
                    junk = wrong_messages(port, NOT_LOGGED if name == "log" else ())
                    posted[name, port] = len(junk)
                    for message in junk:
                        basic._post(pmt.intern(port), message)

        run = self.disturbed({}, meanwhile=post)
        for port in FIELDS:
            self.assert_same(run, self.clean(), port, ALL)
        self.assertEqual(run.decider.num_steps(), NUM_FRAMES)
        self.assertEqual(run.combiner.num_steps(), NUM_FRAMES)
        self.assertEqual({port for _, port in posted},
                         {"link", "detections", "ground_truth", "bounds", "handover", "pdus",
                          "tracks", "signalling"})
        faults = run.faults()
        for name in {name for name, _ in posted}:
            count = sum(times for (owner, _), times in posted.items() if owner == name)
            self.assertEqual(sum(faults.pop(name).values()), count, name)
        self.assertEqual(faults, {})

    def test_wrong_pdus_to_the_modulator(self):
        run = network({"input": "pdu", "when_starved": "wait"}, frames=4)
        modulator = run.cells[0].modulator
        good = pmt.cons(pmt.PMT_NIL, pmt.init_u8vector(3, [1, 2, 3]))

        def post():
            for message in wrong_messages("pdus"):
                modulator.to_basic_block()._post(pmt.intern("pdus"), message)
            for _ in range(4):
                modulator.to_basic_block()._post(pmt.intern("pdus"), good)

        self.assertTrue(run.run(post))
        self.assertEqual(run.faults(),
                         {"modulator0": {"bad_pdu": len(wrong_messages("pdus"))}})
        self.assertEqual([pdu["payload"] for pdu in run.got("pdus").values()], 4 * [b"\1\2\3"])
        self.assert_warned_once(run)

    def test_no_payload(self):
        for options in ({"source": [], "when_starved": "idle"},
                        {"input": "none", "when_starved": "idle"},
                        {"input": "pdu", "when_starved": "idle"}):
            with self.subTest(**options):
                run = network(options)
                self.assertTrue(run.run())
                # Idle frames are frames: heard, measured, and sensed with.
                self.assertEqual(run.faults(), {})
                for port in ("link", "detections", "ground_truth", "bounds"):
                    self.assertEqual(sorted(run.got(port)), ALL)
                self.assertEqual(run.got("pdus"), {})
                self.assertEqual(run.cells[0].receiver.num_failed_crcs(), 0)

    def test_payload_that_ends(self):
        payload = [i % 256 for i in range(300)]
        for starved in ("wait", "idle"):
            with self.subTest(when_starved=starved):
                run = network({"source": payload, "when_starved": starved})
                self.assertTrue(run.run())
                self.assertEqual(run.faults(), {})
                got = b"".join(pdu["payload"] for _, pdu in sorted(run.got("pdus").items()))
                if starved == "wait":
                    self.assertEqual(got, bytes(payload))
                    capacity = run.cells[0].modulator.capacity()
                    frames = -(-len(payload) // capacity)
                else:  # what came in time has been sent
                    self.assertEqual(got, bytes(payload)[:len(got)])
                    frames = NUM_FRAMES
                for port in ("link", "detections"):
                    self.assertEqual(sorted(run.got(port)), ALL[:frames])

    def test_a_source_that_is_empty_from_the_start(self):
        run = network({"source": [], "when_starved": "wait"})
        self.assertTrue(run.run())
        self.assertEqual(run.faults(), {})
        self.assertEqual(run.got("link"), {})


# Keys that handover_log does not look at.
NOT_LOGGED = ("rx", "power_dbm", "noise_dbm", "interference_dbm")


def wrong_messages(port, unused=()):
    """Messages that a port has to refuse: of wrong types, without a key, with a wrong value."""
    wrong = [pmt.PMT_NIL, pmt.PMT_T, pmt.from_long(3), pmt.from_double(np.nan),
             pmt.intern("hello"), pmt.make_vector(3, pmt.PMT_NIL), pmt.init_f64vector(2, [1, 2]),
             pmt.cons(pmt.PMT_T, pmt.PMT_T)]
    if port == "pdus":
        return wrong + [pmt.cons(pmt.make_dict(), pmt.init_f32vector(1, [1])),
                        pmt.cons(pmt.make_dict(), pmt.intern("payload"))]
    good = GOOD[port]
    for key, value in pmt.to_python(good).items():
        if key in unused:
            continue
        wrong.append(report_messages.without(good, key))
        wrong.append(report_messages.changed(good, key, pmt.make_dict()))
        if isinstance(value, np.ndarray):
            wrong.append(report_messages.changed(good, key, pmt.intern("many")))
    return wrong


DETECTIONS = report_messages.detections(0, 0, 1.0, [100.0])
GROUND_TRUTH = report_messages.changed(report_messages.changed(report_messages.changed(
    report_messages.changed(DETECTIONS, "target", np.zeros(1)), "power_dbm", np.zeros(1)),
    "noise_dbm", -100.0), "interference_dbm", -100.0)
GOOD = {
    "link": report_messages.link(0, 1.0, -80.0),
    "detections": DETECTIONS,
    "ground_truth": GROUND_TRUTH,
    "bounds": report_messages.dictionary({
        "frame": 0, "scene_time": 1.0, "tx": 0, "efficiency_delay": 1.0, "rmse_delay": 1e-9}),
    "handover": report_messages.dictionary({
        "scene_time": 1.0, "from": 0, "to": 1, "cause": "rsrp"}),
    "tracks": report_messages.track([0.0, 0.0, 0.0]),
    "signalling": report_messages.signal("accept", 1.0, 0, 0, 0),
}


if __name__ == "__main__":
    gr_unittest.run(qa_bad_input)
