/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "cfar_multiplier.h"
#include "cfar_search.h"
#include "simd_clones.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/cfar.h>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <tuple>

namespace gr {
namespace isac {

namespace {

// Whether more than \p most of a sector's cells reach a level; a NaN counts as infinite.
ISAC_SIMD_CLONES bool more_reach(const cfar_window& window,
                                 const float* map,
                                 size_t row,
                                 size_t range,
                                 const cfar_sector& sector,
                                 float level,
                                 size_t most)
{
    int left = static_cast<int>(most);
    const auto count = [&](const float* values, size_t, size_t cells) {
        int reach = 0;
        if (window.stride_delay == 1)
            for (size_t i = 0; i < cells; i++)
                reach += values[i] < level ? 0 : 1;
        else
            for (size_t i = 0; i < cells; i++)
                reach += values[i * window.stride_delay] < level ? 0 : 1;
        left -= reach;
        return left >= 0;
    };
    window.for_each_run(map, row, range, sector, count);
    return left < 0;
}

// Sum of the training cells, column by column: compilers turn that into vectors.
ISAC_SIMD_CLONES double sum_training(
    const cfar_window& window, const float* map, size_t row, size_t range, float* columns)
{
    const size_t stride = window.stride_delay;
    const size_t num_columns = window.left(range) + window.right(range) + 1;
    std::fill_n(columns, num_columns, 0.0f);
    const auto add = [&](const float* values, size_t place, size_t count) {
        float* to = columns + place;
        if (stride == 1)
            for (size_t i = 0; i < count; i++)
                to[i] += values[i];
        else
            for (size_t i = 0; i < count; i++)
                to[i] += values[i * stride];
        return true;
    };
    window.for_each_run(map, row, range, window.sector(range, 0), add);
    double sum = 0;
    for (size_t i = 0; i < num_columns; i++)
        sum += columns[i];
    return sum;
}

} // namespace

bool cfar::takes(const std::string& kind)
{
    return kind == "ca" || kind == "os" || kind == "osgo";
}

cfar::cfar(size_t doppler_cells,
           size_t range_cells,
           const parameters& p,
           const cell_correlation& correlation)
    : d_params(p),
      d_order(p.kind != "ca"),
      d_correlation(correlation),
      d_columns(range_cells)
{
    require(takes(p.kind), "cfar: kind", p.kind, "must be ca, os or osgo");
    require(p.pfa > 0 && p.pfa < 1, "cfar: pfa", p.pfa, "must be above 0 and below 1");
    require_within("cfar: guard_delay", p.guard_delay, 0, 1024);
    require_within("cfar: guard_doppler", p.guard_doppler, 0, 1024);
    require_within("cfar: training_delay", p.training_delay, 0, 1024);
    require_within("cfar: training_doppler", p.training_doppler, 0, 1024);
    require(
        p.rank > 0 && p.rank <= 1, "cfar: os_rank", p.rank, "must be above 0 up to 1");
    require(p.looks >= 1 && p.looks <= 1024,
            "cfar: looks",
            p.looks,
            "must be from 1 to 1024");
    d_window = fit_window(doppler_cells, range_cells);
    solve_columns();

    cfar_search::rule rule;
    for (const auto& c : d_columns) {
        rule.multiplier.push_back(
            static_cast<float>(d_order ? c.multiplier : c.multiplier / c.training));
        if (d_order)
            rule.above.push_back(static_cast<float>(c.above));
    }
    d_search = std::make_unique<cfar_search>(d_window, rule);
}

cfar::~cfar() = default;

cfar_window cfar::fit_window(size_t doppler_cells, size_t range_cells) const
{
    // A window that met itself around the Doppler axis would count cells twice.
    const size_t strides = doppler_cells / d_correlation.stride_doppler;
    const size_t fits = strides > 0 ? (strides - 1) / 2 : 0;
    const auto& p = d_params;
    cfar_window w = {};
    w.num_sectors = p.kind == "osgo" ? 4 : 1;
    w.doppler_cells = doppler_cells;
    w.range_cells = range_cells;
    w.stride_delay = d_correlation.stride_delay;
    w.stride_doppler = d_correlation.stride_doppler;
    w.guard_delay = p.guard_delay;
    w.reach_delay = p.guard_delay + p.training_delay;
    w.guard_doppler = std::min<size_t>(p.guard_doppler, fits);
    w.reach_doppler = std::min<size_t>(p.guard_doppler + p.training_doppler, fits);
    return w;
}

void cfar::solve_columns()
{
    size_t most = 0;
    std::map<std::pair<size_t, size_t>, double> solved; // most columns are alike
    for (size_t r = 0; r < d_columns.size(); r++) {
        column& c = d_columns[r];
        for (size_t s = 0; s < d_window.num_sectors; s++) {
            const size_t n = d_window.num_training(d_window.sector(r, s));
            c.training += n;
            c.above += n - order_rank(n, d_params.rank);
        }
        require(c.training > 0,
                "cfar: training cells of a cell",
                c.training,
                "must be at least 1: the map is too small for these guard cells");
        const auto [known, is_new] =
            solved.emplace(std::minmax({ d_window.left(r), d_window.right(r) }), 0.0);
        if (is_new)
            known->second = solve(r);
        c.multiplier = known->second;
        most = std::max(most, c.training);
    }
    d_training.resize(std::max(most, 2 * d_window.reach_delay + 1));
}

double cfar::solve(size_t range) const
{
    const size_t looks = d_params.looks;
    return d_order
               ? os_multiplier(
                     d_window, range, d_params.rank, d_correlation, d_params.pfa, looks)
               : ca_multiplier(d_window, range, d_correlation, d_params.pfa, looks);
}

void cfar::process(const float* map, std::vector<map_cell>& detected, float* thresholds)
{
    detected.clear();
    if (!thresholds) {
        map_cell cell;
        const auto candidate = [&](size_t row, size_t range) {
            if ((!d_order || exceeds(map, row, range)) && test(map, row, range, cell))
                detected.push_back(cell);
        };
        d_search->find(map, std::ref(candidate)); // which std::function need not allocate
        std::sort(detected.begin(), detected.end(), [](const auto& a, const auto& b) {
            return std::tie(a.doppler, a.range) < std::tie(b.doppler, b.range);
        });
        return;
    }
    if (!d_order)
        d_search->thresholds(map, thresholds);
    const size_t columns = d_window.range_cells;
    for (size_t row = 0, i = 0; row < d_window.doppler_cells; row++)
        for (size_t r = 0; r < columns; r++, i++) {
            if (d_order)
                thresholds[i] = static_cast<float>(order_statistic(map, row, r) *
                                                   d_columns[r].multiplier);
            if (map[i] > thresholds[i])
                detected.push_back({ row, r, map[i], thresholds[i] });
        }
}

bool cfar::test(const float* map, size_t row, size_t range, map_cell& cell)
{
    const float noise =
        d_order ? order_statistic(map, row, range) : mean(map, row, range);
    const float power = map[row * d_window.range_cells + range];
    cell = { row, range, power, static_cast<float>(noise * multiplier(range)) };
    return power > cell.threshold;
}

float cfar::mean(const float* map, size_t row, size_t range)
{
    const double sum = sum_training(d_window, map, row, range, d_training.data());
    return static_cast<float>(sum / d_columns[range].training);
}

float cfar::order_statistic(const float* map, size_t row, size_t range)
{
    float greatest = 0;
    for (size_t s = 0; s < d_window.num_sectors; s++) {
        auto end = d_training.begin();
        const auto collect = [&](const float* values, size_t, size_t count) {
            for (size_t i = 0; i < count; i++, end++) {
                const float value = values[i * d_window.stride_delay];
                *end = std::isnan(value) ? std::numeric_limits<float>::infinity() : value;
            }
            return true;
        };
        d_window.for_each_run(map, row, range, d_window.sector(range, s), collect);
        if (end == d_training.begin())
            continue;
        const auto rank = static_cast<std::ptrdiff_t>(
            order_rank(static_cast<size_t>(end - d_training.begin()), d_params.rank));
        const auto nth = d_training.begin() + rank - 1;
        std::nth_element(d_training.begin(), nth, end);
        greatest = std::max(greatest, *nth);
    }
    return greatest;
}

// The cell exceeds the multiple of an order statistic when rank training cells lie below
// the cell over the multiplier: counting needs no sort.
bool cfar::exceeds(const float* map, size_t row, size_t range) const
{
    const float power = map[row * d_window.range_cells + range];
    const auto level =
        static_cast<float>(power / d_columns[range].multiplier * (1 + 1e-6));
    for (size_t s = 0; s < d_window.num_sectors; s++) {
        const cfar_sector sector = d_window.sector(range, s);
        const size_t n = d_window.num_training(sector);
        if (more_reach(d_window,
                       map,
                       row,
                       range,
                       sector,
                       level,
                       n - order_rank(n, d_params.rank)))
            return false;
    }
    return true;
}

void cfar::keep_peaks(const float* map, std::vector<map_cell>& detected) const
{
    const long rows = d_window.doppler_cells, columns = d_window.range_cells;
    const long reach_rows = std::min<long>(d_correlation.stride_doppler, (rows - 1) / 2);
    const long reach_columns =
        std::min<long>(d_correlation.stride_delay, (columns - 1) / 2);
    const auto topped = [&](const map_cell& cell) {
        const long here = cell.doppler * columns + cell.range;
        for (long j = -reach_rows; j <= reach_rows; j++) {
            for (long i = -reach_columns; i <= reach_columns; i++) {
                const long row = (static_cast<long>(cell.doppler) + j + rows) % rows;
                const long range =
                    (static_cast<long>(cell.range) + i + columns) % columns;
                const long there = row * columns + range;
                // Of equal neighbours the first one stays.
                if (map[there] > cell.power || (map[there] == cell.power && there < here))
                    return true;
            }
        }
        return false;
    };
    detected.erase(std::remove_if(detected.begin(), detected.end(), topped),
                   detected.end());
}

} // namespace isac
} // namespace gr
