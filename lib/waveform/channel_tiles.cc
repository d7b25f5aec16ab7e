/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "channel_tiles.h"
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

channel_estimator::tiles::tiles(size_t num_symbols,
                                size_t num_subcarriers,
                                size_t first,
                                size_t last,
                                size_t symbols,
                                size_t width)
    : d_first(first),
      d_symbols(symbols),
      d_width(width),
      d_rows((num_symbols + symbols - 1) / symbols),
      d_columns((last - first) / width + 1),
      d_cells(d_rows * d_columns),
      d_values(d_rows * d_columns),
      d_centre_symbol(d_rows),
      d_centre_k(d_columns),
      d_place_symbol(num_symbols),
      d_place_k(num_subcarriers),
      d_blend(d_columns)
{
}

void channel_estimator::tiles::clear()
{
    std::fill(d_cells.begin(), d_cells.end(), cell{});
}

void channel_estimator::tiles::place_between(const std::vector<float>& centres,
                                             std::vector<place>& out)
{
    uint32_t lower = 0;
    for (size_t i = 0; i < out.size(); i++) {
        while (lower + 2 < centres.size() && centres[lower + 1] <= i)
            lower++;
        out[i] = { lower, 0 };
        if (lower + 1 < centres.size()) {
            const float gap = centres[lower + 1] - centres[lower];
            out[i].share = std::clamp((i - centres[lower]) / gap, 0.0f, 1.0f);
        }
    }
}

bool channel_estimator::tiles::finish()
{
    // Centres where the samples are: a comb stands at the edge of its tiles.
    for (size_t i = 0; i < d_rows; i++) {
        double sum = 0, count = 0;
        for (size_t j = 0; j < d_columns; j++) {
            sum += d_cells[i * d_columns + j].symbol;
            count += d_cells[i * d_columns + j].count;
        }
        d_centre_symbol[i] = count > 0 ? sum / count : (i + 0.5) * d_symbols;
    }
    for (size_t j = 0; j < d_columns; j++) {
        double sum = 0, count = 0;
        for (size_t i = 0; i < d_rows; i++) {
            sum += d_cells[i * d_columns + j].k;
            count += d_cells[i * d_columns + j].count;
        }
        d_centre_k[j] = d_first + (count > 0 ? sum / count : (j + 0.5) * d_width);
    }
    place_between(d_centre_symbol, d_place_symbol);
    place_between(d_centre_k, d_place_k);

    double used = 0, samples = 0, weights = 0, between = 0, within = 0, energy = 0;
    for (size_t i = 0; i < d_cells.size(); i++) {
        const cell& c = d_cells[i];
        d_values[i] = c.weight > 0 ? c.sum / c.weight : gr_complex(1, 0);
        if (!(c.weight > 0))
            continue;
        used++;
        samples += c.count;
        weights += c.weight;
        between += c.weight * std::norm(d_values[i] - gr_complex(1, 0));
        within += std::max(0.0f, c.energy - c.weight * std::norm(d_values[i]));
        energy += c.weight * std::norm(d_values[i]);
    }
    const double freedom = samples - used;
    if (freedom < used) { // too few samples a tile to know their scatter
        d_noise = 0;
        d_power = 1;
        return false;
    }
    d_noise = within / freedom;
    d_power = (energy - used * d_noise) / weights;
    // Both are mean squares of complex normal values: of relative variance 1 / number.
    const double limit = 1 + 4 * std::sqrt(1 / used + 1 / freedom);
    return between > limit * used * d_noise;
}

void channel_estimator::tiles::interpolate(size_t symbol, gr_complex* row) const
{
    const place& at = d_place_symbol[symbol];
    const gr_complex* lower = d_values.data() + at.lower * d_columns;
    const gr_complex* upper = d_rows > 1 ? lower + d_columns : lower;
    for (size_t j = 0; j < d_columns; j++)
        d_blend[j] = lower[j] + at.share * (upper[j] - lower[j]);
    const size_t next = d_columns > 1 ? 1 : 0;
    for (size_t k = 0; k < d_place_k.size(); k++) {
        const place& p = d_place_k[k];
        const gr_complex value = d_blend[p.lower];
        row[k] = value + p.share * (d_blend[p.lower + next] - value);
    }
}

} // namespace isac
} // namespace gr
