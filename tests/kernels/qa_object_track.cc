/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/object_track.h>
#include <Eigen/Dense>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

using namespace gr::isac;
using state = position_estimate::state;

namespace {

constexpr double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();

const vector3 A = { 0, 0, 0 }, B = { 1000, 0, 0 }, C = { 300, 900, 0 };

struct motion {
    vector3 position, velocity;
    vector3 at(double time) const
    {
        vector3 p;
        for (int i = 0; i < 3; i++)
            p[i] = position[i] + time * velocity[i];
        return p;
    }
};

path_look look(const vector3& tx,
               const vector3& rx,
               const motion& object,
               double time,
               double variance = 0.25,
               double rate_variance = 0.04)
{
    const vector3 place = object.at(time), out = place - tx, back = place - rx;
    path_look l;
    l.transmitter = tx;
    l.receiver = rx;
    l.length = norm(out) + norm(back);
    l.variance = variance;
    l.rate =
        dot(out, object.velocity) / norm(out) + dot(back, object.velocity) / norm(back);
    l.rate_variance = rate_variance;
    return l;
}

object_track::parameters plane(double acceleration = 0)
{
    object_track::parameters p;
    p.solver.dimensions = 2;
    p.acceleration = acceleration;
    return p;
}

position_estimate
step(object_track& track, double time, const std::vector<path_look>& looks)
{
    return track.step(time, looks.data(), looks.size());
}

double error(const object_track& track, const motion& object, double time)
{
    return norm(track.predict(time).position - object.at(time));
}

} // namespace

BOOST_AUTO_TEST_CASE(two_looks_with_rates_tell_position_and_velocity_at_once)
{
    const motion object = { { 400, 300, 0 }, { 20, -5, 0 } };
    object_track::parameters p = plane();
    p.solver.side = { 0, 1, 0, 0 };
    object_track track(p);
    BOOST_CHECK(!track.active(0));
    const auto fix = step(track, 0, { look(A, A, object, 0), look(A, B, object, 0) });
    BOOST_CHECK(fix.status == state::unique);
    BOOST_REQUIRE(track.active(0));
    BOOST_CHECK_SMALL(norm(track.state().position - object.position), 0.01);
    // The prior of 30 m/s pulls by (0.2 / 2 / 30)^2.
    BOOST_CHECK_SMALL(norm(track.state().velocity - object.velocity), 0.01);
    BOOST_CHECK_SMALL(error(track, object, 10), 0.1);
}

BOOST_AUTO_TEST_CASE(a_mirror_place_starts_no_track_and_misleads_none)
{
    const motion object = { { 400, 300, 0 }, { 20, -5, 0 } };
    object_track track(plane());
    const auto two = [&](double time) {
        return std::vector<path_look>{ look(A, A, object, time),
                                       look(A, B, object, time) };
    };
    BOOST_CHECK(step(track, 0, two(0)).status == state::ambiguous);
    BOOST_CHECK(!track.active(0));
    auto three = two(1);
    three.push_back(look(C, C, object, 1));
    step(track, 1, three);
    BOOST_REQUIRE(track.active(1));
    for (int i = 2; i < 20; i++) {
        const auto fix = step(track, i, two(i));
        BOOST_CHECK(fix.status == state::unique);
        BOOST_CHECK_SMALL(norm(fix.position - object.at(i)), 1e-3);
        BOOST_CHECK_GT(fix.covariance[0], 0);
    }
    BOOST_CHECK_SMALL(error(track, object, 20), 0.1);
}

// After the two nodes' first look one alone goes on: a single range and its rate.
BOOST_AUTO_TEST_CASE(a_single_pair_keeps_the_track)
{
    const motion object = { { 400, 300, 0 }, { 20, -5, 0 } };
    object_track::parameters p = plane(0.1);
    p.solver.side = { 0, 1, 0, 0 };
    object_track track(p);
    step(track, 0, { look(A, A, object, 0), look(A, B, object, 0) });
    for (int i = 1; i <= 10; i++) {
        const auto fix = step(track, i, { look(B, B, object, i) });
        BOOST_CHECK(fix.status == state::undetermined);
        BOOST_CHECK_EQUAL(track.state().time, i);
    }
    BOOST_CHECK_SMALL(error(track, object, 11), 1.0);
}

// 300 flights of 40 steps, each with errors of the stated variances and an acceleration
// of the stated density. The normalised squared error of position and velocity at the end
// is chi-square of 4 degrees of freedom: mean 4, standard error sqrt(8 / 300) = 0.16;
// four of them, and 5% for the curvature of the ranges.
BOOST_AUTO_TEST_CASE(errors_are_as_large_as_the_covariance_says)
{
    constexpr int FLIGHTS = 300, STEPS = 40;
    constexpr double PERIOD = 0.5, ACCELERATION = 2;
    std::mt19937 engine(9);
    std::normal_distribution<double> normal;
    double sum = 0;
    for (int flight = 0; flight < FLIGHTS; flight++) {
        motion object = { { 100 + 800 * (flight / double(FLIGHTS)), 700, 0 },
                          { 5 * normal(engine), 5 * normal(engine), 0 } };
        object_track::parameters p = plane(ACCELERATION);
        p.solver.side = { 0, 1, 0, 0 };
        p.speed = 5;
        p.solver.false_alarm = 1e-6; // what is rare here is no error
        object_track track(p);
        for (int i = 0; i < STEPS; i++) {
            std::vector<path_look> looks = { look(A, A, object, 0),
                                             look(A, B, object, 0) };
            // A handover: two pairs, then one, then the other, then both.
            if (i % 20 >= 5)
                looks = { looks[i % 20 < 12] };
            for (auto& l : looks) {
                l.length += std::sqrt(l.variance) * normal(engine);
                l.rate += std::sqrt(l.rate_variance) * normal(engine);
            }
            step(track, i * PERIOD, looks);
            BOOST_REQUIRE(track.active(i * PERIOD));
            if (i == STEPS - 1)
                break;
            // White acceleration: velocity and place change together.
            for (int axis = 0; axis < 2; axis++) {
                const double dv = std::sqrt(PERIOD) * ACCELERATION * normal(engine);
                const double dx = PERIOD / 2 * dv + std::sqrt(PERIOD / 12) * PERIOD *
                                                        ACCELERATION * normal(engine);
                object.position[axis] += PERIOD * object.velocity[axis] + dx;
                object.velocity[axis] += dv;
            }
        }
        const object_state& s = track.state();
        Eigen::Vector4d e;
        Eigen::Matrix4d covariance;
        const int axes[4] = { 0, 1, 3, 4 };
        for (int i = 0; i < 4; i++) {
            e[i] = i < 2 ? s.position[i] - object.position[i]
                         : s.velocity[i - 2] - object.velocity[i - 2];
            for (int k = 0; k < 4; k++)
                covariance(i, k) = s.covariance[6 * axes[i] + axes[k]];
        }
        sum += e.dot(covariance.ldlt().solve(e));
    }
    BOOST_TEST_MESSAGE("mean normalised squared error " << sum / FLIGHTS);
    BOOST_CHECK_SMALL(sum / FLIGHTS - 4, 0.85);
}

BOOST_AUTO_TEST_CASE(prediction_widens_with_the_acceleration)
{
    const motion object = { { 400, 300, 0 }, { 0, 0, 0 } };
    object_track::parameters p = plane(3);
    p.solver.side = { 0, 1, 0, 0 };
    object_track track(p);
    step(track, 0, { look(A, A, object, 0), look(A, B, object, 0) });
    const auto now = track.state().covariance, later = track.predict(2).covariance;
    // q t plus what it was; q = 9 m^2/s^3.
    BOOST_CHECK_CLOSE(later[6 * 3 + 3], now[6 * 3 + 3] + 18, 1e-6);
    BOOST_CHECK_CLOSE(
        later[0], now[0] + 4 * now[3] + 4 * now[6 * 3 + 3] + 9 * 8 / 3., 1e-6);
    BOOST_CHECK_EQUAL(track.predict(2).position_covariance()[0], later[0]);
    BOOST_CHECK_EQUAL(later[6 * 2 + 2], 0);
}

BOOST_AUTO_TEST_CASE(the_objects_range_is_picked_among_others)
{
    const motion object = { { 400, 300, 0 }, { 20, 0, 0 } };
    object_track::parameters p = plane();
    p.solver.side = { 0, 1, 0, 0 };
    object_track track(p);
    step(track, 0, { look(A, A, object, 0), look(A, B, object, 0) });
    range_sum ranges[3] = { look(B, B, object, 1), look(B, B, object, 1), {} };
    ranges[0].length += 40;
    ranges[2].length = NOT_A_NUMBER;
    BOOST_CHECK(track.pick(ranges, 3, 1, 4) == size_t(1));
    BOOST_CHECK(!track.pick(ranges, 1, 1, 4));
    BOOST_CHECK(!track.pick(ranges + 2, 1, 1, 4));
}

BOOST_AUTO_TEST_CASE(wrong_looks_do_not_mislead)
{
    const motion object = { { 400, 300, 0 }, { 20, 0, 0 } };
    object_track::parameters p = plane(0.5);
    p.solver.side = { 0, 1, 0, 0 };
    p.memory = 3;
    object_track track(p);
    step(track, 0, { look(A, A, object, 0), look(A, B, object, 0) });
    // A range that is far off is left out, with its rate.
    auto looks = std::vector<path_look>{ look(A, A, object, 1),
                                         look(A, B, object, 1),
                                         look(C, C, object, 1) };
    looks[2].length += 200;
    looks[2].rate += 50;
    const auto fix = step(track, 1, looks);
    BOOST_CHECK(fix.status == state::inconsistent);
    BOOST_CHECK_SMALL(error(track, object, 1), 0.1);
    // So are a rate that is off, and what is not finite.
    looks = { look(A, A, object, 2), look(A, B, object, 2), look(C, C, object, 2) };
    looks[0].rate += 50;
    looks[1].rate = NOT_A_NUMBER;
    looks[2].length = NOT_A_NUMBER;
    step(track, 2, looks);
    BOOST_CHECK_SMALL(error(track, object, 2), 0.1);
    BOOST_CHECK_SMALL(norm(track.state().velocity - object.velocity), 0.2);
    // Neither does a step back in time.
    step(track, 1, { look(A, A, { { 0, 100, 0 }, {} }, 0) });
    BOOST_CHECK_EQUAL(track.state().time, 2);
    BOOST_CHECK(step(track, NOT_A_NUMBER, looks).status == state::none);

    // Nothing for longer than the memory ends it.
    step(track, 4.9, {});
    BOOST_CHECK(track.active(4.9));
    BOOST_CHECK(!track.active(5.1));
    BOOST_CHECK_EQUAL(track.state().time, 2);
    step(track, 5.1, {});
    BOOST_CHECK(!track.active(4.9));
    step(track, 6, { look(A, A, object, 6), look(A, B, object, 6) });
    BOOST_CHECK(track.active(6));
    track.reset();
    BOOST_CHECK(!track.active(6));
    step(track, 0, { look(A, A, object, 0), look(A, B, object, 0) });
    BOOST_CHECK(track.active(0));
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    const auto refused = [](auto change) {
        object_track::parameters p;
        change(p);
        BOOST_CHECK_THROW(object_track{ p }, std::invalid_argument);
    };
    refused([](auto& p) { p.acceleration = -1; });
    refused([](auto& p) { p.speed = 0; });
    refused([](auto& p) { p.memory = NOT_A_NUMBER; });
    refused([](auto& p) { p.solver.dimensions = 1; });
    object_track track{ object_track::parameters() };
    BOOST_CHECK_THROW(track.set_motion(-1, 1, 1), std::invalid_argument);
    track.set_motion(2, 3, 4);
    BOOST_CHECK_EQUAL(track.params().speed, 3);
}
