/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_TESTS_SUPPORT_THREE_NODES_H
#define INCLUDED_ISAC_TESTS_SUPPORT_THREE_NODES_H

#include <gnuradio/isac/channel/scene.h>
#include <gnuradio/isac/theory/constants.h>
#include <cmath>
#include <memory>
#include <string>

namespace gr {
namespace isac {
namespace test {

inline scene::node access_point(const std::string& name, const vector3& place)
{
    return { name, trajectory::make(place), antenna_array(64, 1, -90, 0, 0.5), 0.5, 40,
             -60 };
}

//! The case study of the mobility-management paper: three access points and an object
//! that passes them.
inline scene::parameters three_nodes()
{
    scene::parameters p;
    p.dimensions = 2;
    p.carrier_frequency = 24e9;
    p.first_time = 1;
    p.last_time = 120;
    p.waves = { "log_distance", 21, 2.1, 3.1, 0, -5, "per_leg" };
    p.nodes = { access_point("AP1", { 38, 87.5, 0 }),
                access_point("AP2", { 65.5, 89, 0 }),
                access_point("AP3", { 109.5, 92.5, 0 }) };
    const double wavelength = SPEED_OF_LIGHT / p.carrier_frequency;
    const double rcs = std::pow(10, 2.815) * wavelength * wavelength / (4 * PI);
    p.objects = { { "object",
                    std::make_shared<target>(
                        trajectory::make({ 1, 120 }, { { 0, 0, 0 }, { 116.5, 0, 0 } }),
                        rcs) } };
    return p;
}

inline scene::parameters behind_walls()
{
    auto p = three_nodes();
    using S = wall::shape;
    p.walls = { wall(S::segment, { 38.459, 78.75, 0 }, { 46.046, 78.75, 0 }),
                wall(S::segment, { 58.754, 80.1, 0 }, { 61.251, 80.1, 0 }),
                wall(S::segment, { 67.027, 80.1, 0 }, { 70.796, 80.1, 0 }),
                wall(S::segment, { 98.354, 83.25, 0 }, { 105.452, 83.25, 0 }) };
    return p;
}

inline scene::parameters with_users()
{
    auto p = three_nodes();
    for (auto& n : p.nodes)
        n.self_interference_dbm = -45;
    p.users = { { "UE1", trajectory::make({ 30.3, 20.7, 0 }), -60, 1 },
                { "UE2", trajectory::make({ 102, 9.2, 0 }), -60, 2 } };
    return p;
}

} // namespace test
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_TESTS_SUPPORT_THREE_NODES_H */
