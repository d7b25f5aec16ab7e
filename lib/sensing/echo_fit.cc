/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "phasor.h"
#include "simd_clones.h"
#include "volk_compat.h"
#include <gnuradio/isac/sensing/echo_fit.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// An echo this far, in cells, from the place that the blocks are rotated to has them
// rotated after it: they lose 4e-6 of the amplitude there.
constexpr double ROTATE_AGAIN = 0.05;
// Phases that follow from one exact phase by multiplication.
constexpr size_t PHASES_A_TURN = 32;

constexpr size_t LANES = 8;

// abs(product)^2 over abs(X)^2, summed over the elements that were sent.
ISAC_SIMD_CLONES
double
power_over_energies(const gr_complex* products, const float* energies, size_t count)
{
    const auto* values = reinterpret_cast<const float*>(products);
    const float8 nothing = {};
    float8 sums = {};
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        float8 a, b, e;
        load(a, values + 2 * k);
        load(b, values + 2 * k + LANES);
        load(e, energies + k);
        a *= a;
        b *= b;
        const float8 power = ISAC_SHUFFLE(a, b, 0, 2, 4, 6, 8, 10, 12, 14) +
                             ISAC_SHUFFLE(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
        sums += e > nothing ? power / e : nothing;
    }
    double sum = 0;
    for (size_t lane = 0; lane < LANES; lane++)
        sum += sums[lane];
    for (; k < count; k++)
        if (energies[k] > 0)
            sum += std::norm(products[k]) / energies[k];
    return sum;
}

} // namespace

echo_fit::echo_fit(ofdm_grid::sptr grid, const element_pattern& pattern)
    : d_grid(std::move(grid)),
      d_pattern(pattern),
      d_delay_cell(1 / (pattern.subcarriers.span * pattern.subcarriers.spacing *
                        d_grid->subcarrier_spacing())),
      d_doppler_cell(1 / (pattern.symbols.span * pattern.symbols.spacing *
                          d_grid->symbol_duration())),
      d_likelihood(pattern, d_delay_cell, d_doppler_cell),
      d_row_energies(pattern.subcarriers.span),
      d_conjugate(pattern.subcarriers.span),
      d_row(pattern.subcarriers.span),
      d_mask_delay(pattern.subcarriers.span),
      d_mask_doppler(pattern.symbols.span),
      d_block_elements(d_likelihood.size()),
      d_block_energies(d_likelihood.size())
{
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
    if (frame.uniform())
        std::transform(
            d_block_elements.begin(),
            d_block_elements.end(),
            d_block_energies.begin(),
            [&](const value& elements) { return elements * element_energy(); });
    else
        sum_blocks(frame.energies(), d_block_energies);
    d_received_power = frame.uniform_and_separable() ? frame.power() / element_energy()
                                                     : power_less({}, {});
}

// Energies of elements, block by block.
void echo_fit::sum_blocks(const float* energies, std::vector<value>& sums)
{
    const size_t span = d_pattern.subcarriers.span;
    std::fill(sums.begin(), sums.end(), value(0));
    auto block = sums.begin();
    const auto& edges = d_likelihood.edges_delay();
    const auto& edges_doppler = d_likelihood.edges_doppler();
    for (size_t b = 0; b + 1 < edges_doppler.size(); b++) {
        std::fill(d_row_energies.begin(), d_row_energies.end(), 0.0f);
        for (size_t i = edges_doppler[b]; i < edges_doppler[b + 1]; i++)
            volk_32f_x2_add_32f(d_row_energies.data(),
                                d_row_energies.data(),
                                energies + i * span,
                                static_cast<unsigned int>(span));
        for (size_t j = 0; j + 1 < edges.size(); j++)
            for (size_t k = edges[j]; k < edges[j + 1]; k++)
                block[j] += d_row_energies[k];
        block += d_likelihood.width();
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
    const double scale = num_elements() / m.energy;
    m.energy *= scale;
    m.spread_frequency *= scale;
    m.spread_time *= scale;
    m.spread_joint *= scale;
    return m;
}

void echo_fit::steer(double delay, double doppler, echo_steering& s) const
{
    s.delay.resize(d_pattern.subcarriers.span);
    s.doppler.resize(d_pattern.symbols.span);
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

void echo_fit::compress(double delay, double doppler, echo_blocks& blocks)
{
    blocks.delay = delay;
    blocks.doppler = doppler;
    blocks.sums.resize(d_likelihood.size());
    steer(delay, doppler, d_place);
    const gr_complex* turns = d_place.doppler.data();
    const auto& edges = d_likelihood.edges_delay();
    const auto& edges_doppler = d_likelihood.edges_doppler();
    auto block = blocks.sums.begin();
    for (size_t b = 0; b + 1 < edges_doppler.size(); b++) {
        d_matched->sum_conjugates(
            edges_doppler[b], edges_doppler[b + 1], turns, d_row.data());
        for (size_t j = 0; j + 1 < edges.size(); j++) {
            lv_32fc_t sum;
            volk_32fc_x2_dot_prod_32fc(
                &sum,
                d_row.data() + edges[j],
                d_place.delay.data() + edges[j],
                static_cast<unsigned int>(edges[j + 1] - edges[j]));
            *block++ = value(sum.real(), -sum.imag());
        }
    }
}

double echo_fit::power(double delay, double doppler)
{
    compress(delay, doppler, d_blocks);
    return std::norm(d_likelihood.sum(d_blocks.sums.data(), 0, 0)) / energy();
}

echo echo_fit::refine(double delay, double doppler)
{
    compress(delay, doppler, d_blocks);
    double step_delay = 0, step_doppler = 0;
    d_likelihood.search(d_blocks.sums.data(), step_delay, step_doppler);
    d_likelihood.climb(d_blocks.sums.data(), step_delay, step_doppler);
    if (std::abs(step_delay) > ROTATE_AGAIN * d_delay_cell ||
        std::abs(step_doppler) > ROTATE_AGAIN * d_doppler_cell) {
        compress(delay + step_delay, doppler + step_doppler, d_blocks);
        step_delay = step_doppler = 0;
        d_likelihood.climb(d_blocks.sums.data(), step_delay, step_doppler);
    }
    return { d_blocks.delay + step_delay,
             d_blocks.doppler + step_doppler,
             d_likelihood.sum(d_blocks.sums.data(), step_delay, step_doppler) /
                 energy() };
}

void echo_fit::subtract(const echo& e)
{
    steer(e.delay, e.doppler, d_place);
    const auto span = static_cast<unsigned int>(d_pattern.subcarriers.span);
    const bool alike = d_matched->uniform_and_separable();
    const double scale = alike ? element_energy() : 1;
    volk_32fc_conjugate_32fc(d_conjugate.data(), d_place.delay.data(), span);
    d_matched->restore();
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const gr_complex factor(-scale * multiply(e.amplitude, d_place.doppler[i]));
        const gr_complex* model = d_conjugate.data();
        if (!alike) {
            volk_32fc_32f_multiply_32fc(
                d_row.data(), model, d_matched->energies() + i * span, span);
            model = d_row.data();
        }
        gr_complex* row = d_matched->products() + i * span;
        multiply_conjugate_add(row, row, model, factor, span);
    }
}

double echo_fit::power_less(const std::vector<const echo_steering*>& others,
                            const std::vector<value>& amplitudes)
{
    const auto span = static_cast<unsigned int>(d_pattern.subcarriers.span);
    const auto scale = static_cast<float>(element_energy());
    double power = 0;
    d_matched->restore();
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const gr_complex* row = d_matched->products() + i * span;
        for (size_t e = 0; e < others.size(); e++) {
            const gr_complex factor(multiply(amplitudes[e], others[e]->doppler[i]));
            volk_32fc_conjugate_32fc(d_conjugate.data(), others[e]->delay.data(), span);
            multiply_conjugate_add(
                d_row.data(), row, d_conjugate.data(), -scale * factor, span);
            row = d_row.data();
        }
        if (d_matched->uniform()) {
            const auto* values = reinterpret_cast<const float*>(row);
            float sum;
            volk_32f_x2_dot_prod_32f(&sum, values, values, 2 * span);
            power += sum / scale;
        } else {
            power += power_over_energies(row, d_matched->energies() + i * span, span);
        }
    }
    return power;
}

} // namespace isac
} // namespace gr
