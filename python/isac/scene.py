#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Scenes: nodes that sense and serve, users, objects and walls, and the link budgets among them.

`load` reads one from YAML; the parts build one in Python. On a scene, sensing_sinr_db(time, tx, rx)
and user_sinr_db(time, user, tx, rx) are the link budget, at one time or at an array of times.

Run as a program, draws a scene: python3 -m gnuradio.isac.scene FILE --picture out.png
"""

import argparse
import sys

from .isac_python._scene import (
    antenna_array,
    node,
    propagation,
    scene,
    sensed_object,
    user,
    wall,
)
from .scene_file import load, scene_error

__all__ = [
    "antenna_array",
    "load",
    "node",
    "propagation",
    "scene",
    "scene_error",
    "sensed_object",
    "user",
    "wall",
]


def summary(s: scene) -> str:
    """What a scene holds, in a few lines."""
    times = s.times()
    lines = [f"{s.dimensions()} dimensions, {s.carrier_frequency() / 1e9:g} GHz, "
             f"{times[0]:g} to {times[-1]:g} s in {len(times)} steps"]
    for what, names in (("nodes", s.node_names()), ("users", s.user_names()),
                        ("objects", s.object_names()),
                        ("walls", [str(i) for i in range(len(s.walls()))])):
        if names:
            lines.append(f"{what}: {', '.join(names)}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m gnuradio.isac.scene", description="Checks a scene file, and draws it.")
    parser.add_argument("file", help="YAML")
    parser.add_argument("--picture", metavar="FILE", help="draw the scene there, as PNG, SVG or PDF")
    arguments = parser.parse_args()
    try:
        loaded = load(arguments.file)
        print(summary(loaded))
        if arguments.picture:
            from .scene_picture import draw
            draw(loaded).savefig(arguments.picture, dpi=100)
    except scene_error as error:
        print(error, file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:  # of the picture: its folder, its format
        print(f"{arguments.picture}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
