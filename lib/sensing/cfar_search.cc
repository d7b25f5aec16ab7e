/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "cfar_search.h"
#include "simd_clones.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace gr {
namespace isac {

namespace {

constexpr size_t TILE = 1024;       // columns whose sums stay in the first-level cache
constexpr size_t BLOCK = 32;        // columns tested together
constexpr size_t MOST_TOGETHER = 8; // rows tested together
constexpr size_t BAND = 16;         // rows of a level
constexpr size_t SAMPLES = 8;       // of each of its rows, at most

// Sums in another order are off by this much at most: below it no cell is passed over.
constexpr float ROUNDING = 1e-5f;

// Cost of testing a cell for itself, a training cell, over that of a row of windows, a
// column.
constexpr double COST_OF_CANDIDATE = 1;

// Lists row * columns + column of the values above a column's bound; returns their
// number.
ISAC_SIMD_CLONES size_t list_above(const float* const* rows,
                                   size_t num_rows,
                                   const float* bounds,
                                   size_t columns,
                                   uint32_t* list)
{
    size_t listed = 0;
    for (size_t i = 0; i < columns; i += BLOCK) {
        const size_t end = std::min(i + BLOCK, columns);
        if (end == i + BLOCK) {
            lanes8 above = {};
            for (size_t c = i; c < end; c += 8) {
                float8 most, value;
                load(most, rows[0] + c);
                for (size_t r = 1; r < num_rows; r++) {
                    load(value, rows[r] + c);
                    most = value > most ? value : most;
                }
                load(value, bounds + c);
                above |= most > value;
            }
            int any = 0;
            for (size_t k = 0; k < 8; k++)
                any |= above[k];
            if (!any) // nearly always
                continue;
        }
        for (size_t r = 0; r < num_rows; r++)
            for (size_t c = i; c < end; c++) {
                list[listed] = static_cast<uint32_t>(r * columns + c);
                listed += rows[r][c] > bounds[c];
            }
    }
    return listed;
}

ISAC_SIMD_CLONES void
mark_not_below(float* marks, const float* values, float level, size_t count)
{
    for (size_t i = 0; i < count; i++)
        marks[i] = values[i] < level ? 0.0f : 1.0f;
}

ISAC_SIMD_CLONES void
multiply(float* out, const float* values, const float* factors, float scale, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = values[i] * (factors[i] * scale);
}

ISAC_SIMD_CLONES void order_bounds(float* out,
                                   const float* counts,
                                   const float* above,
                                   const float* multipliers,
                                   float level,
                                   size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = counts[i] > above[i] ? multipliers[i] * level : 0.0f;
}

} // namespace

cfar_search::cfar_search(const cfar_window& w, const rule& r)
    : d_window(w),
      d_rule(r),
      d_sums(w, std::min(TILE, w.range_cells)),
      d_rows(2 * w.reach_doppler + 1),
      d_bounds(std::min(TILE, w.range_cells)),
      d_listed(MOST_TOGETHER * d_bounds.size() + 1)
{
    choose_group();
    if (!r.order())
        return;
    d_marks_stride = d_bounds.size() + 2 * d_sums.lead();
    d_marks.resize(d_marks_stride * d_rows.size());
    d_levels.resize((w.doppler_cells + 2 * w.reach_doppler) / BAND + 1);
    d_sample.reserve(BAND * SAMPLES);
}

// As many rows together as make the search cheapest where all is noise: more rows share
// the cost of their sums, but less of their windows. For an order statistic likewise the
// level: cells are tested that exceed its multiple, or whose count misses what it should
// be.
void cfar_search::choose_group()
{
    const size_t middle = d_window.range_cells / 2;
    const size_t left = d_window.left(middle), right = d_window.right(middle);
    const double cost = COST_OF_CANDIDATE * d_window.num_training(middle);
    const double multiplier = d_rule.multiplier[middle];
    double least = std::numeric_limits<double>::infinity();
    const auto consider = [&](size_t group, double share, double candidates) {
        const double total = 1.0 / group + cost * candidates;
        if (total >= least)
            return;
        least = total;
        d_group = group;
        d_share = share;
    };
    for (size_t group = 1;
         group <= std::min(MOST_TOGETHER, 2 * d_window.reach_doppler + 1);
         group *= 2) {
        const double common = d_sums.num_cells(group, left, right);
        if (!d_rule.order()) {
            consider(group, 0, std::exp(-multiplier * common));
            continue;
        }
        for (double share = 0.02; share < 1; share += 0.02) {
            const double margin = common * share - d_rule.above[middle];
            const double deviation = std::sqrt(common * share * (1 - share));
            const double misses = 0.5 * std::erfc(std::sqrt(0.5) * margin / deviation);
            consider(group, share, std::pow(share, multiplier) + misses);
        }
    }
}

cfar_search::tile cfar_search::tile_at(size_t first) const
{
    const size_t columns = std::min(TILE, d_window.range_cells - first);
    return { first,
             columns,
             std::min(d_sums.lead(), first),
             std::min(d_sums.lead(), d_window.range_cells - first - columns) };
}

// Rows a stride apart are swept together.
size_t cfar_search::rows_from(size_t start) const
{
    return (d_window.doppler_cells - start - 1) / d_window.stride_doppler + 1;
}

// A sweep's rows are counted from the first that a window reaches.
const float* cfar_search::values_at(const float* map, size_t start, size_t position) const
{
    const long strides =
        static_cast<long>(position) - static_cast<long>(d_window.reach_doppler);
    return map + d_window.wrapped(start, strides) * d_window.range_cells;
}

void cfar_search::find(const float* map,
                       const std::function<void(size_t, size_t)>& candidate)
{
    for (size_t column = 0; column < d_window.range_cells; column += TILE) {
        const tile t = tile_at(column);
        const size_t stride = d_window.stride_doppler;
        for (size_t start = 0; start < std::min(stride, d_window.doppler_cells);
             start++) {
            const size_t rows = rows_from(start);
            if (d_rule.order())
                measure_levels(map, t, start);
            for (size_t first = 0; first < rows; first += d_group) {
                if (d_rule.order())
                    mark(map, t, start, first);
                else
                    for (size_t i = 0; i < d_rows.size(); i++)
                        d_rows[i] = values_at(map, start, first + i) + t.first;
                bound(d_sums.process(d_rows.data(), d_group, t.left, t.columns, t.right),
                      t,
                      first);
                d_tested.clear();
                for (size_t r = first; r < std::min(first + d_group, rows); r++)
                    d_tested.push_back(map + (start + r * stride) * d_window.range_cells +
                                       t.first);
                const size_t listed = list_above(d_tested.data(),
                                                 d_tested.size(),
                                                 d_bounds.data(),
                                                 t.columns,
                                                 d_listed.data());
                for (size_t i = 0; i < listed; i++)
                    candidate(start + (first + d_listed[i] / t.columns) * stride,
                              t.first + d_listed[i] % t.columns);
            }
        }
    }
}

void cfar_search::bound(const float* sums, const tile& t, size_t first)
{
    const float* multipliers = d_rule.multiplier.data() + t.first;
    if (!d_rule.order()) {
        multiply(d_bounds.data(), sums, multipliers, 1 - ROUNDING, t.columns);
        return;
    }
    const size_t last = first + 2 * d_window.reach_doppler;
    const float level = *std::min_element(d_levels.begin() + first / BAND,
                                          d_levels.begin() + last / BAND + 1);
    order_bounds(d_bounds.data(),
                 sums,
                 d_rule.above.data() + t.first,
                 multipliers,
                 level * (1 - ROUNDING),
                 t.columns);
}

// A level that the given share of a band's cells reach. Wherever it lies no cell is
// passed over: where it is too high the counts tell, where too low more cells are tested.
void cfar_search::measure_levels(const float* map, const tile& t, size_t start)
{
    const size_t positions = rows_from(start) + 2 * d_window.reach_doppler;
    const size_t step = std::max<size_t>(t.columns / SAMPLES, 1);
    for (size_t band = 0; band * BAND < positions; band++) {
        d_sample.clear();
        for (size_t i = band * BAND; i < std::min((band + 1) * BAND, positions); i++) {
            const float* values = values_at(map, start, i) + t.first;
            for (size_t c = i % step; c < t.columns && d_sample.size() < BAND * SAMPLES;
                 c += step)
                if (values[c] >= 0) // no NaN
                    d_sample.push_back(values[c]);
        }
        d_levels[band] = 0;
        if (d_sample.empty())
            continue;
        const auto nth =
            d_sample.begin() + static_cast<long>((1 - d_share) * (d_sample.size() - 1));
        std::nth_element(d_sample.begin(), nth, d_sample.end());
        d_levels[band] = *nth;
    }
    d_marked = 0;
}

// Points at the marks of a group's rows, and makes those that are new.
void cfar_search::mark(const float* map, const tile& t, size_t start, size_t first)
{
    for (; d_marked < first + d_rows.size(); d_marked++)
        mark_not_below(d_marks.data() + d_marked % d_rows.size() * d_marks_stride,
                       values_at(map, start, d_marked) + t.first - t.left,
                       d_levels[d_marked / BAND],
                       t.left + t.columns + t.right);
    for (size_t i = 0; i < d_rows.size(); i++)
        d_rows[i] =
            d_marks.data() + (first + i) % d_rows.size() * d_marks_stride + t.left;
}

void cfar_search::thresholds(const float* map, float* out)
{
    for (size_t column = 0; column < d_window.range_cells; column += TILE) {
        const tile t = tile_at(column);
        for (size_t row = 0; row < d_window.doppler_cells; row++) {
            for (size_t i = 0; i < d_rows.size(); i++)
                d_rows[i] = values_at(map, row, i) + t.first;
            multiply(out + row * d_window.range_cells + t.first,
                     d_sums.process(d_rows.data(), 1, t.left, t.columns, t.right),
                     d_rule.multiplier.data() + t.first,
                     1,
                     t.columns);
        }
    }
}

} // namespace isac
} // namespace gr
