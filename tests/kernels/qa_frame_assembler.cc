/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "frame_assembler.h"
#include <gnuradio/isac/metadata_keys.h>
#include <boost/test/unit_test.hpp>
#include <limits>

using namespace gr::isac;

namespace {

struct fixture {
    fixture()
    {
        ofdm_grid::parameters p;
        p.fft_len = 4;
        p.cp_len = { 1 };
        p.num_symbols = 3;
        p.pilots = "all";
        grid = ofdm_grid::make(p);
        auto logger = std::make_shared<gr::logger>("qa_frame_assembler");
        logger->set_level("off");
        faults = std::make_unique<fault_log>(logger);
        assembler = std::make_unique<frame_assembler>(grid, *faults);
    }

    static gr::tag_t tag(uint64_t offset, const pmt::pmt_t& key, const pmt::pmt_t& value)
    {
        gr::tag_t t;
        t.offset = offset;
        t.key = key;
        t.value = value;
        return t;
    }

    static gr::tag_t frame(uint64_t offset, uint64_t number)
    {
        return tag(offset, metadata_keys::frame(), pmt::from_uint64(number));
    }

    // Rows whose values are their own absolute index.
    static std::vector<gr_complex> rows(size_t first, size_t count)
    {
        std::vector<gr_complex> values;
        for (size_t i = first; i < first + count; i++)
            values.insert(values.end(), 4, gr_complex(i, 0));
        return values;
    }

    // Pushes a stream in pieces of `step`; returns number and first row of each whole
    // frame.
    std::vector<std::pair<uint64_t, int>> stream(std::vector<gr_complex> values,
                                                 size_t step,
                                                 const std::vector<gr::tag_t>& tags)
    {
        std::vector<std::pair<uint64_t, int>> frames;
        const size_t total = values.size() / 4;
        for (size_t done = 0; done < total;) {
            const size_t count = std::min(step, total - done);
            std::vector<gr::tag_t> here;
            for (const auto& t : tags)
                if (t.offset >= done && t.offset < done + count)
                    here.push_back(t);
            done += assembler->push(values.data() + done * 4, count, done, here);
            if (assembler->complete())
                frames.emplace_back(assembler->stamp().frame,
                                    static_cast<int>(assembler->rows()[0].real()));
        }
        return frames;
    }

    // The same in place, with the rows of an unfinished frame left where they are: a
    // window over the stream, of which as much is taken off as the assembler lets go.
    std::vector<std::pair<uint64_t, int>> stream_in_place(std::vector<gr_complex> values,
                                                          size_t step,
                                                          std::vector<gr::tag_t> tags)
    {
        assembler->set_in_place(true);
        std::vector<std::pair<uint64_t, int>> frames;
        const size_t total = values.size() / 4;
        size_t begin = 0, pushed = 0, end = 0; // of the window, in rows
        while (end < total) {
            end = std::min(total, end + step);
            // A copy, so that rows from outside the window would not be found.
            const std::vector<gr_complex> window(values.begin() + begin * 4,
                                                 values.begin() + end * 4);
            while (pushed < end) {
                pushed += assembler->push(
                    window.data() + (pushed - begin) * 4, end - pushed, pushed, tags);
                if (assembler->complete()) {
                    const auto* first = assembler->rows();
                    BOOST_REQUIRE(first >= window.data() &&
                                  first + 3 * 4 <= window.data() + window.size());
                    frames.emplace_back(assembler->stamp().frame,
                                        static_cast<int>(first->real()));
                }
            }
            begin = pushed - assembler->rows_held();
        }
        return frames;
    }

    ofdm_grid::sptr grid;
    std::unique_ptr<fault_log> faults;
    std::unique_ptr<frame_assembler> assembler;
};

using frames = std::vector<std::pair<uint64_t, int>>;

} // namespace

BOOST_FIXTURE_TEST_CASE(untagged_rows_form_frames, fixture)
{
    BOOST_CHECK((stream(rows(0, 8), 2, {}) == frames{ { 0, 0 }, { 1, 3 } }));
    BOOST_CHECK(faults->counts().empty());
}

BOOST_FIXTURE_TEST_CASE(any_chunking_gives_the_same_frames, fixture)
{
    for (size_t step = 1; step <= 9; step++) {
        fixture fresh;
        BOOST_CHECK(
            (fresh.stream(rows(0, 9), step, { frame(0, 7), frame(3, 8), frame(6, 9) }) ==
             frames{ { 7, 0 }, { 8, 3 }, { 9, 6 } }));
        BOOST_CHECK(fresh.faults->counts().empty());
    }
}

BOOST_FIXTURE_TEST_CASE(a_torn_frame_is_lost_alone, fixture)
{
    for (size_t step = 1; step <= 8; step++) {
        fixture fresh;
        BOOST_CHECK(
            (fresh.stream(rows(0, 8), step, { frame(0, 0), frame(2, 1), frame(5, 2) }) ==
             frames{ { 1, 2 }, { 2, 5 } }));
        BOOST_CHECK_EQUAL(fresh.faults->counts().at("lost_rows"), 1u);
    }
}

BOOST_FIXTURE_TEST_CASE(a_jump_of_frame_numbers_is_counted_and_used, fixture)
{
    BOOST_CHECK((stream(rows(0, 6), 6, { frame(0, 0), frame(3, 5) }) ==
                 frames{ { 0, 0 }, { 5, 3 } }));
    BOOST_CHECK_EQUAL(faults->counts().at("frame_jump"), 1u);
}

BOOST_FIXTURE_TEST_CASE(a_frame_that_is_not_finite_is_lost_alone, fixture)
{
    for (const float bad : { std::numeric_limits<float>::quiet_NaN(),
                             std::numeric_limits<float>::infinity() }) {
        fixture fresh;
        auto values = rows(0, 9);
        values[4 * 4] = bad;
        BOOST_CHECK((fresh.stream(values, 4, {}) == frames{ { 0, 0 }, { 2, 6 } }));
        BOOST_CHECK_EQUAL(fresh.faults->counts().at("not_finite"), 1u);
    }
}

BOOST_FIXTURE_TEST_CASE(scene_time_is_the_middle_of_the_frame, fixture)
{
    stream(rows(0, 3),
           3,
           { frame(0, 4), tag(0, metadata_keys::scene_time(), pmt::from_double(2.5)) });
    BOOST_CHECK_CLOSE(assembler->stamp().scene_time, 2.5 + grid->middle_time(), 1e-9);
}

BOOST_FIXTURE_TEST_CASE(rx_time_and_frame_number_stand_in, fixture)
{
    const auto rx_time = pmt::make_tuple(pmt::from_uint64(3), pmt::from_double(0.25));
    stream(rows(0, 3), 3, { frame(0, 4), tag(0, metadata_keys::rx_time(), rx_time) });
    BOOST_CHECK_CLOSE(assembler->stamp().scene_time, 3.25 + grid->middle_time(), 1e-9);

    fixture fresh;
    fresh.stream(rows(0, 3), 3, { frame(0, 4) });
    BOOST_CHECK_CLOSE(fresh.assembler->stamp().scene_time,
                      4 * grid->frame_duration() + grid->middle_time(),
                      1e-9);
}

BOOST_FIXTURE_TEST_CASE(wrong_tags_are_counted, fixture)
{
    BOOST_CHECK((stream(rows(0, 3),
                        3,
                        { tag(0, metadata_keys::frame(), pmt::mp("seven")),
                          tag(0, metadata_keys::scene_time(), pmt::mp("noon")),
                          tag(0, metadata_keys::rx_time(), pmt::mp("noon")) }) ==
                 frames{ { 0, 0 } }));
    BOOST_CHECK_EQUAL(faults->counts().at("bad_tag"), 3u);
}

BOOST_FIXTURE_TEST_CASE(frames_in_place_are_the_same, fixture)
{
    for (size_t step = 1; step <= 9; step++) {
        fixture whole, torn, bad;
        BOOST_CHECK((whole.stream_in_place(
                         rows(0, 9), step, { frame(0, 7), frame(3, 8), frame(6, 9) }) ==
                     frames{ { 7, 0 }, { 8, 3 }, { 9, 6 } }));
        BOOST_CHECK(whole.faults->counts().empty());
        BOOST_CHECK((torn.stream_in_place(
                         rows(0, 8), step, { frame(0, 0), frame(2, 1), frame(5, 2) }) ==
                     frames{ { 1, 2 }, { 2, 5 } }));
        BOOST_CHECK_EQUAL(torn.faults->counts().at("lost_rows"), 1u);
        auto values = rows(0, 9);
        values[4 * 4] = std::numeric_limits<float>::quiet_NaN();
        BOOST_CHECK(
            (bad.stream_in_place(values, step, {}) == frames{ { 0, 0 }, { 2, 6 } }));
        BOOST_CHECK_EQUAL(bad.faults->counts().at("not_finite"), 1u);
    }
}

BOOST_FIXTURE_TEST_CASE(rows_missing_lead_to_the_end_of_a_frame, fixture)
{
    assembler->set_in_place(true);
    const auto values = rows(0, 6);
    BOOST_CHECK_EQUAL(assembler->rows_missing(), 3u);
    assembler->push(values.data(), 2, 0, {});
    BOOST_CHECK_EQUAL(assembler->rows_missing(), 1u);
    BOOST_CHECK_EQUAL(assembler->rows_held(), 2u);
    BOOST_CHECK_EQUAL(assembler->push(values.data() + 8, 4, 2, {}), 1u);
    BOOST_CHECK(assembler->complete());
    BOOST_CHECK_EQUAL(assembler->rows_missing(), 3u);
    BOOST_CHECK_EQUAL(assembler->rows_held(), 0u);
}

// As when a flowgraph is reconfigured: the scheduler's buffer keeps them.
BOOST_FIXTURE_TEST_CASE(rows_held_come_again_after_a_restart, fixture)
{
    for (const bool tagged : { false, true }) {
        fixture fresh;
        fresh.assembler->set_in_place(true);
        const auto values = rows(0, 6);
        std::vector<gr::tag_t> tags;
        if (tagged)
            tags = { frame(0, 0), frame(3, 1) };
        fresh.assembler->push(values.data(), 3, 0, tags);
        fresh.assembler->push(values.data() + 12, 2, 3, tags);
        fresh.assembler->set_in_place(true);
        fresh.assembler->push(values.data() + 12, 3, 3, tags);
        BOOST_CHECK(fresh.assembler->complete());
        BOOST_CHECK_EQUAL(fresh.assembler->stamp().frame, 1u);
        BOOST_CHECK(fresh.faults->counts().empty());
    }
}

BOOST_FIXTURE_TEST_CASE(a_frame_is_handed_over_whole, fixture)
{
    for (const bool in_place : { false, true }) {
        fixture fresh;
        fresh.assembler->set_in_place(in_place);
        const auto values = rows(0, 3);
        fresh.assembler->push(values.data(), 3, 0, {});
        volk::vector<gr_complex> buffer(values.size());
        fresh.assembler->hand_over(buffer);
        BOOST_CHECK(std::equal(values.begin(), values.end(), buffer.begin()));
    }
}
