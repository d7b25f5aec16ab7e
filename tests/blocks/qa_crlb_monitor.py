#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#

import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

SPEED_OF_LIGHT = 299792458.0


class publisher(gr.sync_block):
    """Publishes a list of messages, then ends with its stream."""

    def __init__(self, messages):
        gr.sync_block.__init__(self, "publisher", [np.uint8], None)
        self.messages = list(messages)
        self.message_port_register_out(pmt.intern("out"))

    def work(self, input_items, output_items):
        for message in self.messages:
            self.message_port_pub(pmt.intern("out"), message)
        self.messages = []
        return len(input_items[0])


def vector(values):
    return pmt.init_f64vector(len(values), list(values))


def report(frame, delay, doppler, snr, tx=0, rx=0, target=None):
    """A `detections` message, or a `ground_truth` one when targets are given."""
    zeros = [0.0] * len(delay)
    d = {
        "frame": pmt.from_uint64(frame),
        "scene_time": pmt.from_double(0.1 * frame),
        "tx": pmt.from_long(tx),
        "rx": pmt.from_long(rx),
        "delay": vector(delay),
        "doppler": vector(doppler),
        "range": vector(np.array(delay) * SPEED_OF_LIGHT / 2),
        "velocity": vector(zeros),
        "snr": vector(snr),
        "var_delay": vector(zeros),
        "var_doppler": vector(zeros),
    }
    if target is not None:
        d["target"] = vector(target)
        d["power_dbm"] = vector(zeros)
        d["noise_dbm"] = pmt.from_double(-100.0)
        d["interference_dbm"] = pmt.from_double(-np.inf)
    message = pmt.make_dict()
    for key, value in d.items():
        message = pmt.dict_add(message, pmt.intern(key), value)
    return message


class qa_crlb_monitor(gr_unittest.TestCase):
    def setUp(self):
        self.grid = isac.ofdm_grid(
            fft_len=64, cp_len=16, num_symbols=32, subcarrier_spacing=60e3, pilots="all"
        )
        self.cell = 1 / self.grid.sample_rate()
        self.doppler_cell = 1 / (32 * self.grid.symbol_duration())

    def bound(self, snr):
        """Of all elements of equal energy: the closed form of two uniform arrays."""
        f = (np.arange(64) - 31.5) * 60e3
        t = np.array(self.grid.symbol_times())
        scale = 2 * snr * 4 * np.pi**2
        return 1 / (scale * 32 * (f**2).sum()), 1 / (scale * 64 * (t**2).sum())

    def run_monitor(self, detections, truths, streams=4, **options):
        tb = gr.top_block()
        block = isac.crlb_monitor(self.grid, **options)
        store = blocks.message_debug()
        # Blocks in Python live as long as Python holds them.
        sources = [publisher(detections), publisher(truths)]
        for source, port in zip(sources, ("detections", "ground_truth")):
            tb.connect(blocks.vector_source_b([0] * 16), source)
            tb.msg_connect(source, "out", block, port)
        sinks = [blocks.vector_sink_f() for _ in range(streams)]
        for i, sink in enumerate(sinks):
            tb.connect((block, i), sink)
        tb.msg_connect(block, "bounds", store, "store")
        start = time.monotonic()
        tb.run()
        self.assertLess(time.monotonic() - start, 5)
        reports = [pmt.to_python(store.get_message(i)) for i in range(store.num_messages())]
        return reports, [np.array(s.data()) for s in sinks], block

    def test_bounds_and_errors(self):
        errors = [0.1, -0.2, 0.3]
        truths = [report(i, [5 * self.cell], [100.0], [2.0], target=[0]) for i in range(3)]
        found = [
            report(i, [(5 + e) * self.cell], [100.0 + 10 * e], [3.0]) for i, e in enumerate(errors)
        ]
        reports, streams, block = self.run_monitor(found, truths)
        self.assertEqual([r["frame"] for r in reports], [0, 1, 2])
        delay, doppler = self.bound(2.0)
        measured, _ = self.bound(3.0)
        for r, e in zip(reports, errors):
            np.testing.assert_allclose(r["crlb_delay"], [delay], rtol=1e-6)
            np.testing.assert_allclose(r["crlb_doppler"], [doppler], rtol=1e-6)
            np.testing.assert_allclose(r["crlb_delay_measured"], [measured], rtol=1e-6)
            np.testing.assert_allclose(r["error_delay"], [e * self.cell], rtol=1e-6)
            np.testing.assert_allclose(r["error_doppler"], [10 * e], rtol=1e-6)
        rmse = np.sqrt(np.cumsum(np.square(errors)) / [1, 2, 3]) * self.cell
        np.testing.assert_allclose([r["rmse_delay"] for r in reports], rmse, rtol=1e-6)
        np.testing.assert_allclose(
            [r["efficiency_delay"] for r in reports], delay / rmse**2, rtol=1e-6
        )
        self.assertEqual(reports[-1]["misses"], 0)
        self.assertEqual(reports[-1]["ghosts"], 0)
        np.testing.assert_allclose(streams[0], rmse * SPEED_OF_LIGHT / 2, rtol=1e-5)
        np.testing.assert_allclose(
            streams[1], np.full(3, np.sqrt(delay) * SPEED_OF_LIGHT / 2), rtol=1e-5
        )
        self.assertEqual([len(s) for s in streams], [3] * 4)
        self.assertEqual(block.faults(), {})

    def test_misses_and_ghosts(self):
        truths = [
            # 0 is seen, 1 is not; the leakage takes its detection and is no target
            report(0, [5 * self.cell, 20 * self.cell, 0], [0, 0, 0], [1, 1, 1], target=[0, 1, -2]),
            report(1, [5 * self.cell], [0], [1], target=[0]),
        ]
        found = [
            report(0, [0.1 * self.cell, 5.2 * self.cell, 30 * self.cell], [0, 0, 0], [1, 1, 1]),
            report(1, [5 * self.cell], [1.5 * self.doppler_cell], [1]),
        ]
        for streams in (0, 1, 4):
            reports, _, _ = self.run_monitor(found, truths, streams)
            self.assertEqual(len(reports), 2)
            self.assertEqual((reports[0]["misses"], reports[0]["ghosts"]), (1, 1))
            self.assertEqual((reports[1]["misses"], reports[1]["ghosts"]), (2, 2))
            self.assertEqual(list(reports[0]["target"]), [0, 1])
            self.assertTrue(np.isnan(reports[0]["error_delay"][1]))
        reports, _, _ = self.run_monitor(found, truths, gate_doppler=2.0)
        self.assertEqual((reports[1]["misses"], reports[1]["ghosts"]), (1, 1))

    def test_nearest_pairs_first(self):
        truth = report(0, [5 * self.cell, 5.6 * self.cell], [0, 0], [1, 1], target=[0, 1])
        found = report(0, [5.5 * self.cell, 4.9 * self.cell], [0, 0], [1, 1])
        reports, _, _ = self.run_monitor([found], [truth])
        np.testing.assert_allclose(reports[0]["error_delay"], [-0.1 * self.cell] * 2, rtol=1e-6)

    def test_window_and_models(self):
        truths = [report(i, [5 * self.cell], [0.0], [1.0], target=[0]) for i in range(4)]
        found = [report(i, [(5 + 0.1 * i) * self.cell], [0.0], [1.0]) for i in range(4)]
        reports, _, _ = self.run_monitor(found, truths, window=1)
        rmse = np.array([0, 0.1, 0.2, 0.3]) * self.cell
        np.testing.assert_allclose([r["rmse_delay"] for r in reports], rmse, atol=1e-9 * self.cell)
        unknown, _, _ = self.run_monitor(found, truths)
        known, _, _ = self.run_monitor(found, truths, model="known_phase")
        published, _, _ = self.run_monitor(found, truths, model="published")
        self.assertLess(known[0]["crlb_delay"][0], unknown[0]["crlb_delay"][0])
        self.assertLess(published[0]["crlb_delay"][0], unknown[0]["crlb_delay"][0])

    def test_pairs_of_nodes_are_kept_apart(self):
        truths = [report(0, [5 * self.cell], [0.0], [1.0], rx=rx, target=[0]) for rx in (0, 1)]
        found = [report(0, [5 * self.cell], [0.0], [1.0], rx=1)]
        reports, _, _ = self.run_monitor(found, truths)
        self.assertEqual([(r["frame"], r["rx"]) for r in reports], [(0, 1)])

    def test_many_frames_are_all_joined(self):
        truths = [report(i, [5 * self.cell], [0.0], [1.0], target=[0]) for i in range(50)]
        found = [report(i, [5 * self.cell], [0.0], [1.0]) for i in range(50)]
        reports, streams, _ = self.run_monitor(found, truths, streams=2)
        self.assertEqual([r["frame"] for r in reports], list(range(50)))
        self.assertEqual(len(streams[0]), 50)

    def test_wrong_messages(self):
        good = report(70, [5 * self.cell], [0.0], [1.0], target=[0])
        short = pmt.dict_delete(good, pmt.intern("delay"))
        late = [report(i, [], [], []) for i in range(66)]
        reports, _, block = self.run_monitor(
            late + [report(70, [5 * self.cell], [0.0], [1.0])], [pmt.PMT_T, pmt.PMT_NIL, short, good]
        )
        self.assertEqual([r["frame"] for r in reports], [70])
        faults = block.faults()
        self.assertEqual(faults.pop("bad_message"), 3)
        # 66 or 67 wait at once, as the two inputs happen to come; 64 may.
        self.assertIn(faults, ({"unmatched": 2}, {"unmatched": 3}))

    def test_idle_block_sleeps(self):
        tb = gr.top_block()
        block = isac.crlb_monitor(self.grid)
        tb.connect(block, blocks.null_sink(gr.sizeof_float))
        tb.start()
        before = time.process_time()
        time.sleep(0.5)
        used = time.process_time() - before
        tb.stop()
        tb.wait()
        self.assertLess(used, 0.1)

    def test_live_setters_and_wrong_parameters(self):
        block = isac.crlb_monitor(self.grid)
        block.set_gate(2.0, 3.0)
        block.set_model("published")
        block.reset()
        self.assertRaises(ValueError, lambda: block.set_gate(0.0, 1.0))
        self.assertRaises(ValueError, lambda: block.set_model("x"))
        for wrong in (
            dict(reference="x"),
            dict(model="x"),
            dict(gate_delay=0.0),
            dict(gate_doppler=float("nan")),
            dict(window=-1),
        ):
            self.assertRaises(ValueError, lambda: isac.crlb_monitor(self.grid, **wrong))
        self.assertRaises(ValueError, lambda: isac.crlb_monitor(None))


if __name__ == "__main__":
    gr_unittest.run(qa_crlb_monitor)
