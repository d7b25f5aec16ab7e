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
 * The training cells of a map's cells: a rectangle around each less a smaller one of
 * guard cells, counted in strides. Rows (Doppler) wrap; columns (delay) are cut at the
 * map's border.
 */
struct cfar_window {
    size_t doppler_cells, range_cells;   //!< of the map
    size_t stride_delay, stride_doppler; //!< cells
    size_t guard_delay, guard_doppler;   //!< strides on each side
    size_t reach_delay, reach_doppler;   //!< likewise, guard and training together

    //! Strides that the window reaches to the left of a column, and to the right.
    size_t left(size_t range) const
    {
        return std::min(reach_delay, range / stride_delay);
    }
    size_t right(size_t range) const
    {
        return std::min(reach_delay, (range_cells - 1 - range) / stride_delay);
    }

    size_t num_training(size_t range) const
    {
        const size_t l = left(range), r = right(range);
        return (l + r + 1) * (2 * reach_doppler + 1) -
               (std::min(guard_delay, l) + std::min(guard_delay, r) + 1) *
                   (2 * guard_doppler + 1);
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
     * Calls \p f(values, place, count) for each run of training cells a stride apart in a
     * row, the first of them \p place strides from the window's left end, as long as it
     * returns true.
     */
    template <typename F>
    void for_each_run(const float* map, size_t row, size_t range, F f) const
    {
        const size_t l = left(range), r = right(range);
        const size_t before = l - std::min(guard_delay, l); // the guard cells
        const size_t after = l + std::min(guard_delay, r) + 1;
        const long reach = static_cast<long>(reach_doppler);
        const long guard = static_cast<long>(guard_doppler);
        for (long j = -reach; j <= reach; j++) {
            const float* first =
                map + wrapped(row, j) * range_cells + range - l * stride_delay;
            const bool across = j >= -guard && j <= guard;
            if (!f(first, 0, across ? before : l + r + 1) ||
                (across && !f(first + after * stride_delay, after, l + r + 1 - after)))
                return;
        }
    }
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CFAR_WINDOW_H */
