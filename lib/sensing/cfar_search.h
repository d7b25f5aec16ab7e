/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CFAR_SEARCH_H
#define INCLUDED_ISAC_SENSING_CFAR_SEARCH_H

#include "training_sums.h"
#include <gnuradio/isac/sensing/cfar_window.h>
#include <volk/volk_alloc.hh>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Passes over a map for the few cells that may exceed their CFAR threshold, by bounds
 * that hold for a few rows at once.
 *
 * Cell averaging: the sum over training cells that the rows' windows share is a lower
 * bound of each one's sum. Order statistic: where more of the shared cells than stand
 * above the statistic reach some level, the statistic does; the level is a quantile of
 * the map's own cells thereabouts. Neither sorts anything.
 */
class cfar_search
{
public:
    //! Of each column.
    struct rule {
        //! Threshold over the sum of the training cells, or over the order statistic.
        std::vector<float> multiplier;
        //! Order statistic only: training cells above it, of all sectors together.
        std::vector<float> above;
        bool order() const { return !above.empty(); }
    };

    cfar_search(const cfar_window& w, const rule& r);

    cfar_search(const cfar_search&) = delete;
    cfar_search& operator=(const cfar_search&) = delete;

    //! Calls \p candidate(row, range) for every cell that may exceed its threshold, in no
    //! order.
    void find(const float* map, const std::function<void(size_t, size_t)>& candidate);

    //! Cell averaging: the thresholds of all cells.
    void thresholds(const float* map, float* out);

private:
    // Columns that are swept together, and those beside them that their windows reach.
    struct tile {
        size_t first, columns, left, right;
    };

    void choose_group();
    tile tile_at(size_t first) const;
    size_t rows_from(size_t start) const;
    const float* values_at(const float* map, size_t start, size_t position) const;
    void measure_levels(const float* map, const tile& t, size_t start);
    void mark(const float* map, const tile& t, size_t start, size_t first);
    void bound(const float* sums, const tile& t, size_t first);

    cfar_window d_window;
    rule d_rule;
    size_t d_group = 1; // rows tested together
    double d_share = 0; // of the cells above the level
    training_sums d_sums;
    std::vector<const float*> d_rows; // of a group's windows
    volk::vector<float> d_bounds;     // of a group's thresholds
    std::vector<const float*> d_tested;
    std::vector<uint32_t> d_listed; // cells of a group above their bound
    // Order statistic: 1 where a cell of a row reaches its level, else 0; the last rows.
    size_t d_marks_stride = 0;
    volk::vector<float> d_marks;
    size_t d_marked = 0;         // rows, of the sweep
    std::vector<float> d_levels; // of bands of rows
    std::vector<float> d_sample;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CFAR_SEARCH_H */
