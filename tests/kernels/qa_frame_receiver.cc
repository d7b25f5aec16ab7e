/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "waveform_link.h"
#include <gnuradio/isac/waveform/frame_receiver.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>

using gr::isac::frame_receiver;
using gr::isac::ofdm_grid;
using isac_test::path;
using isac_test::propagate;
using isac_test::send;

namespace {

ofdm_grid::sptr grid_of(const std::string& preset, const std::string& modulation)
{
    auto p = ofdm_grid::preset(preset);
    p.modulation = modulation;
    return ofdm_grid::make(p);
}

double half_cp(const ofdm_grid& grid)
{
    return 0.5 * grid.shortest_cp_len() / grid.sample_rate();
}

void check_payload(const gr::isac::received_frame& found,
                   const isac_test::sent_frame& sent,
                   uint64_t number)
{
    BOOST_REQUIRE(found.payload.ok);
    BOOST_TEST(found.payload.frame == number);
    BOOST_TEST(found.payload.payload_bytes == sent.payload.size());
    BOOST_TEST(
        std::equal(sent.payload.begin(), sent.payload.end(), found.payload.payload));
}

} // namespace

// The SNR at which a frame must pass without an error: at 30 dB, 64-QAM's nearest
// neighbour is 6.9 standard deviations of an axis away (error 3e-12 a bit), at 36 dB
// 256-QAM's is 6.8.
BOOST_AUTO_TEST_CASE(a_single_path_is_error_free)
{
    const std::pair<const char*, double> cases[] = {
        { "bpsk", 30 }, { "qpsk", 30 }, { "16qam", 30 }, { "64qam", 30 }, { "256qam", 36 }
    };
    for (const char* preset : { "LAWN", "LAWN flight", "NR mu 1", "NR mu 3" }) {
        for (const auto& [modulation, snr_db] : cases) {
            const auto grid = grid_of(preset, modulation);
            const gr::isac::frame_codec codec(*grid);
            frame_receiver receiver(grid);
            const auto sent = send(grid, codec.capacity(), 7, 1);
            const double noise = std::pow(10, -snr_db / 10);
            for (const double delay : { 0.0, half_cp(*grid) }) {
                for (const double doppler : { 0.0, -0.02 * grid->subcarrier_spacing() }) {
                    BOOST_TEST_CONTEXT(preset << " " << modulation << " delay " << delay
                                              << " doppler " << doppler)
                    {
                        const path p = { std::polar(1e-3, 2.0), delay, doppler };
                        const auto rows =
                            propagate(*grid, sent.rows, { p }, noise * 1e-6, 2);
                        const auto& found = receiver.receive(rows.data());
                        check_payload(found, sent, 7);
                        BOOST_TEST(found.ber == 0);
                        // Noise and signal over P pilots: standard error 4.3 dB / sqrt(P)
                        const double tolerance =
                            5 * 4.35 / std::sqrt(1.0 * grid->pilot_indices().size());
                        BOOST_TEST(std::abs(found.sinr_db - snr_db) < tolerance);
                        const double evm_tolerance =
                            5 * 4.35 / std::sqrt(1.0 * grid->data_indices().size());
                        BOOST_TEST(std::abs(found.evm_db + snr_db) < evm_tolerance);
                        const double rsrp =
                            -60 - 10 * std::log10(grid->num_subcarriers());
                        BOOST_TEST(std::abs(found.rsrp_dbm - rsrp) < 0.05);
                    }
                }
            }
        }
    }
}

// Fit errors against the Cramer-Rao bound of the pilots alone, 6 standard deviations.
BOOST_AUTO_TEST_CASE(delay_and_doppler_are_fitted)
{
    for (const char* preset : { "LAWN flight", "NR mu 1" }) {
        const auto grid = grid_of(preset, "qpsk");
        gr::isac::channel_estimator estimator(grid);
        const auto sent = send(grid, 0, 0, 1);
        const auto& pilots = grid->pilot_indices();
        const size_t n = grid->num_subcarriers();
        double mean_k = 0, spread_k = 0, spread_t = 0;
        for (const auto i : pilots)
            mean_k += static_cast<double>(i % n) / pilots.size();
        for (const auto i : pilots) {
            spread_k += std::pow(i % n - mean_k, 2);
            spread_t += std::pow(grid->symbol_times()[i / n], 2);
        }
        for (const double snr_db : { -10.0, 0.0, 40.0 }) {
            const double snr = std::pow(10, snr_db / 10);
            const path p = { 1.0,
                             0.31 * grid->shortest_cp_len() / grid->sample_rate(),
                             0.03 * grid->subcarrier_spacing() };
            const auto rows = propagate(*grid, sent.rows, { p }, 1 / snr, 3);
            BOOST_REQUIRE(estimator.estimate(rows.data()));
            const double two_pi = 2 * std::acos(-1.0);
            const double std_delay =
                1 / (two_pi * grid->subcarrier_spacing() * std::sqrt(2 * snr * spread_k));
            const double std_doppler = 1 / (two_pi * std::sqrt(2 * snr * spread_t));
            BOOST_TEST(std::abs(estimator.delay() - p.delay) < 6 * std_delay);
            BOOST_TEST(std::abs(estimator.doppler() - p.doppler) < 6 * std_doppler);
            BOOST_TEST(!estimator.dispersive());
            // Bias-corrected also where noise is stronger than the signal: relative
            // standard error of the power sqrt(2 / (P snr)), 6 of them.
            BOOST_TEST(std::abs(estimator.signal() - 1) <
                       6 * std::sqrt(2 / (pilots.size() * snr)));
            BOOST_TEST(std::abs(estimator.noise() * snr - 1) <
                       6 / std::sqrt(1.0 * pilots.size()));
        }
    }
}

// Two paths make the channel differ over the band and in time.
BOOST_AUTO_TEST_CASE(several_paths_are_equalised)
{
    const std::pair<const char*, const char*> cases[] = { { "LAWN flight", "qpsk" },
                                                          { "NR mu 1", "16qam" } };
    for (const auto& [preset, modulation] : cases) {
        const auto grid = grid_of(preset, modulation);
        const gr::isac::frame_codec codec(*grid);
        frame_receiver receiver(grid);
        const auto sent = send(grid, codec.capacity(), 3, 1);
        const double sample = 1 / grid->sample_rate();
        const std::vector<path> paths = { { 1.0, 10 * sample, 20.0 },
                                          { { 0.0, 0.25 }, 22 * sample, -60.0 } };
        const auto rows = propagate(*grid, sent.rows, paths, 1e-3, 4);
        const auto& found = receiver.receive(rows.data());
        BOOST_TEST_CONTEXT(preset << " evm " << found.evm_db << " sinr " << found.sinr_db)
        {
            check_payload(found, sent, 3);
            BOOST_TEST(found.evm_db < -25);
        }
    }
}

// Sparse, staggered and irregular pilots; what a pattern cannot see is left out of the
// channel (Doppler with pilots in one symbol, delay with one subcarrier).
BOOST_AUTO_TEST_CASE(any_pattern_of_pilots)
{
    ofdm_grid::parameters base;
    base.fft_len = 128;
    base.cp_len = { 12, 10 };
    base.num_symbols = 28;
    base.dc_null = true;
    base.guard_low = 5;
    base.guard_high = 6;
    std::vector<ofdm_grid::parameters> patterns(6, base);
    patterns[0].comb_spacing_time = 4;
    patterns[1].comb_spacing_frequency = 6;
    patterns[1].comb_stagger = 3;
    patterns[1].comb_offset_frequency = 2;
    patterns[2].comb_spacing_time = 28;
    patterns[2].comb_offset_time = 13;
    patterns[3].pilots = "cells";
    for (int i = 0; i < 60; i++)
        patterns[3].pilot_cells.push_back({ i * 5 % 28, 8 + i * 37 % 53, { 0, 0 } });
    patterns[4].pilots = "cells";
    for (int i = 0; i < 28; i++)
        patterns[4].pilot_cells.push_back({ i, 30, { 0, 0 } });
    patterns[5].pilots = "cells";
    patterns[5].pilot_cells = { { 3, 30, { 0, 0 } } };
    for (size_t i = 0; i < patterns.size(); i++) {
        BOOST_TEST_CONTEXT("pattern " << i)
        {
            const auto grid = ofdm_grid::make(patterns[i]);
            const gr::isac::frame_codec codec(*grid);
            frame_receiver receiver(grid);
            const auto sent = send(grid, codec.capacity(), 3, 1);
            const path p = { std::polar(0.1, 1.0),
                             i < 4 ? half_cp(*grid) : 0,
                             i == 2 || i == 5 ? 0 : 100.0 };
            const auto rows = propagate(*grid, sent.rows, { p }, 1e-5, 4);
            check_payload(receiver.receive(rows.data()), sent, 3);
        }
    }
}

BOOST_AUTO_TEST_CASE(bit_errors_are_counted)
{
    const auto grid = grid_of("NR mu 1", "16qam");
    const gr::isac::frame_codec codec(*grid);
    frame_receiver receiver(grid);
    const auto sent = send(grid, codec.capacity(), 3, 1);
    const auto rows = propagate(*grid, sent.rows, { { 1.0, 0, 0 } }, 0.05, 5);
    std::vector<uint8_t> reference(receiver.frame_bytes());
    receiver.decide(sent.rows.data(), reference.data());
    BOOST_TEST(reference == sent.bits);

    const double counted = receiver.receive(rows.data(), reference.data()).ber;
    const auto& found = receiver.receive(rows.data());
    BOOST_TEST(!found.payload.ok);
    BOOST_TEST(counted > 0);
    // Theory at the measured SINR; 294 thousand bits at 2e-3 scatter by 4%.
    BOOST_TEST(std::abs(found.ber / counted - 1) < 0.2);
}

// Errors in the idle fill are counted, though the payload passes.
BOOST_AUTO_TEST_CASE(idle_fill_counts_too)
{
    const auto grid = grid_of("NR mu 1", "qpsk");
    frame_receiver receiver(grid);
    const auto sent = send(grid, 0, 3, 1);
    const auto rows = propagate(*grid, sent.rows, { { 1.0, 0, 0 } }, 0.1, 5);
    const auto found = receiver.receive(rows.data());
    BOOST_REQUIRE(found.payload.ok);
    BOOST_TEST(found.ber == receiver.receive(rows.data(), sent.bits.data()).ber);
    BOOST_TEST(found.ber > 0);
}

BOOST_AUTO_TEST_CASE(nothing_received)
{
    const auto grid = grid_of("LAWN", "qpsk");
    frame_receiver receiver(grid);
    const std::vector<gr_complex> rows(grid->num_symbols() * grid->num_subcarriers());
    const auto& found = receiver.receive(rows.data());
    BOOST_TEST(!found.payload.ok);
    BOOST_TEST(std::isinf(found.rsrp_dbm));
    BOOST_TEST(std::isinf(found.sinr_db));
    BOOST_TEST(found.ber == 0.5);
}

BOOST_AUTO_TEST_CASE(noise_alone_makes_no_payload)
{
    const auto grid = grid_of("LAWN flight", "qpsk");
    frame_receiver receiver(grid);
    const std::vector<gr_complex> silence(grid->num_symbols() * grid->num_subcarriers());
    const auto rows = propagate(*grid, silence, {}, 1.0, 6);
    const auto& found = receiver.receive(rows.data());
    BOOST_TEST(!found.payload.ok);
    BOOST_TEST(found.sinr_db < -20);
    BOOST_TEST(found.ber > 0.4);
}

BOOST_AUTO_TEST_CASE(a_known_channel)
{
    for (const char* pilots : { "comb", "none" }) {
        auto p = ofdm_grid::preset("NR mu 1");
        p.pilots = pilots;
        const auto grid = ofdm_grid::make(p);
        frame_receiver receiver(grid, "known");
        const auto sent = send(grid, 100, 9, 1);
        const double gain = grid->amplitude();
        const auto rows =
            propagate(*grid, sent.rows, { { gain, 0, 0 } }, gain * gain * 1e-2, 7);
        const auto& found = receiver.receive(rows.data());
        check_payload(found, sent, 9);
        BOOST_TEST(std::abs(found.sinr_db - 20) < 0.15);
    }
}

BOOST_AUTO_TEST_CASE(refusals)
{
    auto p = ofdm_grid::preset("NR mu 1");
    BOOST_CHECK_THROW(frame_receiver(ofdm_grid::make(p), "perfect"),
                      std::invalid_argument);
    p.pilots = "none";
    BOOST_CHECK_THROW(frame_receiver(ofdm_grid::make(p), "estimated"),
                      std::invalid_argument);
}
