/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include <gnuradio/isac/sensing/matched_frame.h>
#include <boost/test/unit_test.hpp>
#include <limits>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

ofdm_grid::sptr grid_of(const std::string& pilots, int fft_len, int stagger = 0)
{
    ofdm_grid::parameters p;
    p.fft_len = fft_len;
    p.cp_len = { 4 };
    p.num_symbols = 6;
    p.pilots = pilots;
    p.guard_low = 2;
    p.guard_high = 1;
    p.comb_stagger = stagger;
    return ofdm_grid::make(p);
}

void check(const ofdm_grid::sptr& grid,
           const std::vector<gr_complex>& rows,
           const std::vector<gr_complex>& sent,
           const gr_complex* reference,
           bool uniform)
{
    const element_pattern pattern(*grid, !reference);
    matched_frame frame(grid, pattern, true), row_by_row(grid, pattern, false);
    frame.load(rows.data(), reference);
    double energy = 0, power = 0, used = 0;
    size_t at = 0;
    for (size_t i = 0; i < pattern.symbols.span; i++) {
        // Copies, so that rows from outside would not be found.
        const size_t n = grid->num_subcarriers(), symbol = pattern.symbols.place(i);
        const auto row_of = [&](const std::vector<gr_complex>& values) {
            return std::vector<gr_complex>(values.begin() + symbol * n,
                                           values.begin() + (symbol + 1) * n);
        };
        const auto received = row_of(rows), transmitted = row_of(sent);
        row_by_row.set_rows(
            received.data(), reference ? transmitted.data() : nullptr, symbol, 1);
        const gr_complex* row = row_by_row.match(i);
        const float* sent_energies = row_by_row.sent_energies(0);
        double row_energy = 0;
        for (size_t k = 0; k < pattern.subcarriers.span; k++, at++) {
            const size_t element = pattern.symbols.place(i) * grid->num_subcarriers() +
                                   pattern.subcarriers.place(k);
            const std::complex<double> x(sent[element]), y(rows[element]);
            const auto product = y * std::conj(x);
            BOOST_REQUIRE_SMALL(
                std::abs(std::complex<double>(frame.products()[at]) - product), 1e-5);
            BOOST_REQUIRE(row[k] == frame.products()[at]);
            if (!frame.uniform_and_separable())
                BOOST_REQUIRE_SMALL(frame.energies()[at] - std::norm(x), 1e-6);
            BOOST_REQUIRE_SMALL(frame.row_energies(i)[k] - std::norm(x), 1e-6);
            BOOST_REQUIRE_SMALL(sent_energies[k] - std::norm(x), 1e-6);
            row_energy += std::norm(x);
            power += std::norm(product);
            used += std::norm(x) > 0;
        }
        BOOST_TEST(row_by_row.row_energy(i) == row_energy,
                   boost::test_tools::tolerance(1e-5));
        energy += row_energy;
    }
    const auto tolerance = boost::test_tools::tolerance(1e-5);
    BOOST_TEST(frame.energy() == energy, tolerance);
    BOOST_TEST(frame.power() == power, tolerance);
    BOOST_TEST(frame.num_elements() == used);
    BOOST_TEST(frame.uniform() == uniform);
}

} // namespace

// Lengths of rows that vectors do not divide, combs, staggered combs, and data whose
// energies differ.
BOOST_AUTO_TEST_CASE(products_and_sums_are_those_of_the_definition)
{
    frame_maker maker(1);
    for (const int fft_len : { 16, 30, 38 }) {
        for (const std::string pilots : { "all", "comb", "contiguous" }) {
            const auto grid = grid_of(pilots, fft_len, pilots == "comb" ? 1 : 0);
            const auto rows = maker.noise(*grid);
            check(grid, rows, grid->pilots(), nullptr, true);
            const auto sent = maker.qam_reference(*grid);
            check(grid, rows, sent, sent.data(), false);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_shows_in_the_power)
{
    frame_maker maker(2);
    const auto grid = grid_of("all", 16);
    matched_frame frame(grid, element_pattern(*grid, true), true);
    for (const float bad : { std::numeric_limits<float>::quiet_NaN(),
                             std::numeric_limits<float>::infinity() }) {
        auto rows = maker.noise(*grid);
        frame.load(rows.data(), nullptr);
        BOOST_TEST(std::isfinite(frame.power()));
        rows[5] = gr_complex(0, bad);
        frame.load(rows.data(), nullptr);
        BOOST_TEST(!std::isfinite(frame.power()));
    }
}

BOOST_AUTO_TEST_CASE(a_reference_of_zeros_has_no_energy)
{
    frame_maker maker(3);
    const auto grid = grid_of("all", 16);
    matched_frame frame(grid, element_pattern(*grid, false), true);
    const std::vector<gr_complex> nothing(grid->elements().size());
    frame.load(maker.noise(*grid).data(), nothing.data());
    BOOST_TEST(frame.energy() == 0);
    BOOST_TEST(frame.num_elements() == 0);
}
