/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/three_nodes.h"
#include <gnuradio/isac/channel/scene_budget.h>
#include <gnuradio/isac/channel/scene_paths.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

const std::vector<std::string> NODES = { "AP1", "AP2", "AP3" };

// Sums of squares and products of the same numbers in another order.
const auto EXACT = boost::test_tools::tolerance(1e-12);

// One pair senses; the users, if any, are served.
scene_paths::parameters one_pair(const scene::parameters& p, size_t tx, size_t rx)
{
    scene_paths::parameters all;
    all.scene = scene::make(p);
    all.paths = "budget";
    all.transmit = { { NODES[tx], "object" } };
    all.receive = { { NODES[rx], "object" } };
    for (const auto& u : p.users) {
        all.transmit.push_back({ NODES[u.serving], u.name });
        all.receive.push_back({ u.name, "" });
    }
    return all;
}

// Power from one stream to another over all paths, as a share of what is sent.
double gain(const scene_paths& paths, size_t tx, size_t rx)
{
    double sum = 0;
    for (size_t i = 0; i < paths.num_paths(); i++)
        if (paths.transmitter(i) == tx && paths.receiver(i) == rx)
            sum += paths.gain(i);
    return sum;
}

void refused(const std::string& text,
             const std::function<void(scene_paths::parameters&)>& change)
{
    auto p = one_pair(with_users(), 0, 0);
    change(p);
    try {
        scene_paths made(p);
    } catch (const std::invalid_argument& error) {
        BOOST_CHECK_MESSAGE(std::string(error.what()).find(text) != std::string::npos,
                            error.what() << " lacks " << text);
        return;
    }
    BOOST_ERROR("not refused: " << text);
}

} // namespace

// Each side of a handover behind walls: blockage switches the gains with it.
BOOST_AUTO_TEST_CASE(echoes_are_those_of_the_link_budget)
{
    for (size_t tx = 0; tx < 3; tx++)
        for (size_t rx = 0; rx < 3; rx++) {
            const auto p = one_pair(behind_walls(), tx, rx);
            scene_paths paths(p);
            BOOST_REQUIRE_EQUAL(paths.num_paths(), 1u);
            for (const double time : { 1, 24, 25, 44, 45, 71, 72, 83, 84, 120 }) {
                paths.begin_frame(time);
                const auto budget = sense(*p.scene, time, tx, rx);
                BOOST_TEST(p.scene->power(tx) * paths.gain(0) == budget.echo, EXACT);
                BOOST_TEST(paths.white_power(0, 1e6) == budget.noise, EXACT);
            }
        }
}

// In the open with users: every term of every receiver's budget, by its own paths.
BOOST_AUTO_TEST_CASE(interference_is_that_of_the_link_budget)
{
    for (size_t rx = 0; rx < 3; rx++) {
        const auto p = one_pair(with_users(), 0, rx);
        scene_paths paths(p);
        for (const double time : { 1, 25, 60, 104, 120 }) {
            paths.begin_frame(time);
            const auto budget = sense(*p.scene, time, 0, rx);
            const double power = p.scene->power(0); // of all nodes
            BOOST_TEST(power * gain(paths, 0, 0) == budget.echo, EXACT);
            BOOST_TEST(power * (gain(paths, 1, 0) + gain(paths, 2, 0)) ==
                           budget.interference,
                       EXACT);
            BOOST_TEST(paths.noise(0) == budget.noise, EXACT);
            BOOST_TEST(paths.residual(0) == budget.self_interference, EXACT);
            for (size_t user = 0; user < 2; user++) {
                const auto served = serve(*p.scene, time, user, 0, rx);
                BOOST_TEST(power * gain(paths, 1 + user, 1 + user) == served.signal,
                           EXACT);
                BOOST_TEST(power * gain(paths, 0, 1 + user) == served.interference,
                           EXACT);
                BOOST_TEST(gain(paths, 2 - user, 1 + user) == 0);
                BOOST_TEST(paths.white_power(1 + user, 1e6) == served.noise, EXACT);
            }
        }
    }
}

// A pair 200 m apart and an object 150 m from either, which moves along the perpendicular
// between them: the total path is 300 m and shrinks by 2 v 150 * sin / 150.
BOOST_AUTO_TEST_CASE(bistatic_delay_and_doppler)
{
    scene::parameters p;
    p.carrier_frequency = 10e9;
    p.nodes = { { "A", trajectory::make({ -100, 0, 0 }) },
                { "B", trajectory::make({ 100, 0, 0 }, { 0, 0, 5 }) } };
    const double height = std::sqrt(150. * 150 - 100 * 100);
    p.objects = { { "object",
                    std::make_shared<target>(
                        trajectory::make({ 0, height, 0 }, { 0, -30, 0 }), 1) } };
    scene_paths paths({ scene::make(p), { { "A", "object" } }, { { "B", "object" } } });
    BOOST_REQUIRE_EQUAL(paths.num_paths(), 2u);
    BOOST_TEST(paths.target_index(0) == path_set::DIRECT);
    BOOST_TEST(paths.target_index(1) == 0);
    BOOST_TEST(paths.delay(0, 0) == 200 / SPEED_OF_LIGHT, EXACT);
    BOOST_TEST(paths.doppler(0, 0) == 0);
    BOOST_TEST(paths.delay(1, 0) == 300 / SPEED_OF_LIGHT, EXACT);
    BOOST_TEST(paths.doppler(1, 0) == 2 * 30 * height / 150 / SPEED_OF_LIGHT * 10e9,
               EXACT);
    // One second on: both legs anew, B 5 m higher.
    const double y = height - 30;
    const double out = std::hypot(100, y), back = std::hypot(100, y, 5.);
    BOOST_TEST(paths.delay(1, 1) == (out + back) / SPEED_OF_LIGHT, EXACT);
    BOOST_TEST(paths.doppler(1, 1) ==
                   (30 * y / out + (30 * y - 5 * 5) / back) / SPEED_OF_LIGHT * 10e9,
               EXACT);
    // Doppler is the rate of the delay.
    const double h = 1e-4;
    BOOST_TEST(paths.doppler(1, 1) ==
                   -(paths.delay(1, 1 + h) - paths.delay(1, 1 - h)) / (2 * h) * 10e9,
               boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(all_paths)
{
    auto p = one_pair(with_users(), 0, 0);
    p.paths = "all";
    p.self_interference = "leakage";
    scene_paths paths(p);
    // To AP1: its leakage, two others straight, three echoes; to each user three
    // straight and three echoes.
    BOOST_TEST(paths.num_paths() == 6u + 6 + 6);
    paths.begin_frame(25);
    size_t direct = 0, leakage = 0;
    for (size_t i = 0; i < paths.num_paths(); i++) {
        if (i > 0) { // in order
            const auto place = [&](size_t k) {
                return paths.receiver(k) * paths.num_transmitters() +
                       paths.transmitter(k);
            };
            BOOST_TEST(place(i) >= place(i - 1));
        }
        direct += paths.target_index(i) == path_set::DIRECT;
        if (paths.target_index(i) == path_set::LEAKAGE) {
            leakage++;
            BOOST_TEST(paths.delay(i, 25) == 0);
            BOOST_TEST(paths.doppler(i, 25) == 0);
            BOOST_TEST(p.scene->power(0) * paths.gain(i) == std::pow(10, -4.5), EXACT);
        }
    }
    BOOST_TEST(direct == 8u);
    BOOST_TEST(leakage == 1u);
    BOOST_TEST(paths.residual(0) == 0);
    BOOST_TEST(paths.is_user(1));
    BOOST_TEST(!paths.is_user(0));
    BOOST_TEST(paths.illuminates(0));
    BOOST_TEST(!paths.illuminates(1));
}

// The noise of the occupied band; outside it is as dense.
BOOST_AUTO_TEST_CASE(noise_and_residual)
{
    auto p = one_pair(with_users(), 0, 0);
    p.occupied_share = 0.5;
    scene_paths paths(p);
    BOOST_TEST(paths.white_power(0, 1e6) == 2 * (1e-6 + std::pow(10, -4.5)), EXACT);
    BOOST_TEST(paths.white_power(1, 1e6) == 2e-6, EXACT);
    paths.set_noise_enabled(false);
    BOOST_TEST(paths.white_power(0, 1e6) == 2 * std::pow(10, -4.5), EXACT);
    p.self_interference = "none";
    BOOST_TEST(scene_paths(p).white_power(0, 1e6) == 2e-6, EXACT);
    // AP1 transmits only: nothing to hear itself by.
    p = one_pair(with_users(), 0, 1);
    p.transmit.resize(1);
    BOOST_TEST(scene_paths(p).residual(0) == 0);
}

// Swerling 1 over pairs of nodes: the same either way, another for others; the mean over
// 20000 draws of unit deviation is within four of its standard errors.
BOOST_AUTO_TEST_CASE(cross_sections_fluctuate)
{
    auto scene = three_nodes();
    const auto& body = *scene.objects[0].body;
    scene.objects[0].body = std::make_shared<target>(body.path(), body.rcs_m2(), 1);
    scene_paths::parameters p;
    p.scene = scene::make(scene);
    p.paths = "budget";
    p.transmit = { { "AP1", "object" }, { "AP2", "object" } };
    p.receive = p.transmit;
    scene_paths paths(p);
    BOOST_REQUIRE_EQUAL(paths.num_paths(), 4u); // 1->1, 2->1, 1->2, 2->2
    std::vector<double> mean;
    p.scene = scene::make(three_nodes());
    scene_paths steady(p);
    steady.begin_frame(60);
    double sum = 0;
    for (int frame = 0; frame < 20000; frame++) {
        paths.begin_frame(60);
        std::vector<double> drawn;
        for (size_t i = 0; i < 4; i++)
            drawn.push_back(paths.gain(i) / steady.gain(i));
        BOOST_REQUIRE(std::abs(drawn[1] - drawn[2]) < 1e-12 * drawn[1]);
        BOOST_REQUIRE(drawn[0] != drawn[1]);
        BOOST_REQUIRE(drawn[0] != drawn[3]);
        sum += drawn[1];
    }
    BOOST_TEST(std::abs(sum / 20000 - 1) < 4 / std::sqrt(20000));
}

// Behind a wall, by the Rician distribution: of 50000 draws the mean is the link budget's
// within four standard errors; for one leg, whose power's variance is (2 K G + 1) / (K G
// + 1)^2, that too. In sight nothing fades.
BOOST_AUTO_TEST_CASE(links_behind_walls_fade)
{
    constexpr int draws = 50000;
    const auto moments = [&](size_t tx, size_t rx, double time) {
        auto p = one_pair(behind_walls(), tx, rx);
        scene_paths steady(p);
        steady.begin_frame(time);
        p.fading = "rician";
        scene_paths paths(p);
        double sum = 0, squares = 0;
        for (int i = 0; i < draws; i++) {
            paths.begin_frame(time);
            const double gain = paths.gain(0) / steady.gain(0);
            sum += gain;
            squares += gain * gain;
        }
        const double mean = sum / draws;
        return std::make_pair(mean, squares / draws - mean * mean);
    };
    // Snapshot 60: AP1 and AP3 are behind walls, AP2 sees the object.
    const auto seen = moments(1, 1, 60);
    BOOST_TEST(seen.first == 1, EXACT);
    BOOST_TEST(std::abs(seen.second) < 1e-9);
    const double kg = std::pow(10, -0.5) * 64;
    const double variance = (2 * kg + 1) / ((kg + 1) * (kg + 1));
    const auto one_leg = moments(0, 1, 60);
    BOOST_TEST(std::abs(one_leg.first - 1) < 4 * std::sqrt(variance / draws));
    BOOST_TEST(one_leg.second == variance, boost::test_tools::tolerance(0.05));
    // Two independent legs of one: (1 + v)^2 - 1.
    const auto two_legs = moments(0, 2, 60);
    const double product = (1 + variance) * (1 + variance) - 1;
    BOOST_TEST(std::abs(two_legs.first - 1) < 4 * std::sqrt(product / draws));
    BOOST_TEST(two_legs.second == product, boost::test_tools::tolerance(0.1));
}

BOOST_AUTO_TEST_CASE(outside_its_times_the_scene_stands_still)
{
    scene_paths paths(one_pair(three_nodes(), 0, 1));
    paths.begin_frame(120);
    const double gain = paths.gain(0);
    paths.begin_frame(130);
    BOOST_TEST(paths.gain(0) == gain);
    BOOST_TEST(paths.delay(0, 130) == paths.delay(0, 120));
    BOOST_TEST(paths.doppler(0, 130) == 0);
    BOOST_TEST(paths.plays(120));
    BOOST_TEST(!paths.plays(130));
    BOOST_TEST(!paths.plays(0.5));
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    using P = scene_paths::parameters;
    refused("scene = none", [](P& p) { p.scene = nullptr; });
    refused("transmit = none", [](P& p) { p.transmit.clear(); });
    refused("receive = none", [](P& p) { p.receive.clear(); });
    refused("transmit[0].at = 'AP9' must be a node",
            [](P& p) { p.transmit[0].at = "AP9"; });
    refused("transmit[0].at = 'UE1'", [](P& p) { p.transmit[0].at = "UE1"; });
    refused("transmit[1].toward = 'AP1'", [](P& p) { p.transmit[1].toward = "AP1"; });
    refused("receive[0].at = 'object'", [](P& p) { p.receive[0].at = "object"; });
    refused("receive[0].toward = 'UE1'", [](P& p) { p.receive[0].toward = "UE1"; });
    refused("receive[1].toward = 'object' must be empty",
            [](P& p) { p.receive[1].toward = "object"; });
    refused("paths = some", [](P& p) { p.paths = "some"; });
    refused("self_interference = loud", [](P& p) { p.self_interference = "loud"; });
    refused("fading = none", [](P& p) { p.fading = "none"; });
    for (const double share : { 0.0, -1.0, 1.1, std::nan("") })
        refused("occupied_share", [&](P& p) { p.occupied_share = share; });
    refused("dwell_frames = 0", [](P& p) { p.dwell_frames = 0; });
}
