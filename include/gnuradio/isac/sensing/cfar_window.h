/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CFAR_WINDOW_H
#define INCLUDED_ISAC_SENSING_CFAR_WINDOW_H

#include <algorithm>
#include <cstddef>

namespace gr {
namespace isac {

/*!
 * Part of a window: the cells of a rectangle that are no guard cells. Strides from the
 * tested cell, the last ones included; without any where a last is below its first.
 */
struct cfar_sector {
    long first_row, last_row;       //!< Doppler
    long first_column, last_column; //!< delay
};

/*!
 * The training cells of a map's cells: a rectangle around each less a smaller one of
 * guard cells, counted in strides. Rows (Doppler) wrap; columns (delay) are cut at the
 * map's border.
 *
 * As one sector or as four, the quadrants around the tested cell. Each of them takes the
 * axis that it is turned to from the next one, so that an edge along either axis, in
 * front of the tested cell, leaves two of them whole on its side.
 */
struct cfar_window {
    size_t doppler_cells, range_cells;   //!< of the map
    size_t stride_delay, stride_doppler; //!< cells
    size_t guard_delay, guard_doppler;   //!< strides on each side
    size_t reach_delay, reach_doppler;   //!< likewise, guard and training together
    size_t num_sectors;                  //!< 1 or 4

    //! Strides that the window reaches to the left of a column, and to the right.
    size_t left(size_t range) const
    {
        return std::min(reach_delay, range / stride_delay);
    }
    size_t right(size_t range) const
    {
        return std::min(reach_delay, (range_cells - 1 - range) / stride_delay);
    }

    //! Of the cells in column \p range.
    cfar_sector sector(size_t range, size_t index) const
    {
        const long reach = static_cast<long>(reach_doppler);
        const long l = static_cast<long>(left(range));
        const long r = static_cast<long>(right(range));
        if (num_sectors == 1)
            return { -reach, reach, -l, r };
        const cfar_sector quadrants[] = { { 0, reach, 1, r },
                                          { 1, reach, -l, 0 },
                                          { -reach, 0, -l, -1 },
                                          { -reach, -1, 0, r } };
        return quadrants[index];
    }

    //! The guard cells among the cells of a sector's rectangle.
    cfar_sector guard_of(const cfar_sector& s) const
    {
        const long rows = static_cast<long>(guard_doppler);
        const long columns = static_cast<long>(guard_delay);
        return { std::max(s.first_row, -rows),
                 std::min(s.last_row, rows),
                 std::max(s.first_column, -columns),
                 std::min(s.last_column, columns) };
    }

    size_t num_training(const cfar_sector& s) const
    {
        const auto cells = [](const cfar_sector& rectangle) {
            return std::max(rectangle.last_row - rectangle.first_row + 1, 0L) *
                   std::max(rectangle.last_column - rectangle.first_column + 1, 0L);
        };
        return static_cast<size_t>(cells(s) - cells(guard_of(s)));
    }

    //! Of all sectors in column \p range.
    size_t num_training(size_t range) const
    {
        size_t sum = 0;
        for (size_t s = 0; s < num_sectors; s++)
            sum += num_training(sector(range, s));
        return sum;
    }

    //! The row \p strides from \p row, at most once around the axis.
    size_t wrapped(size_t row, long strides) const
    {
        const long rows = static_cast<long>(doppler_cells);
        const long moved =
            static_cast<long>(row) + strides * static_cast<long>(stride_doppler);
        return static_cast<size_t>(moved < 0       ? moved + rows
                                   : moved >= rows ? moved - rows
                                                   : moved);
    }

    /*!
     * Calls \p f(values, place, count) for each run of a sector's training cells a stride
     * apart in a row, the first of them \p place strides from the sector's left end, as
     * long as it returns true.
     */
    template <typename F>
    void for_each_run(
        const float* map, size_t row, size_t range, const cfar_sector& s, F f) const
    {
        const cfar_sector guard = guard_of(s);
        for (long j = s.first_row; j <= s.last_row; j++) {
            const float* line = map + wrapped(row, j) * range_cells + range;
            const auto run = [&](long first, long last) {
                return first > last || f(line + first * static_cast<long>(stride_delay),
                                         static_cast<size_t>(first - s.first_column),
                                         static_cast<size_t>(last - first + 1));
            };
            const bool across = j >= guard.first_row && j <= guard.last_row &&
                                guard.first_column <= guard.last_column;
            if (!(across ? run(s.first_column, guard.first_column - 1) &&
                               run(guard.last_column + 1, s.last_column)
                         : run(s.first_column, s.last_column)))
                return;
        }
    }
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CFAR_WINDOW_H */
