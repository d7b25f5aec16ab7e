/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/sensing/echo_fit.h>
#include <gnuradio/isac/theory/constants.h>
#include <Eigen/Dense>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

constexpr size_t MAX_BLOCKS = 32;
// Newton's steps, in cells: the longest that is trusted and the one that is the end.
constexpr double LONGEST_STEP = 0.25;
constexpr double LAST_STEP = 1e-5;
constexpr int MAX_STEPS = 20;
// The place moves this far, in cells, before the blocks are rotated after it.
constexpr double ROTATE_AGAIN = 0.02;
// An echo that moves by less, in cells and in amplitude, has not moved.
constexpr double UNMOVED = 1e-5;
// Reach of the search around the coarse place, and its step, in cells.
constexpr double SEARCH_STEP = 0.25;
constexpr int SEARCH_REACH = 3;

std::complex<double> phasor(double cycles)
{
    return std::polar(1.0, 2 * PI * (cycles - std::nearbyint(cycles)));
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
      d_products(pattern.subcarriers.span * pattern.symbols.span),
      d_energies(d_products.size()),
      d_row_energies(pattern.subcarriers.span),
      d_teeth(2 * pattern.subcarriers.span),
      d_rotation(pattern.subcarriers.span),
      d_row(pattern.subcarriers.span),
      d_blocks(d_centres_delay.size() * d_centres_doppler.size()),
      d_block_energies(d_blocks.size())
{
    std::vector<float> weights(d_energies.size());
    const size_t n = d_grid->num_subcarriers();
    size_t to = 0;
    for (size_t i = 0; i < pattern.symbols.span; i++)
        for (size_t k = 0; k < pattern.subcarriers.span; k++)
            weights[to++] = pattern.used(
                *d_grid, pattern.symbols.place(i) * n + pattern.subcarriers.place(k));
    d_pattern_moments = theory::moments_of_rows(weights.data(),
                                                pattern.frequencies.data(),
                                                pattern.frequencies.size(),
                                                pattern.times.data(),
                                                pattern.times.size());
}

void echo_fit::load(const gr_complex* rows, const gr_complex* reference)
{
    const auto& axis = d_pattern.subcarriers;
    const auto span = static_cast<unsigned int>(axis.span);
    const gr_complex* sent_rows = reference ? reference : d_grid->pilots().data();
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const size_t offset = d_pattern.symbols.place(i) * d_grid->num_subcarriers();
        const gr_complex* received = rows + offset + axis.first;
        const gr_complex* sent = sent_rows + offset + axis.first;
        if (axis.spacing > 1) {
            for (size_t k = 0; k < span; k++) {
                d_teeth[k] = received[k * axis.spacing];
                d_teeth[span + k] = sent[k * axis.spacing];
            }
            received = d_teeth.data();
            sent = d_teeth.data() + span;
        }
        volk_32fc_x2_multiply_conjugate_32fc(
            d_products.data() + i * span, received, sent, span);
        volk_32fc_magnitude_squared_32f(d_energies.data() + i * span, sent, span);
    }
    measure();
}

void echo_fit::measure()
{
    const size_t span = d_pattern.subcarriers.span;
    d_energy = 0;
    double squares = 0;
    std::fill(d_block_energies.begin(), d_block_energies.end(), 0.0);
    auto block = d_block_energies.begin();
    const auto length = static_cast<unsigned int>(span);
    for (size_t b = 0; b + 1 < d_edges_doppler.size(); b++) {
        std::fill(d_row_energies.begin(), d_row_energies.end(), 0.0f);
        for (size_t i = d_edges_doppler[b]; i < d_edges_doppler[b + 1]; i++) {
            const float* row = d_energies.data() + i * span;
            float square;
            volk_32f_x2_dot_prod_32f(&square, row, row, length);
            squares += square;
            volk_32f_x2_add_32f(
                d_row_energies.data(), d_row_energies.data(), row, length);
        }
        for (size_t j = 0; j < d_centres_delay.size(); j++)
            for (size_t k = d_edges_delay[j]; k < d_edges_delay[j + 1]; k++)
                block[j] += d_row_energies[k];
        block += d_centres_delay.size();
    }
    for (const double sum : d_block_energies)
        d_energy += sum;
    // By Schwarz's inequality this is the number of elements just when their energies are
    // equal, and less else.
    d_num_elements = squares > 0 ? d_energy * d_energy / squares : 0;
    d_uniform =
        std::abs(d_num_elements / static_cast<double>(d_pattern.num_elements) - 1) < 1e-4;
    if (d_uniform)
        d_num_elements = static_cast<double>(d_pattern.num_elements);
    else
        d_num_elements = static_cast<double>(std::count_if(
            d_energies.begin(), d_energies.end(), [](float e) { return e > 0; }));
}

theory::pattern_moments echo_fit::moments() const
{
    if (d_uniform)
        return d_pattern_moments;
    auto m = theory::moments_of_rows(d_energies.data(),
                                     d_pattern.frequencies.data(),
                                     d_pattern.frequencies.size(),
                                     d_pattern.times.data(),
                                     d_pattern.times.size());
    const double scale = d_num_elements / m.energy;
    m.energy *= scale;
    m.spread_frequency *= scale;
    m.spread_time *= scale;
    m.spread_joint *= scale;
    return m;
}

void echo_fit::rotate_rows(double delay)
{
    for (size_t k = 0; k < d_rotation.size(); k++)
        d_rotation[k] = gr_complex(phasor(d_pattern.frequencies[k] * delay));
}

void echo_fit::compress(double delay, double doppler)
{
    rotate_rows(delay);
    std::fill(d_blocks.begin(), d_blocks.end(), value(0));
    const size_t span = d_pattern.subcarriers.span;
    auto block = d_blocks.begin();
    for (size_t b = 0; b + 1 < d_edges_doppler.size(); b++) {
        for (size_t i = d_edges_doppler[b]; i < d_edges_doppler[b + 1]; i++) {
            const value turn = phasor(-doppler * d_pattern.times[i]);
            for (size_t j = 0; j < d_centres_delay.size(); j++) {
                lv_32fc_t sum;
                volk_32fc_x2_dot_prod_32fc(
                    &sum,
                    d_products.data() + i * span + d_edges_delay[j],
                    d_rotation.data() + d_edges_delay[j],
                    static_cast<unsigned int>(d_edges_delay[j + 1] - d_edges_delay[j]));
                block[j] += turn * value(sum.real(), sum.imag());
            }
        }
        block += d_centres_delay.size();
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
    return std::norm(sum) / d_energy;
}

echo_fit::likelihood echo_fit::evaluate(double delay, double doppler) const
{
    // Sums of the blocks times the derivatives of their phases, per cell.
    value a = 0, a_d = 0, a_v = 0, a_dd = 0, a_vv = 0, a_dv = 0;
    const value turn(0, 2 * PI);
    const size_t width = d_centres_delay.size();
    std::vector<value> rotation(width);
    for (size_t j = 0; j < width; j++)
        rotation[j] = phasor(d_centres_delay[j] * delay);
    for (size_t i = 0; i < d_centres_doppler.size(); i++) {
        value s = 0, s_d = 0, s_dd = 0;
        for (size_t j = 0; j < width; j++) {
            const value term = d_blocks[i * width + j] * rotation[j];
            const value slope = turn * (d_centres_delay[j] * d_delay_cell);
            s += term;
            s_d += slope * term;
            s_dd += slope * slope * term;
        }
        const value rotate = phasor(-d_centres_doppler[i] * doppler);
        const value slope = -turn * (d_centres_doppler[i] * d_doppler_cell);
        a += rotate * s;
        a_d += rotate * s_d;
        a_dd += rotate * s_dd;
        a_v += rotate * slope * s;
        a_vv += rotate * slope * slope * s;
        a_dv += rotate * slope * s_d;
    }
    const auto product = [](const value& x, const value& y) {
        return 2 * (std::conj(x) * y).real();
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
                sums[i] += d_blocks[i * width + j] * rotation;
        }
        for (int y = -reach_doppler; y <= reach_doppler; y++) {
            const double v = y * SEARCH_STEP * d_doppler_cell;
            value sum = 0;
            for (size_t i = 0; i < height; i++)
                sum += sums[i] * phasor(-d_centres_doppler[i] * v);
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

echo echo_fit::maximise(echo e, bool was_subtracted)
{
    const value subtracted = was_subtracted ? e.amplitude : value(0);
    const double delay0 = e.delay, doppler0 = e.doppler;
    double delay = 0, doppler = 0;
    compress(delay0, doppler0);
    restore(subtracted);
    if (!was_subtracted)
        search(delay, doppler);
    climb(delay, doppler);
    const bool far = std::abs(delay) > ROTATE_AGAIN * d_delay_cell ||
                     std::abs(doppler) > ROTATE_AGAIN * d_doppler_cell;
    e.delay = delay0 + delay;
    e.doppler = doppler0 + doppler;
    if (far && !was_subtracted) {
        compress(e.delay, e.doppler);
        delay = doppler = 0;
        climb(delay, doppler);
        e.delay += delay;
        e.doppler += doppler;
    }
    value sum = 0;
    for (size_t i = 0; i < d_centres_doppler.size(); i++)
        for (size_t j = 0; j < d_centres_delay.size(); j++)
            sum += d_blocks[i * d_centres_delay.size() + j] *
                   phasor(d_centres_delay[j] * delay - d_centres_doppler[i] * doppler);
    e.amplitude = sum / d_energy;
    return e;
}

echo echo_fit::refine(double delay, double doppler)
{
    return maximise({ delay, doppler, 0 }, false);
}

void echo_fit::refine_subtracted(echo& e)
{
    const echo before = e;
    e = maximise(before, true);
    // What does not move is left as it is: passes over the frame are what costs.
    const bool same =
        std::abs(e.delay - before.delay) < UNMOVED * d_delay_cell &&
        std::abs(e.doppler - before.doppler) < UNMOVED * d_doppler_cell &&
        std::abs(e.amplitude - before.amplitude) < UNMOVED * std::abs(before.amplitude);
    if (same) {
        e = before;
        return;
    }
    add(before, 1);
    add(e, -1);
}

void echo_fit::subtract(const echo& e) { add(e, -1); }

void echo_fit::add(const echo& e, double sign)
{
    rotate_rows(-e.delay);
    const auto span = static_cast<unsigned int>(d_pattern.subcarriers.span);
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const gr_complex factor(sign * e.amplitude *
                                phasor(e.doppler * d_pattern.times[i]));
        volk_32fc_32f_multiply_32fc(
            d_row.data(), d_rotation.data(), d_energies.data() + i * span, span);
        gr_complex* row = d_products.data() + i * span;
        for (size_t k = 0; k < span; k++)
            row[k] += gr_complex(
                d_row[k].real() * factor.real() - d_row[k].imag() * factor.imag(),
                d_row[k].real() * factor.imag() + d_row[k].imag() * factor.real());
    }
}

double echo_fit::residual_power(size_t num_echoes) const
{
    double power = 0;
    if (d_uniform) {
        const size_t span = d_pattern.subcarriers.span;
        for (size_t i = 0; i < d_pattern.symbols.span; i++) {
            const gr_complex* row = d_products.data() + i * span;
            lv_32fc_t sum;
            volk_32fc_x2_conjugate_dot_prod_32fc(
                &sum, row, row, static_cast<unsigned int>(span));
            power += sum.real();
        }
        power *= d_num_elements / d_energy;
    } else {
        for (size_t i = 0; i < d_products.size(); i++)
            if (d_energies[i] > 0)
                power += std::norm(d_products[i]) / d_energies[i];
    }
    // An echo takes four real values from the residual: two complex elements.
    return power / std::max(d_num_elements - 2.0 * num_echoes, 1.0);
}

} // namespace isac
} // namespace gr
