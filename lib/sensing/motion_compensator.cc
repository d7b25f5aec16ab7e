/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "chirp_transform.h"
#include "column_pitch.h"
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

// Lines that the border of the unambiguous Dopplers may give way by, and their largest
// share of the axis: c lines from it an echo loses up to 0.9 / c dB.
constexpr size_t MOST_MARGIN = 16;
constexpr size_t MARGIN_SHARE = 8;

// Frames of noise whose border gives way.
constexpr double FALSE_ALARMS = 1e-3;

// Columns that are read and written together, whose values share cache lines.
constexpr size_t COLUMNS = LINE_VALUES;

} // namespace

motion_compensator::motion_compensator(ofdm_grid::sptr grid,
                                       const element_pattern& pattern)
    : d_grid(std::move(grid)),
      d_pattern(pattern),
      d_margin(std::min(MOST_MARGIN, pattern.symbols.span / MARGIN_SHARE)),
      d_samples(d_grid->num_subcarriers()),
      d_row(d_grid->num_subcarriers()),
      d_column(pattern.symbols.span),
      d_pitch(column_pitch(pattern.symbols.span)),
      d_columns(COLUMNS * d_pitch),
      d_line(pattern.subcarriers.span),
      d_ranges(pattern.subcarriers.span)
{
    const size_t n = d_grid->num_subcarriers(), symbols = pattern.symbols.span;
    make_slices();
    d_low.inside = 0;
    d_high.inside = symbols - d_margin;
    for (auto* end : { &d_low, &d_high })
        end->beyond.resize(pattern.subcarriers.span * d_margin);
    size_t most = 0;
    for (const auto& s : d_slices)
        most = std::max(most, s.lines);
    d_stretched = std::make_unique<chirp_transform>(symbols, most + 2 * d_margin);
    for (const double f : pattern.frequencies)
        d_stretches.push_back(1 + f / d_grid->carrier_frequency());
    d_to_time =
        std::make_unique<fft_plan>(n, FFTW_BACKWARD, d_row.data(), d_samples.data());
    d_to_rows =
        std::make_unique<fft_plan>(n, FFTW_FORWARD, d_samples.data(), d_row.data());
    d_to_ranges = std::make_unique<fft_plan>(
        pattern.subcarriers.span, FFTW_BACKWARD, d_line.data(), d_ranges.data());
    d_back = std::make_unique<fft_plan>(
        symbols, FFTW_BACKWARD, d_column.data(), d_columns.data());
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
                                 matched_frame& frame,
                                 gr_complex* room)
{
    d_lines = room;
    frame.set_rows(rows, reference, 0, d_grid->num_symbols());
    for (const auto& s : d_slices) {
        match(s, rows, frame);
        take_lines(s, frame);
    }
    const bool low = d_margin > 0 && stands_out(d_low, d_high);
    const bool high = d_margin > 0 && stands_out(d_high, d_low);
    if (low && !high)
        give_way(d_low, d_high);
    if (high && !low)
        give_way(d_high, d_low);
    to_products(frame);
}

// Samples are made anew for every slice: kept, those of all symbols would be a frame
// more. The rows' order of subcarriers alternates the samples' signs, which no product
// sees.
void motion_compensator::match(const slice& s,
                               const gr_complex* rows,
                               matched_frame& frame)
{
    const size_t n = d_grid->num_subcarriers();
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const gr_complex* row = rows + d_pattern.symbols.place(i) * n;
        if (!d_to_time->takes(row))
            row = std::copy_n(row, n, d_row.data()) - n;
        d_to_time->execute(row, d_samples.data());
        volk_32fc_x2_multiply_32fc(d_samples.data(),
                                   d_samples.data(),
                                   s.turns.data(),
                                   static_cast<unsigned int>(n));
        d_to_rows->execute(d_samples.data(), d_row.data());
        frame.match(i, d_row.data());
    }
    frame.finish();
}

void motion_compensator::take_lines(const slice& s, const matched_frame& frame)
{
    const size_t span = d_pattern.subcarriers.span, symbols = d_pattern.symbols.span;
    const size_t before = s.first == 0 ? d_margin : 0;
    const size_t after = s.first + s.lines == symbols ? d_margin : 0;
    const gr_complex* products = frame.products();
    const long first = static_cast<long>(s.first) - static_cast<long>(before);
    for (size_t from = 0; from < span; from += COLUMNS) {
        const size_t count = std::min(COLUMNS, span - from);
        for (size_t i = 0; i < symbols; i++)
            for (size_t c = 0; c < count; c++)
                d_columns[c * d_pitch + i] = products[i * span + from + c];
        for (size_t c = 0; c < count; c++) {
            const size_t k = from + c;
            const gr_complex* lines = d_stretched->process(d_columns.data() + c * d_pitch,
                                                           d_stretches[k],
                                                           first,
                                                           before + s.lines + after);
            std::copy_n(lines, before, d_low.beyond.begin() + k * d_margin);
            lines += before;
            std::copy_n(lines, s.lines, d_lines + k * symbols + s.first);
            std::copy_n(lines + s.lines, after, d_high.beyond.begin() + k * d_margin);
        }
    }
}

// Highest cell of range of an end's lines, and their mean.
motion_compensator::peak motion_compensator::find_peak(const gr_complex* lines,
                                                       size_t stride)
{
    peak p;
    for (size_t i = 0; i < d_margin; i++) {
        for (size_t k = 0; k < d_line.size(); k++)
            d_line[k] = lines[k * stride + i];
        d_to_ranges->execute(d_line.data(), d_ranges.data());
        for (const auto& value : d_ranges) {
            p.highest = std::max(p.highest, std::norm(value));
            p.mean += std::norm(value);
        }
    }
    p.mean /= static_cast<float>(d_line.size() * d_margin);
    return p;
}

// Whether an echo stands next to the border that noise would hardly make, and that is not
// what another one at the other end has beyond it.
bool motion_compensator::stands_out(const axis_end& end, const axis_end& other)
{
    const auto cells = static_cast<double>(d_line.size() * d_margin);
    const peak p = find_peak(d_lines + end.inside, d_pattern.symbols.span);
    return p.highest > std::log(cells / FALSE_ALARMS) * p.mean &&
           p.highest > find_peak(other.beyond.data(), d_margin).highest;
}

// The lines of one end that are aliases of those beyond the other: half a turn apart for
// an even number of symbols, which count from the middle.
void motion_compensator::give_way(const axis_end& to, const axis_end& from)
{
    const size_t span = d_pattern.subcarriers.span, symbols = d_pattern.symbols.span;
    const float sign = symbols % 2 == 0 ? -1 : 1;
    for (size_t k = 0; k < span; k++)
        for (size_t i = 0; i < d_margin; i++)
            d_lines[k * symbols + from.inside + i] = sign * to.beyond[k * d_margin + i];
}

void motion_compensator::to_products(matched_frame& frame)
{
    const size_t span = d_pattern.subcarriers.span, symbols = d_pattern.symbols.span;
    gr_complex* products = frame.products();
    for (size_t from = 0; from < span; from += COLUMNS) {
        const size_t count = std::min(COLUMNS, span - from);
        for (size_t c = 0; c < count; c++) {
            volk_32fc_x2_multiply_32fc(d_column.data(),
                                       d_lines + (from + c) * symbols,
                                       d_before.data(),
                                       static_cast<unsigned int>(symbols));
            d_back->execute(d_column.data(), d_columns.data() + c * d_pitch);
        }
        for (size_t i = 0; i < symbols; i++)
            for (size_t c = 0; c < count; c++)
                products[i * span + from + c] = d_columns[c * d_pitch + i] * d_after[i];
    }
    frame.update_power();
}

} // namespace isac
} // namespace gr
