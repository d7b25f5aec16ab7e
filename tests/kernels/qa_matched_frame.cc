/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include <gnuradio/isac/sensing/matched_frame.h>
#include <gnuradio/isac/sensing/range_doppler_map.h>
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

// A map holds the products of frames whose elements are alike; they come back where they
// are asked for, and where an odd row or frame among the others needs them.
BOOST_AUTO_TEST_CASE(products_that_a_map_holds_come_back)
{
    frame_maker maker(4);
    ofdm_grid::parameters p;
    p.fft_len = 60;
    p.cp_len = { 4 };
    p.num_symbols = 10;
    p.pilots = "none";
    const auto grid = ofdm_grid::make(p);
    const size_t n = grid->num_subcarriers(), size = grid->elements().size();

    std::vector<gr_complex> even(size);
    for (auto& x : even)
        x = maker.phase(1);
    auto slopes = even, odd_row = even, nearly = even;
    for (size_t i = 0; i < size; i++)
        slopes[i] *= 1 + i / n; // every row alike in itself
    for (size_t k = 0; k < n; k += 2) {
        odd_row[3 * n + k] *= 2;
        nearly[3 * n + k] *= 1.012f; // a row that is not, in a frame that is
    }
    const auto mixed = maker.qam_reference(*grid);

    const std::vector<gr_complex>* const frames[] = { &even,  &even,    &mixed, &even,
                                                      &even,  &slopes,  &mixed, &even,
                                                      &even,  &odd_row, &even,  &nearly,
                                                      &nearly };

    std::vector<gr_complex> turns(grid->num_symbols());
    for (auto& t : turns)
        t = maker.phase(1);
    for (const int threads : { 1, 3 }) {
        range_doppler_map::parameters of_map;
        of_map.pilots_only = false;
        of_map.threads = threads;
        range_doppler_map map(grid, of_map);
        BOOST_TEST_REQUIRE(map.holds_rows());
        matched_frame left(grid, map.pattern(), true, threads);
        left.leave_products_to(map);
        matched_frame kept(grid, map.pattern(), true);
        std::vector<float> powers(size);
        for (const auto* sent : frames) {
            const auto rows = maker.noise(*grid);
            kept.load(rows.data(), sent->data());
            map.take(left, rows.data(), sent->data(), 0, grid->num_symbols());
            map.finish(left, powers.data());
            BOOST_TEST(left.uniform() == (sent == &even || sent == &nearly));
            BOOST_TEST(left.power() == kept.power());
            const auto sums_agree = [&] {
                std::vector<gr_complex> expected(n), sums(n);
                for (const size_t first : { 0, 3, 9 }) {
                    kept.sum_conjugates(first, 10, turns.data(), expected.data());
                    left.sum_conjugates(first, 10, turns.data(), sums.data());
                    for (size_t k = 0; k < n; k++)
                        BOOST_REQUIRE_SMALL(std::abs(sums[k] - expected[k]), 2e-5f);
                }
            };
            sums_agree();
            left.restore();
            for (size_t i = 0; i < size; i++)
                BOOST_REQUIRE_SMALL(std::abs(left.products()[i] - kept.products()[i]),
                                    2e-5f);
            sums_agree();
        }
    }
}
