/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/wall.h>
#include <gnuradio/isac/check.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

constexpr double MILLIMETRE = 1e-3;

// Twice the area of the triangle seen from above: positive when c is left of a to b.
double side(const vector3& a, const vector3& b, const vector3& c)
{
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

bool ranges_meet(double a, double b, double c, double d)
{
    return std::max(std::min(a, b), std::min(c, d)) <=
           std::min(std::max(a, b), std::max(c, d));
}

bool segments_meet(const vector3& a, const vector3& b, const vector3& c, const vector3& d)
{
    const double c_side = side(a, b, c), d_side = side(a, b, d);
    const double a_side = side(c, d, a), b_side = side(c, d, b);
    if (c_side == 0 && d_side == 0 && a_side == 0 && b_side == 0)
        return ranges_meet(a[0], b[0], c[0], d[0]) && ranges_meet(a[1], b[1], c[1], d[1]);
    return c_side * d_side <= 0 && a_side * b_side <= 0;
}

// What of the line from a to b lies between both planes of each axis.
bool enters_box(const vector3& low,
                const vector3& high,
                const vector3& a,
                const vector3& b)
{
    double first = 0, last = 1;
    for (size_t axis = 0; axis < a.size(); axis++) {
        const double way = b[axis] - a[axis];
        if (way == 0) {
            if (a[axis] < low[axis] || a[axis] > high[axis])
                return false;
            continue;
        }
        const double t = (low[axis] - a[axis]) / way, u = (high[axis] - a[axis]) / way;
        first = std::max(first, std::min(t, u));
        last = std::min(last, std::max(t, u));
    }
    return first <= last;
}

} // namespace

wall::wall(shape kind, const vector3& from, const vector3& to)
    : d_kind(kind), d_from(from), d_to(to)
{
    for (size_t axis = 0; axis < from.size(); axis++) {
        require_finite("wall: from", from[axis]);
        require_finite("wall: to", to[axis]);
        if (kind == shape::box)
            require(to[axis] >= from[axis],
                    "wall: a box to",
                    to[axis],
                    "must not be below where it is from, " + std::to_string(from[axis]));
    }
    if (kind == shape::segment)
        require(
            from[0] != to[0] || from[1] != to[1], "wall: length", 0, "must be positive");
}

bool wall::blocks(const vector3& a, const vector3& b) const
{
    return d_kind == shape::box ? enters_box(d_from, d_to, a, b)
                                : segments_meet(d_from, d_to, a, b);
}

bool wall::contains(const vector3& place) const
{
    if (d_kind == shape::box)
        return enters_box(d_from, d_to, place, place);
    const vector3 along = { d_to[0] - d_from[0], d_to[1] - d_from[1], 0 };
    const vector3 offset = { place[0] - d_from[0], place[1] - d_from[1], 0 };
    const double share = std::clamp(dot(offset, along) / dot(along, along), 0.0, 1.0);
    return std::hypot(offset[0] - share * along[0], offset[1] - share * along[1]) <
           MILLIMETRE;
}

} // namespace isac
} // namespace gr
