#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The two fidelities agree: the SINR a resource element that the Scene Channel's samples have is the
link budget's within 0.3 dB, in every configuration of the case study at five snapshots."""

import math
import os
import unittest
from pathlib import Path

import numpy as np
from gnuradio import blocks, gr, isac

from report_messages import stored

EXAMPLE = Path(os.environ["ISAC_SOURCE_DIR"]) / "examples/sensing_handover"
SNAPSHOTS = np.array([5.0, 30.0, 55.0, 80.0, 105.0])
TOLERANCE_DB = 0.3


def grid(seed):
    """All pilots: what is received needs no reference. Other seeds do not correlate."""
    return isac.ofdm_grid(fft_len=512, cp_len=64, num_symbols=256, subcarrier_spacing=60e3,
                          carrier_frequency=24e9, pilots="all", guard_low=52, guard_high=51,
                          pilot_seed=seed)


GRID = grid(1)
ACTIVE = slice(52, 512 - 51)


def decibel(power):
    return 10 * np.log10(power)


def pairs_of(scene):
    nodes = scene.node_names()
    return [(tx, rx) for tx in nodes for rx in nodes]


def streams(scene, tx, rx):
    """What is sent and heard while a pair senses, and the users are served."""
    nodes, users = scene.node_names(), scene.users()
    return ([(tx, "object")] + [(nodes[user.serving], user.name) for user in users],
            [(rx, "object")] + [user.name for user in users])


def run(scene, tx, rx, frames, sent, start, revisit, noise=True, seed=1, estimate=False):
    """Rows of every receiver, or the SNRs that an estimator finds at the first.

    Args:
        sent: which of the streams are sent, the others are silent.
    """
    transmit, receive = streams(scene, tx, rx)
    top = gr.top_block()
    channel = isac.scene_channel(
        GRID, scene, transmit, receive, paths="budget", noise_enabled=noise,
        self_interference="residual" if noise else "none", start_time=start,
        revisit_interval=revisit, seed=seed)
    for i in range(len(transmit)):
        if i in sent:
            top.connect(isac.ofdm_modulator(grid(1 + i), 40, input="none", num_frames=frames),
                        (channel, i))
        else:
            top.connect(blocks.null_source(gr.sizeof_gr_complex),
                        blocks.head(gr.sizeof_gr_complex, frames * GRID.frame_samples()),
                        (channel, i))
    sinks = []
    for i in range(len(receive)):
        rows = isac.ofdm_demodulator(GRID)
        top.connect((channel, i), rows)
        if estimate and i == 0:
            estimator = isac.range_doppler_estimator(GRID, max_targets=1)
            store = blocks.message_debug()
            top.connect(rows, estimator)
            top.msg_connect(estimator, "detections", store, "store")
        elif estimate:
            top.connect(rows, blocks.null_sink(gr.sizeof_gr_complex * 512))
        else:
            sinks.append(blocks.vector_sink_c(512))
            top.connect(rows, sinks[-1])
    top.run()
    assert channel.faults() == {}, channel.faults()
    if estimate:
        return [message["snr"] for message in stored(store)]
    return [np.reshape(sink.data(), (frames, -1, 512))[:, :, ACTIVE] for sink in sinks]


def powers(*arguments, **options):
    """Mean power a resource element, receivers x frames, mW."""
    return np.array([np.mean(np.abs(rows)**2, axis=(1, 2)) / 512
                     for rows in run(*arguments, **options)])


class qa_scene_sinr(unittest.TestCase):
    def assert_near(self, measured_db, budget_db, what):
        difference = np.abs(np.asarray(measured_db) - budget_db)
        self.assertLess(difference.max(), TOLERANCE_DB, (what, measured_db, budget_db))

    def by_components(self, scene):
        """Echo, interference and noise apart: noise over 104704 elements scatters by 0.013 dB, the
        others not at all."""
        frames = {"frames": len(SNAPSHOTS), "start": SNAPSHOTS[0], "revisit": 25.0}
        users = scene.user_names()
        for seed, (tx, rx) in enumerate(pairs_of(scene), 1):
            echo = powers(scene, tx, rx, sent={0}, noise=False, **frames)
            noise = powers(scene, tx, rx, sent=set(), seed=seed, **frames)
            downlinks = [powers(scene, tx, rx, sent={1 + i}, noise=False, **frames)
                         for i in range(len(users))]
            disturbance = noise[0] + sum(downlink[0] for downlink in downlinks)
            self.assert_near(decibel(echo[0] / disturbance),
                             scene.sensing_sinr_db(SNAPSHOTS, tx, rx), (tx, rx))
            for i, user in enumerate(users, 1):
                sinr = downlinks[i - 1][i] / (noise[i] + echo[i])
                self.assert_near(decibel(sinr), scene.user_sinr_db(SNAPSHOTS, user, tx, rx),
                                 (tx, rx, user))

    def by_estimator(self, scene):
        """The mean over as many frames as make its standard error 0.06 dB: an estimate of an SNR of
        g after integration scatters by 2 / g. Below -26 dB, 24 dB after integration, detection at a
        false-alarm probability of 1e-6 begins to miss echoes."""
        everything = set(range(1 + len(scene.user_names())))
        compared = 0
        for seed, (tx, rx) in enumerate(pairs_of(scene), 1):
            for time, budget in zip(SNAPSHOTS, scene.sensing_sinr_db(SNAPSHOTS, tx, rx)):
                if budget < -26:
                    continue
                integrated = GRID.num_active() * 10**(budget / 10)
                frames = math.ceil((4.34 / 0.06)**2 * 2 / integrated)
                found = run(scene, tx, rx, frames, everything, time, 1e-6, seed=seed, estimate=True)
                self.assertEqual(len(found), frames)
                self.assert_near(decibel(np.mean(found)), budget, (tx, rx, time))
                compared += 1
        return compared

    def test_fig3_by_components(self):
        self.by_components(isac.scene.load(EXAMPLE / "fig3.yml"))

    def test_fig4_by_components(self):
        self.by_components(isac.scene.load(EXAMPLE / "fig4.yml"))

    def test_fig3_by_estimator(self):
        self.assertGreaterEqual(self.by_estimator(isac.scene.load(EXAMPLE / "fig3.yml")), 40)

    def test_fig4_by_estimator(self):
        self.assertEqual(self.by_estimator(isac.scene.load(EXAMPLE / "fig4.yml")), 45)


if __name__ == "__main__":
    unittest.main()
