/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/configuration_selector.h>
#include <gnuradio/isac/mobility/detection_combiner.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace gr::isac;

namespace {

constexpr double NONE = std::numeric_limits<double>::quiet_NaN();
constexpr double INFINITE = std::numeric_limits<double>::infinity();

bool step(configuration_selector& selector, double time, std::vector<double> snr_db)
{
    return selector.step(time, snr_db.data());
}

detections target(double delay, double doppler, double var_delay, double var_doppler)
{
    detections d;
    d.delay = { delay };
    d.doppler = { doppler };
    d.range = { 1.5e8 * delay };
    d.velocity = { -0.1 * doppler };
    d.snr = { 2 };
    d.var_delay = { var_delay };
    d.var_doppler = { var_doppler };
    return d;
}

} // namespace

BOOST_AUTO_TEST_CASE(hysteresis_and_time_to_trigger)
{
    selection_parameters p;
    p.time_to_trigger = 0.2;
    configuration_selector selector(3, p);
    BOOST_CHECK(!step(selector, 0, { NONE, -INFINITE, NONE }));
    BOOST_CHECK_EQUAL(selector.selected(), -1);
    BOOST_CHECK(step(selector, 0.1, { -12, -10, -INFINITE }));
    BOOST_CHECK_EQUAL(selector.selected(), 1);
    BOOST_CHECK(!step(selector, 0.2, { -7, -10, -8 })); // 3 dB are not more than 3
    BOOST_CHECK(!step(selector, 0.3, { -6, -10, -8 }));
    BOOST_CHECK(!step(selector, 0.4, { -6, -10, -8 }));
    BOOST_CHECK(step(selector, 0.5, { -6, -10, -5 }));
    BOOST_CHECK_EQUAL(selector.selected(), 0);
    BOOST_CHECK_EQUAL(selector.num_changes(), 1u);
    BOOST_CHECK(!step(selector, 0.4, { -60, 0, 0 })); // back in time

    p.time_to_trigger = 0;
    selector.set_parameters(p);
    BOOST_CHECK(step(selector, 0.6, { -6, 0, -5 }));
}

BOOST_AUTO_TEST_CASE(a_pair_that_loses_the_target_or_falls_silent_is_left)
{
    configuration_selector selector(2, selection_parameters());
    step(selector, 0, { 0, -20 });
    BOOST_CHECK(step(selector, 0.1, { -INFINITE, -20 }));
    BOOST_CHECK_EQUAL(selector.selected(), 1);
    for (int i = 2; i <= 11; i++)
        BOOST_CHECK(!step(selector, 0.1 * i, { -30, NONE }));
    BOOST_CHECK(step(selector, 1.2, { -30, NONE })); // silent for more than 1 s
    BOOST_CHECK_EQUAL(selector.selected(), 0);
}

BOOST_AUTO_TEST_CASE(of_equal_pairs_the_first)
{
    selection_parameters p;
    p.hysteresis_db = 0;
    configuration_selector selector(3, p);
    step(selector, 0, { 10, 10 + 1e-12, 10 }); // reciprocal pairs but for rounding
    BOOST_CHECK_EQUAL(selector.selected(), 0);
    BOOST_CHECK(!step(selector, 1, { 10, 10 + 1e-12, 10 }));
    BOOST_CHECK(step(selector, 2, { 10, 12, 12 + 1e-12 }));
    BOOST_CHECK_EQUAL(selector.selected(), 1);
}

BOOST_AUTO_TEST_CASE(a_pair_that_sees_enough_is_not_left)
{
    selection_parameters p;
    p.hysteresis_db = 0;
    p.needed_below_db = 10;
    configuration_selector selector(2, p);
    step(selector, 0, { 12, 11 });
    BOOST_CHECK(!step(selector, 1, { 10, 20 }));
    BOOST_CHECK(step(selector, 2, { 9.9, 20 }));
    BOOST_CHECK(!step(selector, 3, { 9.8, 9.9 })); // no other is better
    // What happened while it saw enough counts for no time-to-trigger.
    p.time_to_trigger = 1;
    selector.set_parameters(p);
    BOOST_CHECK(!step(selector, 4, { 20, 15 }));
    BOOST_CHECK(!step(selector, 5, { 20, 5 }));
    BOOST_CHECK(step(selector, 6, { 20, 5 }));
}

BOOST_AUTO_TEST_CASE(a_pair_to_be_avoided_is_left_at_once)
{
    selection_parameters p;
    p.hysteresis_db = 30;
    p.time_to_trigger = 10;
    p.needed_below_db = 5;
    configuration_selector selector(3, p);
    const auto avoiding =
        [&](double time, std::vector<double> snr, std::vector<bool> avoid) {
            selector.step(time, snr.data(), avoid);
            return selector.selected();
        };
    BOOST_CHECK_EQUAL(avoiding(0, { 20, 10, 0 }, { true, false, false }), 1);
    BOOST_CHECK_EQUAL(avoiding(1, { 20, 10, 0 }, { false, true, false }), 0);
    BOOST_CHECK_EQUAL(avoiding(2, { 20, 10, 0 }, { true, true, false }), 2);
    // The others are not selected by their SNR either; where all are to be avoided, or
    // those that are not see nothing, none is.
    BOOST_CHECK_EQUAL(avoiding(3, { 90, 90, 0 }, { true, true, false }), 2);
    BOOST_CHECK_EQUAL(avoiding(20, { 10, 10, 0 }, { true, true, true }), 2);
    BOOST_CHECK_EQUAL(avoiding(21, { 10, -INFINITE, 0 }, { true, false, true }), 2);
    // And not one that has refused.
    BOOST_CHECK_EQUAL(avoiding(22, { 20, 10, 0 }, { false, false, true }), 0);
    selector.refuse(30);
    BOOST_CHECK_EQUAL(avoiding(22, { 20, 10, 0 }, { false, false, true }), 1);
    BOOST_CHECK_EQUAL(avoiding(23, { 20, 10, 0 }, { false, true, false }), 2);
    // Then time-to-trigger and hysteresis are what they were.
    BOOST_CHECK_EQUAL(avoiding(24, { 29, 28, 0 }, {}), 2);
    BOOST_CHECK_EQUAL(avoiding(40, { 29, 28, 0 }, {}), 2);
    BOOST_CHECK_EQUAL(avoiding(41, { 31, 28, 0 }, {}), 2);
    BOOST_CHECK_EQUAL(avoiding(51, { 31, 28, 0 }, {}), 0);
}

BOOST_AUTO_TEST_CASE(a_refusal_filters_nothing_twice)
{
    selection_parameters p;
    p.hysteresis_db = 0;
    p.l3_coefficient = 0.5;
    configuration_selector selector(3, p);
    step(selector, 0, { 10, 0, 0 });
    BOOST_CHECK(step(selector, 1, { 0, 20, 11.9 })); // filtered 5, 10, 5.95
    selector.refuse(9);
    BOOST_CHECK(step(selector, 1, { 0, 20, 11.9 }));
    BOOST_CHECK_EQUAL(selector.selected(), 2);
    selector.refuse(9);
    BOOST_CHECK(!step(selector, 1, { 0, 20, 11.9 }));
    BOOST_CHECK(!step(selector, 2, { 12, 20, 20 })); // 8.5; both have refused
    BOOST_CHECK_EQUAL(selector.selected(), 0);
}

BOOST_AUTO_TEST_CASE(soft_handover)
{
    selection_parameters p;
    p.soft_window = 3;
    p.soft_end_db = -10;
    configuration_selector selector(3, p);
    BOOST_CHECK_EQUAL(selector.snr_db(), -INFINITE);
    step(selector, 0, { 10, 0, 0 });
    BOOST_CHECK_EQUAL(selector.source(), -1); // nothing was left
    BOOST_CHECK_EQUAL(selector.snr_db(), 10);

    BOOST_CHECK(step(selector, 1, { 10, 20, 0 }));
    BOOST_CHECK_EQUAL(selector.source(), 0);
    BOOST_CHECK_CLOSE(selector.snr_db(), 10 * std::log10(110.0), 1e-9);
    step(selector, 2, { NONE, 20, 0 }); // did not report: senses on, but adds nothing
    BOOST_CHECK_EQUAL(selector.source(), 0);
    BOOST_CHECK_EQUAL(selector.snr_db(), 20);
    step(selector, 3, { 10, NONE, 0 });
    BOOST_CHECK_EQUAL(selector.snr_db(), 10);
    step(selector, 4, { 10, 20, 0 }); // three steps of 1 s had both
    BOOST_CHECK_EQUAL(selector.source(), -1);
    BOOST_CHECK_EQUAL(selector.snr_db(), 20);

    // Ends at another handover, below the threshold, where the source sees nothing, and
    // by the target's word.
    step(selector, 5, { 30, 20, 0 });
    BOOST_CHECK_EQUAL(selector.source(), 1);
    step(selector, 6, { 30, 20, 40 });
    BOOST_CHECK_EQUAL(selector.source(), 0);
    step(selector, 7, { -10.1, 20, 40 });
    BOOST_CHECK_EQUAL(selector.source(), -1);
    step(selector, 8, { 50, 20, -INFINITE });
    BOOST_CHECK_EQUAL(selector.selected(), 0);
    BOOST_CHECK_EQUAL(selector.source(), -1);
    step(selector, 9, { 50, 60, 40 });
    BOOST_CHECK_EQUAL(selector.source(), 0);
    selector.end_soft();
    BOOST_CHECK_EQUAL(selector.source(), -1);
    BOOST_CHECK_EQUAL(selector.num_changes(), 5u);

    selector.reset();
    BOOST_CHECK_EQUAL(selector.selected(), -1);
    BOOST_CHECK_EQUAL(selector.num_changes(), 0u);
    step(selector, 0, { NONE, 5, NONE });
    BOOST_CHECK_EQUAL(selector.selected(), 1);
}

// A step of 10 dB through F = (1 - a) F + a S has come (1 - (1 - a)^n) of its way after
// n.
BOOST_AUTO_TEST_CASE(filter)
{
    selection_parameters p;
    p.hysteresis_db = 0;
    p.l3_coefficient = 0.25;
    configuration_selector selector(2, p);
    step(selector, 0, { 0, 3 });
    step(selector, 1, { 0, 3 });
    BOOST_CHECK(!step(selector, 2, { 10, 3 })); // 2.5
    BOOST_CHECK_EQUAL(selector.snr_db(), 3);    // what is seen is not filtered
    BOOST_CHECK(!step(selector, 3, { NONE, 3 }));
    BOOST_CHECK(step(selector, 4, { 10, 3 })); // 4.375
    step(selector, 5, { -INFINITE, 3 });
    BOOST_CHECK_EQUAL(selector.selected(), 1); // not seen at all is no average
    BOOST_CHECK(step(selector, 6, { 10, 3 }));
}

BOOST_AUTO_TEST_CASE(a_step_back_in_time_changes_nothing)
{
    selection_parameters p;
    p.soft_window = 5;
    configuration_selector selector(2, p);
    step(selector, 10, { 10, 0 });
    step(selector, 11, { 10, 20 });
    BOOST_CHECK(!step(selector, 3, { 99, 0 }));
    BOOST_CHECK(!step(selector, INFINITE, { 99, 0 }));
    BOOST_CHECK(!step(selector, NONE, { 99, 0 }));
    BOOST_CHECK_EQUAL(selector.selected(), 1);
    BOOST_CHECK_EQUAL(selector.source(), 0);
    BOOST_CHECK_CLOSE(selector.snr_db(), 10 * std::log10(110.0), 1e-9);
}

BOOST_AUTO_TEST_CASE(a_pair_that_refuses_is_passed_over_for_a_while)
{
    selection_parameters p;
    p.time_to_trigger = 1;
    p.soft_window = 3;
    configuration_selector selector(3, p);
    step(selector, 0, { 10, 0, 0 });
    selector.refuse(99); // there was nothing to change from
    BOOST_CHECK_EQUAL(selector.selected(), 0);
    step(selector, 1, { 10, 30, 20 });
    BOOST_CHECK(step(selector, 2, { 10, 30, 20 }));
    BOOST_CHECK_EQUAL(selector.selected(), 1);
    selector.refuse(4);
    BOOST_CHECK_EQUAL(selector.selected(), 0);
    BOOST_CHECK_EQUAL(selector.source(), -1);
    BOOST_CHECK_EQUAL(selector.num_changes(), 0u);
    selector.refuse(99); // once
    // The next best was better for as long.
    BOOST_CHECK(step(selector, 2, { 10, 30, 20 }));
    BOOST_CHECK_EQUAL(selector.selected(), 2);
    BOOST_CHECK_EQUAL(selector.source(), 0);
    // Refused until 4 s; what it was better before counts for no time-to-trigger.
    BOOST_CHECK(!step(selector, 3, { 10, 30, 20 }));
    BOOST_CHECK(!step(selector, 4, { 10, 30, 20 }));
    BOOST_CHECK(step(selector, 5, { 10, 30, 20 }));
    BOOST_CHECK_EQUAL(selector.selected(), 1);
    // A refusal gives a soft handover that went on back.
    step(selector, 6, { 10, 30, 50 });
    step(selector, 7, { 10, 30, 50 });
    BOOST_CHECK_EQUAL(selector.selected(), 2);
    selector.refuse(99);
    BOOST_CHECK_EQUAL(selector.selected(), 1);
    BOOST_CHECK_EQUAL(selector.source(), 2);
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    const auto refused = [](auto change) {
        selection_parameters p;
        change(p);
        BOOST_CHECK_THROW(configuration_selector(2, p), std::invalid_argument);
    };
    refused([](auto& p) { p.hysteresis_db = -1; });
    refused([](auto& p) { p.time_to_trigger = NONE; });
    refused([](auto& p) { p.silence_time = -1; });
    refused([](auto& p) { p.needed_below_db = NONE; });
    refused([](auto& p) { p.soft_window = -1; });
    refused([](auto& p) { p.l3_coefficient = 0; });
    refused([](auto& p) { p.soft_end_db = NONE; });
    BOOST_CHECK_THROW(configuration_selector(0, selection_parameters()),
                      std::invalid_argument);
    detections d;
    BOOST_CHECK_THROW(combine_detections(d, d, 0), std::invalid_argument);
}

// Weights 3/4 and 1/4 in delay, 1/5 and 4/5 in Doppler.
BOOST_AUTO_TEST_CASE(inverse_variance)
{
    detections combined = target(1.00e-6, 100, 1e-18, 4);
    combine_detections(combined, target(1.004e-6, 105, 3e-18, 1), 4);
    BOOST_REQUIRE_EQUAL(combined.size(), 1u);
    BOOST_CHECK_CLOSE(combined.delay[0], 1.001e-6, 1e-9);
    BOOST_CHECK_CLOSE(combined.range[0], 150.15, 1e-9);
    BOOST_CHECK_CLOSE(combined.doppler[0], 104, 1e-9);
    BOOST_CHECK_CLOSE(combined.velocity[0], -10.4, 1e-9);
    BOOST_CHECK_CLOSE(combined.var_delay[0], 0.75e-18, 1e-9);
    BOOST_CHECK_CLOSE(combined.var_doppler[0], 0.8, 1e-9);
    BOOST_CHECK_CLOSE(combined.snr[0], 4, 1e-9);
}

// n equal looks have an n-th of the variance, whatever the order.
BOOST_AUTO_TEST_CASE(many_looks)
{
    detections combined = target(1e-6, 100, 1e-18, 4);
    for (int i = 1; i < 8; i++)
        combine_detections(combined, target(1e-6, 100, 1e-18, 4), 3);
    BOOST_REQUIRE_EQUAL(combined.size(), 1u);
    BOOST_CHECK_CLOSE(combined.var_delay[0], 1e-18 / 8, 1e-9);
    BOOST_CHECK_CLOSE(combined.snr[0], 16, 1e-9);
}

BOOST_AUTO_TEST_CASE(gate_keeps_targets_apart)
{
    detections combined = target(1e-6, 100, 1e-18, 1);
    combine_detections(combined, target(1.01e-6, 100, 1e-18, 1), 3); // 7 deviations
    combine_detections(combined, target(1e-6, 110, 1e-18, 1), 3);
    BOOST_CHECK_EQUAL(combined.size(), 3u);

    // Two targets of one report are two, however close.
    detections two = target(1e-6, 100, 1e-18, 1);
    combine_detections(two, target(1.1e-6, 100, 1e-18, 1), 3);
    detections first = target(1e-6, 100, 1e-18, 1);
    two.delay[1] = 1.0001e-6;
    combine_detections(first, two, 3);
    BOOST_CHECK_EQUAL(first.size(), 2u);
}

BOOST_AUTO_TEST_CASE(unknown_and_vanishing_variances)
{
    detections combined = target(1e-6, 100, INFINITE, 0);
    combine_detections(combined, target(1.2e-6, 100, 1e-18, 0), 3);
    BOOST_REQUIRE_EQUAL(combined.size(), 1u);
    BOOST_CHECK_EQUAL(combined.delay[0], 1.2e-6);
    BOOST_CHECK_EQUAL(combined.var_delay[0], 1e-18);
    BOOST_CHECK_EQUAL(combined.var_doppler[0], 0);
    combine_detections(combined, target(1.3e-6, 100, INFINITE, INFINITE), 3);
    BOOST_REQUIRE_EQUAL(combined.size(), 1u);
    BOOST_CHECK_EQUAL(combined.delay[0], 1.2e-6);
}

BOOST_AUTO_TEST_CASE(highest_snr)
{
    BOOST_CHECK_EQUAL(highest_snr_db(detections()), -INFINITE);
    detections d = target(1e-6, 100, 1, 1);
    d.snr[0] = 0.1;
    BOOST_CHECK_CLOSE(highest_snr_db(d), -10, 1e-9);
    d.snr[0] = 0;
    BOOST_CHECK_EQUAL(highest_snr_db(d), -INFINITE);
}
