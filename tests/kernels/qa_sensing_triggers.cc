/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/sensing_triggers.h>
#include <gnuradio/isac/theory/constants.h>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <stdexcept>
#include <string>

using namespace gr::isac;

namespace {

constexpr double INFINITE = std::numeric_limits<double>::infinity();
constexpr double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();

// Two nodes 100 m apart, each by itself and one for the other.
const std::vector<sensing_triggers::node_pair> PAIRS = { { 0, 0 }, { 0, 1 }, { 1, 1 } };
const std::map<int64_t, vector3> NODES = { { 0, { 0, 0, 0 } }, { 1, { 100, 0, 0 } } };

// Over the nodes' line at 50 m, to the right.
object_state flying(double x, double velocity = 10)
{
    object_state s;
    s.position = { x, 50, 0 };
    s.velocity = { velocity, 0, 0 };
    return s;
}

struct watch {
    explicit watch(const trigger_parameters& p, const std::vector<int64_t>& servers = {})
        : triggers(PAIRS, NODES, servers, p)
    {
    }

    std::string operator()(const object_state* object,
                           const std::vector<object_state>& others = {},
                           const std::vector<double>& snr_db = { 10, 10, 10 })
    {
        triggers.step(0, object, others, snr_db.data());
        std::string all;
        for (size_t i = 0; i < PAIRS.size(); i++)
            all += (i ? " " : "") + std::string(to_string(triggers.found(i)));
        return all;
    }

    std::string at(double x, double velocity = 10)
    {
        const object_state object = flying(x, velocity);
        return (*this)(&object);
    }

    sensing_triggers triggers;
};

} // namespace

BOOST_AUTO_TEST_CASE(nothing_triggers_as_made)
{
    watch w({}, { 0, 1 });
    BOOST_CHECK_EQUAL(w.at(1e6), "none none none");
    BOOST_CHECK_EQUAL(w(nullptr, { flying(0) }, { -INFINITE, 10, NOT_A_NUMBER }),
                      "none none none");
}

BOOST_AUTO_TEST_CASE(coverage_is_left)
{
    trigger_parameters p;
    p.coverage_range = 100;
    watch w(p);
    // sqrt(100^2 - 50^2) = 86.6 m from above a node.
    BOOST_CHECK_EQUAL(w.at(86), "none none none");
    BOOST_CHECK_EQUAL(w.at(87), "coverage coverage none");
    BOOST_CHECK_EQUAL(w.at(200), "coverage coverage coverage");
    BOOST_CHECK_EQUAL(w(nullptr), "none none none");
}

BOOST_AUTO_TEST_CASE(coverage_is_predicted_to_be_left)
{
    trigger_parameters p;
    p.coverage_range = 100;
    p.lead_time = 2;
    watch w(p);
    BOOST_CHECK_EQUAL(w.at(66), "none none none");
    BOOST_CHECK_EQUAL(w.at(67), "coverage coverage none");
    BOOST_CHECK_EQUAL(w.at(67, -10), "none none none");
    // It has left even if it will be back.
    BOOST_CHECK_EQUAL(w.at(87, -10), "coverage coverage none");
}

BOOST_AUTO_TEST_CASE(walls_block)
{
    trigger_parameters p;
    // Seen from node 0 at half the way to (20...40, 50).
    p.walls = { { { 10, 25, 0 }, { 20, 25, 0 } } };
    watch w(p);
    BOOST_CHECK_EQUAL(w.at(19), "none none none");
    BOOST_CHECK_EQUAL(w.at(21), "blockage blockage none");
    BOOST_CHECK_EQUAL(w.at(41), "none none none");
    p.lead_time = 0.5;
    w.triggers.set_parameters(p);
    BOOST_CHECK_EQUAL(w.at(16), "blockage blockage none");
}

BOOST_AUTO_TEST_CASE(beams_are_restricted)
{
    trigger_parameters p;
    // A quarter of a turn about the y axis of node 1, given beyond one turn.
    p.restricted_beams[1] = { { PI / 4 + 2 * PI, 3 * PI / 4 } };
    watch w(p);
    BOOST_CHECK_EQUAL(w.at(49), "none none none");
    BOOST_CHECK_EQUAL(w.at(51), "none beam beam");
    BOOST_CHECK_EQUAL(w.at(149), "none beam beam");
    BOOST_CHECK_EQUAL(w.at(151), "none none none");
    // Across the branch of the arc tangent.
    p.restricted_beams = { { 1, { { 3 * PI / 4, -3 * PI / 4 } } } };
    w.triggers.set_parameters(p);
    BOOST_CHECK_EQUAL(w.at(49), "none beam beam");
    BOOST_CHECK_EQUAL(w.at(51), "none none none");
}

BOOST_AUTO_TEST_CASE(nodes_withdraw)
{
    watch w({});
    w.triggers.withdraw(1, 5);
    BOOST_CHECK_EQUAL(w(nullptr), "none resources resources");
    const double snr_db[] = { 0, 0, 0 };
    w.triggers.step(4.9, nullptr, {}, snr_db);
    BOOST_CHECK(w.triggers.found(1) == sensing_trigger::resources);
    w.triggers.step(5, nullptr, {}, snr_db);
    BOOST_CHECK(w.triggers.found(1) == sensing_trigger::none);
}

BOOST_AUTO_TEST_CASE(users_and_their_nodes_interfere)
{
    trigger_parameters p;
    p.interference_angle = 0.1;
    p.user_positions = { { 0, 80, 0 } };
    watch users(p);
    // The user is straight above node 0: 0.1 rad are 5 m at the object's height.
    BOOST_CHECK_EQUAL(users.at(-6), "none none none");
    BOOST_CHECK_EQUAL(users.at(-4), "interference interference none");
    // Node 0 serves a user: node 1 hears it when it looks that way.
    p.user_positions = {};
    watch servers(p, { 0 });
    BOOST_CHECK_EQUAL(servers.at(0), "none none none");
    // Far away, seen from node 1 within 50 / 500 of it, and behind node 0.
    BOOST_CHECK_EQUAL(servers.at(-450), "none interference interference");
}

BOOST_AUTO_TEST_CASE(objects_in_one_angle_cell)
{
    trigger_parameters p;
    p.resolution_angle = 0.1;
    watch w(p);
    // In one line with node 0, far apart seen from node 1.
    const object_state object = flying(50);
    object_state other;
    other.position = { 70, 70, 0 };
    BOOST_CHECK_EQUAL(w(&object, { other }), "resolution none none");
    BOOST_CHECK_EQUAL(w(&object), "none none none");
    other.position = { 70, 100, 0 };
    BOOST_CHECK_EQUAL(w(&object, { other }), "none none none");
    // On its way there.
    other.velocity = { 0, -10, 0 };
    p.lead_time = 3;
    w.triggers.set_parameters(p);
    const object_state hovering = flying(50, 0);
    BOOST_CHECK_EQUAL(w(&hovering, { other }), "resolution none none");
}

BOOST_AUTO_TEST_CASE(echoes_fade)
{
    trigger_parameters p;
    p.fade_db = 6;
    watch w(p);
    for (int i = 0; i < 20; i++)
        BOOST_CHECK_EQUAL(w(nullptr, {}, { 10, 3, 0 }), "none none none");
    BOOST_CHECK_EQUAL(w(nullptr, {}, { 4.1, 3, 0 }), "none none none");
    BOOST_CHECK_EQUAL(w(nullptr, {}, { 2.9, 3, 0 }), "fade none none");
    BOOST_CHECK_EQUAL(w(nullptr, {}, { -INFINITE, 3, 0 }), "fade none none");
    BOOST_CHECK_EQUAL(w(nullptr, {}, { 10, 3, 0 }), "none none none");
    // All of them, but for the best: nowhere is it better.
    BOOST_CHECK_EQUAL(w(nullptr, {}, { -10, -11, -12 }), "none fade fade");
    // What stays low is no fade.
    for (int i = 0; i < 50; i++)
        w(nullptr, {}, { 0, -30, 5 });
    BOOST_CHECK_EQUAL(w(nullptr, {}, { 0, -30, 5 }), "none none none");
}

BOOST_AUTO_TEST_CASE(the_first_of_several_is_told)
{
    trigger_parameters p;
    p.coverage_range = 10;
    p.fade_db = 1;
    watch w(p);
    const object_state object = flying(0);
    w(&object);
    w.triggers.withdraw(0, 5);
    BOOST_CHECK_EQUAL(w(&object, {}, { 0, 0, 5 }), "resources resources coverage");
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    const auto refused = [](auto change) {
        trigger_parameters p;
        change(p);
        BOOST_CHECK_THROW(watch{ p }, std::invalid_argument);
    };
    refused([](auto& p) { p.lead_time = -1; });
    refused([](auto& p) { p.coverage_range = 0; });
    refused([](auto& p) { p.coverage_range = NOT_A_NUMBER; });
    refused([](auto& p) { p.walls = { { { 1, 1, 0 }, { 1, 1, 0 } } }; });
    refused([](auto& p) { p.restricted_beams[-1] = {}; });
    refused([](auto& p) { p.restricted_beams[0] = { { 0, INFINITE } }; });
    refused([](auto& p) { p.user_positions = { { NOT_A_NUMBER, 0, 0 } }; });
    refused([](auto& p) { p.interference_angle = 4; });
    refused([](auto& p) { p.resolution_angle = -1; });
    refused([](auto& p) { p.fade_db = 0; });
    BOOST_CHECK_THROW(sensing_triggers({ { 0, 2 } }, NODES, {}, {}),
                      std::invalid_argument);
}
