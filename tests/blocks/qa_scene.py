#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Scenes: read from YAML, asked for their link budget, drawn; bad ones are told in a line."""

import math
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
from gnuradio import isac
from gnuradio.isac import theory

EXAMPLES = Path(os.environ["ISAC_SOURCE_DIR"]) / "examples"
FIG3 = EXAMPLES / "sensing_handover/fig3.yml"
FIG4 = EXAMPLES / "sensing_handover/fig4.yml"

STREET = """\
dimensions: 2
carrier_frequency_hz: 24e9
times: {first_s: 0, last_s: 10}
propagation:
  path_loss: log_distance
  reference_loss_db: 21
  los_exponent: 2
  nlos_exponent: 3
nodes:
  - &ap
    name: A
    position_m: [0, 0]
    power_dbm: 40
    noise_dbm: -60
  - {<<: *ap, name: B, position_m: [100, 0]}
users:
  - {name: U, position_m: [50, -20], noise_dbm: -60, served_by: A}
objects:
  - name: car
    rcs_m2: 1
    waypoints:
      - {time_s: 0, position_m: [0, 30]}
      - {time_s: 10, position_m: [100, 30]}
walls:
  - {from_m: [20, 20], to_m: [80, 20]}
"""

ROOM = """\
dimensions: 3
carrier_frequency_hz: 10.0e9
times: {first_s: 0, last_s: 2, step_s: 0.5}
propagation: {path_loss: free_space, blockage_loss_db: 30}
nodes:
  - name: A
    position_m: [0, 0, 10]
    velocity_mps: [1, 0, 0]
    array: {kind: upa, columns: 4, rows: 2, azimuth_deg: 45, downtilt_deg: 5, spacing_wavelengths: 0.7}
    full_duplex_split: 0.25
    power_dbm: 30
    noise_dbm: -90
    self_interference_dbm: -80
objects:
  - {name: drone, rcs_gain_db: 20, swerling: 1, trajectory_csv: flight.csv}
walls:
  - {low_m: [10, -5, 0], high_m: [20, 5, 8]}
"""


class qa_scene(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name)

    def load(self, text, flight=None):
        path = self.out / "scene.yml"
        path.write_text(text)
        if flight is not None:
            (self.out / "flight.csv").write_text(flight)
        return isac.scene.load(path)

    # The case study's test points, of an independent implementation.

    def test_fig3(self):
        scene = isac.scene.load(FIG3)
        self.assertEqual(scene.node_names(), ["AP1", "AP2", "AP3"])
        self.assertEqual(scene.object_names(), ["object"])
        np.testing.assert_array_equal(scene.times(), np.arange(1, 121))
        for pair, expected in ((("AP1", "AP1"), 34.441446), (("AP2", "AP2"), 32.544575),
                               (("AP1", "AP2"), 39.513610), (("AP1", "AP3"), 10.239921),
                               (("AP2", "AP3"), 9.291486)):
            self.assertAlmostEqual(scene.sensing_sinr_db(25, *pair), expected, delta=1e-5)
        self.assertEqual(scene.configurations()[:4], [("AP1", "AP1"), ("AP2", "AP2"),
                                                      ("AP3", "AP3"), ("AP1", "AP2")])
        for name, first, last in (("AP1", 1, 44), ("AP2", 25, 83), ("AP3", 72, 120)):
            seen = [t for t in range(1, 121) if scene.line_of_sight(t, name, "object")]
            self.assertEqual((seen[0], seen[-1], len(seen)), (first, last, last - first + 1))

    def test_fig4(self):
        scene = isac.scene.load(FIG4)
        for rx, sensing, ue1, ue2 in (("AP1", 15.797881, 13.673567, 37.149002),
                                      ("AP3", 18.711412, 12.831641, 34.352492)):
            self.assertAlmostEqual(scene.sensing_sinr_db(25, "AP1", rx), sensing, delta=1e-5)
            self.assertAlmostEqual(scene.user_sinr_db(25, "UE1", "AP1", rx), ue1, delta=1e-5)
            self.assertAlmostEqual(scene.user_sinr_db(25, "UE2", "AP1", rx), ue2, delta=1e-5)
        budget = scene.sensing_budget(25, "AP1", "AP3")
        self.assertAlmostEqual(budget["echo_dbm"], -25.772314, delta=1e-5)
        self.assertAlmostEqual(budget["interference_dbm"], -55.240731, delta=1e-5)
        self.assertAlmostEqual(budget["self_interference_dbm"], -45, delta=1e-9)
        self.assertEqual(scene.sensing_budget(25, "AP2", "AP1")["self_interference_dbm"], -math.inf)
        budget = scene.user_budget(25, "UE1", "AP1", "AP3")
        total = sum(10 ** (budget[key] / 10) for key in ("noise_dbm", "interference_dbm"))
        self.assertAlmostEqual(budget["signal_dbm"] - 10 * math.log10(total), budget["sinr_db"])

    def test_lawn_is_the_papers_link_budget(self):
        scene = isac.scene.load(EXAMPLES / "lawn_handover/lawn.yml")
        time = np.arange(0, 201, 10.0)
        x = -1000 + 10 * time
        for station, at in (("S", -1000), ("T", 1000)):
            loss = theory.path_loss_uma_av(np.hypot(x - at, 175), 2e9)
            echo = 42 + 20 * math.log10(32) - theory.echo_loss(loss, 0.1, 299792458 / 2e9)
            np.testing.assert_allclose(
                scene.sensing_sinr_db(time, station, station), echo + 100, atol=1e-9)

    # What the rest of the schema means.

    def test_street(self):
        scene = self.load(STREET)
        self.assertEqual(scene.position("car", 5), [50, 30, 0])
        # One element a node; the wall takes the line of sight of both stations at 50 m.
        one_way = 21 + 30 * math.log10(math.hypot(50, 30))
        gain = 10 * math.log10(4 * math.pi / (299792458 / 24e9) ** 2)
        self.assertAlmostEqual(scene.sensing_budget(5, "A", "B")["echo_dbm"],
                               40 + gain - 2 * one_way, delta=1e-9)
        self.assertFalse(scene.line_of_sight(5, "A", "car"))
        self.assertTrue(scene.line_of_sight(5, "A", "U"))
        # The user hears the other station's illumination as loud as it is far away.
        self.assertAlmostEqual(scene.user_budget(5, "U", "B", "B")["interference_dbm"],
                               40 - 21 - 20 * math.log10(math.hypot(50, 20)), delta=1e-9)

    def test_room(self):
        scene = self.load(ROOM, "time_s, x_m, y_m, z_m\n0, 30, 0, 2\n1, 30, 0, 20\n2, 30, 10, 20\n")
        np.testing.assert_array_equal(scene.times(), [0, 0.5, 1, 1.5, 2])
        self.assertEqual(scene.position("A", 2), [2, 0, 10])
        self.assertEqual(scene.position("drone", 1.5), [30, 5, 20])
        self.assertEqual(scene.objects()[0].swerling, 1)
        self.assertEqual([scene.line_of_sight(t, "A", "drone") for t in (0, 1)], [False, True])
        node, = scene.nodes()
        self.assertEqual((node.array.columns(), node.array.rows()), (4, 2))
        # 1 column sends, 3 receive, as near 30 dB a leg are lost behind the box.
        budget = scene.sensing_budget(scene.times(), "A", "A")
        loss = theory.free_space_path_loss(math.hypot(30, 8), 10e9)
        gain = 10 * math.log10(2 * 6)
        self.assertAlmostEqual(budget["echo_dbm"][2],
                               30 + gain + 20 - 2 * theory.free_space_path_loss(
                                   math.hypot(29, 10), 10e9), delta=1e-9)
        # Scattered waves alone: the beams gain nothing.
        self.assertAlmostEqual(budget["echo_dbm"][0], 30 + 20 - 2 * (loss + 30), delta=1e-9)
        np.testing.assert_allclose(budget["self_interference_dbm"], -80)

    def test_times_and_names(self):
        scene = isac.scene.load(FIG4)
        times = scene.times().reshape(10, 12)
        sinr = scene.sensing_sinr_db(times, "AP1", "AP2")
        self.assertEqual(sinr.shape, (10, 12))
        self.assertEqual(sinr[2, 0], scene.sensing_sinr_db(25, "AP1", "AP2"))
        self.assertIsInstance(scene.sensing_sinr_db(25, 0, 1), float)
        self.assertEqual(scene.sensing_sinr_db(25, 0, 1), sinr[2, 0])
        self.assertEqual(scene.user_sinr_db(25, 1, 0, 1, "object"),
                         scene.user_sinr_db(25, "UE2", "AP1", "AP2"))
        for bad, text in ((lambda: scene.sensing_sinr_db(25, "AP9", "AP1"),
                           "tx = 'AP9' must be one of AP1, AP2, AP3"),
                          (lambda: scene.sensing_sinr_db(25, "AP1", 3), "rx = 3 must be one of"),
                          (lambda: scene.user_sinr_db(25, "AP1", "AP1", "AP1"), "one of UE1, UE2"),
                          (lambda: scene.sensing_sinr_db([1, 121], "AP1", "AP1"),
                           "time = 121 must be from 1 to 120 s"),
                          (lambda: scene.line_of_sight(1, "AP1", "tree"), "tree must be a node"),
                          (lambda: isac.scene.load(FIG3).user_sinr_db(1, 0, 0, 0),
                           "user = 0 has nothing to name")):
            with self.assertRaisesRegex(ValueError, text):
                bad()

    def test_scenes_are_built_in_python_too(self):
        ula = isac.scene.antenna_array(16, azimuth_deg=90)
        nodes = [isac.scene.node(name, isac.trajectory((x, 0, 0)), ula, 30, -90)
                 for name, x in (("A", 0), ("B", 100))]
        drone = isac.scene.sensed_object("drone", isac.target((50, 40, 0)))
        scene = isac.scene.scene(nodes, objects=[drone], dimensions=2)
        with self.assertRaisesRegex(ValueError, "times = without end"):
            scene.times()
        users = [isac.scene.user("U", isac.trajectory((20, 30, 0)), -90, 1)]
        self.assertEqual(scene.replace(users=users).user_names(), ["U"])
        self.assertEqual(scene.user_names(), [])
        self.assertLess(scene.replace(users=users).sensing_sinr_db(0, "A", "A"),
                        scene.sensing_sinr_db(0, "A", "A"))

    def test_parts_are_replaced(self):
        scene = isac.scene.load(FIG3)
        waves = scene.propagation()
        waves.blockage = "per_path"
        path = scene.replace(propagation=waves)
        self.assertEqual(scene.propagation().blockage, "per_leg")
        # Where one leg of the two is blocked: the second node's, from 84 on.
        self.assertLess(path.sensing_sinr_db(84, "AP2", "AP3"),
                        scene.sensing_sinr_db(84, "AP2", "AP3") - 20)
        nodes = scene.nodes()
        nodes[0].self_interference_dbm = -45
        self.assertAlmostEqual(
            scene.sensing_sinr_db(1, 0, 0) - scene.replace(nodes=nodes).sensing_sinr_db(1, 0, 0),
            10 * math.log10(1 + 10**1.5), places=9)
        self.assertTrue(scene.replace(walls=[]).line_of_sight(60, "AP1", "object"))
        with self.assertRaisesRegex(ValueError, "nodes = none"):
            scene.replace(nodes=[])

    def test_dropped_users(self):
        scene = isac.scene.load(FIG4)
        places = [[[30.3, 20.7, 0], [102, 9.2, 0]], [[80, -20, 0], [10, 30, 0]]]
        serving, pairs = [[1, 2], [2, 0]], [[[0, 0], [0, 1]], [[1, 1], [1, 2]]]
        times = [1.0, 25.0, 120.0]
        sinr = scene.sensing_sinr_db_of_drops(times, places, serving, pairs)
        self.assertEqual(sinr.shape, (2, 3, 2))
        for drop in range(2):
            users = [isac.scene.user(f"UE{i}", isac.trajectory(place), -60, serving[drop][i])
                     for i, place in enumerate(places[drop])]
            for k, (tx, rx) in enumerate(pairs[drop]):
                np.testing.assert_array_equal(
                    sinr[drop, :, k], scene.replace(users=users).sensing_sinr_db(times, tx, rx))
        for bad, text in (((times, places, serving, [[0, 0]]), "pairs of size"),
                          ((times, places[:1], serving, pairs), "places of size"),
                          ((times, places, serving[0], pairs), "serving of size"),
                          (([times], places, serving, pairs), "times with = 2"),
                          (([0.0], places, serving, pairs), "time = 0 must be from 1"),
                          ((times, places, [[1, 3], [2, 0]], pairs), "served_by = 3"),
                          ((times, places, serving, [[[0, 3]], [[0, 0]]]), "rx = 3")):
            with self.assertRaisesRegex(ValueError, text):
                scene.sensing_sinr_db_of_drops(*bad)

    # Bad files

    def refused(self, text, line, told, flight=None):
        with self.assertRaises(isac.scene.scene_error) as caught:
            self.load(text, flight)
        message = str(caught.exception)
        self.assertNotIn("\n", message)
        place = f"{self.out / 'scene.yml'}:{line}: " if line else f"{self.out}/"
        self.assertTrue(message.startswith(place), message)
        self.assertIn(told, message)

    def test_bad_files_are_told_in_a_line(self):
        lines = STREET.splitlines()

        def number(start):
            return 1 + next(i for i, line in enumerate(lines) if line.strip().startswith(start))

        power, car = number("power_dbm"), number("- {time_s: 10")
        for old, new, line, told in (
                # unknown keys and missing units
                ("power_dbm: 40", "pwer_dbm: 40", power, "'pwer_dbm' is unknown, did you mean 'power_dbm'?"),
                ("power_dbm: 40", "power: 40", power, "'power' lacks its unit: 'power_dbm'"),
                ("power_dbm: 40", "power_w: 10", power, "'power_w' is unknown"),
                ("power_dbm: 40", "power_db: 40", power, "'power_db' is in another unit: 'power_dbm'"),
                ("power_dbm: 40", "power_dbm: 40 dBm", power, "'40 dBm' must be a finite number, without a unit"),
                ("power_dbm: 40", "power_dbm: yes", power, "'yes' must be a finite number"),
                ("power_dbm: 40", "power_dbm: .nan", power, "must be a finite number"),
                ("power_dbm: 40", "power_dbm: [40]", power, "must be a finite number"),
                ("power_dbm: 40", "power_dbm: 40\n    power_dbm: 41", power, "'power_dbm' is given twice"),
                ("    power_dbm: 40\n", "", number("name: A") - 1, "'power_dbm' is missing"),
                ("last_s: 10", "last: 10", 3, "'last' lacks its unit: 'last_s'"),
                ("walls:", "colour: red\nwalls:", number("walls"), "'colour' is unknown; known are"),
                # values that the kernel refuses
                ("rcs_m2: 1", "rcs_m2: 0", number("- name: car"), "target: rcs = 0 must be positive"),
                ("los_exponent: 2", "los_exponent: -2", number("los_exponent"), "propagation.los_exponent = -2"),
                ("carrier_frequency_hz: 24e9", "carrier_frequency_hz: 0", 2, "carrier_frequency_hz = 0 must be"),
                ("dimensions: 2", "dimensions: 4", 1, "must be 2 or 3"),
                ("last_s: 10}", "last_s: -1}", 3, "times.last_s = -1"),
                ("name: B, ", "name: A, ", number("- {<<: *ap"), "nodes[1].name = 'A' must be used once"),
                # geometry
                ("position_m: [100, 0]", "position_m: [0, 0]", number("- {<<: *ap"),
                 "nodes[1].position_m = 'B' must not be at the place of node 'A'"),
                ("position_m: [100, 0]", "position_m: [50, 20]", number("- {<<: *ap"),
                 "nodes[1].position_m = 'B' must not be inside a wall, walls[0]"),
                ("position_m: [100, 0]", "position_m: [50, 30]", number("- name: car"),
                 "objects[0].position_m = 'car' must not be at the place of node 'B'"),
                ("position_m: [50, -20]", "position_m: [0, 0]", number("- {name: U"),
                 "users[0].position_m = 'U' must not be at the place of node 'A'"),
                ("last_s: 10}", "last_s: 11}", number("waypoints") + 1,
                 "objects[0].waypoints = 10 s at their end: they must last as long as the scene, to 11 s"),
                ("position_m: [100, 0]", "position_m: [100, 0, 0]", number("- {<<: *ap"),
                 "must be 2 numbers in a scene of 2 dimensions"),
                ("to_m: [80, 20]", "to_m: [20, 20]", number("- {from_m"), "wall: length = 0"),
                ("time_s: 10", "time_s: 0", car - 1, "must be later than the time before it"),
                # structure
                ("served_by: A", "served_by: C", number("- {name: U"), "'C' must be A or B"),
                ("path_loss: log_distance", "path_loss: two_ray", 5, "must be log_distance or"),
                ("  reference_loss_db: 21\n", "", 5, "'reference_loss_db' is missing, which log_distance needs"),
                ("  nlos_exponent: 3\n", "", 5, "'nlos_exponent' is missing, which log_distance needs among walls"),
                ("rcs_m2: 1", "swerling: 1", number("- name: car"), "one of 'rcs_m2' and 'rcs_gain_db'"),
                ("rcs_m2: 1", "rcs_m2: 1\n    position_m: [0, 1]", number("- name: car"),
                 "one of 'position_m', 'waypoints' and 'trajectory_csv'"),
                ("rcs_m2: 1", "rcs_m2: 1\n    velocity_mps: [0, 1]", number("rcs_m2") + 1,
                 "'velocity_mps' needs 'position_m'"),
                ("walls:\n  - {from_m: [20, 20], to_m: [80, 20]}", "walls: 3", number("walls"), "must be a list"),
                ("power_dbm: 40", "array: {kind: dish}\n    power_dbm: 40", power, "must be ula or upa"),
                ("power_dbm: 40", "array: {kind: ula, columns: 4, azimuth_deg: 0}\n    power_dbm: 40", power,
                 "nodes[0].array of kind ula: 'columns'"),
                ("power_dbm: 40", "array: {kind: ula, elements: 2.5, azimuth_deg: 0}\n    power_dbm: 40", power,
                 "must be a whole number"),
                ("power_dbm: 40", "array: {kind: ula, elements: 0, azimuth_deg: 0}\n    power_dbm: 40", power,
                 "array: columns = 0 must be at least 1"),
                ("name: car", "name: [car", number("- name: car") + 1, "is no YAML"),
                ("rcs_m2: 1", "rcs_m2: !!python/object:os.system 1", None, None),
        ):
            with self.subTest(new=new):
                self.assertIn(old, STREET)
                text = STREET.replace(old, new, 1)
                if told is None:  # a tag is not acted upon
                    self.load(text)
                else:
                    self.refused(text, line, told)
        self.refused("", 1, "is empty")
        self.refused("- a list\n", 1, "must be a mapping")
        with self.assertRaisesRegex(isac.scene.scene_error, "absent.yml: cannot be read: No such"):
            isac.scene.load(self.out / "absent.yml")

    def test_bad_flights_are_told_in_a_line(self):
        line = 1 + next(i for i, text in enumerate(ROOM.splitlines()) if "flight.csv" in text)
        self.refused(ROOM, line, "flight.csv cannot be read: No such file")
        head = "time_s,x_m,y_m,z_m\n"
        for flight, told in (("time_s,x_m,y_m\n0,1,2\n", "flight.csv:1: has no column z_m"),
                             (head + "0,1,2,3\n1,2,x,3\n", "flight.csv:3: is no row of time_s, x_m"),
                             (head + "0,1,2,3\n1,2\n", "flight.csv:3: is no row of")):
            self.refused(ROOM, None, told, flight)
        self.refused(ROOM, line, "number of times = 0", head)
        self.refused(ROOM, line, "must be finite", head + "0,nan,2,3\n")
        self.refused(ROOM, line, "must last as long as the scene, to 2 s",
                     head + "0,30,0,2\n1,30,0,20\n")

    # The picture

    def draw(self, *arguments, expect=0):
        run = subprocess.run(
            [sys.executable, "-B", "-m", "gnuradio.isac.scene", *map(str, arguments)],
            capture_output=True, text=True, check=False, timeout=120, cwd=self.out)
        self.assertEqual(run.returncode, expect, run.stdout + run.stderr)
        return run

    def test_pictures(self):
        from matplotlib.image import imread

        for name in ("sensing_handover/fig3.yml", "sensing_handover/fig4.yml", "lawn_handover/lawn.yml"):
            picture = self.out / "scene.png"
            run = self.draw(EXAMPLES / name, "--picture", picture)
            self.assertEqual(run.stderr, "")
            self.assertIn("nodes: ", run.stdout)
            pixels = imread(picture)[..., :3]
            self.assertGreater(pixels.shape[1], 500)
            for red, green, blue in ((0.12, 0.47, 0.71), (0.84, 0.15, 0.16)):  # nodes, objects
                near = np.abs(pixels - (red, green, blue)).max(axis=2) < 0.02
                self.assertGreater(near.sum(), 50, name)
            picture.unlink()

    def test_the_command_tells_errors_in_a_line(self):
        (self.out / "bad.yml").write_text("dimensions: 2\n")
        self.assertEqual(self.draw("bad.yml", expect=1).stderr,
                         "bad.yml:1: scene: 'carrier_frequency_hz' is missing\n")
        run = self.draw(FIG3, "--picture", "absent/scene.png", expect=1)
        self.assertIn("absent/scene.png: No such file", run.stderr)
        run = self.draw(FIG3, "--picture", "scene.doc", expect=1)
        self.assertEqual(run.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
