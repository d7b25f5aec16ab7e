/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/three_nodes.h"
#include <gnuradio/isac/channel/scene.h>
#include <gnuradio/isac/channel/scene_budget.h>
#include <gnuradio/isac/theory/array_gain.h>
#include <gnuradio/isac/theory/link_budget.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

constexpr double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();

// Figures of an independent implementation of the case study, to the digits that it
// gives.
constexpr double DIGITS = 1e-5;

double db(double power) { return 10 * std::log10(power); }

void refused(const std::string& text,
             const std::function<void(scene::parameters&)>& change)
{
    auto p = with_users();
    change(p);
    try {
        scene::make(p);
    } catch (const std::invalid_argument& error) {
        BOOST_CHECK_MESSAGE(std::string(error.what()).find(text) != std::string::npos,
                            error.what() << " lacks " << text);
        return;
    }
    BOOST_ERROR("not refused: " << text);
}

} // namespace

BOOST_AUTO_TEST_CASE(parts_of_the_budget)
{
    const auto s = scene::make(behind_walls());
    BOOST_CHECK_SMALL(-db(s->mean_gain(50, true)) - 56.67837, DIGITS);
    BOOST_CHECK_SMALL(-db(s->mean_gain(50, false)) - 73.66807, DIGITS);
    BOOST_CHECK_EQUAL(s->mean_gain(0.5, true), s->mean_gain(1, true));
    BOOST_CHECK_SMALL(theory::array_gain(0.1, 0.13, 64) - 0.110609, 1e-6);
    BOOST_CHECK_SMALL(theory::array_gain(0.1, 0.13, 32) - 14.027284, 1e-6);
    BOOST_CHECK_EQUAL(theory::array_gain(0.3, 0.3, 64), 64);
    BOOST_CHECK_CLOSE(
        theory::array_gain(1, -1, 64), 64, 1e-9); // the same line's other end
    const vector3 place = s->params().objects[0].body->path()->position(25);
    BOOST_CHECK_SMALL(place[0] - 23.495798, 1e-6);
    const std::vector<double> distances = { 88.693979, 98.414191, 126.305078 };
    for (size_t i = 0; i < 3; i++)
        BOOST_CHECK_SMALL(
            norm(place - s->params().nodes[i].path->position(25)) - distances[i], 1e-6);
}

// Which snapshots each node sees the object in is part of the layout.
BOOST_AUTO_TEST_CASE(lines_of_sight)
{
    const auto s = scene::make(behind_walls());
    const int first[] = { 1, 25, 72 }, last[] = { 44, 83, 120 };
    for (size_t node = 0; node < 3; node++)
        for (int time = 1; time <= 120; time++)
            BOOST_CHECK_EQUAL(
                s->line_of_sight(s->params().nodes[node].path->position(time),
                                 s->params().objects[0].body->path()->position(time)),
                time >= first[node] && time <= last[node]);
}

BOOST_AUTO_TEST_CASE(sensing_behind_walls)
{
    const auto s = scene::make(behind_walls());
    const auto snr_db = [&](double time, size_t tx, size_t rx) {
        const auto b = sense(*s, time, tx, rx);
        BOOST_CHECK_EQUAL(b.self_interference, 0);
        BOOST_CHECK_EQUAL(b.interference, 0);
        return db(b.sinr());
    };
    BOOST_CHECK_SMALL(snr_db(25, 0, 0) - 34.441446, DIGITS);
    BOOST_CHECK_SMALL(snr_db(25, 1, 1) - 32.544575, DIGITS);
    BOOST_CHECK_SMALL(snr_db(25, 0, 1) - 39.513610, DIGITS);
    BOOST_CHECK_SMALL(snr_db(25, 0, 2) - 10.239921, DIGITS);
    BOOST_CHECK_SMALL(snr_db(25, 1, 2) - 9.291486, DIGITS);
    // Without users and self-interference a pair is the same both ways.
    for (size_t tx = 0; tx < 3; tx++)
        for (size_t rx = 0; rx < tx; rx++)
            BOOST_CHECK_SMALL(snr_db(60, tx, rx) - snr_db(60, rx, tx), 1e-9);
}

// One leg blocked: the whole path counts as such, or only that leg.
BOOST_AUTO_TEST_CASE(blockage_per_path)
{
    auto p = behind_walls();
    const auto leg = scene::make(p);
    p.waves.blockage = "per_path";
    const auto path = scene::make(p);
    // At 84 the second node has lost the object, the third sees it.
    const auto drop = [](const scene& s) {
        return db(sense(s, 83, 1, 2).echo) - db(sense(s, 84, 1, 2).echo);
    };
    BOOST_CHECK_SMALL(drop(*leg) - 25.5, 0.1);
    BOOST_CHECK_SMALL(drop(*path) - 50.9, 0.5);
    BOOST_CHECK_CLOSE(sense(*leg, 84, 1, 1).echo, sense(*path, 84, 1, 1).echo, 1e-9);
}

BOOST_AUTO_TEST_CASE(sensing_and_serving)
{
    const auto s = scene::make(with_users());
    BOOST_CHECK_SMALL(db(sense(*s, 25, 0, 0).sinr()) - 15.797881, DIGITS);
    BOOST_CHECK_SMALL(db(serve(*s, 25, 0, 0, 0).sinr()) - 13.673567, DIGITS);
    BOOST_CHECK_SMALL(db(serve(*s, 25, 1, 0, 0).sinr()) - 37.149002, DIGITS);
    const auto b = sense(*s, 25, 0, 2);
    BOOST_CHECK_SMALL(db(b.echo) + 25.772314, DIGITS);
    BOOST_CHECK_SMALL(db(b.interference) + 55.240731, DIGITS);
    BOOST_CHECK_SMALL(db(b.self_interference) + 45, 1e-9); // it serves while it receives
    BOOST_CHECK_SMALL(db(b.noise) + 60, 1e-9);
    BOOST_CHECK_SMALL(db(b.sinr()) - 18.711412, DIGITS);
    BOOST_CHECK_SMALL(db(serve(*s, 25, 0, 0, 2).sinr()) - 12.831641, DIGITS);
    BOOST_CHECK_SMALL(db(serve(*s, 25, 1, 0, 2).sinr()) - 34.352492, DIGITS);
    // The first node serves nobody: as a receiver of others it keeps all antennas.
    BOOST_CHECK_EQUAL(sense(*s, 25, 1, 0).self_interference, 0);
}

// Users of one node take turns: as many of them at one place disturb as one does.
BOOST_AUTO_TEST_CASE(users_share_their_node)
{
    auto p = with_users();
    const double alone = sense(*scene::make(p), 25, 0, 0).interference;
    p.users.push_back({ "UE3", p.users[1].path, -60, 2 });
    BOOST_CHECK_CLOSE(sense(*scene::make(p), 25, 0, 0).interference, alone, 1e-9);
}

// The radar equation with true gains: two arrays without walls, in free space, in 3-D.
BOOST_AUTO_TEST_CASE(free_space_in_three_dimensions)
{
    scene::parameters p;
    p.carrier_frequency = 10e9;
    p.waves.path_loss = "free_space";
    const antenna_array upa(8, 4, 30, 10, 0.5);
    p.nodes = { { "A", trajectory::make({ 0, 0, 25 }), upa, 0, 30, -100 },
                { "B", trajectory::make({ 900, 100, 30 }), upa, 0.25, 30, -100 } };
    p.objects = { { "drone",
                    std::make_shared<target>(
                        trajectory::make({ 400, 300, 120 }, { 10, 0, 0 }), 0.2) } };
    const auto s = scene::make(p);
    const auto loss = [&](size_t node, double time) {
        return theory::free_space_path_loss(
            norm(p.objects[0].body->path()->position(time) -
                 p.nodes[node].path->position(time)),
            10e9);
    };
    const double wavelength = 299792458.0 / 10e9;
    BOOST_CHECK_CLOSE(
        db(sense(*s, 3, 0, 1).echo),
        30 + 2 * db(32) -
            theory::bistatic_echo_loss(loss(0, 3), loss(1, 3), 0.2, wavelength),
        1e-9);
    BOOST_CHECK_CLOSE(db(sense(*s, 3, 0, 0).echo), // not split
                      30 + 2 * db(32) - theory::echo_loss(loss(0, 3), 0.2, wavelength),
                      1e-9);
    BOOST_CHECK_CLOSE(db(sense(*s, 3, 1, 1).echo), // 2 columns of 4 send, 6 receive
                      30 + db(8) + db(24) -
                          theory::echo_loss(loss(1, 3), 0.2, wavelength),
                      1e-9);
}

// The pattern against the sum over the elements that it is the closed form of.
BOOST_AUTO_TEST_CASE(pattern_of_a_rectangle)
{
    const antenna_array upa(8, 4, 30, 10, 0.6);
    BOOST_CHECK_SMALL(dot(upa.across(), upa.upward()), 1e-15);
    BOOST_CHECK_SMALL(upa.across()[2], 1e-15);
    const vector3 steered = { 0.8, 0.6, 0 }, direction = { 0.6, 0.64, -0.48 };
    for (const size_t columns : { 8, 3 }) {
        double in_phase = 0, quadrature = 0;
        for (size_t column = 0; column < columns; column++)
            for (size_t row = 0; row < 4; row++) {
                const double way = column * dot(direction - steered, upa.across()) +
                                   row * dot(direction - steered, upa.upward());
                in_phase += std::cos(2 * PI * 0.6 * way);
                quadrature += std::sin(2 * PI * 0.6 * way);
            }
        const double gain =
            (in_phase * in_phase + quadrature * quadrature) / (columns * 4);
        BOOST_CHECK_CLOSE(upa.gain(steered, direction, columns), gain, 1e-9);
        BOOST_CHECK_CLOSE(upa.gain(steered, steered, columns), columns * 4.0, 1e-9);
    }
}

BOOST_AUTO_TEST_CASE(walls)
{
    const wall segment(wall::shape::segment, { 0, 0, 0 }, { 10, 0, 0 });
    BOOST_CHECK(segment.blocks({ 5, -1, 0 }, { 5, 1, 0 }));
    BOOST_CHECK(segment.blocks({ 5, -1, 50 }, { 5, 1, 90 })); // of any height
    BOOST_CHECK(segment.blocks({ 9, 3, 0 }, { 11, -3, 0 }));  // over its end
    BOOST_CHECK(!segment.blocks({ 9, 3, 0 }, { 11.1, -3, 0 }));
    BOOST_CHECK(!segment.blocks({ 5, 3, 0 }, { 5, 1, 0 }));
    BOOST_CHECK(segment.blocks({ -5, 0, 0 }, { 5, 0, 0 })); // along it
    BOOST_CHECK(!segment.blocks({ -5, 0, 0 }, { -1, 0, 0 }));
    BOOST_CHECK(segment.contains({ 3, 0, 7 }));
    BOOST_CHECK(!segment.contains({ 3, 0.01, 0 }));
    BOOST_CHECK(!segment.contains({ 10.01, 0, 0 }));

    const wall box(wall::shape::box, { 0, 0, 0 }, { 10, 10, 20 });
    BOOST_CHECK(box.blocks({ -5, 5, 10 }, { 15, 5, 10 }));
    BOOST_CHECK(!box.blocks({ -5, 5, 10 }, { 15, 5, 70 })); // over it
    BOOST_CHECK(box.blocks({ -5, 5, 10 }, { 15, 5, 29 }));
    BOOST_CHECK(!box.blocks({ -5, 5, 10 }, { -1, 5, 10 }));
    BOOST_CHECK(!box.blocks({ -5, 11, 10 }, { 15, 11, 10 }));
    BOOST_CHECK(box.blocks({ 5, 5, 10 }, { 5, 5, 50 })); // from within
    BOOST_CHECK(box.contains({ 5, 5, 5 }));
    BOOST_CHECK(!box.contains({ 5, 5, 20.1 }));

    using S = wall::shape;
    BOOST_CHECK_THROW(wall(S::segment, { 1, 2, 3 }, { 1, 2, 4 }), std::invalid_argument);
    BOOST_CHECK_THROW(wall(S::box, { 0, 0, 5 }, { 1, 1, 4 }), std::invalid_argument);
    BOOST_CHECK_THROW(wall(S::segment, { NOT_A_NUMBER, 0, 0 }, { 1, 1, 4 }),
                      std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(closest_approaches)
{
    const double forever = std::numeric_limits<double>::infinity();
    const trajectory still({ 3, 4, 0 }, { 0, 0, 0 }), flying({ 0, 0, 0 }, { 1, 0, 0 });
    BOOST_CHECK_CLOSE(closest_approach(still, flying, -forever, forever), 4, 1e-9);
    BOOST_CHECK_CLOSE(closest_approach(still, flying, -forever, 0), 5, 1e-9);
    BOOST_CHECK_CLOSE(closest_approach(still, flying, 3, 3), 4, 1e-9);
    BOOST_CHECK_CLOSE(closest_approach(flying, flying, -forever, forever) + 1, 1, 1e-9);
    const trajectory turning({ 0, 1, 2 }, { { 0, 1, 0 }, { 3, 1, 0 }, { 3, 3.5, 0 } });
    BOOST_CHECK_EQUAL(turning.first_time(), 0);
    BOOST_CHECK_EQUAL(turning.last_time(), 2);
    BOOST_CHECK_CLOSE(closest_approach(still, turning, -forever, forever), 0.5, 1e-9);
    BOOST_CHECK_CLOSE(closest_approach(still, turning, 0, 1), 3, 1e-9);
}

BOOST_AUTO_TEST_CASE(wrong_scenes_are_refused)
{
    using P = scene::parameters;
    refused("dimensions = 1", [](P& p) { p.dimensions = 1; });
    refused("carrier_frequency_hz", [](P& p) { p.carrier_frequency = 0; });
    refused("times.last_s", [](P& p) { p.last_time = 0; });
    refused("times.step_s", [](P& p) { p.time_step = 0; });
    refused("propagation.path_loss", [](P& p) { p.waves.path_loss = "none"; });
    refused("propagation.nlos_exponent", [](P& p) { p.waves.nlos_exponent = -1; });
    refused("propagation.blockage_loss_db", [](P& p) { p.waves.blockage_loss_db = -1; });
    refused("propagation.rician_k_db", [](P& p) { p.waves.rician_k_db = NOT_A_NUMBER; });
    refused("propagation.blockage", [](P& p) { p.waves.blockage = "half"; });
    refused("nodes = none", [](P& p) { p.nodes.clear(); });
    refused("nodes[1].power_dbm", [](P& p) { p.nodes[1].power_dbm = NOT_A_NUMBER; });
    refused("nodes[2].full_duplex_split", [](P& p) { p.nodes[2].full_duplex_split = 1; });
    refused("nodes[0].full_duplex_split = 0.5 must leave",
            [](P& p) { p.nodes[0].array = antenna_array(); });
    refused("users[0].served_by", [](P& p) { p.users[0].serving = 3; });
    refused("users[1].name = 'AP1' must be used once",
            [](P& p) { p.users[1].name = "AP1"; });
    refused("objects[0].waypoints = 120 s at their end", [](P& p) { p.last_time = 121; });
    refused("objects[0].waypoints = 1 s at their start", [](P& p) { p.first_time = 0; });
    refused("nodes[2].position_m = 'AP3' must not be at the place of node 'AP1'",
            [](P& p) { p.nodes[2].path = p.nodes[0].path; });
    refused("users[0].position_m = 'UE1' must not be at the place of node 'AP2'",
            [](P& p) { p.users[0].path = p.nodes[1].path; });
    refused("objects[0].position_m = 'object' must not be at the place of node 'AP1'",
            [](P& p) {
                p.nodes[0].path = trajectory::make({ 50, 0, 0 });
            });
    const wall w(wall::shape::segment, { 30, 87.5, 0 }, { 40, 87.5, 0 });
    const wall below(wall::shape::segment, { 30, 85, 0 }, { 40, 85, 0 });
    refused("nodes[0].position_m = 'AP1' must not be inside a wall, walls[0]",
            [&](P& p) { p.walls = { w }; });
    refused("nodes[1].position_m = 'AP2' must not be inside a wall", [&](P& p) {
        p.nodes[1].path =
            trajectory::make({ 35, 80, 0 }, { 0, 0.1, 0 }); // drives through
        p.walls = { below };
    });
}

BOOST_AUTO_TEST_CASE(wrong_questions_are_refused)
{
    const auto s = scene::make(with_users());
    BOOST_CHECK_THROW(sense(*s, 25, 3, 0), std::invalid_argument);
    BOOST_CHECK_THROW(sense(*s, 25, 0, 3), std::invalid_argument);
    BOOST_CHECK_THROW(sense(*s, 25, 0, 0, 1), std::invalid_argument);
    BOOST_CHECK_THROW(serve(*s, 25, 2, 0, 0), std::invalid_argument);
    BOOST_CHECK_THROW(sense(*s, 0.9, 0, 0), std::invalid_argument);
    BOOST_CHECK_THROW(sense(*s, 120.1, 0, 0), std::invalid_argument);
    BOOST_CHECK_THROW(sense(*s, NOT_A_NUMBER, 0, 0), std::invalid_argument);
    BOOST_CHECK_THROW(antenna_array(0, 1, 0, 0, 0.5), std::invalid_argument);
    BOOST_CHECK_THROW(antenna_array(4, 1, 0, 0, 0), std::invalid_argument);
}
