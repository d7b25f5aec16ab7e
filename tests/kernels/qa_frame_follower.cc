/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "frame_follower.h"
#include <gnuradio/isac/metadata_keys.h>
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <utility>

using namespace gr::isac;

namespace {

using counts = std::map<std::string, uint64_t>;

gr::logger_ptr silent()
{
    auto logger = std::make_shared<gr::logger>("qa_frame_follower");
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

} // namespace

// However the stream is cut to pieces.
BOOST_AUTO_TEST_CASE(rows_follow_the_tags)
{
    const auto grid = ofdm_grid::make({});
    // Rows 0 and 1 belong to no frame that is whole; then frames of 3 and 2, one row
    // too many, and frames of 3.
    const std::vector<gr::tag_t> tags = { frame_tag(0, 9),
                                          frame_tag(2, 10),
                                          frame_tag(5, 11),
                                          frame_tag(7, 20),
                                          frame_tag(11, 3) };
    for (uint64_t step = 1; step <= 20; step++) {
        fault_log faults(silent());
        frame_follower follower(grid, faults, 3);
        std::vector<std::pair<uint64_t, uint64_t>> whole; // number, end
        for (uint64_t done = 0; done < 14;) {
            const size_t count = std::min<uint64_t>(step - done % step, 14 - done);
            const auto piece = follower.follow(count, done, tags);
            BOOST_REQUIRE(piece.rows >= 1);
            BOOST_REQUIRE(piece.rows <= count);
            if (done >= 2 && done < 5)
                BOOST_TEST(piece.symbol == done - 2);
            BOOST_TEST(piece.outside == (done == 10));
            done += piece.rows;
            if (!piece.outside && follower.is_whole())
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
    frame_follower follower(grid, faults, 4);
    BOOST_TEST(follower.follow(10, 0, {}).rows == 4u);
    BOOST_TEST(follower.is_whole());
    BOOST_TEST(follower.follow(2, 4, {}).rows == 2u);
    BOOST_TEST(!follower.is_whole());
    BOOST_TEST(follower.stamp().frame == 1u);
    follower.reset();
    const auto piece = follower.follow(10, 0, {});
    BOOST_TEST(piece.rows == 4u);
    BOOST_TEST(piece.symbol == 0u);
    BOOST_TEST(follower.stamp().frame == 0u);
    BOOST_TEST((faults.counts() == counts{}));
}
