#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The selectors of Tx-Rx pairs on arrays; their rules are tested in the kernels."""

import math
import unittest

import numpy as np
from gnuradio import isac


class qa_selectors(unittest.TestCase):
    def test_run_is_many_steps(self):
        snr = np.random.default_rng(1).normal(10, 3, (200, 4))
        options = {"hysteresis_db": 1, "time_to_trigger": 2, "soft_window": 3}
        run = isac.configuration_selector(4, **options).run(np.arange(200.0), snr)
        selector = isac.configuration_selector(4, **options)
        for i in range(200):
            selector.step(i, snr[i])
            self.assertEqual(run["selected"][i], selector.selected())
            self.assertEqual(run["source"][i], selector.source())
            self.assertEqual(run["snr_db"][i], selector.snr_db())
        self.assertGreater(selector.num_changes(), 5)
        self.assertGreater(np.sum(run["source"] >= 0), selector.num_changes())

        soft = run["source"] >= 0
        rows = np.arange(200)
        total = 10 ** (snr[rows, run["selected"]] / 10)
        total[soft] += 10 ** (snr[rows, run["source"]][soft] / 10)
        np.testing.assert_allclose(run["snr_db"], 10 * np.log10(total), atol=1e-9)
        selector.reset()
        self.assertEqual(selector.selected(), -1)

    def test_drops_are_runs_from_the_start(self):
        snr = np.random.default_rng(2).normal(10, 3, (5, 60, 3))
        selector = isac.configuration_selector(3, hysteresis_db=1)
        selector.step(0, [0, 1, 2])
        drops = selector.run_drops(np.arange(60.0), snr)
        self.assertEqual(selector.selected(), -1)
        for i in range(5):
            alone = isac.configuration_selector(3, hysteresis_db=1)
            run = alone.run(np.arange(60.0), snr[i])
            np.testing.assert_array_equal(drops["selected"][i], run["selected"])
            np.testing.assert_array_equal(drops["snr_db"][i], run["snr_db"])
            self.assertEqual(drops["num_changes"][i], alone.num_changes())

    def test_users_in_need(self):
        selector = isac.qos_selector([0, 1, 2], [1, 2], initial=1, prohibit_time=3)
        self.assertTrue(selector.step(0, [0, 9, 5], [14, 20]))
        self.assertEqual((selector.selected(), selector.triggered()), (2, [0]))
        self.assertFalse(selector.step(2.9, [0, 9, 5], [14, math.nan]))
        self.assertEqual(selector.num_changes(), 1)

    def test_wrong_shapes_are_refused(self):
        selector = isac.configuration_selector(2)
        for bad in (lambda: selector.step(0, [1]), lambda: selector.step(0, [[1, 2]]),
                    lambda: selector.run([0, 1], [[1, 2]]), lambda: selector.run([0], [1, 2]),
                    lambda: selector.run_drops([0], [[1, 2]]),
                    lambda: selector.run_drops([0, 1], [[[1, 2]]]),
                    lambda: isac.qos_selector([0], [0]).step(0, [1, 2], [1]),
                    lambda: isac.qos_selector([0], [0]).step(0, [1], []),
                    lambda: isac.qos_selector([0], [0], initial=1),
                    lambda: isac.configuration_selector(2, soft_window=-1)):
            self.assertRaises(ValueError, bad)


if __name__ == "__main__":
    unittest.main()
