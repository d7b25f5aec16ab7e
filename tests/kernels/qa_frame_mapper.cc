/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/waveform/frame_mapper.h>
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>
#include <vector>

using namespace gr::isac;

namespace {

ofdm_grid::sptr
grid_with(const std::string& pilots, const std::string& modulation, bool guarded)
{
    ofdm_grid::parameters p;
    p.fft_len = 48;
    p.cp_len = { 4 };
    p.num_symbols = 6;
    p.pilots = pilots;
    p.comb_stagger = pilots == "comb" ? 1 : 0;
    p.modulation = modulation;
    p.guard_low = guarded ? 3 : 0;
    p.guard_high = guarded ? 2 : 0;
    p.dc_null = guarded;
    return ofdm_grid::make(p);
}

// The next group of bits, first bit most significant.
unsigned take(const std::vector<uint8_t>& bytes, size_t& at, int width)
{
    unsigned group = 0;
    for (int i = 0; i < width; i++, at++)
        group = group << 1 | (bytes[at / 8] >> (7 - at % 8) & 1);
    return group;
}

// Each element of the grid holds what it is: the data in ascending order, the pilots'
// values, nothing elsewhere, whatever stood in the row before, and what follows the row
// stays; and the bits come back.
void check_rows(const ofdm_grid::sptr& grid, std::mt19937& random)
{
    const size_t n = grid->num_subcarriers();
    frame_mapper mapper(grid);
    const auto& symbols = mapper.symbols();
    std::vector<uint8_t> bits(mapper.frame_bytes()), decided(bits.size());
    for (auto& byte : bits)
        byte = static_cast<uint8_t>(random());
    size_t at = 0;
    for (size_t m = 0; m < grid->num_symbols(); m++) {
        const gr_complex before(7, 7);
        std::vector<gr_complex> row(n + 8, before);
        mapper.map(m, bits.data(), row.data());
        for (size_t k = 0; k < n; k++) {
            const size_t element = m * n + k;
            gr_complex expected(0, 0);
            if (grid->elements()[element] == ofdm_grid::element::pilot)
                expected = grid->pilots()[element];
            if (grid->elements()[element] == ofdm_grid::element::data)
                expected = symbols.points()[take(bits, at, symbols.bits_per_symbol())];
            BOOST_REQUIRE(row[k] == expected);
        }
        for (size_t k = n; k < row.size(); k++)
            BOOST_REQUIRE(row[k] == before);
        row.resize(n);
        mapper.demap(m, row.data(), decided.data());
    }
    BOOST_TEST(at == grid->data_bits());
    for (size_t bit = 0; bit < at; bit++)
        BOOST_REQUIRE(((bits[bit / 8] ^ decided[bit / 8]) >> (7 - bit % 8) & 1) == 0);
}

// Pilots by hand, where a symbol and a subcarrier say so.
template <typename IsPilot>
ofdm_grid::sptr cells_grid(int subcarriers, int symbols, bool guarded, IsPilot is_pilot)
{
    ofdm_grid::parameters p;
    p.fft_len = subcarriers;
    p.cp_len = { 0 };
    p.num_symbols = symbols;
    p.pilots = "cells";
    p.guard_low = guarded ? 1 : 0;
    p.guard_high = guarded ? 2 : 0;
    p.dc_null = guarded;
    const auto active = [&](int k) {
        return k >= p.guard_low && k < subcarriers - p.guard_high &&
               !(p.dc_null && k == subcarriers / 2);
    };
    for (int m = 0; m < symbols; m++)
        for (int k = 0; k < subcarriers; k++)
            if (active(k) && is_pilot(m, k))
                p.pilot_cells.push_back({ m, k, 0 });
    return ofdm_grid::make(p);
}

} // namespace

BOOST_AUTO_TEST_CASE(rows_hold_data_pilots_and_nothing)
{
    std::mt19937 random(1);
    for (const std::string pilots : { "none", "comb", "contiguous", "all" })
        for (const std::string modulation :
             { "bpsk", "qpsk", "16qam", "64qam", "256qam" })
            for (const bool guarded : { true, false })
                check_rows(grid_with(pilots, modulation, guarded), random);
}

// Values go a line of eight at a time: each of the 256 ways in which data and pilots
// share one, in rows that end anywhere in a line and in rows longer than what is asked
// for ahead.
BOOST_AUTO_TEST_CASE(data_and_pilots_share_a_line_in_any_way)
{
    std::mt19937 random(1);
    const auto by_bits = [](int m, int k) { return (m >> (k % 8) & 1) == 1; };
    for (const int subcarriers : { 2, 4, 6, 8, 10, 14, 16, 18, 30, 32, 386, 400 })
        for (const bool guarded : { true, false })
            if (subcarriers > 4 || !guarded)
                check_rows(cells_grid(subcarriers, 256, guarded, by_bits), random);
}

// Rows whose values stand in the same order, of which more or fewer are data, are not
// alike.
BOOST_AUTO_TEST_CASE(data_end_elsewhere_in_each_row)
{
    std::mt19937 random(1);
    const auto above = [](int m, int k) { return k >= m; };
    for (const bool guarded : { true, false })
        check_rows(cells_grid(24, 25, guarded, above), random);
}
