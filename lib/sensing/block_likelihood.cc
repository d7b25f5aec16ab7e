/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "phasor.h"
#include <gnuradio/isac/sensing/block_likelihood.h>
#include <Eigen/Dense>
#include <algorithm>
#include <array>

namespace gr {
namespace isac {

namespace {

constexpr size_t MAX_BLOCKS = 32;
// Newton's steps, in cells: the longest that is trusted and the one that is the end.
constexpr double LONGEST_STEP = 0.25;
constexpr double LAST_STEP = 1e-5;
constexpr int MAX_STEPS = 20;
// Reach of the search around the coarse place, and its step, in cells.
constexpr double SEARCH_STEP = 0.25;
constexpr int SEARCH_REACH = 3;

// abs(A)^2, with its derivatives for a step of one cell.
struct power {
    explicit power(const block_likelihood::response& r)
    {
        const auto product = [](const auto& x, const auto& y) {
            return 2 * (x.real() * y.real() + x.imag() * y.imag());
        };
        value = std::norm(r.sum);
        gradient << product(r.sum, r.delay), product(r.sum, r.doppler);
        const double cross =
            product(r.doppler, r.delay) + product(r.sum, r.delay_doppler);
        hessian << product(r.delay, r.delay) + product(r.sum, r.delay_delay), cross,
            cross, product(r.doppler, r.doppler) + product(r.sum, r.doppler_doppler);
    }

    double value;
    Eigen::Vector2d gradient;
    Eigen::Matrix2d hessian;
};

} // namespace

block_likelihood::axis block_likelihood::make_axis(const std::vector<double>& places,
                                                   double cell)
{
    axis a;
    const size_t span = places.size(), blocks = std::min(span, MAX_BLOCKS);
    a.cell = cell;
    a.longest = (span + blocks - 1) / blocks;
    for (size_t i = 0; i <= blocks; i++)
        a.edges.push_back(i * span / blocks);
    for (size_t i = 0; i < blocks; i++) {
        double sum = 0;
        for (size_t k = a.edges[i]; k < a.edges[i + 1]; k++)
            sum += places[k];
        a.centres.push_back(sum / (a.edges[i + 1] - a.edges[i]));
    }
    return a;
}

block_likelihood::block_likelihood(const element_pattern& pattern,
                                   double delay_cell,
                                   double doppler_cell)
    : d_delay(make_axis(pattern.frequencies, delay_cell)),
      d_doppler(make_axis(pattern.times, doppler_cell))
{
}

block_likelihood::response
block_likelihood::match(const value* sums, double delay, double doppler) const
{
    // Sums of the blocks times the derivatives of their phases, per cell; a slope is a
    // factor of j.
    response r = {};
    const size_t width = this->width();
    double re[MAX_BLOCKS], im[MAX_BLOCKS], slopes[MAX_BLOCKS];
    for (size_t j = 0; j < width; j++) {
        const value rotation = phasor(d_delay.centres[j] * delay);
        re[j] = rotation.real();
        im[j] = rotation.imag();
        slopes[j] = 2 * PI * d_delay.centres[j] * d_delay.cell;
    }
    for (size_t i = 0; i < height(); i++) {
        const value* row = sums + i * width;
        double s_re = 0, s_im = 0, d_re = 0, d_im = 0, dd_re = 0, dd_im = 0;
        for (size_t j = 0; j < width; j++) {
            const double x = row[j].real() * re[j] - row[j].imag() * im[j];
            const double y = row[j].real() * im[j] + row[j].imag() * re[j];
            s_re += x;
            s_im += y;
            d_re += slopes[j] * x;
            d_im += slopes[j] * y;
            dd_re += slopes[j] * slopes[j] * x;
            dd_im += slopes[j] * slopes[j] * y;
        }
        const value rotate = phasor(-d_doppler.centres[i] * doppler);
        const double slope = -2 * PI * d_doppler.centres[i] * d_doppler.cell;
        const value s = multiply(rotate, { s_re, s_im });
        const value s_d = multiply(rotate, { -d_im, d_re });
        r.sum += s;
        r.delay += s_d;
        r.delay_delay -= multiply(rotate, { dd_re, dd_im });
        r.doppler += slope * value(-s.imag(), s.real());
        r.doppler_doppler -= slope * slope * s;
        r.delay_doppler += slope * value(-s_d.imag(), s_d.real());
    }
    return r;
}

block_likelihood::value
block_likelihood::sum(const value* sums, double delay, double doppler) const
{
    const size_t width = this->width();
    std::array<value, MAX_BLOCKS> rotation;
    for (size_t j = 0; j < width; j++)
        rotation[j] = phasor(d_delay.centres[j] * delay);
    value total = 0;
    for (size_t i = 0; i < height(); i++) {
        value row = 0;
        for (size_t j = 0; j < width; j++)
            row += multiply(sums[i * width + j], rotation[j]);
        total += multiply(row, phasor(-d_doppler.centres[i] * doppler));
    }
    return total;
}

void block_likelihood::search(const value* sums, double& delay, double& doppler) const
{
    const size_t width = this->width(), height = this->height();
    const int reach_delay = width > 1 ? SEARCH_REACH : 0;
    const int reach_doppler = height > 1 ? SEARCH_REACH : 0;
    std::array<value, MAX_BLOCKS> rows, rotation;
    std::array<std::array<value, MAX_BLOCKS>, 2 * SEARCH_REACH + 1> turns;
    for (int y = -reach_doppler; y <= reach_doppler; y++)
        for (size_t i = 0; i < height; i++)
            turns[y + reach_doppler][i] =
                phasor(-d_doppler.centres[i] * y * SEARCH_STEP * d_doppler.cell);
    double best = -1;
    for (int x = -reach_delay; x <= reach_delay; x++) {
        const double d = x * SEARCH_STEP * d_delay.cell;
        for (size_t j = 0; j < width; j++)
            rotation[j] = phasor(d_delay.centres[j] * d);
        for (size_t i = 0; i < height; i++) {
            rows[i] = 0;
            for (size_t j = 0; j < width; j++)
                rows[i] += multiply(sums[i * width + j], rotation[j]);
        }
        for (int y = -reach_doppler; y <= reach_doppler; y++) {
            value sum = 0;
            for (size_t i = 0; i < height; i++)
                sum += multiply(rows[i], turns[y + reach_doppler][i]);
            if (std::norm(sum) > best) {
                best = std::norm(sum);
                delay = d;
                doppler = y * SEARCH_STEP * d_doppler.cell;
            }
        }
    }
}

void block_likelihood::climb(const value* sums, double& delay, double& doppler) const
{
    power here(match(sums, delay, doppler));
    for (int i = 0; i < MAX_STEPS; i++) {
        Eigen::Vector2d gradient = here.gradient;
        Eigen::Matrix2d hessian = here.hessian;
        // An axis of one place carries no information: it stays where it is.
        if (width() == 1)
            gradient[0] = hessian(0, 1) = hessian(1, 0) = 0, hessian(0, 0) = -1;
        if (height() == 1)
            gradient[1] = hessian(0, 1) = hessian(1, 0) = 0, hessian(1, 1) = -1;
        const bool cap = hessian(0, 0) < 0 && hessian.determinant() > 0;
        Eigen::Vector2d step =
            cap ? Eigen::Vector2d(-hessian.inverse() * gradient)
                : Eigen::Vector2d(gradient.normalized() * LONGEST_STEP);
        const double longest = step.cwiseAbs().maxCoeff();
        if (longest > LONGEST_STEP)
            step *= LONGEST_STEP / longest;
        power there = here;
        for (int halvings = 0; halvings < 12; halvings++, step *= 0.5) {
            there = power(match(sums,
                                delay + step[0] * d_delay.cell,
                                doppler + step[1] * d_doppler.cell));
            if (there.value >= here.value)
                break;
        }
        if (!(there.value >= here.value))
            return;
        delay += step[0] * d_delay.cell;
        doppler += step[1] * d_doppler.cell;
        here = there;
        if (step.cwiseAbs().maxCoeff() < LAST_STEP)
            return;
    }
}

std::vector<block_likelihood::value>
block_likelihood::along_delay(const value* sums, double delay, double doppler) const
{
    std::vector<value> row(width());
    for (size_t i = 0; i < height(); i++) {
        const value rotation = phasor(-d_doppler.centres[i] * doppler);
        for (size_t j = 0; j < width(); j++)
            row[j] += multiply(sums[i * width() + j], rotation);
    }
    for (size_t j = 0; j < width(); j++)
        row[j] = multiply(row[j], phasor(d_delay.centres[j] * delay));
    return row;
}

double block_likelihood::spacing_delay() const
{
    const auto& centres = d_delay.centres;
    return (centres.back() - centres.front()) /
           std::max(static_cast<double>(centres.size()) - 1, 1.0);
}

double block_likelihood::loss(double cells) const
{
    if (d_delay.longest == 1 && d_doppler.longest == 1)
        return 0;
    // Of a phase that runs through 2 pi cells / blocks in a block.
    const double half_turn = PI * cells / MAX_BLOCKS;
    return half_turn * half_turn / 6;
}

} // namespace isac
} // namespace gr
