/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "worker_team.h"
#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>
#include <vector>

using namespace gr::isac;

// Every item once, by the same member in each round, and all done when share() returns.
BOOST_AUTO_TEST_CASE(items_are_shared_out)
{
    for (const size_t members : { 1, 2, 3, 8 }) {
        worker_team team(members);
        BOOST_TEST(team.members() == members);
        for (const size_t items : { 0, 1, 2, 5, 100 }) {
            std::vector<size_t> owner;
            for (int round = 0; round < 50; round++) {
                std::vector<int> done(items);
                std::vector<size_t> by(items);
                const auto work = [&](size_t member, size_t first, size_t last) {
                    for (size_t i = first; i < last; i++) {
                        done[i]++;
                        by[i] = member;
                    }
                };
                team.share(items, work);
                BOOST_REQUIRE((done == std::vector<int>(items, 1)));
                if (round > 0)
                    BOOST_REQUIRE((by == owner));
                owner = by;
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(members_are_threads_and_the_first_is_the_caller)
{
    worker_team team(3);
    std::vector<std::thread::id> threads(3);
    const auto work = [&](size_t member, size_t, size_t) {
        threads[member] = std::this_thread::get_id();
    };
    team.share(3, work);
    BOOST_TEST((threads[0] == std::this_thread::get_id()));
    BOOST_TEST(std::set<std::thread::id>(threads.begin(), threads.end()).size() == 3);
}
