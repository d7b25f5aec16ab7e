#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Reads a scene from its YAML file, and tells in one line what is wrong where."""

import contextlib
import csv
import difflib
import math
import re
from pathlib import Path

import yaml

from .isac_python import _scene, target, trajectory

SPEED_OF_LIGHT = 299792458.0

# What a quantity's key ends in.
UNITS = ("m", "s", "hz", "db", "dbm", "deg", "m2", "mps", "wavelengths")

REQUIRED, OPTIONAL = True, False

SCENE = {"dimensions": REQUIRED, "carrier_frequency_hz": REQUIRED, "times": REQUIRED,
         "propagation": REQUIRED, "nodes": REQUIRED, "users": OPTIONAL, "objects": OPTIONAL,
         "walls": OPTIONAL}
TIMES = {"first_s": REQUIRED, "last_s": REQUIRED, "step_s": OPTIONAL}
PROPAGATION = {"path_loss": REQUIRED, "reference_loss_db": OPTIONAL, "los_exponent": OPTIONAL,
               "nlos_exponent": OPTIONAL, "blockage_loss_db": OPTIONAL, "rician_k_db": OPTIONAL,
               "blockage": OPTIONAL}
WAY = {"position_m": OPTIONAL, "velocity_mps": OPTIONAL, "waypoints": OPTIONAL,
       "trajectory_csv": OPTIONAL}
WAYPOINT = {"time_s": REQUIRED, "position_m": REQUIRED}
NODE = {"name": REQUIRED, **WAY, "array": OPTIONAL, "full_duplex_split": OPTIONAL,
        "power_dbm": REQUIRED, "noise_dbm": REQUIRED, "self_interference_dbm": OPTIONAL}
ULA = {"kind": REQUIRED, "elements": REQUIRED, "azimuth_deg": REQUIRED,
       "spacing_wavelengths": OPTIONAL}
UPA = {"kind": REQUIRED, "columns": REQUIRED, "rows": REQUIRED, "azimuth_deg": REQUIRED,
       "downtilt_deg": OPTIONAL, "spacing_wavelengths": OPTIONAL}
USER = {"name": REQUIRED, **WAY, "noise_dbm": REQUIRED, "served_by": REQUIRED}
OBJECT = {"name": REQUIRED, **WAY, "rcs_m2": OPTIONAL, "rcs_gain_db": OPTIONAL,
          "swerling": OPTIONAL}
SEGMENT = {"from_m": REQUIRED, "to_m": REQUIRED}
BOX = {"low_m": REQUIRED, "high_m": REQUIRED}


class scene_error(ValueError):
    """Why a file is no scene: its path, the line, and what is wrong there."""


def stem(key):
    """The key of a quantity without its unit."""
    name, _, unit = key.rpartition("_")
    return name if name and unit in UNITS else key


def hint(key, known):
    """What may have been meant by an unknown key."""
    same = [k for k in known if stem(k) == stem(key)]
    if same and key == stem(key):
        return f"lacks its unit: {' or '.join(map(repr, same))}"
    if same:
        return f"is in another unit: {' or '.join(map(repr, same))}"
    near = difflib.get_close_matches(key, known, n=1)
    if near:
        return f"is unknown, did you mean {near[0]!r}?"
    return f"is unknown; known are {', '.join(known)}"


class scene_reader:
    """One file on its way to a scene.

    YAML is composed, not constructed: every value keeps the line it stands in.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.lines = {}  # of what the kernel names, as "nodes[1].power_dbm"
        self.loader = None

    def fail(self, line, text):
        raise scene_error(f"{self.path}{f':{line}' if line else ''}: {text}")

    @contextlib.contextmanager
    def at(self, node, what):
        """Gives what a kernel refuses the place it came from."""
        try:
            yield
        except scene_error:
            raise
        except (ValueError, TypeError) as error:
            self.fail(self.line(node), f"{what}: {error}")

    @staticmethod
    def line(node):
        return node.start_mark.line + 1

    # YAML's values

    def mapping(self, node, what, fields):
        """The nodes of a mapping by key, all of them known."""
        if not isinstance(node, yaml.MappingNode):
            self.fail(self.line(node), f"{what} must be a mapping of keys and values")
        own = [key.value for key, _ in node.value if key.value != "<<"]
        for key, _ in node.value:
            if own.count(key.value) > 1:
                self.fail(self.line(key), f"{what}: {key.value!r} is given twice")
        self.loader.flatten_mapping(node)
        found = {}
        for key, value in node.value:
            if key.value not in fields:
                self.fail(self.line(key), f"{what}: {key.value!r} {hint(key.value, fields)}")
            found[key.value] = value
        for key, needed in fields.items():
            if needed and key not in found:
                self.fail(self.line(node), f"{what}: {key!r} is missing")
        return found

    def sequence(self, node, what):
        if not isinstance(node, yaml.SequenceNode):
            self.fail(self.line(node), f"{what} must be a list")
        return node.value

    def text(self, node, what, choices=None):
        if not isinstance(node, yaml.ScalarNode) or node.value == "":
            self.fail(self.line(node), f"{what} must be a word")
        if choices and node.value not in choices:
            self.fail(self.line(node),
                      f"{what} = {node.value!r} must be {' or '.join(choices)}")
        return node.value

    def number(self, node, what):
        # Not YAML's own reading, to which 24e9 is a word.
        try:
            value = float(node.value) if isinstance(node, yaml.ScalarNode) else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            given = f" = {node.value!r}" if isinstance(node, yaml.ScalarNode) else ""
            self.fail(self.line(node), f"{what}{given} must be a finite number, without a unit")
        return value

    def whole(self, node, what):
        value = self.number(node, what)
        if value != int(value) or value < 0:
            self.fail(self.line(node), f"{what} = {node.value} must be a whole number")
        return int(value)

    def vector(self, node, what, size):
        items = self.sequence(node, what)
        if len(items) != size:
            self.fail(self.line(node), f"{what} must be {size} numbers in a scene of {size} dimensions")
        return [self.number(item, what) for item in items] + [0.0] * (3 - size)

    def numbers(self, found, what, **defaults):
        """The numbers among a mapping's nodes, by the kernel's name for each key."""
        return {name: self.number(found[key], f"{what}: {key!r}")
                for key, name in defaults.items() if key in found}

    # The scene's parts

    def waypoints(self, nodes, what, size):
        times, positions = [], []
        for node in nodes:
            found = self.mapping(node, f"{what}: a waypoint", WAYPOINT)
            times.append(self.number(found["time_s"], f"{what}: 'time_s'"))
            positions.append(self.vector(found["position_m"], f"{what}: 'position_m'", size))
        return times, positions

    def trajectory_csv(self, node, what, size):
        path = self.path.parent / self.text(node, f"{what}: 'trajectory_csv'")
        columns = ["time_s", "x_m", "y_m", "z_m"][:size + 1]
        times, positions = [], []
        try:
            with open(path, newline="", encoding="utf-8-sig") as file:
                rows = csv.DictReader(file, skipinitialspace=True)
                absent = [c for c in columns if c not in (rows.fieldnames or [])]
                if absent:
                    raise scene_error(f"{path}:1: has no column {', '.join(absent)}")
                for row in rows:
                    try:
                        time, *place = (float(row[c]) for c in columns)
                    except (TypeError, ValueError):
                        raise scene_error(f"{path}:{rows.line_num}: is no row of "
                                          f"{', '.join(columns)}") from None
                    times.append(time)
                    positions.append(place + [0.0] * (3 - size))
        except (OSError, UnicodeError, csv.Error) as error:
            self.fail(self.line(node), f"{what}: {path} cannot be read: "
                                       f"{getattr(error, 'strerror', None) or error}")
        return times, positions

    def way(self, node, found, what, size):
        ways = [key for key in ("position_m", "waypoints", "trajectory_csv") if key in found]
        if len(ways) != 1:
            self.fail(self.line(node), f"{what}: one of 'position_m', 'waypoints' and "
                                       f"'trajectory_csv' must be given")
        if "velocity_mps" in found and ways != ["position_m"]:
            self.fail(self.line(found["velocity_mps"]),
                      f"{what}: 'velocity_mps' needs 'position_m'")
        value = found[ways[0]]
        with self.at(value, what):
            if ways == ["position_m"]:
                velocity = found.get("velocity_mps")
                return trajectory(
                    self.vector(value, f"{what}: 'position_m'", size),
                    self.vector(velocity, f"{what}: 'velocity_mps'", size) if velocity else [0] * 3)
            if ways == ["waypoints"]:
                times, positions = self.waypoints(
                    self.sequence(value, f"{what}: 'waypoints'"), what, size)
            else:
                times, positions = self.trajectory_csv(value, what, size)
            return trajectory(times=times, positions=positions)

    def array(self, node, what):
        kinds = {"ula": ULA, "upa": UPA}
        found = self.mapping(node, what, {**ULA, **UPA, "elements": OPTIONAL, "columns": OPTIONAL,
                                          "rows": OPTIONAL, "azimuth_deg": OPTIONAL})
        kind = self.text(found["kind"], f"{what}: 'kind'", kinds)
        found = self.mapping(node, f"{what} of kind {kind}", kinds[kind])
        counts = ["elements"] if kind == "ula" else ["columns", "rows"]
        with self.at(node, what):
            return _scene.antenna_array(
                *(self.whole(found[key], f"{what}: {key!r}") for key in counts),
                **self.numbers(found, what, azimuth_deg="azimuth_deg", downtilt_deg="downtilt_deg",
                               spacing_wavelengths="spacing"))

    def node(self, node, what, size):
        found = self.mapping(node, what, NODE)
        return self.remember(what, found, _scene.node(
            self.text(found["name"], f"{what}: 'name'"), self.way(node, found, what, size),
            self.array(found["array"], f"{what}.array") if "array" in found
            else _scene.antenna_array(),
            **self.numbers(found, what, power_dbm="power_dbm", noise_dbm="noise_dbm",
                           full_duplex_split="full_duplex_split",
                           self_interference_dbm="self_interference_dbm")))

    def user(self, node, what, size, names):
        found = self.mapping(node, what, USER)
        serving = self.text(found["served_by"], f"{what}: 'served_by'", names)
        return self.remember(what, found, _scene.user(
            self.text(found["name"], f"{what}: 'name'"), self.way(node, found, what, size),
            self.number(found["noise_dbm"], f"{what}: 'noise_dbm'"), names.index(serving)))

    def object(self, node, what, size, wavelength):
        found = self.mapping(node, what, OBJECT)
        if ("rcs_m2" in found) == ("rcs_gain_db" in found):
            self.fail(self.line(node), f"{what}: one of 'rcs_m2' and 'rcs_gain_db' must be given")
        if "rcs_m2" in found:
            rcs = self.number(found["rcs_m2"], f"{what}: 'rcs_m2'")
        else:
            gain_db = self.number(found["rcs_gain_db"], f"{what}: 'rcs_gain_db'")
            rcs = 10 ** (gain_db / 10) * wavelength**2 / (4 * math.pi)
        swerling = self.whole(found["swerling"], f"{what}: 'swerling'") if "swerling" in found else 0
        with self.at(node, what):
            body = target(self.way(node, found, what, size), rcs, swerling)
        return self.remember(what, found, _scene.sensed_object(
            self.text(found["name"], f"{what}: 'name'"), body))

    def wall(self, node, what, size):
        kind, fields = ("segment", SEGMENT) if size == 2 else ("box", BOX)
        found = self.mapping(node, what, fields)
        with self.at(node, what):
            return _scene.wall(kind, *(self.vector(found[key], f"{what}: {key!r}", size)
                                       for key in fields))

    def propagation(self, node, walls):
        what = "propagation"
        found = self.mapping(node, what, PROPAGATION)
        law = self.text(found["path_loss"], f"{what}: 'path_loss'",
                        ("log_distance", "free_space", "uma_av"))
        own = ["reference_loss_db", "los_exponent", "nlos_exponent"]
        needed = own[:2] if law == "log_distance" else []
        if walls:
            needed = own if law == "log_distance" else ["blockage_loss_db"]
        for key in needed:
            if key not in found:
                self.fail(self.line(node), f"{what}: {key!r} is missing, which {law} needs"
                                           f"{' among walls' if walls else ''}")
        for key in own:
            if law != "log_distance" and key in found:
                self.fail(self.line(found[key]), f"{what}: {key!r} is not of {law}")
        blockage = {"blockage": self.text(found["blockage"], f"{what}: 'blockage'",
                                          ("per_leg", "per_path"))} if "blockage" in found else {}
        self.remember(what, found, None)
        return _scene.propagation(
            law, **blockage,
            **self.numbers(found, what, **{key: key for key in (*own, "blockage_loss_db",
                                                                "rician_k_db")}))

    def remember(self, what, found, part):
        """Where the keys of a part stand, under the names that the kernel gives them."""
        for key, value in found.items():
            self.lines[f"{what}.{key}"] = self.line(value)
        return part

    def parts(self, found, key, read, *arguments):
        if key not in found:
            return []
        nodes = self.sequence(found[key], key)
        self.lines[key] = self.line(found[key])
        for index, node in enumerate(nodes):
            self.lines[f"{key}[{index}]"] = self.line(node)
        return [read(node, f"{key}[{index}]", *arguments) for index, node in enumerate(nodes)]

    def scene(self, root):
        found = self.mapping(root, "scene", SCENE)
        for key, value in found.items():
            self.lines[key] = self.line(value)
        size = self.whole(found["dimensions"], "dimensions")
        if size not in (2, 3):
            self.fail(self.line(found["dimensions"]), f"dimensions = {size} must be 2 or 3")
        carrier = self.number(found["carrier_frequency_hz"], "carrier_frequency_hz")
        if carrier <= 0:
            self.fail(self.line(found["carrier_frequency_hz"]),
                      f"carrier_frequency_hz = {carrier:g} must be positive")
        times = self.mapping(found["times"], "times", TIMES)
        self.remember("times", times, None)
        nodes = self.parts(found, "nodes", self.node, size)
        walls = self.parts(found, "walls", self.wall, size)
        return _scene.scene(
            nodes,
            self.parts(found, "users", self.user, size, [node.name for node in nodes]),
            self.parts(found, "objects", self.object, size, SPEED_OF_LIGHT / carrier),
            walls, self.propagation(found["propagation"], bool(walls)), carrier, dimensions=size,
            **self.numbers(times, "times", first_s="first_time", last_s="last_time",
                           step_s="time_step"))

    def read(self):
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            self.fail(None, f"cannot be read: {getattr(error, 'strerror', None) or error}")
        try:
            self.loader = yaml.SafeLoader(text)
            root = self.loader.get_single_node()
            if root is None:
                self.fail(1, "is empty")
            return self.scene(root)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self.fail(mark.line + 1 if mark else None, f"is no YAML: {error.problem}")
        except yaml.YAMLError as error:
            self.fail(None, f"is no YAML: {error}")
        except scene_error:
            raise
        except ValueError as error:  # of the kernel, by the name of the part
            message = re.sub("^scene: ", "", str(error))
            name = message.split(" ")[0]
            while name and name not in self.lines:
                name = name.rpartition(".")[0]
            self.fail(self.lines.get(name), message)


def load(path):
    """The scene that a YAML file describes.

    Args:
        path: of the file.

    Returns:
        isac.scene.scene.

    Raises:
        scene_error: (a ValueError) one line with the path, the number of the line in it, and what
            is wrong there.
    """
    return scene_reader(path).read()
