/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/waveform/gold_sequence.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

using gr::isac::gold_sequence;
using gr::isac::ofdm_grid;
using element = ofdm_grid::element;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

ofdm_grid::parameters small()
{
    ofdm_grid::parameters p;
    p.fft_len = 16;
    p.cp_len = { 4 };
    p.num_symbols = 6;
    return p;
}

// TS 38.211, 5.2.1, bit by bit from whole sequences: x1 and x2 of length N_C + length,
// as the recursions of the text.
std::vector<int> reference_gold(uint32_t c_init, size_t length)
{
    constexpr size_t skipped = 1600;
    std::vector<int> x1(skipped + length + 31), x2(skipped + length + 31);
    x1[0] = 1;
    for (int i = 0; i < 31; i++)
        x2[i] = (c_init >> i) & 1;
    for (size_t n = 0; n + 31 < x1.size(); n++) {
        x1[n + 31] = (x1[n + 3] + x1[n]) % 2;
        x2[n + 31] = (x2[n + 3] + x2[n + 2] + x2[n + 1] + x2[n]) % 2;
    }
    std::vector<int> c(length);
    for (size_t n = 0; n < length; n++)
        c[n] = (x1[n + skipped] + x2[n + skipped]) % 2;
    return c;
}

} // namespace

BOOST_AUTO_TEST_CASE(gold_sequence_of_ts_38_211)
{
    for (const uint32_t c_init : { 0u, 1u, 0x15acu, 0x7fffffffu }) {
        gold_sequence bits(c_init), symbols(c_init);
        const auto expected = reference_gold(c_init, 4000);
        for (const int bit : expected)
            BOOST_REQUIRE(bits.next_bit() == bit);
        for (size_t i = 0; i + 1 < expected.size(); i += 2) {
            const gr_complex value = symbols.next_qpsk();
            BOOST_REQUIRE_SMALL(
                std::abs(value - gr_complex((1 - 2 * expected[i]) * std::sqrt(0.5f),
                                            (1 - 2 * expected[i + 1]) * std::sqrt(0.5f))),
                1e-6f);
        }
    }
    BOOST_CHECK_THROW(gold_sequence(0x80000000u), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(lawn_flight_figures)
{
    const ofdm_grid grid(ofdm_grid::preset("LAWN flight"));
    BOOST_CHECK_CLOSE(grid.sample_rate(), 10.24e6, 1e-9);
    BOOST_CHECK_CLOSE(grid.bandwidth(), 408 * 20e3, 1e-9); // 80% of the subcarriers
    // c * 128 / (2 * 10.24 MHz) and lambda / (2 * 256 * 62.5 us), c = 299792458 m/s
    BOOST_CHECK_CLOSE(grid.cp_range(), 1873.702863, 1e-6);
    BOOST_TEST(std::abs(grid.cp_range() - 1875) < 2);
    BOOST_CHECK_CLOSE(grid.velocity_resolution(), 4.684257, 1e-4);
    BOOST_TEST(std::abs(grid.velocity_resolution() - 4.7) < 0.05);
    BOOST_CHECK_CLOSE(grid.range_resolution(), 299792458.0 / (2 * 8.16e6), 1e-9);
    BOOST_CHECK_CLOSE(grid.unambiguous_range(), 299792458.0 / (2 * 20e3), 1e-9);
    BOOST_CHECK_CLOSE(
        grid.unambiguous_velocity(), grid.wavelength() / (4 * 62.5e-6), 1e-9);
    BOOST_CHECK_CLOSE(grid.pilot_overhead(), 82.0 / 408, 1e-9); // a fifth, rounded
}

BOOST_AUTO_TEST_CASE(the_published_lawn_grid_is_too_short)
{
    const ofdm_grid grid(ofdm_grid::preset("LAWN"));
    // 1.25 us CP is 12.5 samples: 13 and 12 in turn, and 12 bounds the range
    BOOST_TEST(grid.frame_samples() == 64 * 50 + 32 * (13 + 12));
    BOOST_CHECK_CLOSE(grid.frame_duration(), 64 * 6.25e-6, 1e-9);
    BOOST_CHECK_CLOSE(grid.cp_range(), 299792458.0 * 1.2e-6 / 2, 1e-9);
    BOOST_TEST(grid.num_active() == 64u * 50);
    BOOST_TEST(grid.pilot_indices().size() == 64u * 10);
    BOOST_TEST(grid.warnings(100, 10).empty());
    BOOST_TEST(grid.warnings(500, 10).size() == 1u);   // beyond the CP
    BOOST_TEST(grid.warnings(1000, 10).size() == 2u);  // and the unambiguous 750 m
    BOOST_TEST(grid.warnings(1000, 1e5).size() == 3u); // and the velocity
    BOOST_CHECK_THROW(grid.warnings(-1, 0), std::invalid_argument);
    BOOST_CHECK_THROW(grid.warnings(0, not_a_number), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(nr_numerologies)
{
    for (int mu = 0; mu <= 6; mu++) {
        const ofdm_grid grid(ofdm_grid::preset("NR mu " + std::to_string(mu)));
        BOOST_CHECK_CLOSE(grid.subcarrier_spacing(), 15e3 * (1 << mu), 1e-9);
        BOOST_TEST(grid.num_active() == 112u * 68 * 12);
        // 144 kappa 2^-mu in units of 1 / (480 kHz * 4096) with kappa = 64, and 16 kappa
        // more where a half millisecond begins: TS 38.211, 5.3.1
        const double unit = 1 / (480e3 * 4096);
        const size_t symbols_per_half_ms = 7u << mu;
        double start = 0;
        for (size_t m = 0; m < 112; m++) {
            const double long_part = m % symbols_per_half_ms == 0 ? 16 * 64 * unit : 0;
            const double cp = 144 * 64 * unit / (1 << mu) + long_part;
            BOOST_CHECK_CLOSE(grid.cp_len(m) / grid.sample_rate(), cp, 1e-9);
            start += cp;
            BOOST_CHECK_CLOSE(grid.symbol_start(m) / grid.sample_rate(), start, 1e-9);
            start += 1 / grid.subcarrier_spacing();
            if ((m + 1) % symbols_per_half_ms == 0)
                BOOST_CHECK_CLOSE(start, 0.5e-3 * (m + 1) / symbols_per_half_ms, 1e-9);
        }
    }
    BOOST_TEST(ofdm_grid::presets().size() == 9u);
    for (const auto& name : ofdm_grid::presets())
        BOOST_CHECK_NO_THROW(ofdm_grid(ofdm_grid::preset(name)));
    BOOST_CHECK_THROW(ofdm_grid::preset("NR mu 7"), std::invalid_argument);
    BOOST_CHECK_THROW(ofdm_grid::preset(""), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(times)
{
    auto p = small();
    p.cp_len = { 4, 2, 0 };
    p.preamble = true;
    const ofdm_grid grid(p);
    BOOST_TEST(grid.preamble_samples() == 20u);
    BOOST_TEST(grid.frame_samples() == 20u + 6 * 16 + 2 * (4 + 2 + 0));
    BOOST_TEST(grid.shortest_cp_len() == 0u);
    const auto& times = grid.symbol_times();
    BOOST_CHECK_SMALL(std::accumulate(times.begin(), times.end(), 0.0), 1e-15);
    for (size_t m = 0; m < 6; m++) {
        const double centre = (grid.symbol_start(m) + 7.5) / grid.sample_rate();
        BOOST_CHECK_SMALL(centre - grid.middle_time() - times[m], 1e-15);
    }
}

BOOST_AUTO_TEST_CASE(patterns)
{
    auto p = small();
    p.guard_low = 2;
    p.guard_high = 1;
    p.dc_null = true;
    p.comb_spacing_frequency = 4;
    p.comb_spacing_time = 2;
    p.comb_offset_frequency = 1;
    p.comb_offset_time = 1;
    p.comb_stagger = 2;
    const ofdm_grid grid(p);
    for (int m = 0; m < 6; m++) {
        const int pilot_row = (m - 1) / 2;
        for (int k = 0; k < 16; k++) {
            const bool null = k < 2 || k > 14 || k == 8;
            const bool pilot = m % 2 == 1 && k % 4 == (1 + 2 * pilot_row) % 4;
            const element expected = null    ? element::null
                                     : pilot ? element::pilot
                                             : element::data;
            const size_t i = m * 16 + k;
            BOOST_CHECK(grid.elements()[i] == expected);
            BOOST_CHECK_SMALL(std::abs(grid.pilots()[i]) -
                                  (expected == element::pilot ? 1.0f : 0.0f),
                              1e-6f);
        }
    }
    BOOST_TEST(grid.num_active() == 6u * 12);
    BOOST_TEST(grid.pilot_spacing_frequency() == 2u); // over all symbols: staggered
    BOOST_TEST(grid.pilot_spacing_time() == 2u);
    BOOST_CHECK_CLOSE(grid.amplitude(), std::sqrt(16.0f / 12), 1e-4f);

    p = small();
    p.pilots = "contiguous";
    p.pilot_share = 0.25;
    BOOST_TEST(ofdm_grid(p).pilot_indices().size() == 6u * 4);
    p.pilots = "all";
    BOOST_TEST(ofdm_grid(p).data_bits() == 0u);
    p.pilots = "none";
    BOOST_TEST(ofdm_grid(p).data_indices().size() == 6u * 16);
    p.pilots = "cells";
    p.pilot_cells = { { 0, 3, { 0, 1 } }, { 5, 2, { 0, 0 } } };
    const ofdm_grid cells(p);
    BOOST_TEST(cells.pilot_indices() == (std::vector<uint32_t>{ 3, 82 }),
               boost::test_tools::per_element());
    BOOST_TEST(cells.pilots()[3] == gr_complex(0, 1));
    for (const auto& [name, bits] : { std::pair<const char*, int>{ "bpsk", 1 },
                                      { "qpsk", 2 },
                                      { "16qam", 4 },
                                      { "64qam", 6 },
                                      { "256qam", 8 } }) {
        p.modulation = name;
        BOOST_TEST(ofdm_grid(p).bits_per_element() == bits);
    }
}

// Two equal halves: every second subcarrier from the carrier on.
BOOST_AUTO_TEST_CASE(preamble)
{
    for (const int fft_len : { 16, 18 }) {
        auto p = small();
        p.fft_len = fft_len;
        p.preamble = true;
        p.guard_low = 3;
        const ofdm_grid grid(p);
        double energy = 0;
        for (int k = 0; k < fft_len; k++) {
            if ((k - fft_len / 2) % 2 != 0 || k < 3)
                BOOST_TEST(grid.preamble_row()[k] == gr_complex(0, 0));
            energy += std::norm(grid.preamble_row()[k]);
        }
        BOOST_CHECK_CLOSE(energy, fft_len - 3.0, 1e-4);
    }
}

BOOST_AUTO_TEST_CASE(refusals)
{
    using change = std::function<void(ofdm_grid::parameters&)>;
    const std::pair<const char*, change> wrong[] = {
        { "fft_len", [](auto& p) { p.fft_len = 0; } },
        { "fft_len", [](auto& p) { p.fft_len = 15; } },
        { "fft_len", [](auto& p) { p.fft_len = 65538; } },
        { "num_symbols", [](auto& p) { p.num_symbols = 0; } },
        { "num_symbols", [](auto& p) { p.num_symbols = 65537; } },
        { "cp_len", [](auto& p) { p.cp_len = {}; } },
        { "cp_len", [](auto& p) { p.cp_len = { 17 }; } },
        { "cp_len", [](auto& p) { p.cp_len = { -1 }; } },
        { "cp_len", [](auto& p) { p.cp_len.assign(7, 1); } },
        { "subcarrier_spacing", [](auto& p) { p.subcarrier_spacing = 0; } },
        { "subcarrier_spacing", [](auto& p) { p.subcarrier_spacing = not_a_number; } },
        { "carrier_frequency", [](auto& p) { p.carrier_frequency = -1; } },
        { "carrier_frequency", [](auto& p) { p.carrier_frequency = INFINITY; } },
        { "guard_low", [](auto& p) { p.guard_low = -1; } },
        { "guard_high", [](auto& p) { p.guard_high = -1; } },
        { "guard_low + guard_high", [](auto& p) { p.guard_low = p.guard_high = 8; } },
        { "active subcarriers",
          [](auto& p) {
              p.guard_low = 8;
              p.guard_high = 7;
              p.dc_null = true;
          } },
        { "pilots", [](auto& p) { p.pilots = "some"; } },
        { "modulation", [](auto& p) { p.modulation = "8psk"; } },
        { "pilot_seed", [](auto& p) { p.pilot_seed = -1; } },
        { "comb_spacing_frequency", [](auto& p) { p.comb_spacing_frequency = 0; } },
        { "comb_spacing_frequency", [](auto& p) { p.comb_spacing_frequency = 17; } },
        { "comb_spacing_time", [](auto& p) { p.comb_spacing_time = 0; } },
        { "comb_spacing_time", [](auto& p) { p.comb_spacing_time = 7; } },
        { "comb_offset_frequency", [](auto& p) { p.comb_offset_frequency = 4; } },
        { "comb_offset_time", [](auto& p) { p.comb_offset_time = 1; } },
        { "comb_stagger", [](auto& p) { p.comb_stagger = 4; } },
        { "preamble",
          [](auto& p) {
              p.preamble = true;
              p.guard_low = 9;
              p.guard_high = 6;
          } },
    };
    const auto expect_refusal = [](const ofdm_grid::parameters& p, const char* name) {
        BOOST_CHECK_EXCEPTION(
            ofdm_grid{ p }, std::invalid_argument, [&](const std::invalid_argument& e) {
                BOOST_TEST_MESSAGE(e.what());
                return std::string(e.what()).find(name) != std::string::npos;
            });
    };
    for (const auto& [name, set] : wrong) {
        auto p = small();
        set(p);
        expect_refusal(p, name);
    }
    for (const double share : { 0.0, -0.1, 1.01, not_a_number }) {
        auto p = small();
        p.pilots = "contiguous";
        p.pilot_share = share;
        expect_refusal(p, "pilot_share");
    }
    using cells = std::vector<ofdm_grid::pilot_cell>;
    const std::pair<const char*, cells> wrong_cells[] = {
        { "pilot symbol", { { 6, 0, { 0, 0 } } } },
        { "pilot symbol", { { -1, 0, { 0, 0 } } } },
        { "pilot subcarrier", { { 0, 16, { 0, 0 } } } },
        { "twice", { { 1, 2, { 0, 0 } }, { 1, 2, { 0, 0 } } } },
        { "guard", { { 1, 8, { 0, 0 } } } },
        { "modulus", { { 1, 2, { 2, 0 } } } },
    };
    for (const auto& [name, list] : wrong_cells) {
        auto p = small();
        p.pilots = "cells";
        p.dc_null = true;
        p.pilot_cells = list;
        expect_refusal(p, name);
    }
}
