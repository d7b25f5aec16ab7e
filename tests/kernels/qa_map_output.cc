/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing/map_output.h"
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <vector>

using namespace gr::isac;

namespace {

constexpr size_t ROWS = 5, COLUMNS = 3;

struct fixture {
    fixture()
        : powers(ROWS * COLUMNS),
          map(ROWS, COLUMNS, [this](uint64_t offset, const auto& key, const auto&) {
              tags.emplace_back(offset, pmt::symbol_to_string(key));
          })
    {
        std::iota(powers.begin(), powers.end(), 0.0f);
    }

    // Puts at most so many rows behind those that are out already.
    void put(int space)
    {
        std::vector<float> room(space * COLUMNS);
        map.offer({ room.data() }, space, 100 + out.size() / COLUMNS);
        const bool is_out = map.put();
        BOOST_TEST(is_out == !map.is_busy());
        out.insert(out.end(), room.begin(), room.begin() + map.produced() * COLUMNS);
    }

    std::vector<float> powers, out;
    std::vector<std::pair<uint64_t, std::string>> tags;
    map_output map;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(rows_go_out_as_there_is_room, fixture)
{
    put(3);
    BOOST_TEST(out.empty());
    map.start(powers.data(), { 7, 0.5 });
    for (const int space : { 0, 2, 1, 9 })
        put(space);
    BOOST_TEST(!map.is_busy());
    BOOST_TEST(out == powers, boost::test_tools::per_element());
    // On the first row alone.
    BOOST_REQUIRE_EQUAL(tags.size(), 2u);
    for (const auto& [offset, key] : tags)
        BOOST_TEST(offset == 100u);
    BOOST_TEST(tags[0].second == "frame");
    BOOST_TEST(tags[1].second == "scene_time");
}

BOOST_FIXTURE_TEST_CASE(maps_of_one_call_follow_each_other, fixture)
{
    std::vector<float> room(2 * powers.size());
    map.offer({ room.data() }, 2 * ROWS, 100);
    for (const uint64_t frame : { 1, 2 }) {
        map.start(powers.data(), { frame, 0 });
        BOOST_TEST(map.put());
    }
    BOOST_TEST(map.produced() == int(2 * ROWS));
    BOOST_TEST(std::equal(powers.begin(), powers.end(), room.begin() + powers.size()));
    BOOST_TEST(tags.back().first == 100 + ROWS);
}

// As when the output is taken away from a running flowgraph, within a map.
BOOST_FIXTURE_TEST_CASE(what_nobody_takes_is_dropped, fixture)
{
    put(0);
    map.start(powers.data(), {});
    put(2);
    BOOST_TEST(map.is_busy());
    map.offer({}, 9, 0);
    BOOST_TEST(!map.is_busy());
    map.start(powers.data(), {});
    BOOST_TEST(!map.is_busy());
    put(0);
    map.start(powers.data(), {});
    map.reset();
    BOOST_TEST(!map.is_busy());
}
