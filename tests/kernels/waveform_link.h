/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef ISAC_TESTS_WAVEFORM_LINK_H
#define ISAC_TESTS_WAVEFORM_LINK_H

#include <gnuradio/isac/waveform/frame_codec.h>
#include <gnuradio/isac/waveform/frame_mapper.h>
#include <cmath>
#include <complex>
#include <random>
#include <vector>

namespace isac_test {

//! A path of the test channel.
struct path {
    std::complex<double> gain;
    double delay;   // s
    double doppler; // Hz
};

//! A transmitted frame with everything that is known about it.
struct sent_frame {
    std::vector<uint8_t> payload, bits;
    std::vector<gr_complex> rows; // unit energy
};

inline sent_frame
send(gr::isac::ofdm_grid::sptr grid, size_t payload_bytes, uint64_t number, unsigned seed)
{
    gr::isac::frame_codec codec(*grid);
    gr::isac::frame_mapper mapper(grid);
    sent_frame frame;
    std::mt19937 random(seed);
    frame.payload.resize(payload_bytes);
    for (auto& byte : frame.payload)
        byte = static_cast<uint8_t>(random());
    frame.bits.resize(codec.frame_bytes());
    codec.encode(number, frame.payload.data(), payload_bytes, frame.bits.data());
    const size_t n = grid->num_subcarriers();
    frame.rows.resize(n * grid->num_symbols());
    for (size_t m = 0; m < grid->num_symbols(); m++)
        mapper.map(m, frame.bits.data(), frame.rows.data() + m * n);
    return frame;
}

//! The channel in its closed form on rows, and white noise of the given power.
inline std::vector<gr_complex> propagate(const gr::isac::ofdm_grid& grid,
                                         const std::vector<gr_complex>& rows,
                                         const std::vector<path>& paths,
                                         double noise,
                                         unsigned seed)
{
    const size_t n = grid.num_subcarriers();
    const double two_pi = 2 * std::acos(-1.0);
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, std::sqrt(noise / 2));
    std::vector<gr_complex> received(rows.size());
    for (size_t i = 0; i < rows.size(); i++) {
        const double frequency =
            (static_cast<double>(i % n) - n / 2.0) * grid.subcarrier_spacing();
        std::complex<double> h = 0;
        for (const path& p : paths)
            h += p.gain * std::polar(1.0,
                                     two_pi * (p.doppler * grid.symbol_times()[i / n] -
                                               frequency * p.delay));
        std::complex<double> y = h * std::complex<double>(rows[i]);
        if (noise > 0)
            y += std::complex<double>(normal(random), normal(random));
        received[i] = gr_complex(y);
    }
    return received;
}

} // namespace isac_test

#endif /* ISAC_TESTS_WAVEFORM_LINK_H */
