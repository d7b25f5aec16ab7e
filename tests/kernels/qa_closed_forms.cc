/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/theory/bit_error_rate.h>
#include <gnuradio/isac/theory/crossing.h>
#include <gnuradio/isac/theory/data_rate.h>
#include <gnuradio/isac/theory/handover_probability.h>
#include <gnuradio/isac/theory/link_budget.h>
#include <gnuradio/isac/theory/range_crlb.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

using namespace gr::isac;
using namespace gr::isac::theory;

namespace {

constexpr double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();

// The published digits are ten significant ones; percent, as Boost.Test counts.
constexpr double PUBLISHED = 1e-6;

// Scene of the LAWN paper: base stations at (-1000, 0, 25) and (1000, 0, 25) m, the user
// at 200 m, 2 GHz, wavelength 0.15 m, 32 antennas, 42 dBm over 50 subcarriers and -100
// dBm of noise on each.
struct lawn {
    double distance_serving, distance_target, loss_serving, loss_target;

    lawn(double x, double y)
        : distance_serving(std::hypot(x + 1000, y, 175)),
          distance_target(std::hypot(x - 1000, y, 175)),
          loss_serving(path_loss_uma_av(distance_serving, 2e9)),
          loss_target(path_loss_uma_av(distance_target, 2e9))
    {
    }

    static double snr_db(double distance)
    {
        return 42 + 20 * std::log10(32) -
               echo_loss(path_loss_uma_av(distance, 2e9), 0.1, 0.15) -
               10 * std::log10(50) + 100;
    }
    static double variance(double distance)
    {
        return range_crlb(std::pow(10, snr_db(distance) / 10),
                          200e3,
                          64,
                          10,
                          1,
                          phase_model::published,
                          3e8);
    }
    double rsrp() const
    {
        return handover_probability_rsrp(
            loss_serving, loss_target, 2, shadowing_std_uma_av(200));
    }
    double distance() const
    {
        return handover_probability_distance(distance_serving,
                                             distance_target,
                                             50,
                                             variance(distance_serving),
                                             variance(distance_target));
    }
};

// Independent reference: every point of one axis sent, every point decided, differing
// bits of the reflected Gray code counted.
double enumerated_ber(double snr, int points, int bits, int axes)
{
    const double half =
        std::sqrt(snr / axes * 3 / (points * points - 1)); // of sigma^2 = N0 / 2
    const auto below = [&](double edge) {
        return 0.5 * std::erfc(-edge * half); // edge in units of half the distance
    };
    double errors = 0;
    for (int sent = 0; sent < points; sent++)
        for (int decided = 0; decided < points; decided++) {
            const double up = 2 * (decided - sent) + 1, down = up - 2;
            const double p = (decided == points - 1 ? 1 : below(up)) -
                             (decided == 0 ? 0 : below(down));
            const int difference = (sent ^ (sent >> 1)) ^ (decided ^ (decided >> 1));
            errors += p * __builtin_popcount(difference);
        }
    return errors / (points * bits);
}

} // namespace

BOOST_AUTO_TEST_CASE(losses)
{
    BOOST_CHECK_CLOSE(path_loss_uma_av(1000, 2e9), 100.0205999, PUBLISHED);
    BOOST_CHECK_CLOSE(
        echo_loss(path_loss_uma_av(1000, 2e9), 0.1, 0.15), 182.5709264, PUBLISHED);
    BOOST_CHECK_CLOSE(path_loss_log_distance(100, 3.2, 40), 104.0, 1e-12);
    BOOST_CHECK_CLOSE(shadowing_std_uma_av(200), 1.239508, 1e-4);
    // k T at 290 K is -173.975 dBm/Hz
    BOOST_CHECK_CLOSE(thermal_noise_dbm(10e6, 5), -98.975, 1e-3);
    // The radar equation, written out.
    const double pi = std::acos(-1.0), wavelength = 299792458.0 / 3.5e9;
    const double radar =
        std::pow(4 * pi, 3) * std::pow(700.0, 4) / (wavelength * wavelength * 2.0);
    const double one_way = free_space_path_loss(700, 3.5e9);
    BOOST_CHECK_CLOSE(echo_loss(one_way, 2, wavelength), 10 * std::log10(radar), 1e-10);
    BOOST_CHECK_CLOSE(bistatic_echo_loss(one_way, one_way + 6, 2, wavelength),
                      10 * std::log10(radar) + 6,
                      1e-10);
    BOOST_CHECK(std::isinf(echo_loss(100, 0, 0.1)));
}

BOOST_AUTO_TEST_CASE(lawn_scene)
{
    const lawn off(100, 200);
    BOOST_CHECK_CLOSE(off.distance_serving, 1131.64703, PUBLISHED);
    BOOST_CHECK_CLOSE(off.distance_target, 938.416219, PUBLISHED);
    BOOST_CHECK_CLOSE(lawn::snr_db(1000), -27.45762684, PUBLISHED);
    BOOST_CHECK_CLOSE(lawn::snr_db(off.distance_serving), -29.82091031, PUBLISHED);
    BOOST_CHECK_CLOSE(lawn::snr_db(off.distance_target), -26.24302907, PUBLISHED);
}

BOOST_AUTO_TEST_CASE(range_bounds)
{
    const auto bound = [](int pilots, phase_model model) {
        return range_crlb(1, 200e3, 64, pilots, 1, model, 3e8);
    };
    BOOST_CHECK_CLOSE(bound(10, phase_model::published), 0.7811563295, PUBLISHED);
    BOOST_CHECK_CLOSE(bound(4, phase_model::published), 15.90211099, PUBLISHED);
    BOOST_CHECK_CLOSE(bound(3, phase_model::published), 44.52591078, PUBLISHED);
    BOOST_CHECK_CLOSE(bound(10, phase_model::known), 0.3905781647, PUBLISHED);
    BOOST_CHECK_CLOSE(bound(10, phase_model::unknown), 1.349270024, PUBLISHED);
    BOOST_CHECK_CLOSE(
        range_crlb(2, 200e3, 64, 10, 4), range_crlb(1, 200e3, 64, 10) / 32, 1e-10);
    BOOST_CHECK(std::isinf(range_crlb(1, 200e3, 64, 1)));
    BOOST_CHECK(std::isinf(range_crlb(0, 200e3, 64, 10)));
}

// The closed form against the general bound, over a comb.
BOOST_AUTO_TEST_CASE(range_bound_is_the_fisher_bound_of_a_comb)
{
    std::vector<double> frequencies, times;
    for (int k = 0; k < 12; k++)
        frequencies.push_back(k * 4 * 30e3);
    for (int m = 0; m < 14; m++)
        times.push_back((m - 6.5) * 35e-6);
    const std::vector<double> weights(12 * 14, 1.0);
    const pattern_moments moments =
        moments_of_rows(weights.data(), frequencies.data(), 12, times.data(), 14);
    for (const auto model :
         { phase_model::unknown, phase_model::known, phase_model::published })
        BOOST_CHECK_CLOSE(range_crlb(0.3, 30e3, 14, 12, 4, model),
                          theory::bound(moments, 0.3, model).var_delay *
                              std::pow(SPEED_OF_LIGHT / 2, 2),
                          1e-9);
}

BOOST_AUTO_TEST_CASE(handover_probabilities)
{
    const double expected[][4] = {
        { 0, 0.126945846, 0.05052217604, 0.1710544417 },
        { 25, 0.1903873533, 0.4902239374, 0.5872788527 },
    };
    for (const auto& [x, rsrp, distance, joint] : expected) {
        const lawn scene(x, 0);
        BOOST_CHECK_CLOSE(scene.rsrp(), rsrp, PUBLISHED);
        BOOST_CHECK_CLOSE(scene.distance(), distance, PUBLISHED);
        BOOST_CHECK_CLOSE(
            handover_probability_joint(scene.rsrp(), scene.distance()), joint, PUBLISHED);
    }
    // The ends of the regions at y = 0: the probability crosses 0.1 and 0.9 there.
    BOOST_CHECK_CLOSE(lawn(-13.29239902, 0).rsrp(), 0.1, 1e-5);
    BOOST_CHECK_CLOSE(lawn(225.68004, 0).rsrp(), 0.9, 1e-5);
    BOOST_CHECK_CLOSE(lawn(5.542750453, 0).distance(), 0.1, 1e-5);
    BOOST_CHECK_CLOSE(lawn(45.36083902, 0).distance(), 0.9, 1e-5);
}

BOOST_AUTO_TEST_CASE(rates)
{
    // The point of the largest gain by the joint criterion.
    const lawn scene(113, 0);
    const auto rate = [](double path_loss) {
        const double snr_db =
            42 + 20 * std::log10(32) - path_loss + 100 - 10 * std::log10(50);
        return data_rate(std::pow(10, snr_db / 10), 10e6, 0.2);
    };
    const double serving = rate(scene.loss_serving), target = rate(scene.loss_target);
    BOOST_CHECK_CLOSE(serving, 143382804.4, PUBLISHED);
    BOOST_CHECK_CLOSE(target, 148971106.6, PUBLISHED);
    const double joint = handover_probability_joint(scene.rsrp(), scene.distance());
    BOOST_CHECK_CLOSE(effective_rate(joint, serving, target) -
                          effective_rate(scene.rsrp(), serving, target),
                      2663463.846,
                      PUBLISHED);
}

BOOST_AUTO_TEST_CASE(crossings)
{
    const double x[] = { 0, 1, 3, 4, 5 };
    const double y[] = { 0.5, 0.1, 0.5, 0.2, 0.6 };
    BOOST_CHECK_CLOSE(first_upward_crossing(x, y, 5, 0.2), 1.5, 1e-12);
    BOOST_CHECK_CLOSE(first_upward_crossing(x, y, 5, 0.5), 3, 1e-12);
    BOOST_CHECK_CLOSE(first_upward_crossing(x, y, 5, 0.55), 4.875, 1e-12);
    BOOST_CHECK(std::isnan(first_upward_crossing(x, y, 5, 0.7)));
    BOOST_CHECK(std::isnan(first_upward_crossing(x, y, 5, 0.1))); // never below
    BOOST_CHECK(std::isnan(first_upward_crossing(x, y, 0, 0.2)));
    const double gap[] = { 0.0, NOT_A_NUMBER, 0.9, 0.0, 0.9 };
    BOOST_CHECK_CLOSE(first_upward_crossing(x, gap, 5, 0.45), 4.5, 1e-12);
}

BOOST_AUTO_TEST_CASE(probabilities_without_spread)
{
    BOOST_CHECK_EQUAL(handover_probability_rsrp(100, 97, 2, 0), 1);
    BOOST_CHECK_EQUAL(handover_probability_rsrp(100, 98, 2, 0), 0);
    BOOST_CHECK_EQUAL(handover_probability_distance(100, 40, 50, 0, 0), 1);
    BOOST_CHECK_EQUAL(handover_probability_distance(100, 60, 50, 0, 0), 0);
    const double infinity = std::numeric_limits<double>::infinity();
    BOOST_CHECK_EQUAL(handover_probability_distance(100, 60, 50, infinity, 1), 0.5);
}

// Sums of the same error functions in another order: rounding alone.
BOOST_AUTO_TEST_CASE(bit_error_rates)
{
    const std::tuple<std::string, int, int, int> known[] = { { "bpsk", 2, 1, 1 },
                                                             { "qpsk", 2, 1, 2 },
                                                             { "16qam", 4, 2, 2 },
                                                             { "64qam", 8, 3, 2 },
                                                             { "256qam", 16, 4, 2 } };
    for (const auto& [modulation, points, bits, axes] : known)
        for (const double snr_db : { -10.0, 0.0, 6.0, 12.0 }) {
            const double snr = std::pow(10, snr_db / 10);
            BOOST_CHECK_CLOSE(bit_error_rate(snr, modulation),
                              enumerated_ber(snr, points, bits, axes),
                              1e-6);
        }
    BOOST_CHECK_CLOSE(bit_error_rate(0, "bpsk"), 0.5, 1e-12);
}

BOOST_AUTO_TEST_CASE(refuse_values_out_of_range)
{
    const auto refused = [](auto call) {
        BOOST_CHECK_THROW(call(), std::invalid_argument);
    };
    refused([] { return path_loss_uma_av(0, 2e9); });
    refused([] { return path_loss_uma_av(NOT_A_NUMBER, 2e9); });
    refused([] { return path_loss_log_distance(10, -1, 30); });
    refused([] { return path_loss_log_distance(10, 2, NOT_A_NUMBER); });
    refused([] { return free_space_path_loss(10, -1); });
    refused([] { return echo_loss(100, -0.1, 0.15); });
    refused([] { return echo_loss(100, 0.1, 0); });
    refused([] { return thermal_noise_dbm(0, 5); });
    refused([] { return shadowing_std_uma_av(-1); });
    refused([] { return range_crlb(-1, 200e3, 64, 10); });
    refused([] { return range_crlb(1, 0, 64, 10); });
    refused([] { return range_crlb(1, 200e3, 0, 10); });
    refused([] { return range_crlb(1, 200e3, 64, 0); });
    refused([] { return range_crlb(1, 200e3, 64, 10, 0); });
    refused([] {
        return range_crlb(1, 200e3, 64, 10, 1, phase_model::unknown, NOT_A_NUMBER);
    });
    refused([] { return handover_probability_rsrp(100, 100, 2, -1); });
    refused([] { return handover_probability_distance(100, 100, 2, NOT_A_NUMBER, 1); });
    refused([] { return handover_probability_distance(-100, 100, 2, 1, 1); });
    refused([] { return handover_probability_joint(1.1, 0.5); });
    refused([] { return data_rate(-1, 10e6, 0.2); });
    refused([] { return data_rate(1, 0, 0.2); });
    refused([] { return data_rate(1, 10e6, 1.1); });
    refused([] { return effective_rate(NOT_A_NUMBER, 1, 1); });
    refused([] { return effective_rate(0.5, -1, 1); });
    refused([] { return effective_rate(0.5, 1, -1); });
    refused([] {
        const double x[] = { 0, 0 }, y[] = { 0, 1 };
        return first_upward_crossing(x, y, 2, 0.5);
    });
    refused([] {
        const double x[] = { 0, 1 };
        return first_upward_crossing(x, x, 2, NOT_A_NUMBER);
    });
    refused([] { return bit_error_rate(-1, "qpsk"); });
    refused([] { return bit_error_rate(1, "8psk"); });
}
