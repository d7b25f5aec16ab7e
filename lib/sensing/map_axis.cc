/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "map_axis.h"
#include "phasor.h"
#include <algorithm>
#include <cmath>
#include <complex>

namespace gr {
namespace isac {

namespace {

// Cells half a resolution apart on each side of a peak: with six, estimates of 35 dB
// after integration are off by a tenth of their deviation.
constexpr long REACH = 8;
constexpr int PLACES_A_CELL = 16;
// Of the cells' variance: keeps the weights from growing over rounding.
constexpr double ROUNDING = 1e-6;
constexpr int HALVINGS = 30;

} // namespace

map_axis::map_axis(const std::vector<float>& window, size_t cells)
    : d_window(window.begin(), window.end()), d_cells(cells)
{
    double sum = 0, squares = 0;
    for (const double w : d_window) {
        sum += w;
        squares += w * w;
    }
    d_gain = sum * sum / (squares * static_cast<double>(d_window.size()));

    const size_t span = d_window.size();
    if (cells + 1 < 2 * span || cells < 3) {
        d_weights = Eigen::MatrixXd::Ones(1, 1);
        return;
    }
    d_step = static_cast<long>(cells / std::min(2 * span, cells));
    const long reach = std::min(REACH, (static_cast<long>(cells) / d_step - 1) / 2);
    const Eigen::Index points = 2 * reach + 1, places = 2 * PLACES_A_CELL + 1;
    d_first = -1;
    d_spacing = 1.0 / PLACES_A_CELL;
    Eigen::MatrixXd among(points, points), between(points, places);
    for (Eigen::Index i = 0; i < points; i++) {
        for (Eigen::Index j = 0; j < points; j++)
            among(i, j) = response(static_cast<double>((i - j) * d_step));
        among(i, i) += ROUNDING;
        for (Eigen::Index j = 0; j < places; j++)
            between(i, j) = response(place(static_cast<double>(j)) -
                                     static_cast<double>((i - reach) * d_step));
    }
    d_weights = among.ldlt().solve(between).transpose();
}

double map_axis::response(double distance) const
{
    const auto turn = phasor(distance / static_cast<double>(d_cells));
    std::complex<double> sum = 0; // by Horner's rule
    double whole = 0;
    for (const double w : d_window) {
        sum = multiply(sum, turn) + w;
        whole += w;
    }
    return std::norm(sum) / (whole * whole);
}

size_t map_axis::neighbour(size_t cell, Eigen::Index offset) const
{
    const long from = offset - (d_weights.cols() - 1) / 2;
    const long cells = static_cast<long>(d_cells);
    return static_cast<size_t>((static_cast<long>(cell) + from * d_step + cells) % cells);
}

double map_axis::place_of(double before, double peak, double after) const
{
    const double side = std::max(before, after) - 1;
    if (!(side > 0 && peak > 1))
        return 0;
    double low = 0, high = 0.5;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = 0.5 * (low + high);
        const bool further = response(1 - middle) * (peak - 1) < response(middle) * side;
        (further ? low : high) = middle;
    }
    return after > before ? low : -low;
}

} // namespace isac
} // namespace gr
