/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/position_solver.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

using namespace gr::isac;
using state = position_estimate::state;

// The name that BOOST_CHECK_EQUAL prints.
namespace gr {
namespace isac {
static std::ostream& operator<<(std::ostream& out, position_estimate::state status)
{
    return out << to_string(status);
}
} // namespace isac
} // namespace gr

namespace {

constexpr double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();
constexpr double INFINITE = std::numeric_limits<double>::infinity();

position_solver::parameters plane(std::vector<double> side = {})
{
    position_solver::parameters p;
    p.dimensions = 2;
    p.side = std::move(side);
    return p;
}

range_sum
measured(const vector3& tx, const vector3& rx, const vector3& object, double var = 1)
{
    return { tx, rx, norm(object - tx) + norm(object - rx), var };
}

position_estimate solve(const position_solver::parameters& p,
                        const std::vector<range_sum>& ranges,
                        const position_prior* prior = nullptr)
{
    return position_solver(p).solve(ranges.data(), ranges.size(), prior);
}

void check_at(const vector3& position, const vector3& wanted, double tolerance = 1e-6)
{
    BOOST_CHECK_MESSAGE(norm(position - wanted) < tolerance,
                        "(" << position[0] << ", " << position[1] << ", " << position[2]
                            << ") instead of (" << wanted[0] << ", " << wanted[1] << ", "
                            << wanted[2] << ")");
}

// Access points of the mobility paper's case study, m.
const vector3 AP1 = { 38, 87.5, 0 }, AP2 = { 65.5, 89, 0 }, AP3 = { 109.5, 92.5, 0 };

} // namespace

BOOST_AUTO_TEST_CASE(three_pairs_in_a_plane)
{
    const vector3 object = { 60, 0, 0 };
    const auto e = solve(plane(),
                         { measured(AP1, AP1, object, 1e-4),
                           measured(AP1, AP2, object, 1e-4),
                           measured(AP3, AP3, object, 1e-4) });
    BOOST_CHECK_EQUAL(e.status, state::unique);
    check_at(e.position, object);
    BOOST_CHECK_SMALL(e.residual, 1e-9);
    BOOST_CHECK_EQUAL(e.degrees_of_freedom, 1);
    BOOST_CHECK_EQUAL(e.num_used, 3u);
    BOOST_CHECK_EQUAL(e.covariance[8], 0);
}

// Three stations at right angles around the object: the range sum of each has slope 2
// towards it, so each axis has the variance (4 / v)^-1 of the stations along it.
BOOST_AUTO_TEST_CASE(covariance_in_closed_form)
{
    const vector3 object = { 10, 20, 30 };
    const vector3 x = { 110, 20, 30 }, y = { 10, 320, 30 }, z = { 10, 20, 80 },
                  far = { -390, 20, 30 };
    const auto e = solve(position_solver::parameters(),
                         { measured(x, x, object, 4),
                           measured(y, y, object, 16),
                           measured(z, z, object, 36),
                           measured(far, far, object, 12) });
    BOOST_CHECK_EQUAL(e.status, state::unique);
    check_at(e.position, object);
    BOOST_CHECK_CLOSE(e.covariance[0], 1 / (4 / 4. + 4 / 12.), 1e-6);
    BOOST_CHECK_CLOSE(e.covariance[4], 4, 1e-6);
    BOOST_CHECK_CLOSE(e.covariance[8], 9, 1e-6);
    BOOST_CHECK_SMALL(e.covariance[1], 1e-9);
    BOOST_CHECK_SMALL(e.covariance[5], 1e-9);
}

BOOST_AUTO_TEST_CASE(two_ranges_leave_a_mirror_place_which_the_rest_decides)
{
    const vector3 west = { 0, 0, 0 }, east = { 100, 0, 0 }, north = { 30, 200, 0 };
    const vector3 object = { 40, 70, 0 }, ghost = { 40, -70, 0 };
    std::vector<range_sum> ranges = { measured(west, west, object),
                                      measured(west, east, object) };
    const auto two = solve(plane(), ranges);
    BOOST_CHECK_EQUAL(two.status, state::ambiguous);
    check_at(two.position[1] > 0 ? two.position : two.alternative, object);
    check_at(two.position[1] > 0 ? two.alternative : two.position, ghost);

    const auto side = solve(plane({ 0, 1, 0, 10 }), ranges);
    BOOST_CHECK_EQUAL(side.status, state::unique);
    check_at(side.position, object);
    const auto other_side = solve(plane({ 0, -1, 0, 10 }), ranges);
    check_at(other_side.position, ghost);
    BOOST_CHECK_EQUAL(solve(plane({ 0, 1, 0, 500 }), ranges).status, state::none);

    // 20 m of prior deviation: the ghost is 7 deviations away.
    const position_prior prior = { { 50, 60, 0 }, { 400, 0, 0, 0, 400, 0, 0, 0, 0 } };
    const auto known = solve(plane(), ranges, &prior);
    BOOST_CHECK_EQUAL(known.status, state::unique);
    check_at(known.position, object, 1);

    ranges.push_back(measured(east, east, object)); // on the same line
    BOOST_CHECK_EQUAL(solve(plane(), ranges).status, state::ambiguous);
    ranges.push_back(measured(north, north, object));
    const auto third = solve(plane(), ranges);
    BOOST_CHECK_EQUAL(third.status, state::unique);
    check_at(third.position, object);
}

BOOST_AUTO_TEST_CASE(stations_in_a_horizontal_plane_do_not_tell_up_from_down)
{
    const vector3 a = { 0, 0, 25 }, b = { 900, 0, 25 }, c = { 100, 800, 25 };
    const vector3 object = { 400, 300, 120 };
    const std::vector<range_sum> ranges = { measured(a, a, object),
                                            measured(a, b, object),
                                            measured(c, b, object),
                                            measured(c, c, object) };
    const auto e = solve(position_solver::parameters(), ranges);
    BOOST_CHECK_EQUAL(e.status, state::ambiguous);
    position_solver::parameters above;
    above.side = { 0, 0, 1, 0 };
    const auto over_ground = solve(above, ranges);
    BOOST_CHECK_EQUAL(over_ground.status, state::unique);
    check_at(over_ground.position, object);
}

BOOST_AUTO_TEST_CASE(a_known_height_is_kept)
{
    position_solver::parameters p = plane({ 0, 1, 0, 0 });
    p.height = 120;
    const vector3 a = { 0, 0, 25 }, b = { 900, 0, 30 }, object = { 300, 250, 120 };
    const auto e = solve(p, { measured(a, a, object), measured(a, b, object) });
    BOOST_CHECK_EQUAL(e.status, state::unique);
    check_at(e.position, object);
    BOOST_CHECK_EQUAL(e.covariance[8], 0);
}

// Whatever the geometry, the truth is the solution or, where it is ambiguous, one of the
// two; noise is absent.
BOOST_AUTO_TEST_CASE(no_solution_is_overlooked)
{
    std::mt19937 engine(5);
    std::uniform_real_distribution<double> place(-500, 500);
    const auto draw = [&](int dimensions) {
        return vector3{ place(engine),
                        place(engine),
                        dimensions == 3 ? place(engine) : 0 };
    };
    for (int dimensions : { 2, 3 }) {
        position_solver::parameters p;
        p.dimensions = dimensions;
        position_solver solver(p);
        int missed = 0, ambiguous = 0;
        for (int i = 0; i < 500; i++) {
            const vector3 object = draw(dimensions), a = draw(dimensions),
                          b = draw(dimensions), c = draw(dimensions);
            // Every second scene has no range to spare.
            std::vector<range_sum> ranges = { measured(a, a, object, 0.01),
                                              measured(a, b, object, 0.01) };
            if (dimensions == 3)
                ranges.push_back(measured(c, c, object, 0.01));
            if (i % 2)
                ranges.push_back(measured(b, c, object, 0.01));
            const auto e = solver.solve(ranges.data(), ranges.size());
            ambiguous += e.status == state::ambiguous;
            const bool there = norm(e.position - object) < 1e-4;
            const bool alternative =
                e.status == state::ambiguous && norm(e.alternative - object) < 1e-4;
            // Near the mirror the two places are one within its covariance.
            const double deviation =
                std::sqrt(e.covariance[0] + e.covariance[4] + e.covariance[8]);
            const bool close = i % 2 == 0 && norm(e.position - object) < 3 * deviation;
            missed += !there && !alternative && !close;
        }
        BOOST_CHECK_EQUAL(missed, 0);
        // Without a spare range every scene is, but for near misses at the mirror.
        BOOST_CHECK_GT(ambiguous, 225);
    }
}

// 4000 draws: the relative standard error of a variance is sqrt(2 / 4000) = 2.2%, of the
// mean residual sqrt(2 / 2 / 4000) = 1.6%; four of each are allowed.
BOOST_AUTO_TEST_CASE(covariance_against_monte_carlo)
{
    constexpr int DRAWS = 4000;
    const vector3 object = { 60, 5, 0 };
    const std::vector<range_sum> sound = { measured(AP1, AP1, object, 0.09),
                                           measured(AP1, AP2, object, 0.04),
                                           measured(AP2, AP3, object, 0.25),
                                           measured(AP3, AP3, object, 0.16) };
    const auto predicted = solve(plane({ 0, -1, 0, -80 }), sound);
    position_solver solver(plane({ 0, -1, 0, -80 }));
    std::mt19937 engine(3);
    std::normal_distribution<double> normal;
    double xx = 0, xy = 0, yy = 0, residual = 0;
    int wrong = 0;
    for (int i = 0; i < DRAWS; i++) {
        auto ranges = sound;
        for (auto& r : ranges)
            r.length += std::sqrt(r.variance) * normal(engine);
        const auto e = solver.solve(ranges.data(), ranges.size());
        wrong += e.status != state::unique || e.outlier;
        const vector3 error = e.position - object;
        xx += error[0] * error[0] / DRAWS;
        xy += error[0] * error[1] / DRAWS;
        yy += error[1] * error[1] / DRAWS;
        residual += e.residual / DRAWS;
    }
    BOOST_CHECK_CLOSE(xx, predicted.covariance[0], 9);
    BOOST_CHECK_CLOSE(yy, predicted.covariance[4], 9);
    const double scale = std::sqrt(predicted.covariance[0] * predicted.covariance[4]);
    BOOST_CHECK_SMALL((xy - predicted.covariance[1]) / scale, 0.07);
    BOOST_CHECK_CLOSE(residual, 2, 6.4);
    // One in a thousand sound ones exceeds the limit: 4 +- 2.
    BOOST_CHECK_LE(wrong, 12);
}

BOOST_AUTO_TEST_CASE(geometry_that_leaves_a_direction_open_is_told)
{
    const vector3 object = { 40, 70, 10 };
    const auto undetermined = [](const position_solver::parameters& p,
                                 const std::vector<range_sum>& ranges) {
        const auto e = solve(p, ranges);
        BOOST_CHECK_EQUAL(e.status, state::undetermined);
        BOOST_CHECK(!e.determined());
        BOOST_CHECK_EQUAL(e.covariance[0], INFINITE);
        BOOST_CHECK(std::isfinite(norm(e.position)));
    };
    const position_solver::parameters space;
    undetermined(plane(), { measured(AP1, AP1, { 40, 70, 0 }) });
    // The same pair twice, and the same pair the other way round.
    undetermined(
        plane(),
        { measured(AP1, AP2, { 40, 70, 0 }), measured(AP2, AP1, { 40, 70, 0 }) });
    undetermined(space, { measured(AP1, AP1, object), measured(AP1, AP2, object) });
    // Nodes in one line: a circle around it.
    const vector3 a = { 0, 0, 0 }, b = { 50, 0, 0 }, c = { 120, 0, 0 };
    undetermined(
        space,
        { measured(a, a, object), measured(b, b, object), measured(c, c, object) });
    // On the line through both nodes the ranges tell nothing of what is across.
    undetermined(plane(),
                 { measured(a, a, { -30, 0, 0 }), measured(b, b, { -30, 0, 0 }) });
    // At the node itself.
    BOOST_CHECK(std::isfinite(norm(solve(plane(), { measured(a, a, a) }).position)));
}

BOOST_AUTO_TEST_CASE(a_sum_below_the_baseline_is_put_onto_it)
{
    const vector3 a = { 0, 0, 0 }, b = { 100, 0, 0 };
    const auto e = solve(plane(), { { a, b, 99.5, 1 }, measured(a, a, { 60, 0, 0 }) });
    BOOST_CHECK_CLOSE(e.position[0], 60, 0.1);
    BOOST_CHECK_SMALL(e.position[1], 3.0);
}

BOOST_AUTO_TEST_CASE(unusable_ranges_are_passed_over)
{
    const vector3 object = { 60, 0, 0 };
    std::vector<range_sum> ranges = { measured(AP1, AP1, object, 1e-4),
                                      measured(AP2, AP2, object, 1e-4),
                                      measured(AP3, AP3, object, 1e-4) };
    for (int i = 0; i < 7; i++)
        ranges.insert(ranges.begin() + 1, measured(AP1, AP2, { 0, 40, 0 }));
    ranges[1].length = NOT_A_NUMBER;
    ranges[2].length = -1;
    ranges[3].length = INFINITE;
    ranges[4].variance = 0;
    ranges[5].variance = NOT_A_NUMBER;
    ranges[6].variance = INFINITE;
    ranges[7].receiver[1] = NOT_A_NUMBER;
    const auto e = solve(plane(), ranges);
    BOOST_CHECK_EQUAL(e.num_used, 3u);
    BOOST_CHECK_EQUAL(e.status, state::unique);
    check_at(e.position, object);
    ranges.resize(8);
    ranges.erase(ranges.begin());
    BOOST_CHECK_EQUAL(solve(plane(), ranges).status, state::none);
    BOOST_CHECK_EQUAL(solve(plane(), {}).status, state::none);
}

BOOST_AUTO_TEST_CASE(a_range_that_contradicts_two_others_is_left_out)
{
    const vector3 object = { 60, 0, 0 };
    std::vector<range_sum> ranges = { measured(AP1, AP1, object, 0.01),
                                      measured(AP2, AP2, object, 0.01),
                                      measured(AP1, AP3, object, 0.01),
                                      measured(AP3, AP3, object, 0.01) };
    ranges[2].length += 30;
    const auto e = solve(plane(), ranges);
    BOOST_REQUIRE(e.outlier);
    BOOST_CHECK_EQUAL(*e.outlier, 2u);
    BOOST_CHECK_EQUAL(e.num_used, 3u);
    BOOST_CHECK_EQUAL(e.status, state::unique);
    check_at(e.position, object);

    // With one range to spare it is seen that one is wrong, but not which.
    ranges.pop_back();
    const auto three = solve(plane(), ranges);
    BOOST_CHECK_EQUAL(three.status, state::inconsistent);
    BOOST_CHECK(!three.outlier);
    BOOST_CHECK_GT(three.residual, 11);

    // A prior counts as well.
    const position_prior prior = { object, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
    const auto known = solve(plane(), ranges, &prior);
    BOOST_REQUIRE(known.outlier);
    BOOST_CHECK_EQUAL(*known.outlier, 2u);
}

// Along x the prior of variance 9 and the range of slope 2, variance 4 (position 1)
// combine to 1 / (1/9 + 1) with weights 0.1 and 0.9; across it nothing changes.
BOOST_AUTO_TEST_CASE(prior_and_range_combine_by_inverse_variance)
{
    const position_prior prior = { { 1010, 0, 0 }, { 9, 0, 0, 0, 9, 0, 0, 0, 9 } };
    const auto alone = solve(position_solver::parameters(), {}, &prior);
    BOOST_CHECK_EQUAL(alone.status, state::unique);
    check_at(alone.position, prior.mean);
    BOOST_CHECK_CLOSE(alone.covariance[0], 9, 1e-6);

    const vector3 origin = { 0, 0, 0 };
    const auto e =
        solve(position_solver::parameters(), { { origin, origin, 2000, 4 } }, &prior);
    BOOST_CHECK_EQUAL(e.status, state::unique);
    check_at(e.position, { 1001, 0, 0 });
    BOOST_CHECK_CLOSE(e.covariance[0], 0.9, 1e-6);
    BOOST_CHECK_CLOSE(e.covariance[4], 9, 1e-6);
    BOOST_CHECK_EQUAL(e.degrees_of_freedom, 1);
    BOOST_CHECK_CLOSE(e.residual, 100 / 10., 1e-6);
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    const auto refused = [](auto change) {
        position_solver::parameters p;
        change(p);
        BOOST_CHECK_THROW(position_solver{ p }, std::invalid_argument);
    };
    refused([](auto& p) { p.dimensions = 1; });
    refused([](auto& p) { p.dimensions = 4; });
    refused([](auto& p) { p.height = NOT_A_NUMBER; });
    refused([](auto& p) { p.side = { 0, 0, 1 }; });
    refused([](auto& p) { p.side = { 0, 0, INFINITE, 1 }; });
    refused([](auto& p) { p.gate = 0; });
    refused([](auto& p) { p.false_alarm = 0; });
    refused([](auto& p) { p.false_alarm = 1; });
    refused([](auto& p) { p.false_alarm = NOT_A_NUMBER; });
    const position_prior flat = { { 0, 0, 0 }, {} };
    const position_prior lost = { { NOT_A_NUMBER, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
    for (const position_prior* prior : { &flat, &lost })
        BOOST_CHECK_THROW(solve(plane(), {}, prior), std::invalid_argument);
}
