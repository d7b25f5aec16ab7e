/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/qos_selector.h>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace gr::isac;

namespace {

constexpr double NONE = std::numeric_limits<double>::quiet_NaN();

// Pairs 0 -> 0, 0 -> 1, 0 -> 2; node 1 serves user 0, node 2 user 1.
const std::vector<int64_t> RECEIVERS = { 0, 1, 2 };
const std::vector<int64_t> SERVERS = { 1, 2 };

bool step(qos_selector& selector,
          double time,
          std::vector<double> sensing_db,
          std::vector<double> user_sinr_db)
{
    return selector.step(time, sensing_db.data(), user_sinr_db.data());
}

} // namespace

BOOST_AUTO_TEST_CASE(the_server_of_a_user_in_need_is_relieved)
{
    qos_selector selector(RECEIVERS, SERVERS, 0, qos_parameters());
    BOOST_CHECK(
        !step(selector, 0, { 10, 30, 20 }, { 15, 15 })); // all have what they need
    BOOST_CHECK(step(selector, 1, { 10, 30, 20 }, { 14.9, 15 }));
    BOOST_CHECK_EQUAL(selector.selected(), 2u); // the best that node 1 has no part in
    BOOST_CHECK(selector.triggered(0) && !selector.triggered(1));
    BOOST_CHECK(step(selector, 2, { 10, 30, 20 }, { 20, 3 }));
    BOOST_CHECK_EQUAL(selector.selected(), 1u);
    BOOST_CHECK_EQUAL(selector.num_changes(), 2u);
}

BOOST_AUTO_TEST_CASE(prohibit_timers)
{
    qos_selector selector(RECEIVERS, SERVERS, 0, qos_parameters());
    BOOST_CHECK(step(selector, 5, { 10, 0, 20 }, { 10, 20 }));
    BOOST_CHECK(!step(selector, 6, { 30, 0, 20 }, { 10, 20 }));
    BOOST_CHECK(!step(selector, 24.9, { 30, 0, 20 }, { 10, 20 }));
    BOOST_CHECK(step(selector, 25, { 30, 0, 20 }, { 10, 20 }));
    // It runs though the best pair was selected already.
    BOOST_CHECK(!step(selector, 45, { 30, 0, 20 }, { 10, 20 }));
    BOOST_CHECK(selector.triggered(0));
    BOOST_CHECK(!step(selector, 46, { 10, 0, 20 }, { 10, 20 }));
    BOOST_CHECK(!selector.triggered(0));
    // The other user has a timer of its own.
    BOOST_CHECK(step(selector, 47, { 10, 15, 20 }, { 10, 14 }));
    BOOST_CHECK_EQUAL(selector.selected(), 1u);
}

BOOST_AUTO_TEST_CASE(what_is_missing_triggers_and_wins_nothing)
{
    qos_selector selector({ 1, 2 }, SERVERS, 0, qos_parameters());
    BOOST_CHECK(!step(selector, 0, { 10, 20 }, { NONE, NONE }));
    BOOST_CHECK(!step(selector, 1, { 10, NONE }, { 0, 20 }));
    BOOST_CHECK(!step(selector, 30, { 10, 20 }, { 0, 0 })); // no pair is left
    BOOST_CHECK_EQUAL(selector.selected(), 0u);
    BOOST_CHECK(!step(selector, 29, { 10, 20 }, { 0, 20 }));
    BOOST_CHECK(!step(selector, NONE, { 10, 20 }, { 0, 20 }));
}

BOOST_AUTO_TEST_CASE(a_pair_that_refuses_is_passed_over_for_a_while)
{
    qos_selector selector(RECEIVERS, SERVERS, 0, qos_parameters());
    selector.refuse(99); // nothing changed
    BOOST_CHECK(step(selector, 1, { 10, 30, 20 }, { 14, 20 }));
    BOOST_CHECK_EQUAL(selector.selected(), 2u);
    selector.refuse(4);
    BOOST_CHECK_EQUAL(selector.selected(), 0u);
    BOOST_CHECK_EQUAL(selector.num_changes(), 0u);
    selector.refuse(99); // once
    // Its user's timer is idle again; what is left is where it was.
    BOOST_CHECK(!step(selector, 1, { 10, 30, 20 }, { 14, 20 }));
    BOOST_CHECK(selector.triggered(0));
    BOOST_CHECK(step(selector, 21, { 10, 30, 20 }, { 14, 20 }));
    BOOST_CHECK_EQUAL(selector.selected(), 2u);
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    qos_parameters p;
    BOOST_CHECK_THROW(qos_selector({}, SERVERS, 0, p), std::invalid_argument);
    BOOST_CHECK_THROW(qos_selector(RECEIVERS, SERVERS, 3, p), std::invalid_argument);
    p.needed_sinr_db = NONE;
    BOOST_CHECK_THROW(qos_selector(RECEIVERS, SERVERS, 0, p), std::invalid_argument);
    qos_selector selector(RECEIVERS, SERVERS, 0, qos_parameters());
    p = qos_parameters();
    p.prohibit_time = -1;
    BOOST_CHECK_THROW(selector.set_parameters(p), std::invalid_argument);
}
