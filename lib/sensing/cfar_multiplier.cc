/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "cfar_multiplier.h"
#include <gnuradio/isac/sensing/cfar_probability.h>
#include <gnuradio/isac/sensing/cfar_threshold.h>
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

namespace {

// Of more cells the mean is known so well that its spread alone matters.
constexpr size_t MOST_PARTS = 1024;

double at(const std::vector<double>& lags, long lag)
{
    const auto i = static_cast<size_t>(std::abs(lag));
    return i < lags.size() ? lags[i] : 0;
}

// The training cells' mean in independent parts.
std::vector<training_part>
parts_of(const cfar_window& w, size_t range, const cell_correlation& correlation)
{
    std::vector<std::pair<long, long>> places; // Doppler, delay
    const cfar_sector all = w.sector(range, 0);
    const long guard_rows = w.guard_doppler, guard = w.guard_delay;
    for (long j = all.first_row; j <= all.last_row; j++)
        for (long i = all.first_column; i <= all.last_column; i++)
            if (std::abs(j) > guard_rows || std::abs(i) > guard)
                places.emplace_back(j, i);
    const auto n = static_cast<double>(places.size());
    Eigen::MatrixXd covariance(places.size(), places.size());
    Eigen::VectorXd with_cell(places.size());
    for (size_t a = 0; a < places.size(); a++) {
        with_cell(a) = at(correlation.doppler, places[a].first) *
                       at(correlation.delay, places[a].second);
        for (size_t b = 0; b < places.size(); b++)
            covariance(a, b) =
                at(correlation.doppler, places[a].first - places[b].first) *
                at(correlation.delay, places[a].second - places[b].second);
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
    const Eigen::VectorXd along = solver.eigenvectors().transpose() * with_cell;
    std::vector<training_part> parts;
    for (size_t a = 0; a < places.size(); a++) {
        const double power = std::max(solver.eigenvalues()[a], 0.0) / n;
        parts.push_back({ power, 1, along[a] * along[a] / n });
    }
    return parts;
}

// Pairs of cells of two rectangles, the second's \p rows and \p columns from the first's.
double pairs_between(const cfar_sector& a, const cfar_sector& b, long rows, long columns)
{
    const auto overlap =
        [](long first_a, long last_a, long first_b, long last_b, long lag) {
            return std::max(std::min(last_a + lag, last_b) -
                                std::max(first_a + lag, first_b) + 1,
                            0L);
        };
    return static_cast<double>(
        overlap(a.first_row, a.last_row, b.first_row, b.last_row, rows) *
        overlap(a.first_column, a.last_column, b.first_column, b.last_column, columns));
}

// All pairs of a sector's training cells that are correlated: of its whole rectangle,
// less those with a guard cell.
std::vector<pair_correlation> pairs_of(const cfar_window& w,
                                       const cfar_sector& sector,
                                       const cell_correlation& correlation)
{
    const cfar_sector guard = w.guard_of(sector);
    std::vector<pair_correlation> pairs;
    const long rows = correlation.doppler.size(), columns = correlation.delay.size();
    for (long j = 1 - rows; j < rows; j++)
        for (long i = 1 - columns; i < columns; i++) {
            if (j == 0 && i == 0)
                continue;
            const double value = at(correlation.doppler, j) * at(correlation.delay, i);
            pairs.push_back({ pairs_between(sector, sector, j, i) -
                                  pairs_between(sector, guard, j, i) -
                                  pairs_between(guard, sector, j, i) +
                                  pairs_between(guard, guard, j, i),
                              value * value });
        }
    return pairs;
}

} // namespace

double ca_multiplier(const cfar_window& window,
                     size_t range,
                     const cell_correlation& correlation,
                     double pfa,
                     size_t looks)
{
    const size_t n = window.num_training(range);
    if (correlation.independent())
        return ca_multiplier(n, pfa, looks);
    if (n <= MOST_PARTS)
        return ca_multiplier(parts_of(window, range, correlation), pfa, looks);
    double sum = n;
    for (const auto& pair : pairs_of(window, window.sector(range, 0), correlation))
        sum += pair.count * pair.squared;
    const double effective = n * n / sum;
    return ca_multiplier({ { 1 / effective, effective } }, pfa, looks);
}

double os_multiplier(const cfar_window& window,
                     size_t range,
                     double rank_share,
                     const cell_correlation& correlation,
                     double pfa,
                     size_t looks)
{
    std::vector<ordered_cells> sectors;
    for (size_t s = 0; s < window.num_sectors; s++) {
        const cfar_sector sector = window.sector(range, s);
        const size_t n = window.num_training(sector);
        if (n == 0)
            continue;
        const size_t rank = order_rank(n, rank_share);
        if (correlation.independent()) {
            sectors.push_back({ double(n), double(rank) });
            continue;
        }
        const double effective = std::max(
            os_effective(
                pairs_of(window, sector, correlation), n, double(rank) / n, looks),
            1.0);
        // The same share of the cells below, where cells count from their middle.
        const double below = 0.5 + (rank - 0.5) * effective / n;
        sectors.push_back({ effective, std::min(below, effective) });
    }
    return sectors.size() == 1
               ? os_multiplier(sectors[0].count, sectors[0].rank, pfa, looks)
               : osgo_multiplier(sectors, pfa, looks);
}

} // namespace isac
} // namespace gr
