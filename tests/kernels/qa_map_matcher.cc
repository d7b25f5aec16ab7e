/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "frame_follower.h"
#include "sensing/map_matcher.h"
#include <gnuradio/isac/metadata_keys.h>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>

using namespace gr::isac;

namespace {

using counts = std::map<std::string, uint64_t>;

gr::logger_ptr silent()
{
    auto logger = std::make_shared<gr::logger>("qa_map_matcher");
    logger->set_level("off");
    return logger;
}

gr::tag_t frame_tag(uint64_t offset, uint64_t number)
{
    gr::tag_t tag;
    tag.offset = offset;
    tag.key = metadata_keys::frame();
    tag.value = pmt::from_uint64(number);
    return tag;
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

// However the stream is cut to pieces.
BOOST_AUTO_TEST_CASE(items_follow_the_tags)
{
    ofdm_grid::parameters p;
    p.num_symbols = 3;
    const auto grid = ofdm_grid::make(p);
    // Items 0 and 1 belong to no frame that is whole; then frames of 3 and 2, one item
    // too many, and frames of 3.
    const std::vector<gr::tag_t> tags = { frame_tag(0, 9),
                                          frame_tag(2, 10),
                                          frame_tag(5, 11),
                                          frame_tag(7, 20),
                                          frame_tag(11, 3) };
    for (uint64_t step = 1; step <= 20; step++) {
        fault_log faults(silent());
        frame_follower follower(grid, 3, faults);
        std::vector<std::pair<uint64_t, uint64_t>> whole; // number, end
        for (uint64_t done = 0; done < 14;) {
            const size_t count = std::min<uint64_t>(step - done % step, 14 - done);
            const size_t passed = follower.follow(count, done, tags);
            BOOST_REQUIRE(passed >= 1);
            BOOST_REQUIRE(passed <= count);
            if (follower.inside() && done >= 2 && done < 5)
                BOOST_TEST(follower.place() == done - 2);
            done += passed;
            if (follower.whole())
                whole.push_back({ follower.stamp().frame, done });
        }
        const std::vector<std::pair<uint64_t, uint64_t>> expected = { { 10, 5 },
                                                                      { 20, 10 },
                                                                      { 3, 14 } };
        BOOST_TEST((whole == expected));
        BOOST_TEST(
            (faults.counts() == counts{ { "lost_rows", 3 }, { "frame_jump", 2 } }));
        BOOST_TEST(follower.stamp().scene_time ==
                   3 * grid->frame_duration() + grid->middle_time());
    }
}

BOOST_AUTO_TEST_CASE(without_tags_frames_follow_each_other)
{
    fault_log faults(silent());
    const auto grid = ofdm_grid::make({});
    frame_follower follower(grid, 4, faults);
    BOOST_TEST(follower.follow(10, 0, {}) == 4u);
    BOOST_TEST(follower.whole());
    BOOST_TEST(follower.follow(2, 4, {}) == 2u);
    BOOST_TEST(!follower.whole());
    follower.forget();
    BOOST_TEST(follower.follow(10, 0, {}) == 4u);
    BOOST_TEST(follower.place() == 0u);
    BOOST_TEST(follower.stamp().frame == 1u);
}
