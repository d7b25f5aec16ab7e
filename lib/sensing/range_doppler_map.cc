/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "column_stage.h"
#include "range_tiles.h"
#include "worker_team.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/range_doppler_map.h>
#include <gnuradio/isac/sensing/window.h>
#include <gnuradio/isac/theory/constants.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <string>

namespace gr {
namespace isac {

namespace {

constexpr int MOST_THREADS = 64;

size_t members(int threads)
{
    require(threads >= 1 && threads <= MOST_THREADS,
            "map: threads",
            threads,
            "must be from 1 to " + std::to_string(MOST_THREADS));
    return static_cast<size_t>(threads);
}

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

range_doppler_map::room::room(const range_doppler_map& map)
    : row(map.d_range_cells),
      cells(map.d_tiles->row_length()),
      weights(map.d_pattern.subcarriers.span),
      columns(
          std::make_unique<column_stage>(map.d_pattern.symbols.span, map.d_doppler_cells))
{
    std::fill(row.begin(), row.end(), gr_complex(0, 0));
    std::fill(cells.begin(), cells.end(), gr_complex(0, 0));
}

range_doppler_map::room::~room() = default;

range_doppler_map::range_doppler_map(ofdm_grid::sptr grid, const parameters& p)
    : d_grid(std::move(grid)),
      d_params(p),
      d_pattern(*d_grid, p.pilots_only),
      d_division(p.mode == "division"),
      d_weighted(d_division || p.window != "rectangular"),
      d_range_cells(padded(d_pattern.subcarriers.length, p.pad_delay, "map: pad_delay")),
      d_doppler_cells(
          padded(d_pattern.symbols.length, p.pad_doppler, "map: pad_doppler")),
      d_window_delay(
          make_window(p.window, d_pattern.subcarriers.span, p.window_parameter)),
      d_window_doppler(make_window(p.window, d_pattern.symbols.span, p.window_parameter)),
      d_window_energies(d_pattern.subcarriers.span),
      d_tiles(std::make_unique<range_tiles>(d_pattern.symbols.span, d_range_cells)),
      d_noise(d_pattern.symbols.span),
      d_mask_delay(d_pattern.subcarriers.span),
      d_mask_doppler(d_pattern.symbols.span),
      d_turns(d_pattern.symbols.span),
      d_matched(d_grid, d_pattern, false, members(p.threads)),
      d_echoes(std::make_unique<std::vector<echo_response>>()),
      d_team(std::make_unique<worker_team>(members(p.threads)))
{
    require(d_division || p.mode == "matched_filter",
            "map: mode",
            p.mode,
            "must be matched_filter or division");
    volk_32f_x2_multiply_32f(d_window_energies.data(),
                             d_window_delay.data(),
                             d_window_delay.data(),
                             static_cast<unsigned int>(d_window_energies.size()));
    d_delay_step = 1 / (d_range_cells * d_pattern.subcarriers.spacing *
                        d_grid->subcarrier_spacing());
    d_doppler_step =
        1 / (d_doppler_cells * d_pattern.symbols.spacing * d_grid->symbol_duration());
    for (size_t member = 0; member < d_team->members(); member++)
        d_rooms.push_back(std::make_unique<room>(*this));
    auto& r = *d_rooms.front();
    d_range_fft = std::make_unique<fft_plan>(
        d_range_cells, FFTW_BACKWARD, r.row.data(), r.cells.data());
    std::fill(r.row.begin(), r.row.end(), gr_complex(0, 0));
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
    take(d_matched, rows, reference, 0, d_grid->num_symbols());
    return finish(d_matched, map);
}

void range_doppler_map::take(matched_frame& frame,
                             const gr_complex* rows,
                             const gr_complex* reference,
                             size_t first,
                             size_t count)
{
    frame.set_rows(rows, reference, first, count);
    transform_rows(d_pattern.symbols.count_before(first),
                   d_pattern.symbols.count_before(first + count),
                   [&](size_t symbol, size_t member) {
                       const gr_complex* products = frame.match(symbol, member);
                       auto& r = *d_rooms[member];
                       return d_weighted
                                  ? weigh_row(products, frame.sent_energies(member), r)
                                  : take_row(products, frame.row_energy(symbol), r);
                   });
}

bool range_doppler_map::finish(matched_frame& frame, float* map)
{
    frame.finish();
    return transform_columns(map);
}

bool range_doppler_map::process(const matched_frame& frame, float* map)
{
    const size_t span = d_pattern.subcarriers.span;
    transform_rows(0, d_noise.size(), [&](size_t symbol, size_t member) {
        return weigh_row(frame.products() + symbol * span,
                         frame.row_energies(symbol),
                         *d_rooms[member]);
    });
    return transform_columns(map);
}

// Where nothing is to be weighed or padded the products are transformed as they lie.
range_doppler_map::weighted_row
range_doppler_map::take_row(const gr_complex* products, double energy, room& r) const
{
    const size_t span = d_pattern.subcarriers.span;
    if (span == d_range_cells && d_range_fft->takes(products))
        return { products, energy };
    std::copy_n(products, span, r.row.data());
    return { r.row.data(), energy };
}

range_doppler_map::weighted_row range_doppler_map::weigh_row(const gr_complex* products,
                                                             const float* energies,
                                                             room& r) const
{
    const size_t span = d_pattern.subcarriers.span;
    const auto length = static_cast<unsigned int>(span);
    const float* weights = d_window_delay.data();
    float noise;
    if (d_division) {
        for (size_t k = 0; k < span; k++)
            r.weights[k] = energies[k] > 0 ? d_window_delay[k] / energies[k] : 0;
        weights = r.weights.data();
        volk_32f_x2_dot_prod_32f(&noise, weights, d_window_delay.data(), length);
    } else {
        volk_32f_x2_dot_prod_32f(&noise, energies, d_window_energies.data(), length);
    }
    volk_32fc_32f_multiply_32fc(r.row.data(), products, weights, length);
    return { r.row.data(), noise };
}

// Symbols of the pattern, from first to before last.
template <typename Row>
void range_doppler_map::transform_rows(size_t first, size_t last, Row row)
{
    const auto transform = [&](size_t member, size_t from, size_t to) {
        gr_complex* const cells = d_rooms[member]->cells.data();
        for (size_t i = first + from; i < first + to; i++) {
            d_tiles->expect(i);
            const auto weighted = row(i, member);
            d_noise[i] = weighted.noise;
            d_range_fft->execute(weighted.values, cells);
            d_tiles->put(i, cells, d_window_doppler[i]);
        }
        d_tiles->settle();
    };
    d_team->share(last - first, transform);
}

bool range_doppler_map::transform_columns(float* map)
{
    double noise = 0;
    for (size_t i = 0; i < d_noise.size(); i++)
        noise += d_noise[i] * d_window_doppler[i] * d_window_doppler[i];
    if (!(noise > 0)) {
        std::fill_n(map, d_doppler_cells * d_range_cells, 0.0f);
        return false;
    }
    d_scale = static_cast<float>(1 / noise);
    d_num_echoes = 0;
    const power_map to{ map, d_scale };
    const auto transform = [&](size_t member, size_t first, size_t last) {
        d_rooms[member]->columns->process(*d_tiles, to, first, last);
    };
    d_team->share(d_tiles->tiles(), transform);
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
    return d_scale * std::norm(sum);
}

void range_doppler_map::process_less(float* map, double negligible)
{
    const power_map to{ map, d_scale };
    const auto least = static_cast<float>(std::sqrt(negligible / d_scale));
    const auto transform = [&](size_t member, size_t first, size_t last) {
        d_rooms[member]->columns->process_less(
            *d_tiles, to, first, last, d_echoes->data(), d_num_echoes, least);
    };
    d_team->share(d_tiles->tiles(), transform);
}

void range_doppler_map::spread(const echo& e, double scale, size_t place)
{
    const size_t used = d_pattern.symbols.span, span = d_pattern.subcarriers.span;
    if (place == d_echoes->size()) {
        d_echoes->emplace_back();
        d_echoes->back().row.resize(d_tiles->row_length());
    }
    auto& to = (*d_echoes)[place];
    auto& r = *d_rooms.front();
    for (size_t k = 0; k < span; k++)
        r.row[k] =
            gr_complex(std::polar(scale, -2 * PI * d_pattern.frequencies[k] * e.delay)) *
            (d_window_delay[k] * d_mask_delay[k]);
    d_range_fft->execute(r.row.data(), to.row.data());

    for (size_t i = 0; i < used; i++)
        d_turns[i] =
            gr_complex(e.amplitude *
                       std::polar(1.0, 2 * PI * e.doppler * d_pattern.times[i])) *
            (d_window_doppler[i] * d_mask_doppler[i]);
    r.columns->transform_turns(d_turns, to);
}

bool range_doppler_map::holds_rows() const
{
    return !d_weighted && d_range_cells == d_pattern.subcarriers.span;
}

// The transform of conjugate cells is that of the cells back to products, conjugate.
void range_doppler_map::sum_conjugates(size_t first,
                                       size_t last,
                                       const gr_complex* turns,
                                       gr_complex* sums)
{
    auto& r = *d_rooms.front();
    d_tiles->sum_conjugates(first, last, turns, r.cells.data());
    d_range_fft->execute(r.cells.data(), r.row.data());
    volk_32f_s32f_multiply_32f(reinterpret_cast<float*>(sums),
                               reinterpret_cast<const float*>(r.row.data()),
                               1 / static_cast<float>(d_range_cells),
                               static_cast<unsigned int>(2 * d_range_cells));
}

gr_complex* range_doppler_map::idle_room() { return d_tiles->values(); }

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
