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
