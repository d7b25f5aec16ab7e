/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/handover_machine.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace gr::isac;

namespace {

constexpr double NONE = std::numeric_limits<double>::quiet_NaN();
constexpr double NOT_HEARD = -std::numeric_limits<double>::infinity();
using values = std::vector<double>;

// One user, a step every 0.1 s.
struct flight {
    handover_machine machine;
    double time = 0;

    explicit flight(const handover_parameters& p, size_t cells = 2) : machine(cells, p) {}

    std::optional<handover_machine::event>
    step(const values& rsrp, const values& distance = {}, const values& variance = {})
    {
        handover_machine::measurement m;
        m.rsrp_dbm = rsrp.empty() ? nullptr : rsrp.data();
        m.distance_m = distance.empty() ? nullptr : distance.data();
        m.distance_variance = variance.empty() ? nullptr : variance.data();
        const auto event = machine.step(time, m);
        time += 0.1;
        return event;
    }
    bool by(const std::string& cause,
            const values& rsrp,
            const values& distance = {},
            const values& variance = {})
    {
        const auto event = step(rsrp, distance, variance);
        return event && event->cause() == cause;
    }
};

handover_parameters parameters(const std::string& criterion)
{
    handover_parameters p;
    p.criterion = criterion;
    p.initial_cell = 0;
    return p;
}

} // namespace

BOOST_AUTO_TEST_CASE(rsrp_needs_more_than_the_hysteresis)
{
    flight f(parameters("rsrp"));
    BOOST_CHECK(!f.step({ -80, -78 }));
    BOOST_CHECK(!f.step({ -80, -90 }, { 1000, 10 })); // distance plays no part
    const auto event = f.step({ -80, -77.9 });
    BOOST_REQUIRE(event);
    BOOST_CHECK_EQUAL(event->from, 0u);
    BOOST_CHECK_EQUAL(event->to, 1u);
    BOOST_CHECK_EQUAL(event->cause(), "rsrp");
    BOOST_CHECK_CLOSE(event->time, 0.2, 1e-9);
    BOOST_CHECK_EQUAL(f.machine.serving(), 1);
}

// A step of height 10 dB has risen to 10 (1 - (1 - a)^n) after n measurements.
BOOST_AUTO_TEST_CASE(l3_filter)
{
    handover_parameters p = parameters("rsrp");
    p.l3_coefficient = 0.25;
    p.hysteresis_db = 6;
    flight f(p);
    f.step({ -80, -80 });
    for (int n = 1; n <= 4; n++) {
        const bool moved = f.step({ -80, -70 }).has_value();
        BOOST_CHECK_CLOSE(f.machine.filtered_rsrp(1), -70 - 10 * std::pow(0.75, n), 1e-9);
        BOOST_CHECK_EQUAL(moved, n == 4); // 5.78 dB at the third, 6.84 at the fourth
    }
    // A cell that vanishes and comes back starts afresh.
    f.step({ NOT_HEARD, -70 });
    BOOST_CHECK_EQUAL(f.machine.filtered_rsrp(0), NOT_HEARD);
    f.step({ -75, -70 });
    BOOST_CHECK_EQUAL(f.machine.filtered_rsrp(0), -75);
}

// A step of height 10 dB has risen to 10 (1 - (1 - a)^(t / period)) after t, in however
// many measurements.
BOOST_AUTO_TEST_CASE(l3_filter_of_irregular_measurements)
{
    handover_parameters p = parameters("rsrp");
    p.l3_coefficient = 0.25;
    p.l3_period = 0.2;
    flight f(p);
    f.step({ -80, -80 });
    for (const double time : { 0.05, 0.3, 0.3, 0.9, 2.0 }) {
        f.time = time;
        f.step({ -80, time == 0.9 ? NONE : -70 }); // a missing one changes nothing
        const double until = time == 0.9 ? 0.3 : time;
        BOOST_CHECK_CLOSE(
            f.machine.filtered_rsrp(1), -70 - 10 * std::pow(0.75, until / 0.2), 1e-9);
    }

    p.l3_coefficient = 1; // no filter, at any time
    flight unfiltered(p);
    unfiltered.step({ -80, -80 });
    unfiltered.time = 0;
    unfiltered.step({ -80, -75 });
    BOOST_CHECK_EQUAL(unfiltered.machine.filtered_rsrp(1), -75);
}

BOOST_AUTO_TEST_CASE(missing_cells_are_no_stronger_than_the_weakest)
{
    handover_parameters p = parameters("rsrp");
    p.bound_missing = true;
    flight f(p, 4);
    BOOST_CHECK(!f.step({ -70, -75, -85, NONE }));
    // The serving cell is missing: at most -78, a stronger cell triggers.
    const auto event = f.step({ NONE, -75, -78, NONE });
    BOOST_REQUIRE(event);
    BOOST_CHECK_EQUAL(event->to, 1u);
    BOOST_CHECK_EQUAL(f.machine.filtered_rsrp(0), -78);
    // One that was weaker than all stays as it was, one never heard stays unknown.
    BOOST_CHECK(!f.step({ NONE, -75, NONE, NONE }));
    BOOST_CHECK_EQUAL(f.machine.filtered_rsrp(0), -78);
    BOOST_CHECK_EQUAL(f.machine.filtered_rsrp(2), -78);
    BOOST_CHECK(std::isnan(f.machine.filtered_rsrp(3)));
    // Nothing measured, and nothing heard, say nothing of the others.
    BOOST_CHECK(!f.step({ NONE, NONE, NONE, NONE }));
    BOOST_CHECK(!f.step({ NONE, NONE, NOT_HEARD, NONE }));
    BOOST_CHECK_EQUAL(f.machine.filtered_rsrp(1), -75);

    p.bound_missing = false;
    flight unbounded(p, 2);
    BOOST_CHECK(!unbounded.step({ -70, -75 }));
    BOOST_CHECK(!unbounded.step({ NONE, -60 }));
}

BOOST_AUTO_TEST_CASE(time_to_trigger_restarts_when_the_condition_breaks)
{
    handover_parameters p = parameters("rsrp");
    p.time_to_trigger = 0.3;
    flight f(p);
    const values better = { -80, -70 }, worse = { -80, -85 };
    for (int i = 0; i < 3; i++)
        BOOST_CHECK(!f.step(better));
    BOOST_CHECK(!f.step(worse));
    for (int i = 0; i < 3; i++)
        BOOST_CHECK(!f.step(better));
    BOOST_CHECK(f.by("rsrp", better)); // 0.3 s after the first
}

BOOST_AUTO_TEST_CASE(missing_measurements_hold_and_never_trigger)
{
    handover_parameters p = parameters("rsrp");
    p.time_to_trigger = 0.3;
    p.measurement_hold = 0.5;
    flight f(p);
    BOOST_CHECK(!f.step({ -80, -70 }));
    for (int i = 0; i < 4; i++) // the time is over, but nothing is measured
        BOOST_CHECK(!f.step(i % 2 ? values{ -80, NONE } : values{ NONE, -60 }));
    BOOST_CHECK(f.by("rsrp", { -80, -70 }));

    flight forgets(p);
    BOOST_CHECK(!forgets.step({ -80, -70 }));
    for (int i = 0; i < 6; i++)
        BOOST_CHECK(!forgets.step({ -80, NONE }));
    for (int i = 0; i < 3; i++)
        BOOST_CHECK(!forgets.step({ -80, -70 }));
    BOOST_CHECK(forgets.by("rsrp", { -80, -70 }));
}

BOOST_AUTO_TEST_CASE(distance_needs_more_than_the_threshold)
{
    flight f(parameters("distance"));
    BOOST_CHECK(!f.step({}, { 1000, 950 }));
    BOOST_CHECK(!f.step({ -90, -50 }, { 1000, 990 }));
    BOOST_CHECK(!f.step({}, { 1000, NONE }));
    BOOST_CHECK(!f.step({}, { NONE, 1 }));
    BOOST_CHECK(f.by("distance", {}, { 1000, 949 }));
}

BOOST_AUTO_TEST_CASE(distance_is_trusted_as_far_as_its_variance_allows)
{
    handover_parameters p = parameters("distance");
    p.distance_confidence = 2; // 50 m and twice sqrt(9 + 16) m
    flight f(p);
    BOOST_CHECK(!f.step({}, { 1000, 941 }, { 9, 16 }));
    BOOST_CHECK(!f.step({}, { 1000, 100 })); // of unknown variance
    BOOST_CHECK(!f.step({}, { 1000, 100 }, { 9, NONE }));
    BOOST_CHECK(!f.step({}, { 1000, 100 }, { 9, -NOT_HEARD }));
    BOOST_CHECK(f.by("distance", {}, { 1000, 939 }, { 9, 16 }));
}

// The other cell is 45 m nearer, and a wrong peak says 900 m now and then, with as small
// a variance as any.
BOOST_AUTO_TEST_CASE(a_wrong_peak_moves_nothing_when_distances_are_filtered)
{
    handover_parameters p = parameters("distance");
    p.distance_confidence = 2;
    flight believes(p);
    p.distance_acceleration = 1;
    flight filters(p);
    int moved = 0;
    for (int i = 0; i < 40; i++) {
        const values distance = { 1000, i % 8 == 7 ? 100.0 : 955.0 };
        moved += believes.step({}, distance, { 1, 1 }).has_value();
        BOOST_CHECK(!filters.step({}, distance, { 1, 1 }));
    }
    BOOST_CHECK_GT(moved, 0);
}

// 56 m are more than the threshold by four times the deviation that 40 measurements
// leave, and by half of the one that each has.
BOOST_AUTO_TEST_CASE(filtered_distances_are_trusted_sooner)
{
    handover_parameters p = parameters("distance");
    p.distance_confidence = 2;
    flight believes(p);
    p.distance_acceleration = 0.1;
    flight filters(p);
    bool moved = false;
    for (int i = 0; i < 100; i++) {
        BOOST_CHECK(!believes.step({}, { 1000, 944 }, { 72, 72 }));
        moved = moved || filters.step({}, { 1000, 944 }, { 72, 72 });
    }
    BOOST_CHECK(moved);
}

// On a course that was seen for long the threshold is passed between two echoes.
BOOST_AUTO_TEST_CASE(filtered_distances_go_on_without_measurements)
{
    handover_parameters p = parameters("distance");
    p.distance_acceleration = 1;
    flight f(p);
    double apart = 30; // m, 1 more each step
    for (; apart < 46; apart++)
        BOOST_CHECK(!f.step({}, { 1000, 1000 - apart }, { 0.01, 0.01 }));
    std::optional<handover_machine::event> event;
    for (; !event && apart < 60; apart++)
        event = f.step({}, { 1000, NONE }, { 0.01, NONE });
    BOOST_REQUIRE(event);
    BOOST_CHECK_SMALL(apart - 52, 1.1);

    flight holds(p); // and no longer than the hold
    for (int i = 0; i < 20; i++)
        holds.step({}, { 1000, 990 }, { 0.01, 0.01 });
    p.distance_threshold_m = 5;
    for (int i = 0; i < 11; i++)
        holds.step({}, { 1000, NONE }, { 0.01, NONE });
    holds.machine.set_parameters(p);
    BOOST_CHECK(!holds.step({}, { 1000, NONE }, { 0.01, NONE }));
}

BOOST_AUTO_TEST_CASE(joint_or_and)
{
    const values near = { 1000, 900 }, even = { 1000, 1000 };
    const values loud = { -80, -70 }, equal = { -80, -80 };
    BOOST_CHECK(flight(parameters("joint_or")).by("rsrp", loud, even));
    BOOST_CHECK(flight(parameters("joint_or")).by("rsrp", loud));
    BOOST_CHECK(flight(parameters("joint_or")).by("distance", equal, near));
    BOOST_CHECK(flight(parameters("joint_or")).by("rsrp+distance", loud, near));
    BOOST_CHECK(!flight(parameters("joint_or")).step(equal, even));
    BOOST_CHECK(!flight(parameters("joint_and")).step(loud, even));
    BOOST_CHECK(!flight(parameters("joint_and")).step(loud));
    BOOST_CHECK(!flight(parameters("joint_and")).step(equal, near));
    BOOST_CHECK(flight(parameters("joint_and")).by("rsrp+distance", loud, near));
}

// Past the threshold a fade pulls the user back to the farther cell: OR moves twice, and
// the veto not at all.
BOOST_AUTO_TEST_CASE(veto_refuses_the_return_by_rsrp)
{
    const values past = { 1000, 900 }, faded = { -78, -84 };
    flight joint(parameters("joint_or"));
    flight veto(parameters("joint_veto"));
    for (flight* f : { &joint, &veto })
        BOOST_CHECK(f->by("distance", { -80, -80 }, past));
    BOOST_CHECK(joint.by("rsrp", faded, past));
    BOOST_CHECK(joint.by("distance", faded, past));
    BOOST_CHECK_EQUAL(joint.machine.counts().handovers, 3u);
    BOOST_CHECK_EQUAL(joint.machine.counts().ping_pongs, 2u);

    BOOST_CHECK(!veto.step(faded)); // before the next distance
    for (int i = 0; i < 5; i++)
        BOOST_CHECK(!veto.step(faded, past));
    BOOST_CHECK(!veto.step(faded, { NONE, 900 })); // a missed echo opens no way back
    BOOST_CHECK(!veto.step(faded));
    BOOST_CHECK(veto.by("rsrp", faded, { 1000, 960 })); // not farther any more
}

BOOST_AUTO_TEST_CASE(veto_lapses_without_distances)
{
    flight f(parameters("joint_veto"));
    f.step({ -80, -80 }, { 900, 1000 });
    int steps = 1;
    while (!f.step({ -80, -70 }) && steps < 100)
        steps++;
    BOOST_CHECK_EQUAL(steps, 11); // the hold of 1 s, exclusive
}

BOOST_AUTO_TEST_CASE(prohibit_time_and_ping_pong_window)
{
    handover_parameters p = parameters("rsrp");
    p.prohibit_time = 0.5;
    p.ping_pong_window = 0.5;
    flight f(p);
    BOOST_CHECK(f.step({ -80, -70 }));
    for (int i = 0; i < 4; i++)
        BOOST_CHECK(!f.step({ -70, -80 }));
    BOOST_CHECK(f.step({ -70, -80 }));
    BOOST_CHECK_EQUAL(f.machine.counts().ping_pongs, 1u);
    for (int i = 0; i < 5; i++)
        f.step({ -70, -80 });
    BOOST_CHECK(f.step({ -80, -70 })); // later than the window
    BOOST_CHECK_EQUAL(f.machine.counts().ping_pongs, 1u);
    BOOST_CHECK_EQUAL(f.machine.counts().handovers, 3u);
}

BOOST_AUTO_TEST_CASE(the_return_needs_more)
{
    handover_parameters p = parameters("rsrp");
    p.return_hysteresis_db = 3; // beside the 2 of the hysteresis
    p.return_time = 0.5;
    flight f(p, 3);
    BOOST_CHECK(f.step({ -80, -70, -90 }));
    BOOST_CHECK(!f.step({ -70, -75, -90 }));
    BOOST_CHECK(f.step({ -69.9, -75, -90 })); // by more than 5 dB
    BOOST_CHECK(!f.step({ -80, -75, -90 }));
    const auto third = f.step({ -80, -75, -77.9 }); // no return: 2 dB will do
    BOOST_REQUIRE(third);
    BOOST_CHECK_EQUAL(third->to, 2u);
    for (int i = 0; i < 5; i++) // 0.1 to 0.5 s later
        BOOST_CHECK(!f.step({ -75, -90, -79 }));
    BOOST_CHECK(f.step({ -75, -90, -79 }));
}

BOOST_AUTO_TEST_CASE(strongest_of_many_and_no_ping_pong_by_a_third)
{
    flight f(parameters("rsrp"), 4);
    auto event = f.step({ -80, -75, -70, NONE });
    BOOST_REQUIRE(event);
    BOOST_CHECK_EQUAL(event->to, 2u);
    event = f.step({ -75, -60, -70, -65 });
    BOOST_REQUIRE(event);
    BOOST_CHECK_EQUAL(event->to, 1u);
    BOOST_CHECK_EQUAL(f.machine.counts().ping_pongs, 0u);

    flight near(parameters("distance"), 3);
    const auto nearest = near.step({ -60, -60, -90 }, { 500, 300, 200 });
    BOOST_REQUIRE(nearest);
    BOOST_CHECK_EQUAL(nearest->to, 2u);
}

BOOST_AUTO_TEST_CASE(outage_is_counted_on_the_serving_cell)
{
    handover_machine machine(2, parameters("rsrp"));
    const values sinrs[] = { { -3, -20 }, { -3.1, 10 }, { NONE, -20 }, { NOT_HEARD, 0 } };
    double time = 0;
    for (const values& sinr : sinrs) {
        handover_machine::measurement m;
        m.sinr_db = sinr.data();
        machine.step(time++, m);
    }
    BOOST_CHECK_EQUAL(machine.counts().sinr_steps, 3u);
    BOOST_CHECK_EQUAL(machine.counts().outage_steps, 2u);
    BOOST_CHECK_CLOSE(machine.counts().outage(), 2.0 / 3, 1e-9);
}

BOOST_AUTO_TEST_CASE(time_does_not_go_back)
{
    flight f(parameters("rsrp"));
    f.time = 5;
    f.step({ -80, -80 });
    for (const double wrong : { 4.9, NONE, NOT_HEARD, -NOT_HEARD }) {
        f.time = wrong;
        BOOST_CHECK(!f.step({ -80, -50 }));
    }
    BOOST_CHECK_EQUAL(f.machine.counts().refused, 4u);
    BOOST_CHECK_EQUAL(f.machine.counts().steps, 1u);
    f.time = 5;
    BOOST_CHECK(f.step({ -80, -50 }));
}

BOOST_AUTO_TEST_CASE(first_cell)
{
    handover_parameters p = parameters("joint_or");
    p.initial_cell = -1;
    flight strongest(p, 3);
    BOOST_CHECK(!strongest.step({ NONE, NONE, NONE }, { 1, 2, 3 }));
    BOOST_CHECK_EQUAL(strongest.machine.serving(), handover_machine::NO_CELL);
    BOOST_CHECK(!strongest.step({ -90, -80, NOT_HEARD }));
    BOOST_CHECK_EQUAL(strongest.machine.serving(), 1);

    p.criterion = "distance";
    flight nearest(p, 3);
    nearest.step({ -50, -60, -70 }, { 300, NONE, 200 });
    BOOST_CHECK_EQUAL(nearest.machine.serving(), 2);
}

BOOST_AUTO_TEST_CASE(parameters_change_live_and_keep_the_state)
{
    handover_parameters p = parameters("rsrp");
    p.time_to_trigger = 10;
    flight f(p);
    for (int i = 0; i < 5; i++)
        BOOST_CHECK(!f.step({ -80, -70 }, { 1000, 900 }));
    p.time_to_trigger = 0.5;
    p.criterion = "distance"; // whose timer ran as well
    f.machine.set_parameters(p);
    BOOST_CHECK(f.by("distance", { -80, -70 }, { 1000, 900 }));

    p.hysteresis_db = -1;
    BOOST_CHECK_THROW(f.machine.set_parameters(p), std::invalid_argument);
    BOOST_CHECK_EQUAL(f.machine.parameters().hysteresis_db, 2);

    f.machine.reset();
    BOOST_CHECK_EQUAL(f.machine.serving(), 0);
    BOOST_CHECK_EQUAL(f.machine.counts().handovers, 0u);
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    const auto refused = [](auto change) {
        handover_parameters p;
        change(p);
        BOOST_CHECK_THROW(handover_machine(2, p), std::invalid_argument);
    };
    refused([](auto& p) { p.criterion = "best"; });
    refused([](auto& p) { p.hysteresis_db = NONE; });
    refused([](auto& p) { p.l3_coefficient = 0; });
    refused([](auto& p) { p.l3_coefficient = 1.1; });
    refused([](auto& p) { p.l3_coefficient = NONE; });
    refused([](auto& p) { p.l3_period = -1; });
    refused([](auto& p) { p.time_to_trigger = -1; });
    refused([](auto& p) { p.distance_threshold_m = -1; });
    refused([](auto& p) { p.distance_confidence = -1; });
    refused([](auto& p) { p.distance_acceleration = -1; });
    refused([](auto& p) { p.distance_gate = 0; });
    refused([](auto& p) { p.prohibit_time = -1; });
    refused([](auto& p) { p.return_hysteresis_db = -1; });
    refused([](auto& p) { p.return_time = NONE; });
    refused([](auto& p) { p.ping_pong_window = -1; });
    refused([](auto& p) { p.outage_sinr_db = NONE; });
    refused([](auto& p) { p.measurement_hold = -1; });
    refused([](auto& p) { p.initial_cell = 2; });
    refused([](auto& p) { p.initial_cell = -2; });
    BOOST_CHECK_THROW(handover_machine(0, handover_parameters()), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_handover_that_is_taken_back_has_not_been)
{
    handover_parameters p = parameters("rsrp");
    p.hysteresis_db = 1;
    p.prohibit_time = 10;
    flight f(p, 3);
    f.machine.undo(); // nothing yet
    BOOST_CHECK(f.by("rsrp", { -80, -70, -75 }));
    BOOST_CHECK_EQUAL(f.machine.serving(), 1);
    f.machine.undo();
    BOOST_CHECK_EQUAL(f.machine.serving(), 0);
    BOOST_CHECK_EQUAL(f.machine.counts().handovers, 0u);
    f.machine.undo(); // once
    BOOST_CHECK_EQUAL(f.machine.serving(), 0);
    // The prohibit timer does not run, and the next best is free.
    BOOST_CHECK(f.by("rsrp", { -80, NOT_HEARD, -75 }));
    BOOST_CHECK_EQUAL(f.machine.serving(), 2);
    BOOST_CHECK(!f.step({ -80, NOT_HEARD, -75 }));
    f.machine.undo(); // not decided by the last step
    BOOST_CHECK_EQUAL(f.machine.serving(), 2);
}
