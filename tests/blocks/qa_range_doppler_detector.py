#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#

import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

N, M = 64, 32
FIELDS = ("delay", "doppler", "range", "velocity", "snr", "var_delay", "var_doppler")


def tag(offset, key, value):
    t = gr.tag_t()
    t.offset, t.key, t.value = offset, pmt.intern(key), value
    return t


def tags_of(numbers, rows=M, start=lambda number: 0.1 * number):
    """Of whole maps, one after the other."""
    return [t for i, n in enumerate(numbers) for t in
            (tag(i * rows, "frame", pmt.from_uint64(n)),
             tag(i * rows, "scene_time", pmt.from_double(start(n))))]


class qa_range_doppler_detector(gr_unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(71)
        self.grid = isac.ofdm_grid(fft_len=N, cp_len=16, num_symbols=M, subcarrier_spacing=60e3,
                                   carrier_frequency=3.5e9, pilots="all")
        self.cell = 1 / self.grid.sample_rate()
        self.row = 1 / (M * self.grid.symbol_duration())

    def frames(self, count, *echoes):
        """Frames of echoes (delay and Doppler in cells, amplitude), a phase each, in noise."""
        k, t = np.arange(N) - N // 2, np.array(self.grid.symbol_times())
        parts = self.rng.standard_normal((2, count, M, N)) / np.sqrt(2)
        frames = parts[0] + 1j * parts[1]
        for delay, doppler, amplitude in echoes:
            shape = (self.grid.pilot_rows() * np.exp(-2j * np.pi * k * delay / N)
                     * np.exp(2j * np.pi * doppler * self.row * t)[:, None])
            frames += amplitude * np.exp(2j * np.pi * self.rng.random((count, 1, 1))) * shape
        return frames

    def maps(self, frames, **options):
        return np.array([isac.sensing.range_doppler_map(f, self.grid, **options)[0] for f in frames])

    def source(self, maps, tags=None):
        data = np.concatenate(list(maps)).astype(np.float32)
        return blocks.vector_source_f(data.ravel(), False, data.shape[1], tags or [])

    def run_block(self, *inputs, want_map=True, **options):
        """Detections, mean maps and their tags; an input is maps, or maps and tags."""
        options.setdefault("pfa", 1e-9)  # no false alarm in the few maps of a test
        tb, store = gr.top_block(), blocks.message_debug(False)
        block = isac.range_doppler_detector(self.grid, inputs=len(inputs), **options)
        for port, given in enumerate(inputs):
            source = self.source(*given) if isinstance(given, tuple) else self.source(given)
            tb.connect(source, (block, port))
        sink = blocks.vector_sink_f(block.range_cells())
        if want_map:
            tb.connect(block, sink)
        tb.msg_connect(block, "detections", store, "store")
        tb.run()
        reports = [pmt.to_python(store.get_message(i)) for i in range(store.num_messages())]
        cells = np.array(sink.data()).reshape(-1, block.doppler_cells(), block.range_cells())
        return reports, cells, sink.tags(), block

    def test_a_target_that_no_frame_shows(self):
        # 9 dB after integration over a frame.
        amplitude = np.sqrt(8 / (N * M))
        maps = self.maps(self.frames(16, (9.3, -4.4, amplitude)), pad_delay=2, pad_doppler=2)
        alone, _, _, _ = self.run_block(maps, frames=1, pad_delay=2, pad_doppler=2, pfa=1e-6)
        self.assertEqual(len(alone), 16)
        self.assertLess(sum(len(r["delay"]) for r in alone), 8)
        reports, cells, _, block = self.run_block(
            maps, frames=16, pad_delay=2, pad_doppler=2, pfa=1e-6, tx=2, rx=3)
        self.assertEqual(len(reports), 1)
        r = reports[0]
        self.assertEqual((r["tx"], r["rx"], len(r["delay"])), (2, 3, 1))
        # Five standard deviations.
        self.assertLess(abs(r["delay"][0] - 9.3 * self.cell), 5 * np.sqrt(r["var_delay"][0]))
        self.assertLess(abs(r["doppler"][0] + 4.4 * self.row), 5 * np.sqrt(r["var_doppler"][0]))
        self.assertLess(abs(10 * np.log10(r["snr"][0] / amplitude**2)), 2)
        self.assertAlmostEqual(r["range"][0], 299792458.0 * r["delay"][0] / 2)
        self.assertAlmostEqual(r["velocity"][0], -r["doppler"][0] * self.grid.wavelength() / 2)
        np.testing.assert_allclose(cells[0], maps.mean(0), rtol=1e-5)
        self.assertEqual(cells[0].shape, (block.doppler_cells(), block.range_cells()))
        row, column = np.unravel_index(np.argmax(cells[0]), cells[0].shape)
        self.assertAlmostEqual(column * block.delay_step(), 9.3 * self.cell, delta=self.cell)
        self.assertAlmostEqual((row - M) * block.doppler_step(), -4.4 * self.row, delta=self.row)

    def test_inputs_and_frames_are_added(self):
        frames = [self.frames(8, (20.0, 3.0, 1.0)) for _ in range(3)]
        maps = [self.maps(f) for f in frames]
        mean, looks = isac.sensing.mean_map(np.array(frames), self.grid)
        for want_map in (True, False):
            reports, cells, tags, block = self.run_block(
                *[(m, tags_of(range(40, 48))) for m in maps], frames=8, want_map=want_map)
            self.assertEqual([r["frame"] for r in reports], [44])
            middle = 0.1 * np.mean(range(40, 48)) + self.grid.middle_time()
            self.assertAlmostEqual(reports[0]["scene_time"], middle)
            self.assertEqual(len(reports[0]["delay"]), 1)
            self.assertEqual(block.faults(), {})
        reports, cells, tags, _ = self.run_block(
            *[(m, tags_of(range(40, 48))) for m in maps], frames=8)
        self.assertEqual(looks, 24)
        np.testing.assert_allclose(cells[0], mean, rtol=1e-5)
        told = {pmt.symbol_to_string(t.key): (t.offset, pmt.to_python(t.value)) for t in tags}
        self.assertEqual(told["frame"], (0, 44))
        self.assertEqual(told["scene_time"][0], 0)
        self.assertAlmostEqual(told["scene_time"][1], 0.1 * np.mean(range(40, 48)))

    def test_hop(self):
        maps = self.maps(self.frames(12))
        reports, cells, tags, _ = self.run_block(maps, frames=4, hop=2)
        self.assertEqual([r["frame"] for r in reports], [2, 4, 6, 8, 10])
        for i, mean in enumerate(cells):
            np.testing.assert_allclose(mean, maps[2 * i:2 * i + 4].mean(0), rtol=1e-5)
        self.assertEqual([t.offset for t in tags if pmt.eq(t.key, pmt.intern("frame"))],
                         [M * i for i in range(5)])
        self.assertEqual([len(r["delay"]) for r in reports], [0] * 5)  # told all the same

    def test_the_mean_is_like_a_map(self):
        maps = self.maps(self.frames(8, (9.3, 4.4, 1.0)))
        _, cells, tags, _ = self.run_block((maps, tags_of(range(8))), frames=4)
        twice, again, _, _ = self.run_block((cells, tags), frames=2)
        once, direct, _, _ = self.run_block((maps, tags_of(range(8))), frames=8)
        np.testing.assert_allclose(again, direct, rtol=1e-5)
        self.assertAlmostEqual(twice[0]["scene_time"], once[0]["scene_time"])

    def test_thresholds_are_those_of_numpy(self):
        # A loud setting, so that there is much to compare: the strongest cells of clusters.
        maps = self.maps(self.frames(6))
        for kind in ("ca", "os", "osgo"):
            reports, cells, _, _ = self.run_block(
                maps[:3], maps[3:], frames=3, pfa=1e-2, cfar=kind, guard_delay=1, guard_doppler=1,
                training_delay=4, training_doppler=3, os_rank=0.75, max_targets=1000)
            found, _ = isac.sensing.cfar(cells[0], pfa=1e-2, kind=kind, guard=(1, 1),
                                         training=(4, 3), rank=0.75, looks=6)
            power, peaks = cells[0], 0
            for d, r in found:
                around = power[np.ix_((d + np.arange(-1, 2)) % M, (r + np.arange(-1, 2)) % N)]
                peaks += power[d, r] == around.max()
            self.assertGreater(peaks, 5)
            # What may be a sidelobe of a stronger one is left out.
            self.assertLessEqual(len(reports[0]["delay"]), peaks)
            self.assertGreater(len(reports[0]["delay"]), peaks / 2)

    def test_lost_rows_and_nan_cost_their_frame(self):
        maps = [list(self.maps(self.frames(6, (20.0, 3.0, 1.0)))) for _ in range(2)]
        maps[0][1] = maps[0][1][:20]
        maps[1][3][5, 5] = np.nan
        starts = np.cumsum([0] + [len(m) for m in maps[0][:-1]])
        torn = [tag(int(o), "frame", pmt.from_uint64(i)) for i, o in enumerate(starts)]
        for want_map in (True, False):
            reports, cells, _, block = self.run_block(
                (maps[0], torn), (maps[1], tags_of(range(6))), frames=2, want_map=want_map)
            # 0 with 2, and 4 with 5.
            self.assertEqual([r["frame"] for r in reports], [2, 5])
            self.assertEqual(block.faults(), {"lost_rows": 1, "not_finite": 1, "unmatched": 2})
            self.assertTrue(all(len(r["delay"]) == 1 for r in reports))
            self.assertTrue(np.all(np.isfinite(cells)))

    def test_frames_are_matched_by_number(self):
        maps = self.maps(self.frames(17))
        # Each input lacks frames of its own; then both begin anew.
        first, second = [10, 11, 13, 14, 15, 0, 1], [11, 12, 13, 15, 16, 0, 1]
        reports, cells, _, block = self.run_block(
            (maps[first], tags_of(first)), (maps[second], tags_of(second)), frames=1)
        self.assertEqual([r["frame"] for r in reports], [11, 13, 15, 0, 1])
        np.testing.assert_allclose(cells, maps[[11, 13, 15, 0, 1]], rtol=1e-5)
        self.assertEqual(block.faults(), {"frame_jump": 4, "unmatched": 4})

    def test_a_number_that_goes_back_begins_a_new_sum(self):
        numbers = [7, 8, 9, 0, 1, 2, 3]
        maps = self.maps(self.frames(7))
        reports, cells, _, _ = self.run_block((maps, tags_of(numbers)), frames=4)
        self.assertEqual([r["frame"] for r in reports], [2])
        np.testing.assert_allclose(cells[0], maps[3:].mean(0), rtol=1e-5)

    def test_wrong_tags_are_counted(self):
        maps = self.maps(self.frames(3))
        wrong = [tag(M, "frame", pmt.intern("x")), tag(M, "scene_time", pmt.intern("y"))]
        reports, _, _, block = self.run_block((maps, wrong), frames=1)
        self.assertEqual([r["frame"] for r in reports], [0, 1, 2])
        self.assertEqual(block.faults(), {"bad_tag": 2})

    def test_an_input_that_ends_early_ends_the_block(self):
        maps = self.maps(self.frames(6))
        for want_map in (True, False):
            reports, _, _, block = self.run_block(maps[:2], maps, frames=1, want_map=want_map)
            self.assertEqual([r["frame"] for r in reports], [0, 1])
            self.assertEqual(block.faults(), {})

    def test_a_dead_input_holds_up_no_other(self):
        tb = gr.top_block()
        block = isac.range_doppler_detector(self.grid, inputs=2)
        gate = blocks.copy(gr.sizeof_float * N)
        gate.set_enabled(False)
        head = blocks.head(gr.sizeof_float * N, 20000)
        tb.connect(blocks.null_source(gr.sizeof_float * N), blocks.throttle(gr.sizeof_float * N, 1e4),
                   gate, (block, 0))
        tb.connect(blocks.null_source(gr.sizeof_float * N), head, (block, 1))
        tb.start()
        deadline = time.monotonic() + 20
        while head.nitems_written(0) < 20000 and time.monotonic() < deadline:
            time.sleep(0.02)
        tb.stop()
        tb.wait()
        self.assertEqual(head.nitems_written(0), 20000)
        self.assertGreater(block.faults()["unmatched"], 0)

    def test_an_input_far_behind_is_waited_for(self):
        maps = self.maps(self.frames(40))
        for slow in (0, 1):
            tb, store = gr.top_block(), blocks.message_debug(False)
            block = isac.range_doppler_detector(self.grid, inputs=2, frames=5)
            for port in range(2):
                rate = 40 * M * (4 if port == slow else 1000)
                tb.connect(self.source(maps), blocks.throttle(gr.sizeof_float * N, rate),
                           (block, port))
            tb.msg_connect(block, "detections", store, "store")
            tb.run()
            self.assertEqual(store.num_messages(), 8)
            self.assertEqual(block.faults(), {})

    def test_a_report_leaves_with_the_last_row(self):
        class held_source(gr.sync_block):
            def __init__(self, rows):
                gr.sync_block.__init__(self, "held", None, [(np.float32, N)])
                self.rows, self.next, self.more = rows, 0, True

            def work(self, _, output_items):
                count = min(len(output_items[0]), len(self.rows) - self.next)
                if not count and not self.more:
                    return -1
                output_items[0][:count] = self.rows[self.next:self.next + count]
                self.next += count
                time.sleep(0.001)
                return count

        rows = np.concatenate(self.maps(self.frames(4)))
        for want_map in (True, False):
            tb, store = gr.top_block(), blocks.message_debug(False)
            source = held_source(rows)
            block = isac.range_doppler_detector(self.grid, frames=4)
            tb.connect(source, block)
            if want_map:
                tb.connect(block, blocks.null_sink(gr.sizeof_float * N))
            tb.msg_connect(block, "detections", store, "store")
            tb.start()
            deadline = time.monotonic() + 20
            while store.num_messages() == 0 and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertEqual(store.num_messages(), 1)
            source.more = False
            tb.wait()

    def test_long_rows(self):
        grid = isac.ofdm_grid(fft_len=8192, cp_len=64, num_symbols=4, pilots="all")
        maps = np.ones((4, 4, 8 * 8192), np.float32)
        for want_map in (True, False):
            tb, store = gr.top_block(), blocks.message_debug(False)
            block = isac.range_doppler_detector(grid, frames=2, pad_delay=8)
            tb.connect(self.source(maps), block)
            if want_map:
                tb.connect(block, blocks.null_sink(gr.sizeof_float * 8 * 8192))
            tb.msg_connect(block, "detections", store, "store")
            tb.run()
            self.assertEqual(store.num_messages(), 2)

    def test_run_again(self):
        # An unfinished map of the first run is not mixed with the second's.
        maps = self.maps(self.frames(3, (20.0, 3.0, 1.0)))
        rows = np.concatenate(maps)[:-5]
        tb, store = gr.top_block(), blocks.message_debug(False)
        block = isac.range_doppler_detector(self.grid, frames=2, pfa=1e-9)
        source, sink = blocks.vector_source_f(rows.ravel(), False, N), blocks.vector_sink_f(N)
        tb.connect(source, block, sink)
        tb.msg_connect(block, "detections", store, "store")
        for _ in range(2):
            source.rewind()
            tb.run()
        self.assertEqual(store.num_messages(), 2)
        for mean in np.array(sink.data()).reshape(-1, M, N):
            np.testing.assert_allclose(mean, maps[:2].mean(0), rtol=1e-5)

    def test_run_again_after_half_a_map(self):
        # More rows than the buffer behind the block holds.
        options = dict(pad_delay=8, pad_doppler=8)
        maps = self.maps(self.frames(2), **options)
        tb = gr.top_block()
        block = isac.range_doppler_detector(self.grid, frames=2, **options)
        source, sink = self.source(maps), blocks.vector_sink_f(8 * N)
        head = blocks.head(gr.sizeof_float * 8 * N, 5)
        tb.connect(source, block, head, sink)
        for _ in range(2):
            source.rewind()
            head.reset()
            sink.reset()
            tb.run()
            np.testing.assert_allclose(np.array(sink.data()), maps.mean(0)[:5].ravel(), rtol=1e-5)

    def test_behind_estimators(self):
        # Two antennas, each with its own estimator; data as reference.
        frames = [self.frames(8, (9.3, -4.4, 0.1)) for _ in range(2)]
        tb, store = gr.top_block(), blocks.message_debug(False)
        options = dict(pad_delay=2, pad_doppler=2, window="hann")
        block = isac.range_doppler_detector(self.grid, inputs=2, frames=8, pfa=1e-9, **options)
        for port, rows in enumerate(frames):
            source = blocks.vector_source_c(rows.astype(np.complex64).ravel(), False, N)
            estimator = isac.range_doppler_estimator(self.grid, **options)
            tb.connect(source, estimator, (block, port))
        tb.msg_connect(block, "detections", store, "store")
        tb.run()
        self.assertEqual(store.num_messages(), 1)
        found = pmt.to_python(store.get_message(0))
        self.assertEqual([len(found[key]) for key in FIELDS], [1] * len(FIELDS))
        # 20 dB after integration, sixteen looks: a tenth of a cell is ten deviations.
        self.assertLess(abs(found["delay"][0] - 9.3 * self.cell), 0.1 * self.cell)
        self.assertLess(abs(found["doppler"][0] + 4.4 * self.row), 0.1 * self.row)
        self.assertAlmostEqual(found["scene_time"],
                               3.5 * self.grid.frame_duration() + self.grid.middle_time())
        self.assertEqual(block.faults(), {})

    def test_live_setters(self):
        tb, store = gr.top_block(), blocks.message_debug(False)
        block = isac.range_doppler_detector(self.grid, frames=2, pfa=1e-9)
        data = self.maps(self.frames(16)).astype(np.float32)
        source = blocks.vector_source_f(data.ravel(), True, N)
        tb.connect(source, blocks.throttle(gr.sizeof_float * N, M * 400), block,
                   blocks.null_sink(gr.sizeof_float * N))
        tb.msg_connect(block, "detections", store, "store")
        tb.start()

        def reports(count=10):
            first = store.num_messages() + 3
            while store.num_messages() < first + count:
                time.sleep(0.01)
            return [pmt.to_python(store.get_message(i)) for i in range(first, first + count)]

        self.assertEqual(sum(len(r["delay"]) for r in reports()), 0)
        block.set_pfa(1e-2)
        self.assertGreater(min(len(r["delay"]) for r in reports()), 5)
        block.set_max_targets(3)
        block.set_cfar("os")
        block.set_guard(1, 1)
        block.set_training(4, 4)
        self.assertEqual(max(len(r["delay"]) for r in reports()), 3)
        block.set_frames(6, 3)
        self.assertEqual(set(np.diff([r["frame"] for r in reports()])), {3})
        for wrong in (lambda: block.set_pfa(0.0), lambda: block.set_cfar("none"),
                      lambda: block.set_guard(-1, 0), lambda: block.set_training(-1, 0),
                      lambda: block.set_max_targets(0), lambda: block.set_frames(0),
                      lambda: block.set_frames(6, 4), lambda: block.set_frames(1025)):
            self.assertRaises(ValueError, wrong)
        self.assertEqual(set(np.diff([r["frame"] for r in reports()])), {3})
        tb.stop()
        tb.wait()
        self.assertEqual(block.faults(), {})


if __name__ == "__main__":
    gr_unittest.run(qa_range_doppler_detector)
