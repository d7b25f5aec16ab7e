/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "channel_tiles.h"
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// Means of the places that fall into each group of \p width, from \p first on.
std::vector<float>
centres_of(const std::vector<size_t>& counts, size_t first, size_t width)
{
    std::vector<float> centres;
    for (size_t start = first; start < counts.size(); start += width) {
        double sum = 0, count = 0;
        for (size_t i = start; i < std::min(start + width, counts.size()); i++) {
            sum += static_cast<double>(i) * counts[i];
            count += counts[i];
        }
        centres.push_back(count > 0 ? sum / count : start + 0.5 * (width - 1));
    }
    return centres;
}

} // namespace

channel_estimator::tiles::tiles(const ofdm_grid& grid,
                                const std::vector<uint32_t>& known,
                                size_t symbols,
                                size_t width)
    : d_place_symbol(grid.num_symbols()), d_place_k(grid.num_subcarriers())
{
    const size_t n = grid.num_subcarriers();
    std::vector<size_t> per_symbol(grid.num_symbols()), per_subcarrier(n);
    for (const uint32_t i : known) {
        per_symbol[i / n]++;
        per_subcarrier[i % n]++;
    }
    size_t first = 0;
    while (per_subcarrier[first] == 0)
        first++;
    while (per_subcarrier.back() == 0)
        per_subcarrier.pop_back();

    // Centres where the samples are: a comb stands at the edge of its tiles.
    const auto centre_symbols = centres_of(per_symbol, 0, symbols);
    const auto centre_subcarriers = centres_of(per_subcarrier, first, width);
    place_between(centre_symbols, d_place_symbol);
    place_between(centre_subcarriers, d_place_k);
    d_rows = centre_symbols.size();
    d_columns = centre_subcarriers.size();
    d_cells.resize(d_rows * d_columns);
    d_values.resize(d_cells.size());
    d_counts.resize(d_cells.size());
    d_blend.resize(d_columns);

    for (const uint32_t i : known) {
        d_cell_of.push_back(i / n / symbols * d_columns + (i % n - first) / width);
        d_counts[d_cell_of.back()]++;
    }
    count_freedom(grid, known);
}

// The trace of 2 H - H H', H the matrix from samples to interpolated values: what the
// squared residual of white noise falls short of the number of samples.
void channel_estimator::tiles::count_freedom(const ofdm_grid& grid,
                                             const std::vector<uint32_t>& known)
{
    const size_t n = grid.num_subcarriers();
    for (size_t i = 0; i < known.size(); i++) {
        const place& symbol = d_place_symbol[known[i] / n];
        const place& k = d_place_k[known[i] % n];
        for (size_t a = 0; a < 2; a++) {
            for (size_t b = 0; b < 2; b++) {
                const double weight =
                    (a ? symbol.share : 1 - symbol.share) * (b ? k.share : 1 - k.share);
                if (!(weight > 0))
                    continue;
                const size_t cell = (symbol.lower + a) * d_columns + k.lower + b;
                if (d_counts[cell] == 0)
                    continue;
                d_freedom -= weight * weight / d_counts[cell];
                if (cell == d_cell_of[i])
                    d_freedom += 2 * weight / d_counts[cell];
            }
        }
    }
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
    double used = 0, samples = 0, weights = 0, between = 0, within = 0, energy = 0;
    for (size_t i = 0; i < d_cells.size(); i++) {
        const cell& c = d_cells[i];
        d_values[i] = c.weight > 0 ? c.sum / c.weight : gr_complex(1, 0);
        if (!(c.weight > 0))
            continue;
        used++;
        samples += d_counts[i];
        weights += c.weight;
        between += c.weight * std::norm(d_values[i] - gr_complex(1, 0));
        within += std::max(0.0f, c.energy - c.weight * std::norm(d_values[i]));
        energy += c.weight * std::norm(d_values[i]);
    }
    const double freedom = samples - used;
    if (freedom < used) { // too few samples a tile to know their scatter
        d_power = 1;
        return false;
    }
    const double noise = within / freedom;
    d_power = (energy - used * noise) / weights;
    // Both are mean squares of complex normal values: of relative variance 1 / number.
    const double limit = 1 + 4 * std::sqrt(1 / used + 1 / freedom);
    return between > limit * used * noise;
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
