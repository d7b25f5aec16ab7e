/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing/frame_queue.h"
#include <boost/test/unit_test.hpp>

using namespace gr::isac;

namespace {

constexpr size_t WIDTH = 4, SYMBOLS = 3;

ofdm_grid::sptr small_grid()
{
    ofdm_grid::parameters p;
    p.fft_len = WIDTH;
    p.cp_len = { 1 };
    p.num_symbols = SYMBOLS;
    p.pilots = "all";
    return ofdm_grid::make(p);
}

struct fixture {
    fixture() : queue(2, *small_grid()) {}

    // Rows of the newest frame, of values that are its number.
    void come(size_t rows)
    {
        const gr_complex value(queue.newest().stamp.frame, 0);
        queue.come(rows);
        stream.insert(stream.end(), rows * WIDTH, value);
    }

    // A frame of which so many rows came, of values that are its number.
    void add(uint64_t frame, size_t rows)
    {
        queue.start({ frame, 0.5 * frame }, stream.size() / WIDTH);
        come(rows);
        store_before(stream.size() / WIDTH);
    }

    void store_before(uint64_t row) { queue.store_before(row, stream.data(), 0); }

    std::vector<gr_complex> stream; // all of it
    frame_queue queue;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(frames_are_found_by_number, fixture)
{
    BOOST_TEST(queue.empty());
    add(5, SYMBOLS);
    add(7, 1);
    BOOST_TEST(queue.full());
    BOOST_REQUIRE(queue.find(5));
    BOOST_TEST(queue.find(5)->stamp.scene_time == 2.5);
    BOOST_TEST(queue.find(5)->values.back() == gr_complex(5, 0));
    BOOST_TEST(queue.is_whole(*queue.find(5)));
    BOOST_REQUIRE(queue.find(7));
    BOOST_TEST(!queue.is_whole(*queue.find(7)));
    BOOST_TEST(!queue.find(6));
}

BOOST_FIXTURE_TEST_CASE(a_full_queue_forgets_its_oldest, fixture)
{
    for (const uint64_t frame : { 1, 2, 3 })
        add(frame, SYMBOLS);
    BOOST_TEST(queue.oldest().stamp.frame == 2u);
    BOOST_TEST(queue.newest().stamp.frame == 3u);
    BOOST_TEST(queue.newest().values.front() == gr_complex(3, 0));
}

BOOST_FIXTURE_TEST_CASE(a_torn_frame_is_forgotten, fixture)
{
    add(1, SYMBOLS);
    add(2, SYMBOLS - 1);
    add(3, SYMBOLS);
    BOOST_TEST(queue.oldest().stamp.frame == 1u);
    BOOST_TEST(!queue.find(2));
}

// As when a file of one frame is repeated: each serves once.
BOOST_FIXTURE_TEST_CASE(of_equal_numbers_the_oldest_that_is_there_is_found, fixture)
{
    add(1, SYMBOLS);
    queue.start({ 1, 0 }, SYMBOLS);
    come(2);
    BOOST_TEST(queue.find(1) == &queue.oldest());
    queue.pass(queue.newest(), 1);
    queue.pop();
    BOOST_TEST(!queue.find(1));
}

BOOST_FIXTURE_TEST_CASE(serial_numbers_are_not_given_twice, fixture)
{
    add(1, SYMBOLS);
    const uint64_t serial = queue.oldest().serial;
    BOOST_TEST(queue.with_serial(serial) == &queue.oldest());
    queue.pop();
    add(1, SYMBOLS);
    BOOST_TEST(!queue.with_serial(serial));
    queue.clear();
    BOOST_TEST(queue.empty());
}

// Rows that were passed need no room; those after them stand at their place.
BOOST_FIXTURE_TEST_CASE(passed_rows_are_not_kept, fixture)
{
    queue.start({ 9, 0 }, 0);
    come(SYMBOLS);
    queue.pass(queue.newest(), 2);
    BOOST_TEST(queue.newest().values.empty());
    store_before(SYMBOLS);
    BOOST_TEST(queue.is_whole(queue.newest()));
    BOOST_TEST(queue.newest().values[2 * WIDTH] == gr_complex(9, 0));
    BOOST_TEST(queue.newest().values.size() == SYMBOLS * WIDTH);
}

BOOST_FIXTURE_TEST_CASE(rows_are_left_in_the_stream_until_they_are_stored, fixture)
{
    for (const uint64_t frame : { 4, 5 }) {
        stream.resize(stream.size() + WIDTH); // a row of no frame before each
        queue.start({ frame, 0 }, stream.size() / WIDTH);
        come(SYMBOLS);
    }
    const uint64_t end = 2 * (SYMBOLS + 1), second = SYMBOLS + 2;
    BOOST_TEST(queue.first_left(end) == 1);
    store_before(1 + 2);
    BOOST_TEST(queue.first_left(end) == 1 + 2);
    BOOST_TEST(queue.oldest().values[WIDTH] == gr_complex(4, 0));
    BOOST_TEST(queue.newest().values.empty());
    store_before(second + 1);
    BOOST_TEST(queue.first_left(end) == second + 1);
    BOOST_TEST(queue.oldest().values[3 * WIDTH - 1] == gr_complex(4, 0));
    BOOST_TEST(queue.newest().values.front() == gr_complex(5, 0));
    queue.pass(queue.newest(), 2);
    BOOST_TEST(queue.first_left(end) == end);
}

BOOST_FIXTURE_TEST_CASE(what_came_before_a_frame_is_let_go, fixture)
{
    add(1, SYMBOLS);
    add(2, SYMBOLS);
    queue.pop_before(queue.newest());
    BOOST_TEST(queue.oldest().stamp.frame == 2u);
    queue.pop_before(queue.newest());
    BOOST_TEST(queue.oldest().stamp.frame == 2u);
}
