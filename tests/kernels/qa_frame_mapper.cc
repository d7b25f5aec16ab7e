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

} // namespace

// Each element of the grid holds what it is: the data in ascending order, the pilots'
// values, nothing elsewhere, whatever stood in the row before, and what follows the row
// stays; and the bits come back.
BOOST_AUTO_TEST_CASE(rows_hold_data_pilots_and_nothing)
{
    std::mt19937 random(1);
    for (const std::string pilots : { "none", "comb", "contiguous", "all" })
        for (const std::string modulation :
             { "bpsk", "qpsk", "16qam", "64qam", "256qam" })
            for (const bool guarded : { true, false }) {
                const auto grid = grid_with(pilots, modulation, guarded);
                const size_t n = grid->num_subcarriers();
                frame_mapper mapper(grid);
                const auto& symbols = mapper.symbols();
                std::vector<uint8_t> bits(mapper.frame_bytes()), decided(bits.size());
                for (auto& byte : bits)
                    byte = static_cast<uint8_t>(random());
                size_t at = 0;
                for (size_t m = 0; m < grid->num_symbols(); m++) {
                    const gr_complex before(7, 7);
                    std::vector<gr_complex> row(n + 1, before);
                    mapper.map(m, bits.data(), row.data());
                    for (size_t k = 0; k < n; k++) {
                        const size_t element = m * n + k;
                        gr_complex expected(0, 0);
                        if (grid->elements()[element] == ofdm_grid::element::pilot)
                            expected = grid->pilots()[element];
                        if (grid->elements()[element] == ofdm_grid::element::data)
                            expected =
                                symbols
                                    .points()[take(bits, at, symbols.bits_per_symbol())];
                        BOOST_REQUIRE(row[k] == expected);
                    }
                    BOOST_REQUIRE(row[n] == before);
                    mapper.demap(m, row.data(), decided.data());
                }
                BOOST_TEST(at == grid->data_bits());
                for (size_t bit = 0; bit < at; bit++)
                    BOOST_REQUIRE(
                        ((bits[bit / 8] ^ decided[bit / 8]) >> (7 - bit % 8) & 1) == 0);
            }
}
