/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/echo_scene.h>
#include <gnuradio/isac/theory/constants.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>

using namespace gr::isac;

namespace {

constexpr double FC = 2e9;
constexpr double WAVELENGTH = SPEED_OF_LIGHT / FC;

echo_scene::parameters monostatic_scene()
{
    echo_scene::parameters p;
    p.transmitter = trajectory::make({ 0, 0, 25 });
    p.targets = { std::make_shared<target>(
        trajectory::make({ 300, 400, 25 }, { -10, 20, 5 }), 0.1) };
    p.carrier_frequency = FC;
    return p;
}

echo_scene::parameters bistatic_scene()
{
    auto p = monostatic_scene();
    p.receiver = trajectory::make({ 1000, 0, 40 }, { 0, 3, 0 });
    p.direct_path = true;
    return p;
}

double db(double ratio) { return 10 * std::log10(ratio); }

// All these compare two closed forms in double precision.
const auto exact = boost::test_tools::tolerance(1e-9);

} // namespace

// P_r / P_t = G_t G_r lambda^2 rcs / ((4 pi)^3 d^4)
BOOST_AUTO_TEST_CASE(monostatic_gain_is_the_radar_equation)
{
    auto p = monostatic_scene();
    p.path_loss = "free_space";
    p.tx_gain_db = 20;
    p.rx_gain_db = 7;
    echo_scene scene(p);
    scene.begin_frame(0);
    BOOST_TEST(scene.monostatic());
    BOOST_TEST(scene.num_paths() == 1u);
    BOOST_TEST(scene.gain(0) == std::pow(10, 2.7) * WAVELENGTH * WAVELENGTH * 0.1 /
                                    (std::pow(4 * PI, 3) * std::pow(500.0, 4)),
               exact);
}

BOOST_AUTO_TEST_CASE(losses_of_the_models)
{
    auto p = monostatic_scene();
    const auto gain_db = [&] {
        echo_scene scene(p);
        scene.begin_frame(0);
        return db(scene.gain(0));
    };
    const double reflection = db(0.1) - db(WAVELENGTH * WAVELENGTH / (4 * PI));
    BOOST_TEST(gain_db() ==
                   reflection - 2 * (28 + 22 * std::log10(500.0) + 20 * std::log10(2.0)),
               exact);
    p.path_loss = "log_distance";
    p.path_loss_exponent = 3;
    p.reference_loss_db = 35;
    BOOST_TEST(gain_db() == reflection - 2 * (35 + 30 * std::log10(500.0)), exact);
}

BOOST_AUTO_TEST_CASE(bistatic_paths)
{
    auto p = bistatic_scene();
    p.path_loss = "free_space";
    echo_scene scene(p);
    scene.begin_frame(0);
    BOOST_TEST(!scene.monostatic());
    BOOST_TEST(scene.num_paths() == 2u);
    BOOST_TEST(scene.target_index(0) == echo_scene::DIRECT);
    BOOST_TEST(scene.target_index(1) == 0);
    const double direct = std::hypot(1000, 15), back = std::hypot(700, 400, 15);
    BOOST_TEST(scene.delay(0, 0) == direct / SPEED_OF_LIGHT, exact);
    BOOST_TEST(scene.delay(1, 0) == (500 + back) / SPEED_OF_LIGHT, exact);
    BOOST_TEST(scene.gain(0) == std::pow(WAVELENGTH / (4 * PI * direct), 2), exact);
    BOOST_TEST(scene.gain(1) == WAVELENGTH * WAVELENGTH * 0.1 /
                                    (std::pow(4 * PI, 3) * std::pow(500 * back, 2)),
               exact);
}

// Doppler is -fc times the derivative of the delay, here by central differences, whose
// error over 1 ms is far below 1e-6 of it.
BOOST_AUTO_TEST_CASE(doppler_is_the_derivative_of_the_delay)
{
    for (const auto& p : { monostatic_scene(), bistatic_scene() }) {
        echo_scene scene(p);
        for (size_t i = 0; i < scene.num_paths(); i++) {
            const double h = 1e-3;
            const double slope =
                (scene.delay(i, 3 + h) - scene.delay(i, 3 - h)) / (2 * h);
            BOOST_TEST(scene.doppler(i, 3) == -FC * slope,
                       boost::test_tools::tolerance(1e-6));
        }
    }
    auto closing = monostatic_scene();
    closing.targets = { std::make_shared<target>(
        trajectory::make({ 100, 0, 25 }, { -30, 0, 0 }), 1) };
    BOOST_TEST(echo_scene(closing).doppler(0, 0) == 2 * 30 / WAVELENGTH, exact);
}

BOOST_AUTO_TEST_CASE(same_trajectory_is_monostatic)
{
    auto p = monostatic_scene();
    p.receiver = trajectory::make({ 0, 0, 25 });
    BOOST_TEST(echo_scene(p).monostatic());
}

BOOST_AUTO_TEST_CASE(target_upon_the_node_stays_finite)
{
    auto p = monostatic_scene();
    p.targets = { std::make_shared<target>(p.transmitter, 1) };
    echo_scene scene(p);
    scene.begin_frame(0);
    BOOST_TEST(std::isfinite(scene.gain(0)));
    BOOST_TEST(scene.delay(0, 0) == 0);
    BOOST_TEST(scene.doppler(0, 0) == 0);
}

// A monostatic echo passes its link twice, and the direct path of a bistatic scene once.
BOOST_AUTO_TEST_CASE(shadowing_counts_links)
{
    auto p = monostatic_scene();
    const auto excess = [](const echo_scene::parameters& with, size_t path) {
        auto without = with;
        without.shadowing_std_db = 0;
        echo_scene a(with), b(without);
        a.begin_frame(0);
        b.begin_frame(0);
        return db(a.gain(path)) - db(b.gain(path));
    };
    p.shadowing_std_db = 1;
    const double once = excess(p, 0);
    p.shadowing_std_db = 4; // same seed, same draw
    BOOST_TEST(excess(p, 0) == 4 * once, exact);
    BOOST_TEST(std::abs(once) > 1e-3);
    auto q = bistatic_scene();
    q.targets.clear();
    q.shadowing_std_db = 1; // the first link drawn, so the same draw, passed once
    BOOST_TEST(2 * excess(q, 0) == once, exact);
}

BOOST_AUTO_TEST_CASE(reconfigure_keeps_shadowing_and_cross_sections)
{
    auto p = monostatic_scene();
    p.shadowing_std_db = 6;
    p.dwell_frames = 100;
    p.targets = { std::make_shared<target>(trajectory::make({ 100, 0, 0 }), 1, 1) };
    echo_scene scene(p);
    scene.begin_frame(0);
    const double before = scene.gain(0);
    p.tx_gain_db = 10;
    p.targets.insert(p.targets.begin(),
                     std::make_shared<target>(trajectory::make({ 50, 0, 0 }), 1, 1));
    scene.reconfigure(p);
    scene.begin_frame(1);
    BOOST_TEST(scene.gain(1) == 10 * before, exact);
}

BOOST_AUTO_TEST_CASE(noise_and_interference)
{
    auto p = monostatic_scene();
    p.noise_figure_db = 10;
    p.self_interference = "residual";
    p.residual_dbm = -90;
    echo_scene scene(p);
    BOOST_TEST(scene.noise_power(1e6) == 1.380649e-23 * 290 * 1e3 * 1e6 * 10, exact);
    BOOST_TEST(scene.residual_power() == 1e-9, exact);
    p.noise_enabled = false;
    p.self_interference = "leakage";
    p.leakage_gain_db = -40;
    p.leakage_delay = 2e-8;
    p.tx_gain_db = 30; // not on leakage
    scene.reconfigure(p);
    scene.begin_frame(0);
    BOOST_TEST(scene.noise_power(1e6) == 0);
    BOOST_TEST(scene.residual_power() == 0);
    BOOST_TEST(scene.num_paths() == 2u);
    BOOST_TEST(scene.target_index(0) == echo_scene::LEAKAGE);
    BOOST_TEST(scene.gain(0) == 1e-4, exact);
    BOOST_TEST(scene.delay(0, 7) == 2e-8);
    BOOST_TEST(scene.doppler(0, 7) == 0);
}

BOOST_AUTO_TEST_CASE(refusals)
{
    using parameters = echo_scene::parameters;
    const double nan = std::nan("");
    const std::function<void(parameters&)> wrong[] = {
        [](parameters& p) { p.transmitter = nullptr; },
        [](parameters& p) { p.targets = { nullptr }; },
        [](parameters& p) { p.carrier_frequency = 0; },
        [](parameters& p) { p.path_loss = "none"; },
        [](parameters& p) { p.path_loss_exponent = -1; },
        [=](parameters& p) { p.reference_loss_db = nan; },
        [](parameters& p) { p.direct_path = true; },
        [=](parameters& p) { p.tx_gain_db = nan; },
        [=](parameters& p) { p.rx_gain_db = nan; },
        [](parameters& p) { p.shadowing_std_db = -1; },
        [](parameters& p) { p.shadowing_correlation_m = -1; },
        [](parameters& p) { p.dwell_frames = 0; },
        [](parameters& p) { p.self_interference = "all"; },
        [=](parameters& p) { p.leakage_gain_db = nan; },
        [](parameters& p) { p.leakage_delay = -1; },
        [=](parameters& p) { p.residual_dbm = nan; },
        [](parameters& p) { p.noise_figure_db = -1; },
    };
    for (const auto& spoil : wrong) {
        auto p = monostatic_scene();
        spoil(p);
        BOOST_CHECK_THROW(echo_scene{ p }, std::invalid_argument);
    }
}
