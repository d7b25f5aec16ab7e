/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "kernels/waveform_link.h"
#include <gnuradio/isac/theory/bit_error_rate.h>
#include <gnuradio/isac/waveform/frame_receiver.h>
#include <boost/test/unit_test.hpp>

using namespace gr::isac;
using isac_test::path;
using isac_test::propagate;
using isac_test::send;

namespace {

struct measured {
    double ber = 0, bits = 0, sinr_db = 0, evm = 0;
};

// Mean over frames of the link through the given paths, counted against what was sent.
measured run(ofdm_grid::sptr grid,
             const std::string& channel,
             const std::vector<path>& paths,
             double noise,
             int frames)
{
    frame_receiver receiver(grid, channel);
    const frame_codec codec(*grid);
    measured result;
    for (int i = 0; i < frames; i++) {
        const auto sent = send(grid, codec.capacity(), i, 100 + i);
        const auto rows = propagate(*grid, sent.rows, paths, noise, 200 + i);
        const auto& found = receiver.receive(rows.data(), sent.bits.data());
        result.ber += found.ber / frames;
        result.sinr_db += found.sinr_db / frames;
        result.evm += std::pow(10, found.evm_db / 10) / frames;
        result.bits += grid->data_bits();
    }
    return result;
}

ofdm_grid::sptr grid_of(const char* preset, const char* modulation)
{
    auto p = ofdm_grid::preset(preset);
    p.modulation = modulation;
    return ofdm_grid::make(p);
}

const std::pair<const char*, std::vector<double>> points[] = {
    { "qpsk", { 0, 4, 8, 10 } }, { "16qam", { 8, 12, 16 } }
};

} // namespace

// Counted errors are binomial; the two bits of an axis of 16-QAM fall together, which at
// most doubles the variance. 5 standard errors of that (chance 6e-7 a point), at 1e6 bits
// and more: 0.4% of the BER at 0.1, 12% at 1e-3.
BOOST_AUTO_TEST_CASE(bit_errors_follow_theory)
{
    for (const char* preset : { "NR mu 1", "LAWN flight" }) {
        for (const auto& [modulation, snrs_db] : points) {
            const auto grid = grid_of(preset, modulation);
            for (const double snr_db : snrs_db) {
                for (const std::string channel : { "known", "estimated" }) {
                    const double snr = std::pow(10, snr_db / 10);
                    const double gain = grid->amplitude();
                    const bool known = channel == "known";
                    // A known channel is flat; else half the CP and some Doppler.
                    const path p = {
                        gain,
                        known ? 0 : 0.5 * grid->shortest_cp_len() / grid->sample_rate(),
                        known ? 0 : 150.0
                    };
                    const auto found = run(grid, channel, { p }, gain * gain / snr, 10);
                    // The fit extends a fifth of the band over all of it: stated loss
                    // 0.1 dB at most from 0 dB on. Over a comb it costs nothing.
                    const double loss_db =
                        known || grid->params().pilots == "comb" ? 0 : 0.1;
                    const double best = theory::bit_error_rate(snr, modulation);
                    const double worst = theory::bit_error_rate(
                        snr * std::pow(10, -loss_db / 10), modulation);
                    const double error = std::sqrt(2 * best / found.bits);
                    BOOST_TEST_MESSAGE(preset << " " << modulation << " " << channel
                                              << " " << snr_db << " dB: " << found.ber
                                              << ", theory " << best << ", SINR "
                                              << found.sinr_db << " dB");
                    BOOST_TEST(found.ber > best - 5 * error);
                    BOOST_TEST(found.ber < worst + 5 * error);
                    // 10 frames of 23 thousand pilots: 4.35 dB / sqrt(230e3), five times
                    BOOST_TEST(std::abs(found.sinr_db - snr_db) < 0.05);
                }
            }
        }
    }
}

// With a second path at half the amplitude the channel is averaged in tiles. The error
// after division is noise / abs(H)^2 and the tile's share of noise, 1 / 8 at most:
// 0.51 dB; interpolation over 4 subcarriers adds 1% at 30 dB.
BOOST_AUTO_TEST_CASE(several_paths_cost_what_is_stated)
{
    const auto grid = grid_of("NR mu 1", "qpsk");
    const double sample = 1 / grid->sample_rate();
    const std::vector<path> paths = { { 1.0, 10 * sample, 20.0 },
                                      { { 0.0, 0.5 }, 20 * sample, -40.0 } };
    for (const double snr_db : { 20.0, 30.0 }) {
        const double noise = std::pow(10, -snr_db / 10);
        const auto found = run(grid, "estimated", paths, noise, 10);
        // abs(H)^2 is 1.25 + cos(phase), the phase uniform over band and frame:
        // mean of its inverse 1 / sqrt(1.25^2 - 1)
        const double ideal = noise / 0.75;
        const double loss_db = 10 * std::log10(found.evm / ideal);
        BOOST_TEST_MESSAGE(snr_db << " dB: loss " << loss_db << " dB");
        BOOST_TEST(loss_db > -0.05);
        BOOST_TEST(loss_db < 0.6);
        // and the SINR is that of the mean power of both paths
        BOOST_TEST(std::abs(found.sinr_db - snr_db - 10 * std::log10(1.25)) < 0.1);
    }
}
