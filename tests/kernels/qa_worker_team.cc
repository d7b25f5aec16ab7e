/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "worker_team.h"
#include <boost/test/unit_test.hpp>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

using namespace gr::isac;

// Every item once, and all done when share() returns.
BOOST_AUTO_TEST_CASE(items_are_shared_out)
{
    for (const size_t members : { 1, 2, 3, 8 }) {
        worker_team team(members);
        BOOST_TEST(team.members() == members);
        for (const size_t items : { 0, 1, 2, 5, 100 })
            for (int round = 0; round < 50; round++) {
                std::vector<int> done(items);
                const auto work = [&](size_t, size_t first, size_t last) {
                    for (size_t i = first; i < last; i++)
                        done[i]++;
                };
                team.share(items, work);
                BOOST_REQUIRE((done == std::vector<int>(items, 1)));
            }
    }
}

// While one is held up with its first portion, the other does all the rest, in portions
// that grow smaller.
BOOST_AUTO_TEST_CASE(who_is_through_takes_from_who_is_not)
{
    constexpr size_t ITEMS = 160, PORTION = 20; // a quarter of a member's half
    worker_team team(2);
    std::atomic<bool> held{ false };
    std::atomic<size_t> others{ 0 };
    size_t last_portion = 0;
    const auto work = [&](size_t member, size_t first, size_t last) {
        if (member == 1) {
            while (!held)
                std::this_thread::yield();
            last_portion = last - first;
            others += last_portion;
        } else {
            held = true;
            while (others < ITEMS - PORTION)
                std::this_thread::yield();
        }
    };
    team.share(ITEMS, work);
    BOOST_TEST(others == ITEMS - PORTION);
    BOOST_TEST(last_portion == 1);
}

BOOST_AUTO_TEST_CASE(members_are_threads_and_the_first_is_the_caller)
{
    worker_team team(3);
    std::vector<std::thread::id> threads(3);
    std::atomic<size_t> begun{ 0 };
    const auto work = [&](size_t member, size_t, size_t) {
        threads[member] = std::this_thread::get_id();
        begun++;
        while (begun < 3) // so that each takes one
            std::this_thread::yield();
    };
    team.share(3, work);
    BOOST_TEST((threads[0] == std::this_thread::get_id()));
    BOOST_TEST(std::set<std::thread::id>(threads.begin(), threads.end()).size() == 3);
}
