#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What a soft handover of sensing is worth, from samples: the position of the object.

Two stations sense an object monostatically, from samples to detections. Past their middle the
sensing is handed over from one to the other; the same detections go to a combiner that stays with
the source, to one that hands over hard, and to one that hands over softly.
"""

import math
import unittest

import numpy as np
import pmt
from gnuradio import blocks, gr, isac
from report_messages import wait_until

A, B = (0, 0), (1, 1)
STATIONS = {0: (0.0, 0.0, 0.0), 1: (1000.0, 0.0, 0.0)}  # m
PERIOD = 0.1  # s
BEFORE, WINDOW = 20, 30  # steps to the handover, and of the soft window
PLACE = np.array([480.0, 300.0, 0.0])  # m
VELOCITY = np.array([20.0, 5.0, 0.0])  # m/s
FLIGHTS = 80
ACCELERATION = 1.0


def truth(time):
    return PLACE + np.outer(time, VELOCITY)


def detections(seed):
    """Messages of each pair, one a step, estimated from samples."""
    steps = BEFORE + WINDOW
    # Every frame carries the same payload, so that all follows from the seeds (when_starved).
    # Guards: near the edges of the band the channel distorts more than the noise does.
    grid = isac.ofdm_grid(fft_len=256, cp_len=160, num_symbols=16, subcarrier_spacing=120e3,
                          guard_low=26, guard_high=25)
    thing = isac.target(isac.trajectory(PLACE.tolist(), VELOCITY.tolist()), rcs=1.0)
    top = gr.top_block()
    stores = {}
    for pair in (A, B):
        place = STATIONS[pair[0]]
        chain = (blocks.vector_source_b(list(range(256)), True),
                 isac.ofdm_modulator(grid, 40, num_frames=steps, when_starved="wait"),
                 isac.echo_channel(grid, place, place, [thing], tx=pair[0], rx=pair[1],
                                   path_loss="free_space", tx_gain_db=15, rx_gain_db=15,
                                   revisit_interval=PERIOD, seed=2 * seed + pair[0]),
                 isac.ofdm_demodulator(grid),
                 isac.range_doppler_estimator(grid, *pair, reference="rows", pad_delay=2,
                                              pad_doppler=2, max_targets=1))
        top.connect(*chain)
        top.connect((chain[1], 1), (chain[4], 1))
        stores[pair] = blocks.message_debug(False)
        top.msg_connect(chain[4], "detections", stores[pair], "store")
    top.run()
    return {pair: [store.get_message(i) for i in range(store.num_messages())]
            for pair, store in stores.items()}


class flight:
    """A combiner over the detections of one flight; what it told after the handover."""

    def __init__(self, looks, hysteresis_db, soft_window):
        self.combiner = isac.mono_bistatic_combiner(
            [A, B], hysteresis_db=1000, soft_window=soft_window, nodes=STATIONS, dimensions=2,
            side=(0, 1, 0, 0), locate_by_all=True, acceleration=ACCELERATION)
        fused, tracks = (blocks.message_debug(False) for _ in range(2))
        top = gr.top_block()
        top.msg_connect(self.combiner, "detections", fused, "store")
        top.msg_connect(self.combiner, "tracks", tracks, "store")
        top.start()
        self.feed(looks, 0, BEFORE)
        self.combiner.set_locate_by_all(False)
        self.combiner.set_hysteresis_db(hysteresis_db)
        self.feed(looks, BEFORE, BEFORE + WINDOW)
        wait_until(lambda: tracks.num_messages() == fused.num_messages() == BEFORE + WINDOW)
        top.stop()
        top.wait()
        self.tracks, self.fused = (
            [pmt.to_python(store.get_message(BEFORE + i)) for i in range(WINDOW)]
            for store in (tracks, fused))

    def feed(self, looks, first, last):
        for i in range(first, last):
            for pair in (A, B):
                self.combiner.to_basic_block()._post(pmt.intern("detections"), looks[pair][i])
        if not wait_until(lambda: self.combiner.num_steps() == last):
            raise RuntimeError("the combiner waits for detections that were fed")

    def squared_errors(self):
        """Of the tracks, m^2."""
        places = np.array([t["position"] for t in self.tracks])
        return np.sum((places - truth([t["scene_time"] for t in self.tracks]))**2, axis=1)


class qa_soft_handover(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.flights = {"source": [], "target": [], "soft": []}
        for seed in range(FLIGHTS):
            looks = detections(seed)
            cls.flights["source"].append(flight(looks, 1000, 0))
            cls.flights["target"].append(flight(looks, 0.3, 0))
            cls.flights["soft"].append(flight(looks, 0.3, 2 * PERIOD * WINDOW))

    def test_the_handovers_are_what_they_are_meant_to_be(self):
        for name, pair, source in (("source", A, (-1, -1)), ("target", B, (-1, -1)),
                                   ("soft", B, A)):
            for f in self.flights[name]:
                self.assertEqual((f.combiner.selected(), f.combiner.source()), (pair, source))
                self.assertEqual(f.combiner.faults(), {})

    def test_position_is_better_than_by_either_side(self):
        """The mean squared error of each flight, in pairs over the same detections.

        A side alone measures one direction only, the other goes on from what was known before. Its
        error is that of a velocity, about the same all along a flight: few numbers with a long
        tail, so that their logarithms are compared.
        """
        error = {name: np.array([np.mean(f.squared_errors()) for f in flights])
                 for name, flights in self.flights.items()}
        print({name: f"RMSE {math.sqrt(np.mean(e)):.3f} m" for name, e in error.items()})
        for side in ("source", "target"):
            gain = np.log(error[side] / error["soft"])
            standard_error = np.std(gain, ddof=1) / math.sqrt(FLIGHTS)
            print(f"{side}: {np.exp(np.mean(gain) / 2):.1f} times, log gain "
                  f"{np.mean(gain):.2f} +- {standard_error:.2f}")
            # At least twice in the typical flight; about four times was measured.
            self.assertGreater(np.mean(gain) - 4 * standard_error, math.log(4), side)

    def test_fused_positions_scatter_as_their_covariance_says(self):
        """The normalised error squared has mean 2 and variance 4, were the bounds reached."""
        squares = []
        for f in self.flights["soft"]:
            for report, place in zip(f.fused, truth([r["scene_time"] for r in f.fused])):
                if report["position_status"] != "unique":
                    continue  # the step of the handover and those before
                error = (report["position"] - place)[:2]
                covariance = report["covariance"].reshape(3, 3)[:2, :2]
                squares.append(error @ np.linalg.solve(covariance, error))
        self.assertGreater(len(squares), 0.9 * FLIGHTS * WINDOW)
        mean, standard_error = np.mean(squares), 2 / math.sqrt(len(squares))
        print(f"normalised squared error {mean:.2f} +- {standard_error:.2f}")
        # Not below the bound by more than chance, nor above it by more than a quarter: the
        # estimator takes a few per cent more, and its own SNR for the variance.
        self.assertGreater(mean, 2 - 4 * standard_error)
        self.assertLess(mean, 2.5 + 4 * standard_error)


if __name__ == "__main__":
    unittest.main()
