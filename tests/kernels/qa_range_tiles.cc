/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing/range_tiles.h"
#include <boost/test/unit_test.hpp>
#include <vector>

using namespace gr::isac;

// Small ones, of widths that tiles do not divide, and such as bypass the caches.
BOOST_AUTO_TEST_CASE(cells_are_found_in_their_tile)
{
    struct {
        size_t rows, columns;
    } const shapes[] = { { 5, 96 }, { 3, 37 }, { 1, 1 }, { 300, 4099 } };
    for (const auto& s : shapes) {
        range_tiles tiles(s.rows, s.columns);
        BOOST_TEST(tiles.columns() == s.columns);
        BOOST_TEST(tiles.row_length() >= s.columns);
        BOOST_TEST(tiles.row_length() < s.columns + range_tiles::COLUMNS);
        const auto cell = [](size_t row, size_t column) {
            return gr_complex(row, -static_cast<float>(column));
        };
        std::vector<gr_complex> values(tiles.row_length());
        for (size_t i = s.rows; i-- > 0;) {
            for (size_t c = 0; c < values.size(); c++)
                values[c] = cell(i, c);
            tiles.expect(i);
            tiles.put(i, values.data(), 0.5f);
        }
        tiles.settle();
        bool all = true;
        for (size_t i = 0; i < s.rows; i++)
            for (size_t c = 0; c < s.columns; c++)
                all = all &&
                      tiles.tile(c / range_tiles::COLUMNS)[i * range_tiles::COLUMNS +
                                                           c % range_tiles::COLUMNS] ==
                          0.5f * cell(i, c);
        BOOST_TEST(all);
    }
}

// Of all rows and of some, down to one, in tiles that the last columns do not fill.
BOOST_AUTO_TEST_CASE(sums_over_rows_are_those_of_the_definition)
{
    struct {
        size_t rows, columns;
    } const shapes[] = { { 9, 96 }, { 7, 37 }, { 1, 1 }, { 300, 4099 } };
    for (const auto& s : shapes) {
        range_tiles tiles(s.rows, s.columns);
        const auto cell = [](size_t row, size_t column) {
            return std::polar(1.0f, static_cast<float>(7 * row + 3 * column % 11));
        };
        std::vector<gr_complex> values(tiles.row_length()), turns(s.rows);
        for (size_t i = 0; i < s.rows; i++) {
            turns[i] = std::polar(0.5f, static_cast<float>(5 * i));
            for (size_t c = 0; c < values.size(); c++)
                values[c] = cell(i, c);
            tiles.put(i, values.data(), 1);
        }
        tiles.settle();
        std::vector<gr_complex> sums(tiles.row_length());
        for (const auto& [first, last] : { std::pair<size_t, size_t>(0, s.rows),
                                           { s.rows / 3, s.rows - s.rows / 4 },
                                           { s.rows - 1, s.rows } }) {
            tiles.sum_conjugates(first, last, turns.data(), sums.data());
            for (size_t c = 0; c < s.columns; c++) {
                std::complex<double> expected = 0;
                for (size_t i = first; i < last; i++)
                    expected += std::complex<double>(std::conj(cell(i, c)) * turns[i]);
                BOOST_REQUIRE_SMALL(std::abs(std::complex<double>(sums[c]) - expected),
                                    1e-4);
            }
        }
    }
}
