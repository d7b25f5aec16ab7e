/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "fft_plan.h"
#include "prefetch.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/waveform/ofdm_transform.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

ofdm_transform::ofdm_transform(ofdm_grid::sptr grid, int timing_advance)
    : d_grid(std::move(grid)),
      d_advance(timing_advance),
      d_in(d_grid->num_subcarriers()),
      d_out(d_grid->num_subcarriers()),
      d_alternating(d_grid->num_subcarriers()),
      d_scaled(d_grid->num_subcarriers())
{
    const size_t n = d_grid->num_subcarriers();
    const size_t shortest_cp = d_grid->shortest_cp_len();
    require(timing_advance >= 0 && static_cast<size_t>(timing_advance) <= shortest_cp,
            "ofdm_transform: timing_advance",
            timing_advance,
            "must be from 0 to the shortest cyclic prefix = " +
                std::to_string(shortest_cp));
    const float unitary = 1 / std::sqrt(static_cast<float>(n));
    for (size_t i = 0; i < n; i++)
        d_alternating[i] = i % 2 ? -unitary : unitary;
    if (d_advance > 0) {
        d_compensation.resize(n);
        for (size_t k = 0; k < n; k++) {
            const double cycles =
                (static_cast<double>(k) - n / 2) * static_cast<double>(d_advance) / n;
            d_compensation[k] = gr_complex(std::polar(1.0, 2 * PI * cycles));
        }
    }
    // One symbol a plan: its data stays in the first-level cache from mapping to output,
    // where a batch over the frame would go through memory.
    d_inverse = std::make_unique<fft_plan>(n, FFTW_BACKWARD, d_in.data(), d_out.data());
    d_forward = std::make_unique<fft_plan>(n, FFTW_FORWARD, d_in.data(), d_out.data());
}

ofdm_transform::~ofdm_transform() = default;

void ofdm_transform::transform(const gr_complex* row,
                               size_t cp,
                               gr_complex* samples,
                               float scale)
{
    const size_t n = d_grid->num_subcarriers();
    if (scale != d_scale) {
        volk_32f_s32f_multiply_32f(d_scaled.data(), d_alternating.data(), scale, n);
        d_scale = scale;
    }
    prefetch_to_write(samples, n + cp);
    if (!d_inverse->takes(row))
        row = std::copy_n(row, n, d_in.data()) - n;
    d_inverse->execute(row, d_out.data());
    volk_32fc_32f_multiply_32fc(samples + cp, d_out.data(), d_scaled.data(), n);
    std::copy_n(samples + n, cp, samples);
}

void ofdm_transform::modulate(size_t symbol,
                              const gr_complex* row,
                              gr_complex* samples,
                              float scale)
{
    transform(row, d_grid->cp_len(symbol), samples, scale);
}

void ofdm_transform::modulate_preamble(gr_complex* samples, float scale)
{
    if (d_grid->preamble_samples() > 0)
        transform(d_grid->preamble_row().data(), d_grid->cp_len(0), samples, scale);
}

void ofdm_transform::demodulate(const gr_complex* window, gr_complex* row)
{
    const size_t n = d_grid->num_subcarriers();
    volk_32fc_32f_multiply_32fc(d_in.data(), window, d_alternating.data(), n);
    const bool direct = d_compensation.empty() && d_forward->takes(row);
    d_forward->execute(d_in.data(), direct ? row : d_out.data());
    if (direct)
        return;
    if (d_compensation.empty())
        std::copy_n(d_out.data(), n, row);
    else
        volk_32fc_x2_multiply_32fc(row, d_out.data(), d_compensation.data(), n);
}

} // namespace isac
} // namespace gr
