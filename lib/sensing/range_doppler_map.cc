/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "fft_plan.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/range_doppler_map.h>
#include <gnuradio/isac/sensing/window.h>
#include <gnuradio/isac/theory/constants.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <cstring>

namespace gr {
namespace isac {

namespace {

// Columns transformed together: a cache line of each row.
constexpr size_t COLUMNS = 8;
// Keep the rows, and the columns, off the same cache sets where their length is a power
// of two.
constexpr size_t ROW_GAP = 16;
constexpr size_t COLUMN_GAP = 8;

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
      d_stride((d_range_cells + COLUMNS - 1) / COLUMNS * COLUMNS + ROW_GAP),
      d_work(d_stride * d_pattern.symbols.span),
      d_column_stride(d_doppler_cells + COLUMN_GAP),
      d_columns(d_column_stride * COLUMNS),
      d_powers(d_columns.size()),
      d_mask_delay(d_pattern.subcarriers.span),
      d_mask_doppler(d_pattern.symbols.span),
      d_filter(d_pattern.subcarriers.span * (p.pilots_only ? d_pattern.symbols.span : 1)),
      d_energies(d_pattern.subcarriers.span),
      d_row(d_pattern.subcarriers.span)
{
    require(d_division || p.mode == "matched_filter",
            "map: mode",
            p.mode,
            "must be matched_filter or division");
    d_delay_step = 1 / (d_range_cells * d_pattern.subcarriers.spacing *
                        d_grid->subcarrier_spacing());
    d_doppler_step =
        1 / (d_doppler_cells * d_pattern.symbols.spacing * d_grid->symbol_duration());
    d_range_fft = std::make_unique<fft_plan>(static_cast<int>(d_range_cells),
                                             1,
                                             FFTW_BACKWARD,
                                             d_work.data(),
                                             static_cast<int>(d_range_cells));
    d_doppler_fft = std::make_unique<fft_plan>(static_cast<int>(d_doppler_cells),
                                               static_cast<int>(COLUMNS),
                                               FFTW_FORWARD,
                                               d_columns.data(),
                                               static_cast<int>(d_column_stride));
    const size_t n = d_grid->num_subcarriers();
    for (size_t i = 0; i < d_pattern.symbols.span; i++)
        for (size_t k = 0; k < d_pattern.subcarriers.span; k++)
            if (d_pattern.used(*d_grid,
                               d_pattern.symbols.place(i) * n +
                                   d_pattern.subcarriers.place(k)))
                d_mask_delay[k] = d_mask_doppler[i] = 1;
    if (p.pilots_only)
        make_pilot_filter();
}

range_doppler_map::~range_doppler_map() = default;

void range_doppler_map::make_pilot_filter()
{
    // Pilots have unit modulus: matched filter and division are the same.
    const auto& subcarriers = d_pattern.subcarriers;
    const size_t span = subcarriers.span;
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const gr_complex* pilots = d_grid->pilots().data() +
                                   d_pattern.symbols.place(i) * d_grid->num_subcarriers();
        double energy = 0;
        for (size_t k = 0; k < span; k++) {
            const gr_complex value = pilots[subcarriers.place(k)] * d_window_delay[k];
            d_filter[i * span + k] = value;
            energy += std::norm(value);
        }
        d_pilot_gain += energy * d_window_doppler[i] * d_window_doppler[i];
    }
}

// One row of d_work before its transform; returns the noise power that it holds.
double range_doppler_map::filter_row(size_t i,
                                     const gr_complex* row,
                                     const gr_complex* reference)
{
    const auto& subcarriers = d_pattern.subcarriers;
    const auto span = static_cast<unsigned int>(subcarriers.span);
    gr_complex* work = d_work.data() + i * d_stride;
    std::fill(work + span, work + d_range_cells, gr_complex(0, 0));

    const gr_complex* teeth = row + subcarriers.first;
    if (subcarriers.spacing > 1) {
        for (size_t k = 0; k < span; k++)
            d_row[k] = row[subcarriers.place(k)];
        teeth = d_row.data();
    }
    if (d_params.pilots_only) {
        volk_32fc_x2_multiply_conjugate_32fc(
            work, teeth, d_filter.data() + i * span, span);
        return 0;
    }

    // A reference is known on every active element, whose spacing is 1 but for grids of
    // one subcarrier.
    const gr_complex* sent = reference + subcarriers.first;
    if (subcarriers.spacing > 1) {
        for (size_t k = 0; k < span; k++)
            d_filter[k] = reference[subcarriers.place(k)];
        sent = d_filter.data();
    }
    if (d_division) {
        volk_32fc_magnitude_squared_32f(d_energies.data(), sent, span);
        for (size_t k = 0; k < span; k++)
            d_energies[k] = d_energies[k] > 0 ? d_window_delay[k] / d_energies[k] : 0;
        volk_32fc_32f_multiply_32fc(d_filter.data(), sent, d_energies.data(), span);
        sent = d_filter.data();
    } else if (d_params.window != "rectangular") {
        volk_32fc_32f_multiply_32fc(d_filter.data(), sent, d_window_delay.data(), span);
        sent = d_filter.data();
    }
    volk_32fc_x2_multiply_conjugate_32fc(work, teeth, sent, span);
    lv_32fc_t energy;
    volk_32fc_x2_conjugate_dot_prod_32fc(&energy, sent, sent, span);
    return energy.real();
}

bool range_doppler_map::process(const gr_complex* rows,
                                const gr_complex* reference,
                                float* map)
{
    const size_t n = d_grid->num_subcarriers();
    double gain = d_pilot_gain;
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const size_t offset = d_pattern.symbols.place(i) * n;
        const double energy =
            filter_row(i, rows + offset, reference ? reference + offset : nullptr);
        gain += energy * d_window_doppler[i] * d_window_doppler[i];
        d_range_fft->execute(d_work.data() + i * d_stride);
    }
    return finish(gain, map);
}

double range_doppler_map::weight_products(size_t i,
                                          const gr_complex* products,
                                          const float* energies)
{
    const size_t span = d_pattern.subcarriers.span;
    double gain = 0;
    for (size_t k = 0; k < span; k++) {
        const float weight = !d_division       ? d_window_delay[k]
                             : energies[k] > 0 ? d_window_delay[k] / energies[k]
                                               : 0;
        d_energies[k] = weight;
        gain += weight * weight * energies[k];
    }
    gr_complex* work = d_work.data() + i * d_stride;
    volk_32fc_32f_multiply_32fc(
        work, products, d_energies.data(), static_cast<unsigned int>(span));
    std::fill(work + span, work + d_range_cells, gr_complex(0, 0));
    return gain;
}

bool range_doppler_map::process_products(const gr_complex* products,
                                         const float* energies,
                                         float* map)
{
    const size_t span = d_pattern.subcarriers.span;
    double gain = 0;
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const double energy =
            weight_products(i, products + i * span, energies + i * span);
        gain += energy * d_window_doppler[i] * d_window_doppler[i];
        d_range_fft->execute(d_work.data() + i * d_stride);
    }
    return finish(gain, map);
}

bool range_doppler_map::finish(double gain, float* map)
{
    if (!(gain > 0)) {
        std::fill_n(map, d_doppler_cells * d_range_cells, 0.0f);
        return false;
    }
    d_scale = static_cast<float>(1 / std::sqrt(gain));
    d_num_echoes = 0;
    transform_columns(0, map);
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
        sum += d_echoes[e].row[range] * d_echoes[e].column[doppler];
    return std::norm(sum);
}

void range_doppler_map::process_less(float* map) { transform_columns(d_num_echoes, map); }

void range_doppler_map::spread(const echo& e, double scale, size_t place)
{
    const size_t used = d_pattern.symbols.span, span = d_pattern.subcarriers.span;
    const size_t rows = d_doppler_cells, half = rows / 2;
    if (place == d_echoes.size()) {
        d_echoes.emplace_back();
        d_echoes[place].row.resize(d_stride);
        d_echoes[place].turns.resize(used);
        d_echoes[place].column.resize(rows);
    }
    auto& to = d_echoes[place];
    for (size_t k = 0; k < span; k++)
        to.row[k] =
            gr_complex(std::polar(scale, -2 * PI * d_pattern.frequencies[k] * e.delay)) *
            (d_window_delay[k] * d_mask_delay[k]);
    std::fill(to.row.begin() + span, to.row.end(), gr_complex(0, 0));
    d_range_fft->execute(to.row.data());

    for (size_t i = 0; i < used; i++) {
        to.turns[i] =
            gr_complex(e.amplitude *
                       std::polar(1.0, 2 * PI * e.doppler * d_pattern.times[i])) *
            (d_scale * d_window_doppler[i] * d_mask_doppler[i]);
        d_columns[i] = to.turns[i];
    }
    std::fill(d_columns.begin() + used, d_columns.end(), gr_complex(0, 0));
    d_doppler_fft->execute(d_columns.data());
    for (size_t d = 0; d < rows; d++)
        to.column[(d + half) % rows] = d_columns[d];
}

void range_doppler_map::transform_columns(size_t num_echoes, float* map)
{
    const size_t rows = d_doppler_cells, stride = d_column_stride;
    const size_t used = d_pattern.symbols.span;
    const size_t half = rows / 2;
    for (size_t first = 0; first < d_range_cells; first += COLUMNS) {
        const size_t count = std::min(COLUMNS, d_range_cells - first);
        for (size_t i = 0; i < used; i++) {
            // As floats, which compilers turn into vectors.
            const auto* from =
                reinterpret_cast<const float*>(d_work.data() + i * d_stride + first);
            const float weight = d_scale * d_window_doppler[i];
            float line[2 * COLUMNS];
            for (size_t c = 0; c < 2 * COLUMNS; c++)
                line[c] = from[c] * weight;
            for (size_t e = 0; e < num_echoes; e++) {
                const auto* row =
                    reinterpret_cast<const float*>(d_echoes[e].row.data() + first);
                const float re = d_echoes[e].turns[i].real();
                const float im = d_echoes[e].turns[i].imag();
                for (size_t c = 0; c < 2 * COLUMNS; c += 2) {
                    line[c] -= row[c] * re - row[c + 1] * im;
                    line[c + 1] -= row[c] * im + row[c + 1] * re;
                }
            }
            for (size_t c = 0; c < COLUMNS; c++)
                std::memcpy(static_cast<void*>(&d_columns[c * stride + i]),
                            line + 2 * c,
                            sizeof(gr_complex));
        }
        if (used < rows)
            for (size_t c = 0; c < COLUMNS; c++)
                std::fill_n(
                    d_columns.data() + c * stride + used, rows - used, gr_complex(0, 0));
        d_doppler_fft->execute(d_columns.data());
        volk_32fc_magnitude_squared_32f(d_powers.data(),
                                        d_columns.data(),
                                        static_cast<unsigned int>(d_columns.size()));
        // Doppler 0 moves from row 0 to the middle.
        for (size_t d = 0; d < rows; d++) {
            const size_t row = d < rows - half ? d + half : d + half - rows;
            float* to = map + row * d_range_cells + first;
            if (count == COLUMNS) {
                for (size_t c = 0; c < COLUMNS; c++)
                    to[c] = d_powers[c * stride + d];
            } else {
                for (size_t c = 0; c < count; c++)
                    to[c] = d_powers[c * stride + d];
            }
        }
    }
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
