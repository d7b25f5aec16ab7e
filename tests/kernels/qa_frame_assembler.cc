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
