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
    const long rows = w.reach_doppler, guard_rows = w.guard_doppler;
    const long left = w.left(range), right = w.right(range), guard = w.guard_delay;
    for (long j = -rows; j <= rows; j++)
        for (long i = -left; i <= right; i++)
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

// Pairs of cells of two spans that stand \p lag apart.
double overlap(long first_a, long last_a, long first_b, long last_b, long lag)
{
    const long first = std::max(first_a + lag, first_b);
    const long last = std::min(last_a + lag, last_b);
    return static_cast<double>(std::max(last - first + 1, 0L));
}

// All pairs of training cells that are correlated: of the whole rectangle, less those
// with a guard cell.
std::vector<pair_correlation>
pairs_of(const cfar_window& w, size_t range, const cell_correlation& correlation)
{
    struct rectangle {
        long rows, left, right;
    };
    const long l = w.left(range), r = w.right(range), guard = w.guard_delay;
    const rectangle outer = { static_cast<long>(w.reach_doppler), l, r };
    const rectangle inner = { static_cast<long>(w.guard_doppler),
                              std::min(guard, l),
                              std::min(guard, r) };
    const auto count = [](const rectangle& a, const rectangle& b, long j, long i) {
        return overlap(-a.rows, a.rows, -b.rows, b.rows, j) *
               overlap(-a.left, a.right, -b.left, b.right, i);
    };
    std::vector<pair_correlation> pairs;
    const long rows = correlation.doppler.size(), columns = correlation.delay.size();
    for (long j = 1 - rows; j < rows; j++)
        for (long i = 1 - columns; i < columns; i++) {
            if (j == 0 && i == 0)
                continue;
            const double value = at(correlation.doppler, j) * at(correlation.delay, i);
            pairs.push_back({ count(outer, outer, j, i) - count(outer, inner, j, i) -
                                  count(inner, outer, j, i) + count(inner, inner, j, i),
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
    for (const auto& pair : pairs_of(window, range, correlation))
        sum += pair.count * pair.squared;
    const double effective = n * n / sum;
    return ca_multiplier({ { 1 / effective, effective } }, pfa, looks);
}

double os_multiplier(const cfar_window& window,
                     size_t range,
                     size_t rank,
                     const cell_correlation& correlation,
                     double pfa,
                     size_t looks)
{
    const double n = window.num_training(range);
    if (correlation.independent())
        return os_multiplier(n, rank, pfa, looks);
    const double effective = std::max(
        os_effective(pairs_of(window, range, correlation), n, rank / n, looks), 1.0);
    // The same share of the cells below, on average.
    const double share = rank / (n + 1) * (effective + 1);
    return os_multiplier(effective, std::min(share, effective), pfa, looks);
}

} // namespace isac
} // namespace gr
