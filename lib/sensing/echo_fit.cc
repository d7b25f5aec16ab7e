/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "volk_compat.h"
#include <gnuradio/isac/sensing/echo_fit.h>
#include <gnuradio/isac/theory/constants.h>
#include <Eigen/Dense>
#include <volk/volk.h>
#include <algorithm>
#include <array>
#include <cmath>

namespace gr {
namespace isac {

namespace {

constexpr size_t MAX_BLOCKS = 32;
// Newton's steps, in cells: the longest that is trusted and the one that is the end.
constexpr double LONGEST_STEP = 0.25;
constexpr double LAST_STEP = 1e-5;
constexpr int MAX_STEPS = 20;
// The place moves this far, in cells, before the blocks are rotated after it: they lose
// 4e-6 of the amplitude there.
constexpr double ROTATE_AGAIN = 0.05;
// Phases that follow from one exact phase by multiplication.
constexpr size_t PHASES_A_TURN = 32;
// An echo that moves by less, in cells and in amplitude, has not moved.
constexpr double UNMOVED = 1e-5;
// Reach of the search around the coarse place, and its step, in cells.
constexpr double SEARCH_STEP = 0.25;
constexpr int SEARCH_REACH = 3;

std::complex<double> phasor(double cycles)
{
    return std::polar(1.0, 2 * PI * (cycles - std::nearbyint(cycles)));
}

// Without the test for infinities that C++ prescribes for its complex product.
std::complex<double> multiply(const std::complex<double>& x,
                              const std::complex<double>& y)
{
    return { x.real() * y.real() - x.imag() * y.imag(),
             x.real() * y.imag() + x.imag() * y.real() };
}

std::vector<size_t> block_edges(size_t span)
{
    const size_t blocks = std::min(span, MAX_BLOCKS);
    std::vector<size_t> edges(blocks + 1);
    for (size_t i = 0; i <= blocks; i++)
        edges[i] = i * span / blocks;
    return edges;
}

std::vector<double> block_centres(const std::vector<size_t>& edges,
                                  const std::vector<double>& places)
{
    std::vector<double> centres;
    for (size_t i = 0; i + 1 < edges.size(); i++) {
        double sum = 0;
        for (size_t k = edges[i]; k < edges[i + 1]; k++)
            sum += places[k];
        centres.push_back(sum / (edges[i + 1] - edges[i]));
    }
    return centres;
}

} // namespace

//! abs(A)^2 about a place, with its derivatives for a step of one cell.
struct echo_fit::likelihood {
    double value;
    Eigen::Vector2d gradient;
    Eigen::Matrix2d hessian;
};

echo_fit::echo_fit(ofdm_grid::sptr grid, const element_pattern& pattern)
    : d_grid(std::move(grid)),
      d_pattern(pattern),
      d_delay_cell(1 / (pattern.subcarriers.span * pattern.subcarriers.spacing *
                        d_grid->subcarrier_spacing())),
      d_doppler_cell(1 / (pattern.symbols.span * pattern.symbols.spacing *
                          d_grid->symbol_duration())),
      d_edges_delay(block_edges(pattern.subcarriers.span)),
      d_edges_doppler(block_edges(pattern.symbols.span)),
      d_centres_delay(block_centres(d_edges_delay, pattern.frequencies)),
      d_centres_doppler(block_centres(d_edges_doppler, pattern.times)),
      d_row_energies(pattern.subcarriers.span),
      d_conjugate(pattern.subcarriers.span),
      d_row(pattern.subcarriers.span),
      d_mask_delay(pattern.subcarriers.span),
      d_mask_doppler(pattern.symbols.span),
      d_blocks(d_centres_delay.size() * d_centres_doppler.size()),
      d_sums_delay(d_centres_delay.size()),
      d_sums_doppler(d_centres_doppler.size()),
      d_block_elements(d_blocks.size()),
      d_block_energies(d_blocks.size())
{
    resize(d_frame.place);
    d_frame.sums.resize(d_blocks.size());
    std::vector<float> weights(pattern.subcarriers.span * pattern.symbols.span);
    const size_t n = d_grid->num_subcarriers();
    size_t to = 0;
    for (size_t i = 0; i < pattern.symbols.span; i++)
        for (size_t k = 0; k < pattern.subcarriers.span; k++) {
            const bool used = pattern.used(
                *d_grid, pattern.symbols.place(i) * n + pattern.subcarriers.place(k));
            weights[to++] = used;
            if (used)
                d_mask_delay[k] = d_mask_doppler[i] = 1;
        }
    sum_blocks(weights.data(), d_block_elements);
    d_pattern_moments = theory::moments_of_rows(weights.data(),
                                                pattern.frequencies.data(),
                                                pattern.frequencies.size(),
                                                pattern.times.data(),
                                                pattern.times.size());
}

void echo_fit::load(matched_frame& frame)
{
    d_matched = &frame;
    d_num_subtracted = 0;
    if (frame.uniform())
        std::transform(d_block_elements.begin(),
                       d_block_elements.end(),
                       d_block_energies.begin(),
                       [&](double elements) { return elements * element_energy(); });
    else
        sum_blocks(frame.energies(), d_block_energies);
}

//! Energies of elements, block by block.
void echo_fit::sum_blocks(const float* energies, std::vector<double>& sums)
{
    const size_t span = d_pattern.subcarriers.span;
    std::fill(sums.begin(), sums.end(), 0.0);
    auto block = sums.begin();
    for (size_t b = 0; b + 1 < d_edges_doppler.size(); b++) {
        std::fill(d_row_energies.begin(), d_row_energies.end(), 0.0f);
        for (size_t i = d_edges_doppler[b]; i < d_edges_doppler[b + 1]; i++)
            volk_32f_x2_add_32f(d_row_energies.data(),
                                d_row_energies.data(),
                                energies + i * span,
                                static_cast<unsigned int>(span));
        for (size_t j = 0; j < d_centres_delay.size(); j++)
            for (size_t k = d_edges_delay[j]; k < d_edges_delay[j + 1]; k++)
                block[j] += d_row_energies[k];
        block += d_centres_delay.size();
    }
}

theory::pattern_moments echo_fit::moments() const
{
    if (d_matched->uniform())
        return d_pattern_moments;
    auto m = theory::moments_of_rows(d_matched->energies(),
                                     d_pattern.frequencies.data(),
                                     d_pattern.frequencies.size(),
                                     d_pattern.times.data(),
                                     d_pattern.times.size());
    const double scale = d_matched->num_elements() / m.energy;
    m.energy *= scale;
    m.spread_frequency *= scale;
    m.spread_time *= scale;
    m.spread_joint *= scale;
    return m;
}

void echo_fit::resize(steering& s) const
{
    s.delay.resize(d_pattern.subcarriers.span);
    s.doppler.resize(d_pattern.symbols.span);
}

void echo_fit::steer(double delay, double doppler, steering& s) const
{
    s.place_delay = delay;
    s.place_doppler = doppler;
    const auto& frequencies = d_pattern.frequencies;
    const size_t span = frequencies.size();
    const double spacing = span > 1 ? frequencies[1] - frequencies[0] : 0;
    value steps[PHASES_A_TURN];
    for (size_t j = 0; j < std::min(span, PHASES_A_TURN); j++)
        steps[j] = phasor(-spacing * delay * j);
    for (size_t first = 0; first < span; first += PHASES_A_TURN) {
        const value start = phasor(-frequencies[first] * delay);
        for (size_t k = first; k < std::min(span, first + PHASES_A_TURN); k++)
            s.delay[k] = gr_complex(multiply(start, steps[k - first])) * d_mask_delay[k];
    }
    for (size_t i = 0; i < s.doppler.size(); i++)
        s.doppler[i] =
            gr_complex(phasor(doppler * d_pattern.times[i])) * d_mask_doppler[i];
}

void echo_fit::compress(double delay, double doppler)
{
    steer(delay, doppler, d_frame.place);
    const size_t span = d_pattern.subcarriers.span;
    const gr_complex* turns = d_frame.place.doppler.data();
    auto block = d_frame.sums.begin();
    for (size_t b = 0; b + 1 < d_edges_doppler.size(); b++) {
        std::fill(d_row.begin(), d_row.end(), gr_complex(0, 0)); // the conjugate sum
        for (size_t i = d_edges_doppler[b]; i < d_edges_doppler[b + 1]; i++)
            multiply_conjugate_add(d_row.data(),
                                   d_row.data(),
                                   d_matched->products() + i * span,
                                   turns[i],
                                   span);
        for (size_t j = 0; j < d_centres_delay.size(); j++) {
            lv_32fc_t sum;
            volk_32fc_x2_dot_prod_32fc(
                &sum,
                d_row.data() + d_edges_delay[j],
                d_frame.place.delay.data() + d_edges_delay[j],
                static_cast<unsigned int>(d_edges_delay[j + 1] - d_edges_delay[j]));
            *block++ = value(sum.real(), -sum.imag());
        }
    }
    take_subtracted();
}

//! The blocks of the frame less the echoes of the list, each a product of sums along the
//! axes.
void echo_fit::take_subtracted()
{
    d_blocks = d_frame.sums;
    const steering& here = d_frame.place;
    const auto sum = [](const volk::vector<gr_complex>& echo,
                        const volk::vector<gr_complex>& rotation,
                        const std::vector<size_t>& edges,
                        std::vector<value>& sums) {
        for (size_t j = 0; j + 1 < edges.size(); j++) {
            lv_32fc_t s;
            volk_32fc_x2_conjugate_dot_prod_32fc(
                &s,
                echo.data() + edges[j],
                rotation.data() + edges[j],
                static_cast<unsigned int>(edges[j + 1] - edges[j]));
            sums[j] = value(s.real(), s.imag());
        }
    };
    for (size_t e = 0; e < d_num_subtracted; e++) {
        const auto& other = d_subtracted[e];
        sum(other.place.delay, here.delay, d_edges_delay, d_sums_delay);
        sum(other.place.doppler, here.doppler, d_edges_doppler, d_sums_doppler);
        const value scale = other.source.amplitude * element_energy();
        auto block = d_blocks.begin();
        for (const auto& row : d_sums_doppler) {
            const value factor = multiply(scale, row);
            for (const auto& column : d_sums_delay)
                *block++ -= multiply(factor, column);
        }
    }
}

//! Adds the echo that stands where the blocks are rotated to.
void echo_fit::restore(const value& amplitude)
{
    for (size_t i = 0; i < d_blocks.size(); i++)
        d_blocks[i] += amplitude * d_block_energies[i];
}

double echo_fit::power(double delay, double doppler)
{
    compress(delay, doppler);
    value sum = 0;
    for (const auto& block : d_blocks)
        sum += block;
    return std::norm(sum) / d_matched->energy();
}

echo_fit::likelihood echo_fit::evaluate(double delay, double doppler) const
{
    // Sums of the blocks times the derivatives of their phases, per cell; a slope is a
    // factor of j.
    value a = 0, a_d = 0, a_v = 0, a_dd = 0, a_vv = 0, a_dv = 0;
    const size_t width = d_centres_delay.size();
    double re[MAX_BLOCKS], im[MAX_BLOCKS], slopes[MAX_BLOCKS];
    for (size_t j = 0; j < width; j++) {
        const value rotation = phasor(d_centres_delay[j] * delay);
        re[j] = rotation.real();
        im[j] = rotation.imag();
        slopes[j] = 2 * PI * d_centres_delay[j] * d_delay_cell;
    }
    for (size_t i = 0; i < d_centres_doppler.size(); i++) {
        const value* row = d_blocks.data() + i * width;
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
        const value rotate = phasor(-d_centres_doppler[i] * doppler);
        const double slope = -2 * PI * d_centres_doppler[i] * d_doppler_cell;
        const value s = multiply(rotate, { s_re, s_im });
        const value s_d = multiply(rotate, { -d_im, d_re });
        a += s;
        a_d += s_d;
        a_dd -= multiply(rotate, { dd_re, dd_im });
        a_v += slope * value(-s.imag(), s.real());
        a_vv -= slope * slope * s;
        a_dv += slope * value(-s_d.imag(), s_d.real());
    }
    const auto product = [](const value& x, const value& y) {
        return 2 * (x.real() * y.real() + x.imag() * y.imag());
    };
    likelihood l;
    l.value = std::norm(a);
    l.gradient << product(a, a_d), product(a, a_v);
    const double cross = product(a_v, a_d) + product(a, a_dv);
    l.hessian << product(a_d, a_d) + product(a, a_dd), cross, cross,
        product(a_v, a_v) + product(a, a_vv);
    return l;
}

// The best of a raster around the place that the blocks are rotated to: Newton's method
// then starts on the main lobe's cap.
void echo_fit::search(double& delay, double& doppler)
{
    const size_t width = d_centres_delay.size(), height = d_centres_doppler.size();
    const int reach_delay = width > 1 ? SEARCH_REACH : 0;
    const int reach_doppler = height > 1 ? SEARCH_REACH : 0;
    std::vector<value> sums(height);
    double best = -1;
    for (int x = -reach_delay; x <= reach_delay; x++) {
        const double d = x * SEARCH_STEP * d_delay_cell;
        std::fill(sums.begin(), sums.end(), value(0));
        for (size_t j = 0; j < width; j++) {
            const value rotation = phasor(d_centres_delay[j] * d);
            for (size_t i = 0; i < height; i++)
                sums[i] += multiply(d_blocks[i * width + j], rotation);
        }
        for (int y = -reach_doppler; y <= reach_doppler; y++) {
            const double v = y * SEARCH_STEP * d_doppler_cell;
            value sum = 0;
            for (size_t i = 0; i < height; i++)
                sum += multiply(sums[i], phasor(-d_centres_doppler[i] * v));
            if (std::norm(sum) > best) {
                best = std::norm(sum);
                delay = d;
                doppler = v;
            }
        }
    }
}

void echo_fit::climb(double& delay, double& doppler) const
{
    const bool has_delay = d_centres_delay.size() > 1;
    const bool has_doppler = d_centres_doppler.size() > 1;
    likelihood here = evaluate(delay, doppler);
    for (int i = 0; i < MAX_STEPS; i++) {
        Eigen::Vector2d gradient = here.gradient;
        Eigen::Matrix2d hessian = here.hessian;
        // An axis of one place carries no information: it stays where it is.
        if (!has_delay)
            gradient[0] = hessian(0, 1) = hessian(1, 0) = 0, hessian(0, 0) = -1;
        if (!has_doppler)
            gradient[1] = hessian(0, 1) = hessian(1, 0) = 0, hessian(1, 1) = -1;
        const bool cap = hessian(0, 0) < 0 && hessian.determinant() > 0;
        Eigen::Vector2d step =
            cap ? Eigen::Vector2d(-hessian.inverse() * gradient)
                : Eigen::Vector2d(gradient.normalized() * LONGEST_STEP);
        const double longest = step.cwiseAbs().maxCoeff();
        if (longest > LONGEST_STEP)
            step *= LONGEST_STEP / longest;
        likelihood there = here;
        for (int halvings = 0; halvings < 12; halvings++, step *= 0.5) {
            there = evaluate(delay + step[0] * d_delay_cell,
                             doppler + step[1] * d_doppler_cell);
            if (there.value >= here.value)
                break;
        }
        if (!(there.value >= here.value))
            return;
        delay += step[0] * d_delay_cell;
        doppler += step[1] * d_doppler_cell;
        here = there;
        if (step.cwiseAbs().maxCoeff() < LAST_STEP)
            return;
    }
}

echo_fit::value echo_fit::amplitude(double delay, double doppler) const
{
    const size_t width = d_centres_delay.size();
    std::array<value, MAX_BLOCKS> rotation;
    for (size_t j = 0; j < width; j++)
        rotation[j] = phasor(d_centres_delay[j] * delay);
    value sum = 0;
    for (size_t i = 0; i < d_centres_doppler.size(); i++) {
        value row = 0;
        for (size_t j = 0; j < width; j++)
            row += multiply(d_blocks[i * width + j], rotation[j]);
        sum += multiply(row, phasor(-d_centres_doppler[i] * doppler));
    }
    return sum / d_matched->energy();
}

//! Whether blocks rotated to a place serve for an echo.
bool echo_fit::is_near(const steering& s, const echo& e) const
{
    return std::abs(e.delay - s.place_delay) <= ROTATE_AGAIN * d_delay_cell &&
           std::abs(e.doppler - s.place_doppler) <= ROTATE_AGAIN * d_doppler_cell;
}

//! From the place that the blocks are rotated to.
echo echo_fit::maximise(double delay, double doppler)
{
    climb(delay, doppler);
    return { d_frame.place.place_delay + delay,
             d_frame.place.place_doppler + doppler,
             amplitude(delay, doppler) };
}

echo echo_fit::refine(double delay, double doppler)
{
    compress(delay, doppler);
    double step_delay = 0, step_doppler = 0;
    search(step_delay, step_doppler);
    echo e = maximise(step_delay, step_doppler);
    if (!is_near(d_frame.place, e)) {
        compress(e.delay, e.doppler);
        e = maximise(0, 0);
    }
    return e;
}

void echo_fit::refine_subtracted(echo& e)
{
    const echo before = e;
    if (separable()) {
        follow(e);
    } else {
        compress(e.delay, e.doppler);
        restore(e.amplitude);
        e = maximise(0, 0);
    }
    // What does not move is left as it is: passes over the frame are what costs.
    const bool same =
        std::abs(e.delay - before.delay) < UNMOVED * d_delay_cell &&
        std::abs(e.doppler - before.doppler) < UNMOVED * d_doppler_cell &&
        std::abs(e.amplitude - before.amplitude) < UNMOVED * std::abs(before.amplitude);
    if (separable()) {
        subtract(e);
    } else if (same) {
        e = before;
    } else {
        subtract_from_products(before, -before.amplitude);
        subtract_from_products(e, e.amplitude);
    }
}

//! Takes an echo off the list and fits it to what the others leave.
void echo_fit::follow(echo& e)
{
    const size_t at = find(e);
    d_num_subtracted--;
    std::swap(d_subtracted[at], d_subtracted[d_num_subtracted]);
    std::swap(d_frame, d_subtracted[d_num_subtracted].frame);
    if (is_near(d_frame.place, e))
        take_subtracted();
    else
        compress(e.delay, e.doppler);
    e = maximise(e.delay - d_frame.place.place_delay,
                 e.doppler - d_frame.place.place_doppler);
}

//! Place in the list; what is not in it is put there, with no amplitude.
size_t echo_fit::find(const echo& e)
{
    for (size_t i = 0; i < d_num_subtracted; i++) {
        const auto& other = d_subtracted[i].source;
        if (other.delay == e.delay && other.doppler == e.doppler)
            return i;
    }
    if (d_num_subtracted == d_subtracted.size()) {
        d_subtracted.emplace_back();
        resize(d_subtracted.back().place);
        resize(d_subtracted.back().frame.place);
        d_subtracted.back().frame.sums.resize(d_blocks.size());
    }
    auto& added = d_subtracted[d_num_subtracted];
    added.source = { e.delay, e.doppler, 0 };
    steer(e.delay, e.doppler, added.place);
    std::swap(added.frame, d_frame); // near it, when the echo was fitted just now
    return d_num_subtracted++;
}

void echo_fit::subtract(const echo& e)
{
    if (!separable()) {
        subtract_from_products(e, e.amplitude);
        return;
    }
    const size_t at = find(e);
    d_subtracted[at].source.amplitude += e.amplitude;
    if (d_subtracted[at].source.amplitude == value(0)) {
        d_num_subtracted--;
        std::swap(d_subtracted[at], d_subtracted[d_num_subtracted]);
    }
}

void echo_fit::subtract_from_products(const echo& e, const value& amplitude)
{
    steer(e.delay, e.doppler, d_frame.place);
    const auto span = static_cast<unsigned int>(d_pattern.subcarriers.span);
    gr_complex* rotation = d_frame.place.delay.data();
    volk_32fc_conjugate_32fc(rotation, rotation, span);
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const gr_complex factor(-multiply(amplitude, d_frame.place.doppler[i]));
        volk_32fc_32f_multiply_32fc(
            d_row.data(), rotation, d_matched->energies() + i * span, span);
        gr_complex* row = d_matched->products() + i * span;
        multiply_conjugate_add(row, row, d_row.data(), factor, span);
    }
}

double echo_fit::residual_power(size_t num_echoes)
{
    const matched_frame& frame = *d_matched;
    double power = 0;
    if (frame.uniform_and_separable()) {
        power = d_num_subtracted > 0 ? left_power() : frame.power();
        power /= element_energy();
    } else {
        const size_t size = d_pattern.subcarriers.span * d_pattern.symbols.span;
        for (size_t i = 0; i < size; i++)
            if (frame.energies()[i] > 0)
                power += std::norm(frame.products()[i]) / frame.energies()[i];
    }
    // An echo takes four real values from the residual: two complex elements.
    return power / std::max(frame.num_elements() - 2.0 * num_echoes, 1.0);
}

//! Of the products less the echoes of the list.
double echo_fit::left_power()
{
    const auto span = static_cast<unsigned int>(d_pattern.subcarriers.span);
    const auto scale = static_cast<float>(element_energy());
    double power = 0;
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const gr_complex* row = d_matched->products() + i * span;
        for (size_t e = 0; e < d_num_subtracted; e++) {
            const auto& taken = d_subtracted[e];
            const gr_complex factor(
                multiply(taken.source.amplitude, taken.place.doppler[i]));
            volk_32fc_conjugate_32fc(d_conjugate.data(), taken.place.delay.data(), span);
            multiply_conjugate_add(
                d_row.data(), row, d_conjugate.data(), -scale * factor, span);
            row = d_row.data();
        }
        const auto* values = reinterpret_cast<const float*>(row);
        float sum;
        volk_32f_x2_dot_prod_32f(&sum, values, values, 2 * span);
        power += sum;
    }
    return power;
}

} // namespace isac
} // namespace gr
