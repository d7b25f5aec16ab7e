/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing/range_tiles.h"
#include <boost/test/unit_test.hpp>
#include <vector>

using namespace gr::isac;

namespace {

// Small ones, of widths that tiles do not divide, and such as bypass the caches.
constexpr struct {
    size_t rows, columns;
} SHAPES[] = { { 5, 96 }, { 3, 37 }, { 1, 1 }, { 300, 4099 } };

// Rows of cells, the last one first.
template <typename Cell>
void fill(range_tiles& tiles, size_t rows, float weight, Cell cell)
{
    std::vector<gr_complex> values(tiles.row_length());
    for (size_t i = rows; i-- > 0;) {
        for (size_t c = 0; c < values.size(); c++)
            values[c] = cell(i, c);
        tiles.expect(i);
        tiles.put(i, values.data(), weight);
    }
    tiles.settle();
}

} // namespace

BOOST_AUTO_TEST_CASE(cells_are_found_in_their_tile)
{
    for (const auto& s : SHAPES) {
        range_tiles tiles(s.rows, s.columns);
        BOOST_TEST(tiles.columns() == s.columns);
        BOOST_TEST(tiles.row_length() >= s.columns);
        BOOST_TEST(tiles.row_length() < s.columns + range_tiles::COLUMNS);
        const auto cell = [](size_t row, size_t column) {
            return gr_complex(row, -static_cast<float>(column));
        };
        fill(tiles, s.rows, 0.5f, cell);
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
    for (const auto& s : SHAPES) {
        range_tiles tiles(s.rows, s.columns);
        const auto cell = [](size_t row, size_t column) {
            return std::polar(1.0f, static_cast<float>(7 * row + 3 * column % 11));
        };
        fill(tiles, s.rows, 1, cell);
        std::vector<gr_complex> turns(s.rows), sums(tiles.row_length());
        for (size_t i = 0; i < s.rows; i++)
            turns[i] = std::polar(0.5f, static_cast<float>(5 * i));
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
