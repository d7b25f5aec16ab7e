/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "chirp_transform.h"
#include "phasor.h"
#include <gnuradio/isac/sensing/motion_compensator.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// Half the width of a slice, in subcarrier spacings: at its edges an echo loses 0.09 dB.
constexpr double HALF_SLICE = 0.08;

} // namespace

motion_compensator::motion_compensator(ofdm_grid::sptr grid,
                                       const element_pattern& pattern)
    : d_grid(std::move(grid)),
      d_pattern(pattern),
      d_time(d_grid->num_subcarriers() * pattern.symbols.span),
      d_turned(d_grid->num_subcarriers()),
      d_row(d_grid->num_subcarriers()),
      d_lines(pattern.subcarriers.span * pattern.symbols.span),
      d_column(pattern.symbols.span),
      d_symbols(pattern.symbols.span)
{
    const size_t n = d_grid->num_subcarriers(), symbols = pattern.symbols.span;
    make_slices();
    size_t most = 0;
    for (const auto& s : d_slices)
        most = std::max(most, s.lines);
    d_stretched = std::make_unique<chirp_transform>(symbols, most);
    for (const double f : pattern.frequencies)
        d_stretches.push_back(1 + f / d_grid->carrier_frequency());
    d_to_time =
        std::make_unique<fft_plan>(n, FFTW_BACKWARD, d_row.data(), d_turned.data());
    d_to_rows =
        std::make_unique<fft_plan>(n, FFTW_FORWARD, d_turned.data(), d_row.data());
    d_back = std::make_unique<fft_plan>(
        symbols, FFTW_BACKWARD, d_column.data(), d_symbols.data());
    // Lines and symbols count from the middle.
    const double middle = 0.5 * (static_cast<double>(symbols) - 1);
    const auto length = static_cast<double>(symbols), zero = std::floor(0.5 * length);
    for (size_t i = 0; i < symbols; i++) {
        const auto place = static_cast<double>(i);
        d_before.emplace_back(phasor(-place * middle / length) / length);
        d_after.emplace_back(phasor(-zero * (place - middle) / length));
    }
}

motion_compensator::~motion_compensator() = default;

void motion_compensator::make_slices()
{
    const size_t n = d_grid->num_subcarriers(), symbols = d_pattern.symbols.span;
    // From one line to the next, in spacings.
    const double step = 1 / (static_cast<double>(symbols * d_pattern.symbols.spacing) *
                             d_grid->symbol_duration() * d_grid->subcarrier_spacing());
    const auto count = static_cast<size_t>(
        std::clamp(std::ceil(0.5 * step * static_cast<double>(symbols) / HALF_SLICE),
                   1.0,
                   static_cast<double>(symbols)));
    for (size_t i = 0; i < count; i++) {
        slice s;
        s.first = i * symbols / count;
        s.lines = (i + 1) * symbols / count - s.first;
        const double middle =
            (static_cast<double>(s.first) + 0.5 * (static_cast<double>(s.lines) - 1) -
             static_cast<double>(symbols / 2)) *
            step;
        for (size_t u = 0; u < n; u++)
            s.turns.emplace_back(
                phasor(-middle *
                       (static_cast<double>(u) - 0.5 * (static_cast<double>(n) - 1)) /
                       static_cast<double>(n)) /
                static_cast<double>(n));
        d_slices.push_back(std::move(s));
    }
}

void motion_compensator::process(const gr_complex* rows,
                                 const gr_complex* reference,
                                 matched_frame& frame)
{
    to_time(rows);
    for (const auto& s : d_slices) {
        frame.begin(rows, reference);
        match(s, frame);
        take_lines(s, frame);
    }
    to_products(frame);
}

// The rows' order of subcarriers alternates the samples' signs, which no product sees.
void motion_compensator::to_time(const gr_complex* rows)
{
    const size_t n = d_grid->num_subcarriers();
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        std::copy_n(rows + d_pattern.symbols.place(i) * n, n, d_row.begin());
        d_to_time->execute(d_row.data(), d_turned.data());
        std::copy_n(d_turned.begin(), n, d_time.begin() + i * n);
    }
}

void motion_compensator::match(const slice& s, matched_frame& frame)
{
    const size_t n = d_grid->num_subcarriers();
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        volk_32fc_x2_multiply_32fc(d_turned.data(),
                                   d_time.data() + i * n,
                                   s.turns.data(),
                                   static_cast<unsigned int>(n));
        d_to_rows->execute(d_turned.data(), d_row.data());
        frame.match(i, d_row.data());
    }
    frame.finish();
}

void motion_compensator::take_lines(const slice& s, const matched_frame& frame)
{
    const size_t span = d_pattern.subcarriers.span, symbols = d_pattern.symbols.span;
    const gr_complex* products = frame.products();
    for (size_t k = 0; k < span; k++) {
        gr_complex* in = d_stretched->in();
        for (size_t i = 0; i < symbols; i++)
            in[i] = products[i * span + k];
        const gr_complex* lines = d_stretched->process(d_stretches[k], s.first, s.lines);
        std::copy_n(lines, s.lines, d_lines.begin() + k * symbols + s.first);
    }
}

void motion_compensator::to_products(matched_frame& frame)
{
    const size_t span = d_pattern.subcarriers.span, symbols = d_pattern.symbols.span;
    const auto length = static_cast<unsigned int>(symbols);
    gr_complex* products = frame.products();
    for (size_t k = 0; k < span; k++) {
        volk_32fc_x2_multiply_32fc(
            d_column.data(), d_lines.data() + k * symbols, d_before.data(), length);
        d_back->execute(d_column.data(), d_symbols.data());
        for (size_t i = 0; i < symbols; i++)
            products[i * span + k] = d_symbols[i] * d_after[i];
    }
    frame.update_power();
}

} // namespace isac
} // namespace gr
