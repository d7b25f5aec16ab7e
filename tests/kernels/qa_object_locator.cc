/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "mobility/object_locator.h"
#include <gnuradio/isac/theory/constants.h>
#include <boost/test/unit_test.hpp>
#include <vector>

using namespace gr::isac;
using state = position_estimate::state;

namespace {

const std::vector<object_locator::node_pair> PAIRS = { { 0, 0 }, { 0, 1 }, { 0, 2 } };
const std::map<int64_t, vector3> NODES = { { 0, { 0, 0, 0 } },
                                           { 1, { 1000, 0, 0 } },
                                           { 2, { 300, 700, 0 } } };
constexpr double GATE = 4;

object_track::parameters plane()
{
    object_track::parameters p;
    p.solver.dimensions = 2;
    return p;
}

// What a pair sees of objects, each as strong as its place in the list is low; 1 m off.
detections look(const object_locator::node_pair& pair,
                const std::vector<vector3>& objects)
{
    detections d;
    for (const vector3& object : objects) {
        const double length =
            norm(object - NODES.at(pair.first)) + norm(object - NODES.at(pair.second));
        d.delay.push_back(length / SPEED_OF_LIGHT);
        d.range.push_back(length / 2);
        d.snr.push_back(10.0 / d.delay.size());
        d.var_delay.push_back(1 / SPEED_OF_LIGHT / SPEED_OF_LIGHT);
        d.var_doppler.push_back(1);
        d.doppler.push_back(0);
        d.velocity.push_back(0);
    }
    return d;
}

std::vector<detections> looks(const std::vector<vector3>& objects)
{
    std::vector<detections> seen;
    for (const auto& pair : PAIRS)
        seen.push_back(look(pair, objects));
    return seen;
}

const std::vector<bool> ALL(3, true);
const vector3 HERE = { 400, 300, 0 }, THERE = { 450, 500, 0 };

} // namespace

BOOST_AUTO_TEST_CASE(the_strongest_at_first_then_the_nearest)
{
    object_locator locator(PAIRS, NODES, plane());
    std::vector<int> targets;
    BOOST_CHECK(!locator.predict(0));
    auto fix = locator.step(0, looks({ HERE, THERE }), ALL, GATE, targets);
    BOOST_CHECK(fix.status == state::unique);
    BOOST_CHECK_SMALL(norm(fix.position - HERE), 1e-6);
    BOOST_CHECK(targets == std::vector<int>({ 0, 0, 0 }));
    fix = locator.step(0.1, looks({ THERE, HERE }), ALL, GATE, targets);
    BOOST_CHECK_SMALL(norm(fix.position - HERE), 1e-3);
    BOOST_CHECK(targets == std::vector<int>({ 1, 1, 1 }));
    BOOST_REQUIRE(locator.predict(0.2));
    BOOST_CHECK_SMALL(norm(locator.predict(0.2)->position - HERE), 1e-2);
}

BOOST_AUTO_TEST_CASE(only_what_is_used_counts)
{
    object_locator locator(PAIRS, NODES, plane());
    std::vector<int> targets;
    const auto fix =
        locator.step(0, looks({ HERE }), { true, true, false }, GATE, targets);
    // The mirror place about the line of the nodes.
    BOOST_CHECK(fix.status == state::ambiguous);
    BOOST_CHECK(targets == std::vector<int>({ 0, 0, -1 }));
    BOOST_CHECK(!locator.predict(0));
    BOOST_CHECK(locator.step(0, looks({}), ALL, GATE, targets).status == state::none);
    BOOST_CHECK(targets == std::vector<int>({ -1, -1, -1 }));
}

BOOST_AUTO_TEST_CASE(a_lost_track_is_taken_up_where_a_spare_pair_confirms_it)
{
    object_locator locator(PAIRS, NODES, plane());
    std::vector<int> targets;
    locator.step(0, looks({ HERE }), ALL, GATE, targets);
    locator.step(0.1, looks({ HERE }), ALL, GATE, targets);
    // Two ranges explain any place: the track is believed.
    locator.step(0.2, looks({ THERE }), { true, true, false }, GATE, targets);
    BOOST_CHECK_SMALL(norm(locator.predict(0.2)->position - HERE), 1e-2);
    BOOST_CHECK(targets == std::vector<int>({ -1, -1, -1 }));
    locator.step(0.3, looks({ THERE }), ALL, GATE, targets);
    BOOST_CHECK_SMALL(norm(locator.predict(0.3)->position - THERE), 1e-6);
    BOOST_CHECK(targets == std::vector<int>({ 0, 0, 0 }));
    // One that errs alone has no say.
    auto seen = looks({ THERE });
    seen[1] = look(PAIRS[1], { { 900, 600, 0 } });
    locator.step(0.4, seen, ALL, GATE, targets);
    BOOST_CHECK_SMALL(norm(locator.predict(0.4)->position - THERE), 0.1);
    BOOST_CHECK_EQUAL(targets[1], -1);
}
