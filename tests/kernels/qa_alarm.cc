/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "alarm.h"
#include <boost/test/unit_test.hpp>
#include <atomic>
#include <chrono>
#include <thread>

// unistd.h has a function of the plain name.
using alarm_clock = gr::isac::alarm;
using namespace std::chrono_literals;

namespace {

struct bell {
    std::atomic<int> rings{ 0 };
    alarm_clock clock{ [this] { rings++; } };

    //! Whether it has rung so often within some seconds.
    bool rung(int times)
    {
        for (int i = 0; i < 5000 && rings < times; i++)
            std::this_thread::sleep_for(1ms);
        return rings == times;
    }
};

alarm_clock::clock::time_point in(alarm_clock::clock::duration time)
{
    return alarm_clock::clock::now() + time;
}

} // namespace

BOOST_AUTO_TEST_CASE(it_rings_once_a_moment)
{
    bell b;
    b.clock.start();
    const auto moment = in(50ms);
    b.clock.set(moment);
    BOOST_CHECK(b.rung(1));
    BOOST_CHECK(alarm_clock::clock::now() >= moment);
    b.clock.set(in(-1s)); // one that has passed rings at once
    BOOST_CHECK(b.rung(2));
    std::this_thread::sleep_for(20ms);
    BOOST_CHECK_EQUAL(b.rings, 2);
}

BOOST_AUTO_TEST_CASE(the_last_moment_counts)
{
    bell b;
    b.clock.start();
    b.clock.set(in(1h));
    b.clock.set(in(20ms));
    BOOST_CHECK(b.rung(1));
    b.clock.set(in(50ms));
    b.clock.clear();
    b.clock.set(in(1h));
    std::this_thread::sleep_for(100ms);
    BOOST_CHECK_EQUAL(b.rings, 1);
}

BOOST_AUTO_TEST_CASE(a_ring_may_set_the_next)
{
    std::atomic<int> rings{ 0 };
    alarm_clock* self = nullptr;
    alarm_clock chain([&] {
        if (++rings < 10)
            self->set(in(1ms));
    });
    self = &chain;
    chain.start();
    chain.set(in(1ms));
    for (int i = 0; i < 5000 && rings < 10; i++)
        std::this_thread::sleep_for(1ms);
    BOOST_CHECK_EQUAL(rings, 10);
}

BOOST_AUTO_TEST_CASE(stopped_it_does_not_ring_until_started_anew)
{
    bell b;
    b.clock.set(in(0ms));
    std::this_thread::sleep_for(20ms);
    BOOST_CHECK_EQUAL(b.rings, 0);
    b.clock.start(); // forgets what was set before
    b.clock.set(in(1h));
    b.clock.stop();
    b.clock.stop();
    b.clock.start();
    b.clock.set(in(0ms));
    BOOST_CHECK(b.rung(1));
}
