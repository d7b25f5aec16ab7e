#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The picture of a scene, from above."""

import numpy as np


def way(scene, name, times):
    return np.array([scene.position(name, time) for time in times])


def draw_walls(axis, scene):
    from matplotlib.patches import Rectangle

    for index, wall in enumerate(scene.walls()):
        label = "walls" if index == 0 else None
        (x, y, _), (u, v, _) = wall.start, wall.end
        if wall.kind == "box":
            axis.add_patch(Rectangle((x, y), u - x, v - y, color="0.6", label=label))
        else:
            axis.plot((x, u), (y, v), color="0.3", lw=3, solid_capstyle="butt", label=label)


def draw_moving(axis, scene, name, times, height, **style):
    """A marker where it starts, and its way with an arrow at the end."""
    path = way(scene, name, times)
    axis.plot(*path[0, :2], ls="", **style)
    lowest, highest = path[:, 2].min(), path[:, 2].max()
    at = f"\n{lowest:g} m" if lowest == highest else f"\n{lowest:g} to {highest:g} m"
    axis.annotate(name + (at if height else ""), path[0, :2], xytext=(6, 5),
                  textcoords="offset points")
    if np.ptp(path, axis=0).max() == 0:
        return
    line, = axis.plot(path[:, 0], path[:, 1], color=style["color"], lw=1)
    turns = np.flatnonzero(np.any(np.diff(path, axis=0) != 0, axis=1))
    last = turns[-1]
    axis.annotate("", path[last + 1, :2], path[last, :2],
                  arrowprops={"arrowstyle": "-|>", "color": line.get_color()})


def draw(scene):
    """Draws nodes, users with whom serves them, objects with their ways, and walls.

    Args:
        scene: isac.scene.scene, with times.

    Returns:
        Matplotlib's Figure, in m, seen from above; heights are written where there are three
        dimensions.
    """
    from matplotlib.figure import Figure

    times = scene.times()
    height = scene.dimensions() == 3
    figure = Figure(figsize=(8, 6), layout="constrained")
    axis = figure.add_subplot()
    draw_walls(axis, scene)
    nodes = scene.node_names()
    for index, user in enumerate(scene.users()):
        ends = np.array([scene.position(name, times[0]) for name in (nodes[user.serving], user.name)])
        axis.plot(ends[:, 0], ends[:, 1], color="C2", ls=":", lw=1,
                  label="serves" if index == 0 else None)
    for kind, names, marker, colour in (
            ("nodes", nodes, "^", "C0"), ("users", scene.user_names(), "s", "C2"),
            ("objects", scene.object_names(), "o", "C3")):
        for index, name in enumerate(names):
            draw_moving(axis, scene, name, times, height, marker=marker, color=colour,
                        label=kind if index == 0 else None)
    axis.margins(0.15)
    axis.set_aspect("equal", adjustable="datalim")
    axis.set(xlabel="x (m)", ylabel="y (m)",
             title=f"{scene.carrier_frequency() / 1e9:g} GHz, {times[0]:g} to {times[-1]:g} s")
    axis.grid(alpha=0.3)
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
    return figure
