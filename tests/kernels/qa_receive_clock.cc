/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "receive_clock.h"
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

using namespace gr::isac;

BOOST_AUTO_TEST_CASE(lost_samples_are_those_that_the_time_tells_of)
{
    receive_clock clock(122.88e6);
    BOOST_TEST(!clock.is_set());
    // The present day: a double of such seconds would round to thirty samples.
    const uint64_t now = 1800000000;
    BOOST_TEST(clock.set(100, { now, 0.999999 }) == 0u);
    BOOST_TEST(clock.is_set());
    const auto after = [&](double samples) {
        const double fraction = 0.999999 + samples / 122.88e6;
        return receive_time{ now + static_cast<uint64_t>(fraction),
                             fraction - std::floor(fraction) };
    };
    BOOST_TEST(clock.set(100 + 1000, after(1000)) == 0u); // nothing was lost
    BOOST_TEST(clock.set(100 + 2000, after(2001)) == 1u);
    BOOST_TEST(clock.set(100 + 2000 + 5, after(2001 + 5 + 400000000)) == 400000000u);
    BOOST_TEST(clock.time_of(100 + 2000 + 5 + 122880000) ==
                   now + 0.999999 + 1 + 400002006 / 122.88e6,
               boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_set_back_starts_anew)
{
    receive_clock clock(1e6);
    clock.set(0, { 50, 0.0 });
    BOOST_TEST(clock.set(1000, { 2, 0.5 }) == 0u);
    BOOST_TEST(clock.time_of(501000) == 3.0);
    BOOST_TEST(clock.set(2000, { 2, 0.501 }) == 0u);
    BOOST_TEST(clock.set(3000, { 2, 0.503 }) == 1000u);
}

BOOST_AUTO_TEST_CASE(times_and_rates_that_cannot_be)
{
    receive_clock clock(1e6);
    const double inf = std::numeric_limits<double>::infinity();
    for (const double rate : { 0.0, -1.0, inf, std::nan("") })
        clock.set_sample_rate(rate);
    clock.set(0, { 0, 0.0 });
    BOOST_TEST(clock.time_of(1000000) == 1.0);
    for (const uint64_t whole : { std::numeric_limits<uint64_t>::max(),
                                  uint64_t(1) << 63,
                                  std::numeric_limits<uint64_t>::max() / 2 })
        BOOST_TEST(clock.set(1, { whole, 1e300 }) == 0u);
}

// A device does not reach each rate exactly: in a minute ten samples would seem lost.
BOOST_AUTO_TEST_CASE(the_rate_is_the_receivers_own)
{
    const double rate = 5e6 / 3 + 0.17;
    receive_clock clock(5e6 / 3);
    clock.set_sample_rate(rate);
    clock.set(0, { 0, 0.0 });
    const uint64_t samples = 100000000;
    const double seconds = samples / rate;
    BOOST_TEST(
        clock.set(samples, { static_cast<uint64_t>(seconds), std::fmod(seconds, 1) }) ==
        0u);
}

BOOST_AUTO_TEST_CASE(tags_that_tell_no_time_are_refused)
{
    receive_time time{ 7, 0.5 };
    const auto tuple = [](const pmt::pmt_t& whole, const pmt::pmt_t& fraction) {
        return pmt::make_tuple(whole, fraction);
    };
    const auto seconds = pmt::from_uint64(3);
    for (const auto& wrong :
         { pmt::PMT_NIL,
           pmt::from_double(3.5),
           pmt::make_tuple(seconds),
           tuple(pmt::from_double(3), pmt::from_double(0.5)),
           tuple(seconds, pmt::from_uint64(0)),
           tuple(seconds, pmt::from_double(std::numeric_limits<double>::quiet_NaN())) })
        BOOST_TEST(!receive_time::read(wrong, time));
    BOOST_TEST(time.whole == 7u);
    BOOST_TEST(receive_time::read(tuple(seconds, pmt::from_double(0.25)), time));
    BOOST_TEST(time.seconds() == 3.25);
}
