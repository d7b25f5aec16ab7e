/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "simd_clones.h"
#include <gnuradio/isac/sensing/matched_frame.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// Elements whose energies scatter by less, relative to their mean, squared, are alike.
constexpr double ALIKE = 1e-4;

struct row_sums {
    float energy = 0; // of X
    float square = 0; // of those energies
    float power = 0;  // of the products
};

// y conj(x) and all that is summed of it, in one pass.
ISAC_SIMD_CLONES
row_sums match_row(const float* y, const float* x, size_t count, float* products)
{
    constexpr size_t LANES = 8;
    const float8 sign = { 1, -1, 1, -1, 1, -1, 1, -1 };
    float8 energy = {}, square = {}, power = {};
    size_t i = 0;
    for (; i + LANES <= 2 * count; i += LANES) {
        float8 a, b;
        load(a, y + i);
        load(b, x + i);
        const float8 b_re = ISAC_SHUFFLE(b, b, 0, 0, 2, 2, 4, 4, 6, 6);
        const float8 b_im = ISAC_SHUFFLE(b, b, 1, 1, 3, 3, 5, 5, 7, 7);
        const float8 swapped = ISAC_SHUFFLE(a, a, 1, 0, 3, 2, 5, 4, 7, 6);
        const float8 p = a * b_re + swapped * (b_im * sign);
        store(products + i, p);
        power += p * p;
        const float8 e = b_re * b_re + b_im * b_im; // every element's twice
        energy += e;
        square += e * e;
    }
    row_sums sums;
    for (size_t lane = 0; lane < LANES; lane++) {
        sums.energy += 0.5f * energy[lane];
        sums.square += 0.5f * square[lane];
        sums.power += power[lane];
    }
    for (; i < 2 * count; i += 2) {
        const float re = y[i] * x[i] + y[i + 1] * x[i + 1];
        const float im = y[i + 1] * x[i] - y[i] * x[i + 1];
        const float e = x[i] * x[i] + x[i + 1] * x[i + 1];
        products[i] = re;
        products[i + 1] = im;
        sums.power += re * re + im * im;
        sums.energy += e;
        sums.square += e * e;
    }
    return sums;
}

} // namespace

matched_frame::matched_frame(ofdm_grid::sptr grid,
                             const element_pattern& pattern,
                             bool whole)
    : d_grid(std::move(grid)),
      d_pattern(pattern),
      d_whole(whole),
      d_products(pattern.subcarriers.span * (whole ? pattern.symbols.span : 1)),
      d_energies(whole ? d_products.size() : 0),
      d_row_energies(pattern.subcarriers.span),
      d_teeth(pattern.subcarriers.spacing > 1 ? pattern.subcarriers.span : 0),
      d_sent_teeth(d_teeth.size())
{
}

void matched_frame::begin(const gr_complex* rows, const gr_complex* reference)
{
    d_rows = rows;
    d_reference = reference ? reference : d_grid->pilots().data();
    d_energy = d_squares = d_power = 0;
}

// The elements of a row's pattern, one after the other.
const gr_complex* matched_frame::teeth_of(const gr_complex* row, gr_complex* teeth) const
{
    const auto& axis = d_pattern.subcarriers;
    if (axis.spacing == 1)
        return row + axis.first;
    for (size_t k = 0; k < axis.span; k++)
        teeth[k] = row[axis.place(k)];
    return teeth;
}

const gr_complex* matched_frame::sent(size_t symbol, gr_complex* teeth) const
{
    const size_t offset = d_pattern.symbols.place(symbol) * d_grid->num_subcarriers();
    return teeth_of(d_reference + offset, teeth);
}

const gr_complex* matched_frame::match(size_t symbol)
{
    return match(symbol,
                 d_rows + d_pattern.symbols.place(symbol) * d_grid->num_subcarriers());
}

const gr_complex* matched_frame::match(size_t symbol, const gr_complex* row)
{
    const size_t span = d_pattern.subcarriers.span;
    gr_complex* products = d_products.data() + (d_whole ? symbol * span : 0);
    const auto sums =
        match_row(reinterpret_cast<const float*>(teeth_of(row, d_teeth.data())),
                  reinterpret_cast<const float*>(sent(symbol, d_sent_teeth.data())),
                  span,
                  reinterpret_cast<float*>(products));
    d_row_energy = sums.energy;
    d_energy += sums.energy;
    d_squares += sums.square;
    d_power += sums.power;
    return products;
}

void matched_frame::update_power()
{
    const size_t span = d_pattern.subcarriers.span;
    d_power = 0;
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const auto* row = reinterpret_cast<const float*>(d_products.data() + i * span);
        float sum;
        volk_32f_x2_dot_prod_32f(&sum, row, row, static_cast<unsigned int>(2 * span));
        d_power += sum;
    }
}

double matched_frame::energy_spread() const
{
    return d_uniform
               ? 0
               : std::max(d_num_elements * d_squares / (d_energy * d_energy) - 1, 0.0);
}

const float* matched_frame::row_energies(size_t symbol)
{
    const auto span = static_cast<unsigned int>(d_pattern.subcarriers.span);
    volk_32fc_magnitude_squared_32f(
        d_row_energies.data(), sent(symbol, d_sent_teeth.data()), span);
    return d_row_energies.data();
}

void matched_frame::load(const gr_complex* rows, const gr_complex* reference)
{
    begin(rows, reference);
    for (size_t i = 0; i < d_pattern.symbols.span; i++)
        match(i);
    finish();
}

void matched_frame::finish()
{
    // By Schwarz's inequality this is the number of elements just when their energies are
    // equal, and less else.
    const auto all = static_cast<double>(d_pattern.num_elements);
    const double alike = d_squares > 0 ? d_energy * d_energy / d_squares : 0;
    d_uniform = std::abs(alike / all - 1) < ALIKE;
    d_num_elements = d_uniform ? all : 0;
    if (!d_whole || uniform_and_separable())
        return;
    const size_t span = d_pattern.subcarriers.span;
    for (size_t i = 0; i < d_pattern.symbols.span; i++)
        std::copy_n(row_energies(i), span, d_energies.data() + i * span);
    if (!d_uniform)
        d_num_elements = static_cast<double>(std::count_if(
            d_energies.begin(), d_energies.end(), [](float e) { return e > 0; }));
}

} // namespace isac
} // namespace gr
