/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "column_stage.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/range_doppler_map.h>
#include <gnuradio/isac/sensing/window.h>
#include <gnuradio/isac/theory/constants.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// Keeps the rows off the same cache sets where their length is a power of two.
constexpr size_t ROW_GAP = 16;

size_t padded(size_t length, int factor, const char* name)
{
    require(factor == 1 || factor == 2 || factor == 4 || factor == 8,
            name,
            factor,
            "must be 1, 2, 4 or 8");
    return length * factor;
}

// Fourier transform of the energies at a lag of 1 / cells, about the window's centre.
double correlation(const std::vector<float>& window, size_t cells, size_t lag)
{
    const double centre = 0.5 * (static_cast<double>(window.size()) - 1);
    double sum = 0, total = 0;
    for (size_t i = 0; i < window.size(); i++) {
        const double energy = static_cast<double>(window[i]) * window[i];
        sum += energy * std::cos(2 * PI * lag * (i - centre) / cells);
        total += energy;
    }
    return sum / total;
}

size_t stride(const std::vector<float>& window, size_t cells)
{
    // The noise bandwidth of the energies, in cells: one over their share of the axis.
    double energy = 0, square = 0;
    for (const float w : window) {
        energy += w * w;
        square += static_cast<double>(w) * w * w * w;
    }
    const long length = std::lround(cells * square / (energy * energy));
    return static_cast<size_t>(std::max(length, 1L));
}

} // namespace

range_doppler_map::range_doppler_map(ofdm_grid::sptr grid, const parameters& p)
    : d_grid(std::move(grid)),
      d_params(p),
      d_pattern(*d_grid, p.pilots_only),
      d_division(p.mode == "division"),
      d_range_cells(padded(d_pattern.subcarriers.length, p.pad_delay, "map: pad_delay")),
      d_doppler_cells(
          padded(d_pattern.symbols.length, p.pad_doppler, "map: pad_doppler")),
      d_window_delay(
          make_window(p.window, d_pattern.subcarriers.span, p.window_parameter)),
      d_window_doppler(make_window(p.window, d_pattern.symbols.span, p.window_parameter)),
      d_stride((d_range_cells + column_stage::COLUMNS - 1) / column_stage::COLUMNS *
                   column_stage::COLUMNS +
               ROW_GAP),
      d_work(d_stride * d_pattern.symbols.span),
      d_row(d_range_cells),
      d_row_weights(d_pattern.subcarriers.span),
      d_mask_delay(d_pattern.subcarriers.span),
      d_mask_doppler(d_pattern.symbols.span),
      d_weights(d_pattern.symbols.span),
      d_turns(d_pattern.symbols.span),
      d_matched(d_grid, d_pattern, false),
      d_echoes(std::make_unique<std::vector<echo_response>>()),
      d_columns(std::make_unique<column_stage>(d_pattern.symbols.span, d_doppler_cells))
{
    require(d_division || p.mode == "matched_filter",
            "map: mode",
            p.mode,
            "must be matched_filter or division");
    d_delay_step = 1 / (d_range_cells * d_pattern.subcarriers.spacing *
                        d_grid->subcarrier_spacing());
    d_doppler_step =
        1 / (d_doppler_cells * d_pattern.symbols.spacing * d_grid->symbol_duration());
    d_range_fft = std::make_unique<fft_plan>(
        d_range_cells, FFTW_BACKWARD, d_row.data(), d_work.data());
    std::fill(d_row.begin(), d_row.end(), gr_complex(0, 0));
    std::fill(d_work.begin(), d_work.end(), gr_complex(0, 0));
    const size_t n = d_grid->num_subcarriers();
    for (size_t i = 0; i < d_pattern.symbols.span; i++)
        for (size_t k = 0; k < d_pattern.subcarriers.span; k++)
            if (d_pattern.used(*d_grid,
                               d_pattern.symbols.place(i) * n +
                                   d_pattern.subcarriers.place(k)))
                d_mask_delay[k] = d_mask_doppler[i] = 1;
}

range_doppler_map::~range_doppler_map() = default;

bool range_doppler_map::process(const gr_complex* rows,
                                const gr_complex* reference,
                                float* map)
{
    return process(d_matched, rows, reference, map);
}

bool range_doppler_map::process(matched_frame& frame,
                                const gr_complex* rows,
                                const gr_complex* reference,
                                float* map)
{
    const bool weighted = d_division || d_params.window != "rectangular";
    double gain = 0;
    frame.begin(rows, reference);
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const gr_complex* products = frame.match(i);
        const double power = d_window_doppler[i] * d_window_doppler[i];
        gain += power * (weighted ? weigh_row(products, frame.row_energies(i))
                                  : copy_row(products, frame.row_energy()));
        d_range_fft->execute(d_row.data(), d_work.data() + i * d_stride);
    }
    frame.finish();
    return finish(gain, map);
}

double range_doppler_map::copy_row(const gr_complex* products, double energy)
{
    std::copy_n(products, d_pattern.subcarriers.span, d_row.data());
    return energy;
}

// Returns the noise power that the row holds.
double range_doppler_map::weigh_row(const gr_complex* products, const float* energies)
{
    const size_t span = d_pattern.subcarriers.span;
    double gain = 0;
    for (size_t k = 0; k < span; k++) {
        const float weight = !d_division       ? d_window_delay[k]
                             : energies[k] > 0 ? d_window_delay[k] / energies[k]
                                               : 0;
        d_row_weights[k] = weight;
        gain += weight * weight * energies[k];
    }
    volk_32fc_32f_multiply_32fc(
        d_row.data(), products, d_row_weights.data(), static_cast<unsigned int>(span));
    return gain;
}

bool range_doppler_map::process(matched_frame& frame, float* map)
{
    const size_t span = d_pattern.subcarriers.span;
    double gain = 0;
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const double energy =
            weigh_row(frame.products() + i * span, frame.row_energies(i));
        gain += energy * d_window_doppler[i] * d_window_doppler[i];
        d_range_fft->execute(d_row.data(), d_work.data() + i * d_stride);
    }
    return finish(gain, map);
}

bool range_doppler_map::process_products(const gr_complex* products,
                                         const float* energies,
                                         float* map)
{
    const size_t span = d_pattern.subcarriers.span;
    double gain = 0;
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const double energy = weigh_row(products + i * span, energies + i * span);
        gain += energy * d_window_doppler[i] * d_window_doppler[i];
        d_range_fft->execute(d_row.data(), d_work.data() + i * d_stride);
    }
    return finish(gain, map);
}

bool range_doppler_map::finish(double gain, float* map)
{
    if (!(gain > 0)) {
        std::fill_n(map, d_doppler_cells * d_range_cells, 0.0f);
        return false;
    }
    const auto scale = static_cast<float>(1 / std::sqrt(gain));
    for (size_t i = 0; i < d_weights.size(); i++)
        d_weights[i] = scale * d_window_doppler[i];
    d_num_echoes = 0;
    d_columns->process(d_work.data(), d_stride, d_range_cells, d_weights.data(), map);
    return true;
}

void range_doppler_map::predict(const std::vector<echo>& echoes,
                                double energy,
                                size_t first)
{
    const double scale = d_division || d_params.pilots_only ? 1 : energy;
    d_num_echoes = echoes.size();
    for (size_t e = first; e < d_num_echoes; e++)
        spread(echoes[e], scale, e);
}

double range_doppler_map::predicted(size_t doppler, size_t range) const
{
    gr_complex sum(0, 0);
    for (size_t e = 0; e < d_num_echoes; e++)
        sum += (*d_echoes)[e].at(doppler, range);
    return std::norm(sum);
}

void range_doppler_map::process_less(float* map, double negligible)
{
    d_columns->process_less(d_work.data(),
                            d_stride,
                            d_range_cells,
                            d_weights.data(),
                            d_echoes->data(),
                            d_num_echoes,
                            static_cast<float>(std::sqrt(negligible)),
                            map);
}

void range_doppler_map::spread(const echo& e, double scale, size_t place)
{
    const size_t used = d_pattern.symbols.span, span = d_pattern.subcarriers.span;
    if (place == d_echoes->size()) {
        d_echoes->emplace_back();
        d_echoes->back().row.resize(d_stride);
    }
    auto& to = (*d_echoes)[place];
    for (size_t k = 0; k < span; k++)
        d_row[k] =
            gr_complex(std::polar(scale, -2 * PI * d_pattern.frequencies[k] * e.delay)) *
            (d_window_delay[k] * d_mask_delay[k]);
    d_range_fft->execute(d_row.data(), to.row.data());

    for (size_t i = 0; i < used; i++)
        d_turns[i] =
            gr_complex(e.amplitude *
                       std::polar(1.0, 2 * PI * e.doppler * d_pattern.times[i])) *
            (d_weights[i] * d_mask_doppler[i]);
    d_columns->transform_turns(d_turns, to);
}

double range_doppler_map::correlation_delay(size_t lag) const
{
    return correlation(d_window_delay, d_range_cells, lag);
}

double range_doppler_map::correlation_doppler(size_t lag) const
{
    return correlation(d_window_doppler, d_doppler_cells, lag);
}

size_t range_doppler_map::stride_delay() const
{
    return stride(d_window_delay, d_range_cells);
}

size_t range_doppler_map::stride_doppler() const
{
    return stride(d_window_doppler, d_doppler_cells);
}

} // namespace isac
} // namespace gr
