#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The handover state machine as Python sees it; its rules are tested in tests/kernels."""

import numpy as np
from gnuradio import gr_unittest, isac


def crossing(steps=400, spread=3.0, seed=1):
    """A flight from one cell to another: times, RSRP with shadowing, distances."""
    times = np.arange(steps) * 0.1
    place = np.linspace(-1000, 1000, steps)
    distance = np.stack([np.hypot(place + 1000, 175), np.hypot(place - 1000, 175)], axis=1)
    shadowing = np.random.default_rng(seed).normal(0, spread, distance.shape)
    return times, -isac.theory.path_loss_uma_av(distance, 2e9) + shadowing, distance


class qa_handover_machine(gr_unittest.TestCase):
    def test_run_equals_steps(self):
        times, rsrp, distance = crossing()
        rsrp[np.random.default_rng(2).random(rsrp.shape) < 0.1] = np.nan
        for criterion in ("rsrp", "distance", "joint_or", "joint_and", "joint_veto"):
            options = dict(criterion=criterion, time_to_trigger=0.2, l3_coefficient=0.5)
            one, many = (isac.handover_machine(2, **options) for _ in range(2))
            events, serving = [], []
            for i, time in enumerate(times):
                event = one.step(time, rsrp[i], distance[i], sinr=rsrp[i] + 90)
                if event:
                    events.append(event)
                serving.append(one.serving())
            result = many.run(times, rsrp, distance, sinr=rsrp + 90)
            np.testing.assert_array_equal(result["serving"], serving)
            for key in ("scene_time", "from", "to", "cause"):
                self.assertEqual(list(result[key]), [e[key] for e in events])
            self.assertEqual(many.counts(), one.counts())
            self.assertGreater(many.counts()["handovers"], 0)
            self.assertGreater(many.counts()["outage_steps"], 0)

    def test_many_flights_equal_single_ones(self):
        flights = [crossing(seed=seed) for seed in range(5)]
        times, _, distance = flights[0]
        rsrp = np.stack([flight[1] for flight in flights])
        for criterion in ("joint_or", "rsrp"):
            options = dict(criterion=criterion, time_to_trigger=0.2)
            many = isac.handover_machine(2, **options)
            result = many.run_flights(times, rsrp, distance, sinr=rsrp + 90)
            self.assertEqual(many.counts()["steps"], 0)
            for i, one in enumerate(rsrp):
                machine = isac.handover_machine(2, **options)
                events = machine.run(times, one, distance, sinr=one + 90)["scene_time"]
                for key in ("handovers", "ping_pongs", "outage"):
                    self.assertEqual(result[key][i], machine.counts()[key])
                np.testing.assert_equal(
                    result["first_time"][i], events[0] if len(events) else np.nan)
        for shape in ((4,), (2, 400, 2), (5, 399, 2), (5, 400, 3)):
            with self.assertRaisesRegex(ValueError, "flights x steps x cells"):
                many.run_flights(times, rsrp, np.ones(shape))
        still = isac.handover_machine(2).run_flights(times, np.ones((400, 2)), distance)
        self.assertEqual(still["handovers"].shape, (1,))

    def test_veto_ends_the_ping_pongs_of_or(self):
        times, rsrp, distance = crossing()
        counts = {}
        for criterion in ("distance", "joint_or", "joint_veto"):
            machine = isac.handover_machine(2, criterion=criterion, initial_cell=0)
            machine.run(times, rsrp, distance)
            counts[criterion] = machine.counts()
        self.assertGreater(counts["joint_or"]["ping_pongs"], 10)
        self.assertLess(
            counts["joint_veto"]["ping_pongs"], counts["joint_or"]["ping_pongs"] / 2)
        self.assertEqual(counts["distance"]["handovers"], 1)

    def test_parameters_change_live(self):
        machine = isac.handover_machine(3, hysteresis_db=30)
        self.assertIsNone(machine.step(0, [-80, -70, -90]))
        self.assertEqual(machine.serving(), 1)
        machine.set_parameters(criterion="rsrp", hysteresis_db=3)
        self.assertEqual(machine.parameters()["hysteresis_db"], 3)
        self.assertEqual(
            machine.step(1, [-60, -70, -90]),
            {"scene_time": 1.0, "from": 1, "to": 0, "cause": "rsrp"})
        with self.assertRaises(TypeError):
            machine.set_parameters(hysterese=3)
        with self.assertRaises(ValueError):
            machine.set_parameters(l3_coefficient=0)
        changes = {"l3_coefficient": 0.5, "l3_period": 0.2, "bound_missing": True,
                   "return_hysteresis_db": 4.0, "return_time": 5.0,
                   "distance_acceleration": 2.0, "distance_gate": 5.0}
        machine.set_parameters(**changes)
        self.assertEqual(machine.parameters(), {**machine.parameters(), **changes})
        machine.reset()
        self.assertEqual(machine.serving(), -1)

    def test_wrong_shapes_are_refused(self):
        machine = isac.handover_machine(2)
        for call in (
            lambda: machine.step(0, [-80]),
            lambda: machine.step(0, distance=[[1, 2]]),
            lambda: machine.run([0, 1], np.zeros((3, 2))),
            lambda: machine.run([0, 1], np.zeros((2, 3))),
            lambda: machine.run([[0, 1]], np.zeros((2, 2))),
            lambda: isac.handover_machine(0),
            lambda: isac.handover_machine(2, criterion="best"),
        ):
            with self.assertRaises(ValueError):
                call()
        self.assertEqual(machine.counts()["steps"], 0)


if __name__ == "__main__":
    gr_unittest.run(qa_handover_machine)
