/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "waveform_link.h"
#include <boost/test/unit_test.hpp>
#include <algorithm>

using gr::isac::frame_codec;
using gr::isac::frame_mapper;
using gr::isac::ofdm_grid;

namespace {

ofdm_grid::sptr grid_with(const std::string& modulation, int fft_len = 34)
{
    ofdm_grid::parameters p;
    p.fft_len = fft_len;
    p.cp_len = { 2 };
    p.num_symbols = 7;
    p.modulation = modulation;
    return ofdm_grid::make(p);
}

} // namespace

BOOST_AUTO_TEST_CASE(every_length_comes_back)
{
    for (const char* modulation : { "bpsk", "qpsk", "16qam", "64qam", "256qam" }) {
        const auto grid = grid_with(modulation);
        frame_codec codec(*grid);
        BOOST_TEST(codec.capacity() == grid->data_bits() / 8 - frame_codec::OVERHEAD);
        for (size_t bytes = 0; bytes <= codec.capacity(); bytes++) {
            const auto sent = isac_test::send(grid, bytes, 1ull << 40 | bytes, bytes);
            const auto found = codec.decode(sent.bits.data());
            BOOST_REQUIRE(found.header_ok);
            BOOST_REQUIRE(found.ok);
            BOOST_REQUIRE(found.frame == (1ull << 40 | bytes));
            BOOST_REQUIRE(found.payload_bytes == bytes);
            BOOST_REQUIRE(found.idle_bit_errors == 0u);
            BOOST_REQUIRE(
                std::equal(sent.payload.begin(), sent.payload.end(), found.payload));
        }
        std::vector<uint8_t> payload(codec.capacity() + 1), bits(codec.frame_bytes());
        BOOST_CHECK_THROW(codec.encode(0, payload.data(), payload.size(), bits.data()),
                          std::invalid_argument);
    }
}

// CRC-16 and CRC-32 find every single wrong bit in what they cover; elsewhere it is
// counted.
BOOST_AUTO_TEST_CASE(every_single_bit_error_is_noticed)
{
    const auto grid = grid_with("qpsk", 64);
    frame_codec codec(*grid);
    auto sent = isac_test::send(grid, 20, 5, 1);
    for (size_t bit = 0; bit < grid->data_bits(); bit++) {
        const uint8_t mask = 0x80 >> bit % 8;
        sent.bits[bit / 8] ^= mask;
        const auto found = codec.decode(sent.bits.data());
        BOOST_REQUIRE(found.header_ok == (bit >= 14 * 8));
        BOOST_REQUIRE(found.ok == (bit >= (frame_codec::OVERHEAD + 20) * 8));
        if (found.ok)
            BOOST_REQUIRE(found.idle_bit_errors == 1u);
        sent.bits[bit / 8] ^= mask;
    }
}

BOOST_AUTO_TEST_CASE(a_scrambled_idle_frame_is_balanced)
{
    ofdm_grid::parameters p;
    p.fft_len = 512;
    const auto grid = ofdm_grid::make(p);
    const auto sent = isac_test::send(grid, 0, 0, 1);
    double ones = 0;
    for (const uint8_t byte : sent.bits)
        for (int i = 0; i < 8; i++)
            ones += (byte >> i) & 1;
    // 86 thousand bits: standard error of the share 0.17%
    BOOST_TEST(std::abs(ones / grid->data_bits() - 0.5) < 0.01);
}

BOOST_AUTO_TEST_CASE(grids_without_room)
{
    ofdm_grid::parameters p;
    p.fft_len = 16;
    p.cp_len = { 2 };
    p.num_symbols = 2;
    for (const char* pilots : { "comb", "all" }) {
        p.pilots = pilots;
        const auto grid = ofdm_grid::make(p);
        frame_codec codec(*grid);
        BOOST_TEST(!codec.carries_payload());
        BOOST_TEST(codec.capacity() == 0u);
        const auto sent = isac_test::send(grid, 0, 0, 1);
        BOOST_TEST(!codec.decode(sent.bits.data()).ok);
    }
}

// Pilots, nulls and data where the grid has them; the decided bits are those sent.
BOOST_AUTO_TEST_CASE(mapping)
{
    for (const char* modulation : { "bpsk", "qpsk", "16qam", "64qam", "256qam" }) {
        ofdm_grid::parameters p;
        p.fft_len = 30;
        p.cp_len = { 2 };
        p.num_symbols = 9;
        p.guard_low = 3;
        p.guard_high = 2;
        p.dc_null = true;
        p.comb_spacing_time = 2;
        p.modulation = modulation;
        const auto grid = ofdm_grid::make(p);
        frame_mapper mapper(grid);
        const auto sent = isac_test::send(grid, 3, 0, 1);
        std::vector<uint8_t> bits(mapper.frame_bytes());
        for (size_t m = 0; m < 9; m++)
            mapper.demap(m, sent.rows.data() + m * 30, bits.data());
        BOOST_TEST(bits == sent.bits, boost::test_tools::per_element());
        for (size_t i = 0; i < sent.rows.size(); i++) {
            if (grid->elements()[i] == ofdm_grid::element::data)
                BOOST_TEST(std::abs(sent.rows[i]) > 0);
            else
                BOOST_TEST(sent.rows[i] == grid->pilots()[i]);
        }
    }
}
