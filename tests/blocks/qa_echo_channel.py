#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Echo Channel: samples, tags, messages and faults against closed forms."""

import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

from report_messages import silent_publisher, stored, wait_until

C = 299792458.0
KT_MW = 1.380649e-23 * 290 * 1e3
AHEAD = 13


def frame_tag(offset, number):
    return gr.python_to_tag((offset, pmt.intern("frame"), pmt.from_uint64(number), pmt.intern("")))


class Tones:
    """Tones over the middle 80% of the band, known at any time: what a perfect channel gives."""

    def __init__(self, sample_rate, count=33, seed=1):
        self.frequency = np.linspace(-0.4, 0.4, count) * sample_rate
        self.phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, count)

    def at(self, t):
        turns = np.multiply.outer(np.asarray(t), self.frequency)
        return np.exp(1j * (2 * np.pi * turns + self.phase)).sum(axis=-1) / np.sqrt(self.phase.size)


class qa_echo_channel(gr_unittest.TestCase):
    def setUp(self):
        self.grid = isac.ofdm_grid(
            fft_len=64, cp_len=16, num_symbols=16, subcarrier_spacing=150e3, carrier_frequency=3.5e9)
        self.frame = self.grid.frame_samples()
        self.rate = self.grid.sample_rate()
        self.tones = Tones(self.rate)

    def channel(self, **arguments):
        settings = dict(grid=self.grid, transmitter=(0, 0, 0), noise_enabled=False)
        settings.update(arguments)
        return isac.echo_channel(**settings)

    def signal(self, frames):
        return self.tones.at(np.arange(round(frames * self.frame)) / self.rate).astype(np.complex64)

    def run_channel(self, channel, x, tags=(), messages=None):
        """Output, tags and ground truths; waits for so many messages (default: one a frame)."""
        if messages is None:
            messages = len(x) // self.frame
        top = gr.top_block()
        source = blocks.vector_source_c(np.asarray(x).tolist(), False, 1, list(tags))
        sink = blocks.vector_sink_c()
        store = blocks.message_debug()
        keep = silent_publisher()
        top.connect(source, channel, sink)
        top.msg_connect(channel, "ground_truth", store, "store")
        top.msg_connect(keep, "none", store, "store")
        top.start()
        wait_until(lambda: len(sink.data()) >= len(x) and store.num_messages() >= messages, 30)
        top.stop()
        top.wait()
        self.assertEqual(len(sink.data()), len(x))
        self.assertEqual(store.num_messages(), messages)
        return np.array(sink.data()), sink.tags(), stored(store)

    def assert_matches(self, y, wanted, decibel=-65):
        """The promise is -70 dB a path; float samples and several paths take a little."""
        error = np.sum(np.abs(y - wanted)**2) / np.sum(np.abs(wanted)**2)
        self.assertLess(error, 10**(decibel / 10))

    # Samples

    def test_001_echoes_follow_the_geometry(self):
        """Three targets, one at 500 m/s, over five frames: delay, Doppler, carrier phase and gain."""
        flights = [((60, 0, 20), (30, 5, 0), 1.0), ((100, -90, 0), (-500, 0, 0), 2.0),
                   ((3, 2, 1), (0, 0, 0), 1e-5)]
        targets = [isac.target(isac.trajectory(p, v), rcs) for p, v, rcs in flights]
        channel = self.channel(targets=targets, path_loss="free_space", tx_gain_db=20, rx_gain_db=10)
        x = self.signal(5)
        y, _, _ = self.run_channel(channel, x)
        t = np.arange(len(x)) / self.rate
        middle = np.arange(len(x)) // self.frame * self.grid.frame_duration() + self.grid.middle_time()
        wavelength = self.grid.wavelength()
        wanted = np.zeros(len(x), complex)
        for p, v, rcs in flights:
            def distance(s):
                return np.linalg.norm(np.array(p)[:, None] + np.multiply.outer(v, s), axis=0)
            delay = 2 * distance(t) / C
            gain = 1e3 * wavelength**2 * rcs / ((4 * np.pi)**3 * distance(middle)**4)
            wanted += np.sqrt(gain) * self.tones.at(t - delay) * np.exp(-2j * np.pi * 3.5e9 * delay)
        # Before the first sample and after the last the channel hears nothing, the tones go on.
        self.assert_matches(y[100:-AHEAD], wanted[100:-AHEAD])

    def test_002_bistatic_with_direct_path(self):
        rx, p, v = np.array([120.0, 0, 0]), np.array([50.0, 80, 30]), np.array([-20.0, 10, 0])
        channel = self.channel(
            receiver=tuple(rx), targets=[isac.target(isac.trajectory(p, v), 0.5)], direct_path=True,
            tx=3, rx=4, path_loss="log_distance", path_loss_exponent=2.5, reference_loss_db=30)
        x = self.signal(3)
        y, _, truths = self.run_channel(channel, x)
        t = np.arange(len(x)) / self.rate
        middle = np.arange(len(x)) // self.frame * self.grid.frame_duration() + self.grid.middle_time()

        def legs(s):
            place = p[:, None] + np.multiply.outer(v, s)
            return np.linalg.norm(place, axis=0), np.linalg.norm(place - rx[:, None], axis=0)

        def loss(d):
            return 30 + 25 * np.log10(d)

        out, back = legs(middle)
        wavelength = self.grid.wavelength()
        gain_db = (10 * np.log10(0.5) - 10 * np.log10(wavelength**2 / (4 * np.pi)) - loss(out) - loss(back))
        delay, direct = sum(legs(t)) / C, 120 / C
        wanted = 10**(gain_db / 20) * self.tones.at(t - delay) * np.exp(-2j * np.pi * 3.5e9 * delay)
        wanted += 10**(-loss(120) / 20) * self.tones.at(t - direct) * np.exp(-2j * np.pi * 3.5e9 * direct)
        self.assert_matches(y[100:], wanted[100:])

        truth = truths[1]
        when = self.grid.frame_duration() + self.grid.middle_time()
        self.assertEqual((truth["tx"], truth["rx"], truth["frame"]), (3, 4, 1))
        self.assertEqual(list(truth["target"]), [-1, 0])
        self.assertAlmostEqual(truth["scene_time"], when, 12)
        self.assertAlmostEqual(truth["delay"][1] * 1e6, 1e6 * sum(legs(np.array([when])))[0] / C, 9)
        step = 1e-4
        rate = (sum(legs(np.array([when + step]))) - sum(legs(np.array([when - step]))))[0] / (2 * step)
        self.assertAlmostEqual(truth["doppler"][1], -rate / wavelength, 3)
        self.assertAlmostEqual(truth["velocity"][1], rate / 2, 5)
        self.assertAlmostEqual(truth["range"][0], 60, 9)

    def test_003_measured_by_correlation(self):
        """Delay and Doppler of two targets found in the samples as a radar would, to a bin."""
        targets = [isac.target(isac.trajectory((100, 0, 0), (-200, 0, 0)), 1),
                   isac.target(isac.trajectory((180, 0, 0), (150, 0, 0)), 10)]
        rng = np.random.default_rng(5)
        x = (rng.standard_normal(8 * self.frame) + 1j * rng.standard_normal(8 * self.frame)) / np.sqrt(2)
        y, _, truths = self.run_channel(self.channel(targets=targets), x)
        span = len(x) / self.rate
        for i, (delay, doppler) in enumerate(zip(truths[4]["delay"], truths[4]["doppler"])):
            lags = np.arange(20)
            spectra = [np.abs(np.fft.fft(y[20:] * x[20 - k:len(x) - k].conj())) for k in lags]
            # The other target is masked by its own Doppler.
            bins = np.fft.fftfreq(len(x) - 20, 1 / self.rate)
            near = np.abs(bins - doppler) < 1.5 / span
            lag, place = np.unravel_index(np.argmax(np.array(spectra)[:, near]), (20, near.sum()))
            self.assertLess(abs(lags[lag] - delay * self.rate), 0.6, i)
            self.assertLess(abs(bins[near][place] - doppler), 1 / span, i)

    def test_004_leakage(self):
        channel = self.channel(self_interference="leakage", leakage_gain_db=-30, leakage_delay=0.3e-6,
                               tx_gain_db=10)
        x = self.signal(2)
        y, _, truths = self.run_channel(channel, x)
        t = np.arange(len(x)) / self.rate
        wanted = 10**(-30 / 20) * self.tones.at(t - 0.3e-6) * np.exp(-2j * np.pi * 3.5e9 * 0.3e-6)
        self.assert_matches(y[40:-AHEAD], wanted[40:-AHEAD])
        self.assertEqual(list(truths[0]["target"]), [-2])
        self.assertEqual(list(truths[0]["doppler"]), [0])

    def test_005_noise_and_residual_power(self):
        """Over 51200 samples power is known to 0.02 dB (one sigma); 0.1 dB is five of them."""
        for arguments, power in (
                (dict(noise_enabled=True, noise_figure_db=5), KT_MW * self.rate * 10**0.5),
                (dict(self_interference="residual", residual_dbm=-90), 1e-9)):
            y, _, truths = self.run_channel(self.channel(**arguments), np.zeros(40 * self.frame))
            self.assertLess(abs(10 * np.log10(np.mean(np.abs(y)**2) / power)), 0.1)
            element = 10 * np.log10(power / self.grid.num_subcarriers())
            key = "noise_dbm" if "noise_enabled" in arguments else "interference_dbm"
            self.assertAlmostEqual(truths[0][key], element, 9)
            self.assertEqual(len(truths[0]["delay"]), 0)

    def test_006_seed_repeats(self):
        targets = [isac.target((50, 0, 0), 1, swerling=s) for s in (2, 4)]
        x = self.signal(4)
        runs = [self.run_channel(self.channel(targets=targets, noise_enabled=True, seed=seed,
                                              shadowing_std_db=4), x)[0] for seed in (7, 7, 8)]
        self.assertTrue(np.array_equal(runs[0], runs[1]))
        self.assertGreater(np.max(np.abs(runs[0] - runs[2])), 0.1 * np.max(np.abs(runs[0])))

    # Frames

    def test_010_ground_truth_power(self):
        """SNR per resource element of OFDM samples: the power on an active element over its noise."""
        channel = self.channel(targets=[isac.target((80, 0, 0), 1)], noise_enabled=True, noise_figure_db=3,
                               path_loss="free_space")
        x = 2 * self.signal(1)
        _, _, (truth,) = self.run_channel(channel, x)
        wavelength = self.grid.wavelength()
        gain = wavelength**2 / ((4 * np.pi)**3 * 80**4)
        power = np.mean(np.abs(x)**2) * gain / 64
        self.assertAlmostEqual(truth["power_dbm"][0], 10 * np.log10(power), 4)
        noise = KT_MW * 150e3 * 10**0.3
        self.assertAlmostEqual(truth["snr"][0] / (power / noise), 1, 4)
        self.assertAlmostEqual(truth["noise_dbm"], 10 * np.log10(noise), 9)

    def test_011_guards_raise_the_active_elements(self):
        grid = isac.ofdm_grid(fft_len=64, cp_len=16, num_symbols=16, subcarrier_spacing=150e3,
                              guard_low=16, guard_high=16)
        truths = [self.run_channel(self.channel(grid=g, targets=[isac.target((80, 0, 0))]),
                                   self.signal(1))[2][0] for g in (self.grid, grid)]
        self.assertAlmostEqual(truths[1]["power_dbm"][0] - truths[0]["power_dbm"][0], 10 * np.log10(2), 6)

    def test_012_tags(self):
        x = self.signal(3)
        extra = gr.python_to_tag((700, pmt.intern("rx_time"), pmt.make_tuple(
            pmt.from_uint64(1), pmt.from_double(0.5)), pmt.intern("")))
        _, tags, _ = self.run_channel(self.channel(start_time=10), x, [extra])
        frames = [(t.offset, pmt.to_python(t.value)) for t in tags if pmt.to_python(t.key) == "frame"]
        times = [(t.offset, pmt.to_python(t.value)) for t in tags if pmt.to_python(t.key) == "scene_time"]
        self.assertEqual(frames, [(i * self.frame, i) for i in range(3)])
        for i, (offset, value) in enumerate(times):
            self.assertEqual(offset, i * self.frame)
            self.assertAlmostEqual(value, 10 + i * self.grid.frame_duration(), 12)
        self.assertEqual([t.offset for t in tags if pmt.to_python(t.key) == "rx_time"], [700])

    def test_013_revisit(self):
        """Frames a second apart in the scene: each starts with an empty delay line."""
        x = self.signal(4)
        target = isac.target(isac.trajectory((600, 0, 0), (20, 0, 0)), 1)
        y, tags, truths = self.run_channel(
            self.channel(targets=[target], revisit_interval=1.0, start_time=2), x)
        for i, truth in enumerate(truths):
            middle = 2 + i + self.grid.middle_time()
            self.assertAlmostEqual(truth["scene_time"], middle, 12)
            self.assertAlmostEqual(truth["range"][0], 600 + 20 * middle, 8)
            start = i * self.frame
            arrival = int(truth["delay"][0] * self.rate)
            self.assertLess(np.max(np.abs(y[start:start + arrival - AHEAD])), 1e-12)
        times = [pmt.to_python(t.value) for t in tags if pmt.to_python(t.key) == "scene_time"]
        self.assertEqual(times, [2, 3, 4, 5])
        # A path so short that it reads ahead hears nothing of the next frame either.
        near = [isac.target((5, 0, 0), 1)]
        y, _, _ = self.run_channel(self.channel(targets=near, revisit_interval=1.0), x)
        alone, _, _ = self.run_channel(self.channel(targets=near), x[:self.frame])
        self.assert_matches(y[:self.frame], alone)

    def test_014_missing_frames_pass_in_the_scene(self):
        x = self.signal(3)
        tags = [frame_tag(i * self.frame, n) for i, n in enumerate((5, 6, 9))]
        channel = self.channel(revisit_interval=1.0)
        _, _, truths = self.run_channel(channel, x, tags)
        self.assertEqual([t["frame"] for t in truths], [5, 6, 9])
        self.assertAlmostEqual(truths[2]["scene_time"] - truths[1]["scene_time"], 3, 12)
        self.assertEqual(channel.faults(), {"frame_jump": 1})

    def test_015_lost_samples(self):
        """A frame torn by lost samples is told; the one after it starts at its tag."""
        x = self.signal(3)[:-100]
        tags = [frame_tag(0, 0), frame_tag(self.frame - 100, 1), frame_tag(2 * self.frame - 100, 2)]
        channel = self.channel(targets=[isac.target((50, 0, 0))])
        _, out_tags, truths = self.run_channel(channel, x, tags, messages=2)
        self.assertEqual([t["frame"] for t in truths], [1, 2])
        self.assertEqual(channel.faults(), {"lost_samples": 1})
        self.assertEqual([t.offset for t in out_tags if pmt.to_python(t.key) == "frame"],
                         [t.offset for t in tags])

    def test_016_every_length_of_stream(self):
        """Whatever the length, all samples come out, and every whole frame is reported."""
        for length in (1, 5, 13, 14, self.frame - 1, self.frame, self.frame + 1, 20000):
            self.run_channel(self.channel(targets=[isac.target((1, 0, 0))]), self.signal(16)[:length])

    def test_017_run_again(self):
        """The scene goes on where it was; nothing of the first run is heard in the second."""
        channel = self.channel(targets=[isac.target((50, 0, 0))])
        first, _, _ = self.run_channel(channel, self.signal(2.5), messages=2)
        second, tags, truths = self.run_channel(channel, self.signal(2))
        self.assertEqual([t["frame"] for t in truths], [0, 1])
        self.assertEqual(channel.faults(), {})
        middle = 2.5 * self.grid.frame_duration() + self.grid.middle_time()
        self.assertAlmostEqual(truths[0]["scene_time"], middle, 12)
        self.assert_matches(second, first[:len(second)])

    # Faults

    def test_020_not_finite(self):
        x = self.signal(3)
        bad = x.copy()
        bad[[100, 2000]] = np.nan, np.inf
        x[[100, 2000]] = 0
        channel = self.channel(targets=[isac.target((50, 0, 0))])
        y, _, truths = self.run_channel(channel, bad)
        wanted, _, _ = self.run_channel(self.channel(targets=[isac.target((50, 0, 0))]), x)
        self.assertTrue(np.array_equal(y, wanted))
        self.assertEqual(channel.faults(), {"not_finite": 2})
        self.assertTrue(np.isfinite(truths[0]["power_dbm"][0]))

    def test_021_bad_frame_tag(self):
        tag = gr.python_to_tag((0, pmt.intern("frame"), pmt.intern("one"), pmt.intern("")))
        channel = self.channel()
        self.run_channel(channel, self.signal(2), [tag])
        self.assertEqual(channel.faults(), {"bad_tag": 1})

    def test_022_beyond_the_grid(self):
        near, far = (isac.target(isac.trajectory((d, 0, 0), (v, 0, 0))) for d, v in ((200, 0), (249.9, 1000)))
        self.assertLess(self.grid.cp_range(), 250)
        for target, wanted in ((near, {}), (far, {"beyond_grid": 1}), (isac.target((900, 0, 0)), {"beyond_grid": 1})):
            channel = self.channel(targets=[target])
            self.run_channel(channel, self.signal(4))
            self.assertEqual(channel.faults(), wanted)

    def test_023_refusals(self):
        nan = float("nan")
        for name, values in dict(
                path_loss=["", "none"], path_loss_exponent=[-1, nan], reference_loss_db=[nan],
                direct_path=[True], tx_gain_db=[nan], rx_gain_db=[nan], noise_figure_db=[-1, nan],
                self_interference=["", "both"], leakage_gain_db=[nan], leakage_delay=[-1e-9, nan],
                residual_dbm=[nan], shadowing_std_db=[-1, nan], shadowing_correlation_m=[-1, nan],
                dwell_frames=[0, -1], revisit_interval=[-1, nan], start_time=[nan]).items():
            for value in values:
                with self.assertRaisesRegex(ValueError, name):
                    self.channel(**{name: value})
        for arguments in (dict(rcs=-1), dict(rcs=0), dict(rcs=nan), dict(swerling=5)):
            with self.assertRaises(ValueError):
                isac.target((0, 0, 0), **arguments)
        for arguments in (dict(), dict(position=(0, 0, 0), times=[0]), dict(velocity=(1, 0, 0)),
                          dict(times=[1, 0], positions=[(0, 0, 0), (1, 0, 0)])):
            with self.assertRaises(ValueError):
                isac.trajectory(**arguments)
        with self.assertRaises(ValueError):
            self.channel(grid=None)

    # Live parameters

    def test_030_setters_act_at_a_frame(self):
        """Set before the start they hold from the first frame; a wrong value changes nothing."""
        channel = self.channel(targets=[isac.target((50, 0, 0))])
        reference = self.run_channel(self.channel(targets=[isac.target((50, 0, 0))]), self.signal(1))[2][0]
        channel.set_tx_gain_db(10)
        channel.set_rx_gain_db(5)
        channel.set_noise_enabled(True)
        channel.set_noise_figure_db(2)
        channel.set_self_interference("residual")
        channel.set_residual_dbm(-80)
        channel.set_revisit_interval(0.5)
        for setter, value in ((channel.set_noise_figure_db, -1), (channel.set_revisit_interval, -1),
                              (channel.set_self_interference, "x"), (channel.set_tx_gain_db, float("nan"))):
            with self.assertRaises(ValueError):
                setter(value)
        _, _, truths = self.run_channel(channel, self.signal(2))
        truth = truths[0]
        self.assertAlmostEqual(truth["power_dbm"][0] - reference["power_dbm"][0], 15, 6)
        self.assertAlmostEqual(truth["noise_dbm"], 10 * np.log10(KT_MW * 150e3) + 2, 9)
        self.assertAlmostEqual(truth["interference_dbm"], -80 - 10 * np.log10(64), 9)
        self.assertAlmostEqual(truths[1]["scene_time"] - truths[0]["scene_time"], 0.5, 12)

    def test_031_set_while_running(self):
        """Gain and targets change between two frames of a running flowgraph, never within one."""
        channel = self.channel(targets=[isac.target((5, 0, 0))])
        top = gr.top_block()
        sink = blocks.vector_sink_c()
        top.connect(blocks.vector_source_c([1.0] * self.frame, True),
                    blocks.throttle(gr.sizeof_gr_complex, 200 * self.frame), channel, sink)
        top.start()
        time.sleep(0.1)
        channel.set_rx_gain_db(20)
        time.sleep(0.1)
        channel.set_targets([])
        time.sleep(0.1)
        top.stop()
        top.wait()
        y = np.abs(np.array(sink.data()))
        steps = np.nonzero(np.abs(np.diff(y[100:])) > 1e-3 * np.max(y))[0] + 101
        self.assertEqual(len(steps), 2)
        self.assertTrue(np.all(steps % self.frame == 0))
        self.assertAlmostEqual(y[steps[0]] / y[steps[0] - 1], 10, 4)
        self.assertEqual(y[-1], 0)


if __name__ == "__main__":
    gr_unittest.run(qa_echo_channel)
