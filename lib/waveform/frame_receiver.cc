/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "bit_count.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/bit_error_rate.h>
#include <gnuradio/isac/waveform/frame_receiver.h>
#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

namespace gr {
namespace isac {

namespace {

double decibels(double ratio)
{
    return ratio > 0 ? 10 * std::log10(ratio) : -std::numeric_limits<double>::infinity();
}

} // namespace

frame_receiver::frame_receiver(ofdm_grid::sptr grid, const std::string& channel)
    : d_grid(std::move(grid)),
      d_codec(*d_grid),
      d_mapper(d_grid),
      d_bits(d_codec.frame_bytes()),
      d_row(d_grid->num_subcarriers()),
      d_decided(d_grid->num_subcarriers())
{
    require(channel == "estimated" || channel == "known",
            "frame_receiver: channel",
            channel,
            "must be estimated or known");
    if (channel == "estimated")
        d_estimator = std::make_unique<channel_estimator>(d_grid);
}

void frame_receiver::decide(const gr_complex* rows, uint8_t* bits)
{
    const size_t n = d_grid->num_subcarriers();
    for (size_t symbol = 0; symbol < d_grid->num_symbols(); symbol++)
        d_mapper.demap(symbol, rows + symbol * n, bits);
}

void frame_receiver::measure_known(const gr_complex* rows)
{
    const std::complex<float> gain = d_grid->amplitude();
    const auto& pilots = d_grid->pilots();
    std::complex<double> sum = 0;
    double residual = 0;
    for (const uint32_t i : d_grid->pilot_indices()) {
        sum += std::complex<double>(rows[i] * std::conj(pilots[i]));
        residual += std::norm(rows[i] - gain * pilots[i]);
    }
    const double count = d_grid->pilot_indices().size();
    d_signal = std::norm(gain);
    d_noise = count > 0 ? residual / count : 0;
    d_coherent = count > 0 ? std::norm(sum / count) - d_noise / count : 0;
}

double frame_receiver::detect(const gr_complex* rows, const uint8_t* reference)
{
    const size_t n = d_grid->num_subcarriers();
    const bool has_data = !d_grid->data_indices().empty();
    const auto& measured = has_data ? d_grid->data_indices() : d_grid->pilot_indices();
    const gr_complex known_inverse = 1 / d_grid->amplitude();
    double error = 0, energy = 0;
    size_t i = 0;
    for (size_t symbol = 0; symbol < d_grid->num_symbols(); symbol++) {
        const size_t first = symbol * n;
        if (d_estimator)
            d_estimator->equalise(symbol, rows + first, d_row.data());
        else
            std::transform(rows + first,
                           rows + first + n,
                           d_row.begin(),
                           [&](gr_complex y) { return y * known_inverse.real(); });
        d_mapper.demap(symbol, d_row.data(), d_bits.data());
        d_mapper.map(symbol, reference ? reference : d_bits.data(), d_decided.data());
        float row_error = 0, row_energy = 0;
        for (; i < measured.size() && measured[i] < first + n; i++) {
            const gr_complex sent = d_decided[measured[i] - first];
            row_error += std::norm(d_row[measured[i] - first] - sent);
            row_energy += std::norm(sent);
        }
        error += row_error;
        energy += row_energy;
    }
    return error / energy;
}

void frame_receiver::follow_decisions(const gr_complex* rows, const uint8_t* reference)
{
    // Mean squared error of decisions at random is 2/3 of the squared half distance; up
    // to half of it most decisions hold.
    const double half_distance = d_mapper.symbols().half_distance();
    const double reliable = 0.5 * half_distance * half_distance;
    constexpr double unexplained = 1.1; // error beyond what the pilots' noise gives
    constexpr int rounds = 2;
    for (int i = 0; i < rounds; i++) {
        if (d_error > reliable || d_error < unexplained * d_noise / d_signal)
            return;
        d_estimator->refine(rows, d_mapper, d_bits.data());
        const double error = detect(rows, reference);
        if (!(error < d_error)) { // decisions led astray
            d_estimator->estimate(rows);
            d_error = detect(rows, reference);
            return;
        }
        d_error = error;
    }
}

const received_frame& frame_receiver::receive(const gr_complex* rows,
                                              const uint8_t* reference)
{
    d_result = {};
    if (d_estimator) {
        if (!d_estimator->estimate(rows)) {
            d_result.rsrp_dbm = d_result.sinr_db = decibels(0);
            d_result.ber = 0.5;
            return d_result;
        }
        d_signal = d_coherent = d_estimator->signal();
        d_noise = d_estimator->noise();
    } else {
        measure_known(rows);
    }
    d_error = detect(rows, reference);
    if (d_estimator && !d_estimator->spans_band() && !d_grid->data_indices().empty())
        follow_decisions(rows, reference);
    if (!d_estimator && d_grid->pilot_indices().empty())
        d_noise = d_error * d_signal;

    d_result.payload = d_codec.decode(d_bits.data());
    d_result.rsrp_dbm = decibels(d_coherent / d_grid->num_subcarriers());
    const double snr =
        d_noise > 0 ? d_signal / d_noise : std::numeric_limits<double>::infinity();
    d_result.sinr_db = decibels(snr);
    d_result.evm_db = decibels(d_error);
    if (d_estimator) {
        d_result.delay = d_estimator->delay();
        d_result.doppler = d_estimator->doppler();
    }
    if (d_bits.empty())
        d_result.ber = 0;
    else if (reference)
        d_result.ber = count_bits(d_bits.data(), d_bits.size(), reference) /
                       static_cast<double>(d_grid->data_bits());
    else if (d_result.payload.ok)
        d_result.ber =
            d_result.payload.idle_bit_errors / static_cast<double>(d_grid->data_bits());
    else
        d_result.ber = theory::bit_error_rate(std::min(snr, 1e12), // finite without noise
                                              d_grid->params().modulation);
    return d_result;
}

} // namespace isac
} // namespace gr
