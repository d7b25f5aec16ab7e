#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#

import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

FRAME = pmt.intern("frame")


def tag(offset, key, value):
    t = gr.tag_t()
    t.offset, t.key, t.value = offset, pmt.intern(key), value
    return t


def frame_tags(numbers, rows):
    return [tag(i * rows, "frame", pmt.from_uint64(n)) for i, n in enumerate(numbers)]


class held_source(gr.sync_block):
    """Rows, and those of a second array beside them, up to a row that can be moved on."""

    def __init__(self, limit, *arrays):
        width = arrays[0].shape[1]
        gr.sync_block.__init__(self, "held", None, [(np.complex64, width)] * len(arrays))
        self.arrays, self.limit, self.next = arrays, limit, 0

    def work(self, input_items, output_items):
        count = min(len(output_items[0]), self.limit - self.next)
        if count <= 0:
            if self.next == len(self.arrays[0]):
                return -1
            time.sleep(0.002)
            return 0
        for array, out in zip(self.arrays, output_items):
            out[:count] = array[self.next : self.next + count]
        self.next += count
        return count


class qa_range_doppler_estimator(gr_unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(20260)
        self.grid = isac.ofdm_grid(
            fft_len=64,
            cp_len=16,
            num_symbols=32,
            subcarrier_spacing=60e3,
            carrier_frequency=3.5e9,
            pilots="all",
        )
        self.pilots = self.grid.pilot_rows()

    def echo(self, delay, doppler, amplitude, sent=None, grid=None):
        """What an echo makes of a frame, by its definition."""
        grid = grid or self.grid
        sent = grid.pilot_rows() if sent is None else sent
        n = grid.num_subcarriers()
        f = (np.arange(n) - n // 2) * grid.subcarrier_spacing()
        t = np.array(grid.symbol_times())
        return (
            amplitude
            * sent
            * np.exp(-2j * np.pi * f * delay)[None, :]
            * np.exp(2j * np.pi * doppler * t)[:, None]
        )

    def noise(self, grid=None):
        shape = (grid or self.grid).pilot_rows().shape
        parts = self.rng.standard_normal((2,) + shape)
        return (parts[0] + 1j * parts[1]) / np.sqrt(2)

    def run_block(self, frames, tags=None, references=None, ref_tags=None, want_map=True, **options):
        """Detections, map and map tags of frames of rows."""
        grid = options.pop("grid", self.grid)
        options.setdefault("pfa", 1e-9)  # no false alarm in the few frames of a test
        n = grid.num_subcarriers()
        tb = gr.top_block()

        def source(rows, row_tags):
            data = np.concatenate(rows).astype(np.complex64).ravel()
            return blocks.vector_source_c(data, False, n, row_tags or [])

        block = isac.range_doppler_estimator(grid, **options)
        store = blocks.message_debug()
        tb.connect(source(frames, tags), (block, 0))
        if references is not None:
            tb.connect(source(references, ref_tags), (block, 1))
        sink = blocks.vector_sink_f(block.range_cells())
        if want_map:
            tb.connect(block, sink)
        tb.msg_connect(block, "detections", store, "store")
        tb.run()
        reports = [pmt.to_python(store.get_message(i)) for i in range(store.num_messages())]
        cells = np.array(sink.data()).reshape(-1, block.doppler_cells(), block.range_cells())
        return reports, cells, sink.tags(), block

    def test_one_target(self):
        delay, doppler = 3.3 / self.grid.sample_rate(), 1234.0
        frame = self.noise() + self.echo(delay, doppler, np.exp(1j))
        reports, cells, tags, block = self.run_block([frame], tx=2, rx=3)
        self.assertEqual(len(reports), 1)
        r = reports[0]
        self.assertEqual((r["frame"], r["tx"], r["rx"]), (0, 2, 3))
        self.assertAlmostEqual(r["scene_time"], self.grid.middle_time())
        self.assertEqual(len(r["delay"]), 1)
        # Five standard deviations of the bound.
        self.assertLess(abs(r["delay"][0] - delay), 5 * np.sqrt(r["var_delay"][0]))
        self.assertLess(abs(r["doppler"][0] - doppler), 5 * np.sqrt(r["var_doppler"][0]))
        wavelength = 299792458.0 / 3.5e9
        self.assertAlmostEqual(r["range"][0], 299792458.0 * r["delay"][0] / 2)
        self.assertAlmostEqual(r["velocity"][0], -r["doppler"][0] * wavelength / 2)
        # 2048 elements: the SNR's relative standard error is about sqrt(2 / 2048) = 3%.
        self.assertLess(abs(r["snr"][0] - 1), 0.15)
        self.assertEqual(cells.shape, (1, 32, 64))
        row, column = np.unravel_index(np.argmax(cells[0]), cells[0].shape)
        self.assertEqual(column, round(delay / block.delay_step()))
        self.assertEqual(row, 16 + round(doppler / block.doppler_step()))
        frame_tag = [t for t in tags if pmt.eq(t.key, FRAME)]
        self.assertEqual([(t.offset, pmt.to_uint64(t.value)) for t in frame_tag], [(0, 0)])

    def test_several_targets_strongest_first(self):
        cell = 1 / self.grid.sample_rate()
        truth = [(4.3, 900.0, 10.0), (7.1, -2000.0, 3.0), (20.6, 5000.0, 1.0)]
        frame = self.noise()
        for delay, doppler, amplitude in truth:
            frame = frame + self.echo(delay * cell, doppler, amplitude)
        reports, _, _, _ = self.run_block([frame])
        r = reports[0]
        self.assertEqual(len(r["delay"]), 3)
        for i, (delay, doppler, amplitude) in enumerate(truth):
            self.assertLess(abs(r["delay"][i] - delay * cell), 5 * np.sqrt(r["var_delay"][i]))
            self.assertLess(abs(r["doppler"][i] - doppler), 5 * np.sqrt(r["var_doppler"][i]))
            self.assertLess(abs(10 * np.log10(r["snr"][i] / amplitude**2)), 0.7)

    def test_clutter_filter_is_turned_on_while_it_runs(self):
        cell, row = 1 / self.grid.sample_rate(), 1 / (32 * self.grid.symbol_duration())
        clutter = self.echo(2.5 * cell, 0, 100) + self.echo(7.2 * cell, 0, 100j)
        target = self.echo(5 * cell, 3 * row, 1)
        frames = [clutter + target + self.noise() for _ in range(4)]
        for kind, options in (
            ("mean", {}),
            ("mti", dict(cutoff=0.1)),
            ("eca", dict(delays=[2.5 * cell, 7.2 * cell])),
        ):
            block = isac.range_doppler_estimator(self.grid)
            tb, store = gr.top_block(), blocks.message_debug()
            source = blocks.vector_source_c(
                np.concatenate(frames).astype(np.complex64).ravel(), False, 64
            )
            tb.connect(source, block)
            tb.msg_connect(block, "detections", store, "store")
            for i, on in enumerate((False, True, False)):
                block.set_clutter(kind if on else "none", **(options if on else {}))
                source.rewind()
                tb.run()
                self.assertEqual(store.num_messages(), 4 * (i + 1))
                for message in range(4 * i, 4 * (i + 1)):
                    found = pmt.to_python(store.get_message(message))
                    moving = np.abs(found["doppler"]) > 2 * row
                    self.assertEqual(np.sum(~moving), 0 if on else 2, kind)
                    if on:
                        self.assertEqual(np.sum(moving), 1, kind)
                        self.assertLess(abs(found["delay"][0] - 5 * cell), 0.2 * cell)
        for wrong in (("average",), ("mean", 0), ("mti", 16, 0.0), ("eca",)):
            self.assertRaises(ValueError, block.set_clutter, *wrong)

    def test_dynamic_range(self):
        # 40 dB apart and far above the noise.
        frame = 1e-3 * self.noise() + self.echo(1e-6, 900.0, 1.0) + self.echo(3e-6, -4000.0, 1e-2)
        for limit, found in ((80.0, 2), (30.0, 1)):
            reports, _, _, _ = self.run_block([frame], dynamic_range_db=limit)
            self.assertEqual(len(reports[0]["delay"]), found)

    def test_super_resolution(self):
        # Half a cell apart, 39 dB over the noise after integration, not in phase.
        cell = 1 / self.grid.sample_rate()
        truth = [(7.2 * cell, 900.0, 2.0), (7.7 * cell, 900.0, 2.0j)]
        frame = self.noise() + sum(self.echo(*target) for target in truth)
        for on, found in ((False, 1), (True, 2)):
            reports, _, _, _ = self.run_block([frame], super_resolution=on)
            self.assertEqual(len(reports[0]["delay"]), found)
            numpy = isac.sensing.estimate(frame, self.grid, pfa=1e-9, super_resolution=on)
            self.assertEqual(len(numpy["delay"]), found)
        r = reports[0]
        for i, (delay, _, _) in zip(np.argsort(r["delay"]), truth):
            self.assertLess(abs(r["delay"][i] - delay), 5 * np.sqrt(r["var_delay"][i]))

    def test_motion_compensation(self):
        # Slow enough to need none: nothing but noise moves what is told.
        truth = (7.2 / self.grid.sample_rate(), 900.0, 1.0)
        frame = self.noise() + self.echo(*truth)
        reports, _, _, _ = self.run_block([frame], compensate_motion=True)
        r = reports[0]
        self.assertEqual(len(r["delay"]), 1)
        self.assertLess(abs(r["delay"][0] - truth[0]), 5 * np.sqrt(r["var_delay"][0]))
        self.assertLess(abs(r["doppler"][0] - truth[1]), 5 * np.sqrt(r["var_doppler"][0]))
        numpy = isac.sensing.estimate(frame, self.grid, pfa=1e-9, compensate_motion=True)
        self.assertEqual(list(numpy["delay"]), list(r["delay"]))

    def test_the_same_without_map_and_in_numpy(self):
        frames = [self.noise() + self.echo(1e-6, 700.0, 0.5) for _ in range(3)]
        with_map, cells, _, _ = self.run_block(frames)
        without, _, _, _ = self.run_block(frames, want_map=False)
        self.assertEqual(len(with_map), 3)
        self.assertEqual(len(without), 3)
        for a, b, frame, powers in zip(with_map, without, frames, cells):
            c = isac.sensing.estimate(frame, self.grid, pfa=1e-9)
            for key in ("delay", "doppler", "range", "velocity", "snr", "var_delay", "var_doppler"):
                np.testing.assert_array_equal(a[key], b[key])
                np.testing.assert_allclose(a[key], c[key], rtol=1e-9)
            expected, _, _ = isac.sensing.range_doppler_map(frame, self.grid)
            np.testing.assert_array_equal(powers, expected)

    def test_empty_frames_report_too(self):
        reports, _, _, _ = self.run_block([self.noise() for _ in range(5)])
        self.assertEqual([r["frame"] for r in reports], list(range(5)))
        self.assertTrue(all(len(r["delay"]) == 0 for r in reports))

    def test_lost_rows_and_nan(self):
        frames = [self.noise() + self.echo(1e-6, 700.0, 2.0) for _ in range(5)]
        frames[1] = frames[1][:20]  # 12 rows are lost
        frames[3][5, 5] = np.nan
        starts = np.cumsum([0] + [len(f) for f in frames[:-1]])
        tags = [tag(int(o), "frame", pmt.from_uint64(10 + i)) for i, o in enumerate(starts)]
        reports, cells, _, block = self.run_block(frames, tags)
        self.assertEqual([r["frame"] for r in reports], [10, 12, 14])
        self.assertEqual(len(cells), 3)
        self.assertEqual(block.faults(), {"lost_rows": 1, "not_finite": 1})
        self.assertTrue(all(len(r["delay"]) == 1 for r in reports))

    def data_frames(self, count):
        sent = [np.exp(0.5j * np.pi * self.rng.integers(0, 4, self.pilots.shape)) for _ in range(count)]
        return sent, [self.noise() + self.echo(1.5e-6, -900.0, 1.0, s) for s in sent]

    def test_reference_rows(self):
        sent, frames = self.data_frames(6)
        for want_map in (True, False):
            for mode in ("matched_filter", "division"):
                reports, cells, _, block = self.run_block(
                    frames, references=sent, reference="rows", mode=mode, want_map=want_map
                )
                self.assertEqual([r["frame"] for r in reports], list(range(6)))
                self.assertEqual(len(cells), 6 if want_map else 0)
                self.assertTrue(all(len(r["delay"]) == 1 for r in reports))
                self.assertEqual(block.faults(), {})

    def test_reference_by_frame_number(self):
        sent, frames = self.data_frames(6)
        # The reference of frame 2 is missing, and an echo of frame 4.
        ref_numbers, echo_numbers = [0, 1, 3, 4, 5], [0, 1, 2, 3, 5]
        reports, _, _, block = self.run_block(
            [frames[i] for i in echo_numbers],
            frame_tags(echo_numbers, 32),
            [sent[i] for i in ref_numbers],
            frame_tags(ref_numbers, 32),
            reference="rows",
        )
        self.assertEqual([r["frame"] for r in reports], [0, 1, 3, 5])
        self.assertTrue(all(len(r["delay"]) == 1 for r in reports))
        self.assertEqual(block.faults(), {"frame_jump": 2, "no_reference": 1})

    def test_references_of_one_number_serve_in_turn(self):
        # As from files of frames without numbers of their own, which differ in what was sent.
        sent, frames = self.data_frames(6)
        tags = frame_tags([0] * 6, 32)
        for motion in (False, True):  # whether whole frames are matched
            reports, _, _, block = self.run_block(
                frames, tags, sent, tags, reference="rows", compensate_motion=motion
            )
            self.assertEqual([len(r["delay"]) for r in reports], [1] * 6)
            self.assertEqual(block.faults(), {"frame_jump": 10})

    def test_a_bad_reference_costs_its_own_frame(self):
        # Rows are matched as they come, or whole frames where they are filtered.
        for clutter in ("none", "mean"):
            with self.subTest(clutter=clutter):
                sent, frames = self.data_frames(5)
                sent[1] = sent[1].copy()
                sent[1][9, 7] = np.nan
                sent[3] = sent[3][:20]  # 12 rows are lost
                starts = np.cumsum([0] + [len(r) for r in sent[:-1]])
                reports, _, _, block = self.run_block(
                    frames,
                    frame_tags(range(5), 32),
                    sent,
                    [tag(int(o), "frame", pmt.from_uint64(i)) for i, o in enumerate(starts)],
                    reference="rows",
                    clutter=clutter,
                )
                self.assertEqual([r["frame"] for r in reports], [0, 2, 4])
                self.assertTrue(clutter == "mean" or all(len(r["delay"]) == 1 for r in reports))
                self.assertTrue(all(np.isfinite(r["snr"]).all() for r in reports))
                self.assertEqual(
                    block.faults(), {"not_finite": 1, "lost_rows": 1, "no_reference": 1}
                )

    def test_detections_leave_before_the_next_frame_is_there(self):
        # Frames of 16 kB and of 5 MB.
        large = isac.ofdm_grid(
            fft_len=4096, cp_len=64, num_symbols=160, subcarrier_spacing=60e3, pilots="all"
        )
        for grid, mode, want_map in (
            (self.grid, "pilots", True),
            (self.grid, "pilots", False),
            (self.grid, "rows", True),
            (self.grid, "rows", False),
            (large, "rows", False),
        ):
            m, n = grid.num_symbols(), grid.num_subcarriers()
            with self.subTest(symbols=m, reference=mode, map=want_map):
                frame = self.noise(grid) + self.echo(1.5e-6, -900.0, 1.0, grid=grid)
                arrays = [np.concatenate([a] * 3).astype(np.complex64)
                          for a in (frame, grid.pilot_rows())[:1 + (mode == "rows")]]
                tb = gr.top_block()
                source = held_source(m, *arrays)
                block = isac.range_doppler_estimator(grid, reference=mode, pfa=1e-9)
                store = blocks.message_debug(False)
                for port in range(len(arrays)):
                    tb.connect((source, port), (block, port))
                if want_map:
                    tb.connect(block, blocks.null_sink(gr.sizeof_float * n))
                tb.msg_connect(block, "detections", store, "store")
                tb.start()
                # Not a row of the next frame; some of them; all but one.
                for limit, told in (
                    (m, 1), (m + 7, 1), (2 * m - 1, 1), (2 * m, 2), (3 * m - 1, 2), (3 * m, 3)
                ):
                    source.limit = limit
                    deadline = time.monotonic() + 20
                    while time.monotonic() < deadline and (
                        source.next < limit or store.num_messages() < told
                    ):
                        time.sleep(0.002)
                    self.assertEqual(store.num_messages(), told, limit)
                tb.wait()
                reports = [pmt.to_python(store.get_message(i)) for i in range(3)]
                self.assertEqual([r["frame"] for r in reports], [0, 1, 2])
                self.assertTrue(all(len(r["delay"]) == 1 for r in reports))
                self.assertEqual(block.faults(), {})

    def slow(self, tb, rows, rate):
        source = blocks.vector_source_c(np.concatenate(rows).astype(np.complex64).ravel(), False, 64)
        throttle = blocks.throttle(gr.sizeof_gr_complex * 64, rate, True)
        tb.connect(source, throttle)
        return throttle

    def test_late_references_are_waited_for(self):
        sent, frames = self.data_frames(4)
        # Rows a second of the echoes and of the references: either, or each in turn, is late.
        for echo_rate, sent_rate in ((1e6, 640), (640, 1e6), (640, 660), (660, 640)):
            for want_map in (True, False):
                tb = gr.top_block()
                block = isac.range_doppler_estimator(self.grid, reference="rows")
                store = blocks.message_debug()
                tb.connect(self.slow(tb, frames, echo_rate), (block, 0))
                tb.connect(self.slow(tb, sent, sent_rate), (block, 1))
                if want_map:
                    tb.connect(block, blocks.null_sink(gr.sizeof_float * 64))
                tb.msg_connect(block, "detections", store, "store")
                tb.run()
                self.assertEqual(store.num_messages(), 4, (echo_rate, sent_rate, want_map))
                self.assertEqual(block.faults(), {})

    def test_references_that_end_early(self):
        sent, frames = self.data_frames(5)
        for want_map in (True, False):
            reports, _, _, block = self.run_block(
                frames, references=sent[:2], reference="rows", want_map=want_map
            )
            self.assertEqual([r["frame"] for r in reports], [0, 1])
            self.assertEqual(block.faults(), {"no_reference": 3})

    def test_references_far_ahead_are_kept(self):
        sent, frames = self.data_frames(40)
        reports, _, _, block = self.run_block(frames, references=sent, reference="rows")
        self.assertEqual([r["frame"] for r in reports], list(range(40)))
        self.assertEqual(block.faults(), {})

    def test_long_rows(self):
        grid = isac.ofdm_grid(fft_len=8192, cp_len=64, num_symbols=4, pilots="all")
        sent = [grid.pilot_rows()] * 4
        frames = [self.noise(grid) + self.echo(1e-6, 0.0, 1.0, grid=grid) for _ in sent]
        for want_map in (True, False):
            reports, _, _, block = self.run_block(
                frames, references=sent, reference="rows", grid=grid, want_map=want_map
            )
            self.assertEqual(len(reports), 4)
            self.assertEqual(block.faults(), {})

    def test_references_never_hold_up_the_transmitter(self):
        # References run on although no echo ever comes.
        tb = gr.top_block()
        block = isac.range_doppler_estimator(self.grid, reference="rows")
        never = blocks.vector_source_c([0j] * 64, True, 64)
        gate = blocks.copy(gr.sizeof_gr_complex * 64)
        gate.set_enabled(False)
        sent = blocks.null_source(gr.sizeof_gr_complex * 64)
        head = blocks.head(gr.sizeof_gr_complex * 64, 100000)
        tb.connect(never, blocks.throttle(gr.sizeof_gr_complex * 64, 1e4), gate, (block, 0))
        tb.connect(sent, head, (block, 1))
        tb.connect(block, blocks.null_sink(gr.sizeof_float * 64))
        tb.start()
        deadline = time.monotonic() + 20
        while head.nitems_written(0) < 100000 and time.monotonic() < deadline:
            time.sleep(0.02)
        tb.stop()
        tb.wait()
        self.assertEqual(head.nitems_written(0), 100000)

    def test_live_setters(self):
        tb = gr.top_block()
        block = isac.range_doppler_estimator(self.grid, pfa=1e-9)
        source = blocks.vector_source_c(
            np.concatenate([self.noise() for _ in range(16)]).astype(np.complex64).ravel(), True, 64
        )
        throttle = blocks.throttle(gr.sizeof_gr_complex * 64, 32 * 200)
        store = blocks.message_debug()
        tb.connect(source, throttle, block)
        tb.msg_connect(block, "detections", store, "store")
        tb.start()

        def found():
            start = store.num_messages()
            while store.num_messages() < start + 20:
                time.sleep(0.01)
            reports = [pmt.to_python(store.get_message(i)) for i in range(start + 4, start + 20)]
            return sum(len(r["delay"]) for r in reports)

        quiet = found()
        block.set_pfa(1e-2)
        loud = found()
        block.set_cfar("osgo")
        greatest = found()
        block.set_window("hann")
        block.set_cfar("os")
        block.set_guard(1, 1)
        block.set_training(4, 4)
        block.set_mode("division")
        block.set_max_targets(3)
        capped = found()
        for wrong in (
            lambda: block.set_pfa(0.0),
            lambda: block.set_cfar("go"),
            lambda: block.set_cfar("OSGO"),
            lambda: block.set_window("boxcar"),
            lambda: block.set_mode("x"),
            lambda: block.set_guard(-1, 0),
            lambda: block.set_max_targets(0),
        ):
            self.assertRaises(ValueError, wrong)
        tb.stop()
        tb.wait()
        self.assertEqual(quiet, 0)
        self.assertGreater(loud, 16 * 3)
        self.assertGreater(greatest, 16 * 3)
        self.assertLessEqual(capped, 16 * 3)
        self.assertGreater(capped, 0)

    def test_wrong_parameters(self):
        for wrong in (
            dict(pfa=0.0),
            dict(pfa=1.0),
            dict(mode="x"),
            dict(window="x"),
            dict(cfar="x"),
            dict(reference="x"),
            dict(pad_delay=3),
            dict(guard_delay=-1),
            dict(max_targets=0),
            dict(dynamic_range_db=5.0),
            dict(dynamic_range_db=150.0),
            dict(reference_frames=-1),
            dict(os_rank=2.0),
        ):
            self.assertRaises(ValueError, lambda: isac.range_doppler_estimator(self.grid, **wrong))
        self.assertRaises(ValueError, lambda: isac.range_doppler_estimator(None))
        no_pilots = isac.ofdm_grid(pilots="none")
        self.assertRaises(ValueError, lambda: isac.range_doppler_estimator(no_pilots))


if __name__ == "__main__":
    gr_unittest.run(qa_range_doppler_estimator)
