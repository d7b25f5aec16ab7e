/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing/map_matcher.h"
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

using namespace gr::isac;

namespace {

using counts = std::map<std::string, uint64_t>;

gr::logger_ptr silent()
{
    auto logger = std::make_shared<gr::logger>("qa_map_matcher");
    logger->set_level("off");
    return logger;
}

struct matching {
    explicit matching(size_t inputs, size_t most = 4)
        : faults(silent()), maps(inputs, 3, most, faults)
    {
    }

    // Its map holds the frame's number, and the input's.
    void put(size_t input, uint64_t frame)
    {
        maps.next(input)[0] = static_cast<float>(frame);
        maps.next(input)[2] = static_cast<float>(input);
        maps.put(input, { frame, 0.5 * static_cast<double>(frame) });
    }

    // Numbers of the frames that match now.
    std::vector<uint64_t> take()
    {
        std::vector<uint64_t> numbers;
        for (; maps.match(); maps.pop()) {
            numbers.push_back(maps.stamp().frame);
            for (size_t i = 0; i < maps.maps().size(); i++) {
                BOOST_TEST(maps.maps()[i][0] == static_cast<float>(numbers.back()));
                BOOST_TEST(maps.maps()[i][2] == static_cast<float>(i));
            }
        }
        return numbers;
    }

    fault_log faults;
    map_matcher maps;
};

const std::vector<uint64_t> NONE;

} // namespace

BOOST_AUTO_TEST_CASE(a_frame_matches_when_all_have_it)
{
    matching m(3);
    for (const size_t input : { 0, 2, 1 }) {
        BOOST_TEST(m.take() == NONE);
        m.put(input, 7);
    }
    BOOST_TEST(m.take() == std::vector<uint64_t>{ 7 });
    for (size_t input = 0; input < 3; input++)
        BOOST_TEST(m.maps.empty(input));
    BOOST_TEST((m.faults.counts() == counts{}));
}

BOOST_AUTO_TEST_CASE(what_lacks_a_partner_is_dropped_with_the_next_match)
{
    matching m(2);
    for (const uint64_t frame : { 1, 2, 3 })
        m.put(0, frame);
    m.put(1, 3);
    BOOST_TEST(m.take() == std::vector<uint64_t>{ 3 });
    BOOST_TEST((m.faults.counts() == counts{ { "unmatched", 2 } }));
    // Numbers that begin anew.
    m.put(1, 0);
    m.put(0, 0);
    BOOST_TEST(m.take() == std::vector<uint64_t>{ 0 });
}

BOOST_AUTO_TEST_CASE(an_input_that_runs_ahead_loses_its_oldest)
{
    matching m(2);
    for (uint64_t frame = 0; frame < 10; frame++)
        m.put(1, frame);
    BOOST_TEST((m.faults.counts() == counts{ { "unmatched", 6 } }));
    for (uint64_t frame = 0; frame < 10; frame++)
        m.put(0, frame);
    BOOST_TEST(m.take() == (std::vector<uint64_t>{ 6, 7, 8, 9 }));
    m.put(0, 10);
    m.maps.clear();
    BOOST_TEST(m.maps.empty(0));
    BOOST_TEST((m.faults.counts() == counts{ { "unmatched", 12 } }));
}
