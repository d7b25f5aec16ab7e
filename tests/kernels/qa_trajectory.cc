/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/target.h>
#include <gnuradio/isac/channel/trajectory.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

using namespace gr::isac;

namespace {

const std::vector<double> TIMES = { 1, 3, 4 };
const std::vector<vector3> POSITIONS = { { 0, 0, 10 }, { 20, 0, 10 }, { 20, 5, 10 } };

} // namespace

BOOST_AUTO_TEST_CASE(constant_velocity)
{
    const trajectory path({ 1, 2, 3 }, { 10, 0, -1 });
    BOOST_TEST((path.position(0) == vector3{ 1, 2, 3 }));
    BOOST_TEST((path.position(2) == vector3{ 21, 2, 1 }));
    BOOST_TEST((path.position(-1) == vector3{ -9, 2, 4 }));
    BOOST_TEST((path.velocity(5) == vector3{ 10, 0, -1 }));
}

BOOST_AUTO_TEST_CASE(waypoints_join_and_hold)
{
    const trajectory path(TIMES, POSITIONS);
    BOOST_TEST((path.position(-5) == POSITIONS[0]));
    BOOST_TEST((path.velocity(0.5) == vector3{ 0, 0, 0 }));
    BOOST_TEST((path.position(2) == vector3{ 10, 0, 10 }));
    BOOST_TEST((path.velocity(1) == vector3{ 10, 0, 0 }));
    BOOST_TEST((path.position(3.5) == vector3{ 20, 2.5, 10 }));
    BOOST_TEST((path.position(4) == POSITIONS[2]));
    BOOST_TEST((path.position(100) == POSITIONS[2]));
    BOOST_TEST((path.velocity(100) == vector3{ 0, 0, 0 }));
}

BOOST_AUTO_TEST_CASE(equality_is_of_content)
{
    BOOST_TEST((trajectory(TIMES, POSITIONS) == trajectory(TIMES, POSITIONS)));
    BOOST_TEST(
        !(trajectory({ 0, 0, 0 }, { 0, 0, 0 }) == trajectory({ 0, 0, 1 }, { 0, 0, 0 })));
}

BOOST_AUTO_TEST_CASE(refusals)
{
    const double nan = std::nan("");
    const double inf = std::numeric_limits<double>::infinity();
    BOOST_CHECK_THROW(trajectory({ nan, 0, 0 }, { 0, 0, 0 }), std::invalid_argument);
    BOOST_CHECK_THROW(trajectory({ 0, 0, 0 }, { 0, inf, 0 }), std::invalid_argument);
    BOOST_CHECK_THROW(trajectory({}, std::vector<vector3>{}), std::invalid_argument);
    BOOST_CHECK_THROW(trajectory(std::vector<double>{ 1, 2 }, std::vector<vector3>(1)),
                      std::invalid_argument);
    BOOST_CHECK_THROW(trajectory(std::vector<double>{ 1, 1 }, std::vector<vector3>(2)),
                      std::invalid_argument);
    BOOST_CHECK_THROW(trajectory(std::vector<double>{ nan }, std::vector<vector3>(1)),
                      std::invalid_argument);

    const auto path = trajectory::make({ 0, 0, 0 });
    BOOST_CHECK_THROW(target(nullptr, 1), std::invalid_argument);
    for (const double rcs : { 0.0, -1.0, nan, inf })
        BOOST_CHECK_THROW(target(path, rcs), std::invalid_argument);
    for (const int swerling : { -1, 5 })
        BOOST_CHECK_THROW(target(path, 1, swerling), std::invalid_argument);
}
