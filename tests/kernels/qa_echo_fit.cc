/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include <gnuradio/isac/sensing/echo_fit.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

ofdm_grid::sptr nr_like(int stagger = 0)
{
    auto p = ofdm_grid::preset("NR mu 1");
    p.fft_len = 128;
    p.cp_len = { 17, 9, 9, 9, 9, 9, 9 }; // a long CP moves the symbols apart
    p.num_symbols = 28;
    p.guard_low = 10;
    p.guard_high = 9;
    p.comb_stagger = stagger;
    return ofdm_grid::make(p);
}

// abs(sum conj(X) y exp(+j 2 pi f delay) exp(-j 2 pi t doppler))^2 by the definition.
double likelihood(const ofdm_grid& grid,
                  const std::vector<gr_complex>& rows,
                  const std::vector<gr_complex>& reference,
                  double delay,
                  double doppler)
{
    const size_t n = grid.num_subcarriers();
    std::complex<double> sum = 0;
    for (size_t m = 0; m < grid.num_symbols(); m++) {
        std::complex<double> row = 0;
        for (size_t k = 0; k < n; k++) {
            const double f = (double(k) - double(n / 2)) * grid.subcarrier_spacing();
            row +=
                std::complex<double>(rows[m * n + k] * std::conj(reference[m * n + k])) *
                std::polar(1.0, 2 * PI * f * delay);
        }
        sum += row * std::polar(1.0, -2 * PI * doppler * grid.symbol_times()[m]);
    }
    return std::norm(sum);
}

} // namespace

// Without noise the echo itself is the maximum. The blocks of 32 leave nothing that float
// rounding would not: a ten thousandth of a cell.
BOOST_AUTO_TEST_CASE(an_echo_is_found_where_it_is)
{
    frame_maker maker(1);
    for (const auto& grid :
         { nr_like(), nr_like(1), ofdm_grid::make(ofdm_grid::preset("LAWN")) }) {
        const element_pattern pattern(*grid, true);
        matched_frame frame(grid, pattern, true);
        echo_fit fit(grid, pattern);
        for (int draw = 0; draw < 20; draw++) {
            const echo truth{ (3 + maker.uniform(-0.5, 0.5)) * fit.delay_cell(),
                              (2 + maker.uniform(-0.5, 0.5)) * fit.doppler_cell(),
                              maker.phase(0.7) };
            const auto rows = maker.echoes(*grid, grid->pilots(), { truth });
            frame.load(rows.data(), nullptr);
            fit.load(frame);
            const echo found = fit.refine(3 * fit.delay_cell(), 2 * fit.doppler_cell());
            BOOST_TEST(std::abs(found.delay - truth.delay) < 1e-4 * fit.delay_cell());
            BOOST_TEST(std::abs(found.doppler - truth.doppler) <
                       1e-4 * fit.doppler_cell());
            BOOST_TEST(std::abs(found.amplitude - truth.amplitude) < 1e-3);
        }
    }
}

// Rows and symbols that fill no register and no group of rows, beside the definition, to
// the rounding of sums of float.
BOOST_AUTO_TEST_CASE(the_power_of_any_size_is_that_of_the_definition)
{
    frame_maker maker(4);
    for (const int guard : { 0, 1, 2, 3, 5 })
        for (const int symbols : { 1, 2, 5, 27 }) {
            ofdm_grid::parameters p;
            p.fft_len = 64;
            p.cp_len = { 8 };
            p.num_symbols = symbols;
            p.guard_low = guard;
            p.pilots = "none";
            const auto grid = ofdm_grid::make(p);
            const element_pattern pattern(*grid, false);
            matched_frame frame(grid, pattern, true);
            echo_fit fit(grid, pattern);
            const auto sent = maker.qam_reference(*grid);
            const auto rows = maker.noise(*grid);
            double energy = 0;
            for (const auto& x : sent)
                energy += std::norm(x);
            frame.load(rows.data(), sent.data());
            fit.load(frame);
            const double delay = 3.3 * fit.delay_cell();
            const double doppler = 0.4 * fit.doppler_cell();
            const double defined = likelihood(*grid, rows, sent, delay, doppler) / energy;
            BOOST_TEST(std::abs(fit.power(delay, doppler) - defined) <
                       1e-5 * (1 + defined));
        }
}

// In noise: nothing in a fine raster around the estimate is more likely, but for what the
// blocks leave (a part in a thousand of the information, so of the value's fall).
BOOST_AUTO_TEST_CASE(the_estimate_is_the_maximum_of_the_likelihood)
{
    frame_maker maker(2);
    for (const auto& grid : { nr_like(), nr_like(1) }) {
        const auto reference = maker.qam_reference(*grid);
        for (const bool pilots : { true, false }) {
            const element_pattern pattern(*grid, pilots);
            matched_frame frame(grid, pattern, true);
            echo_fit fit(grid, pattern);
            const auto& sent = pilots ? grid->pilots() : reference;
            const echo truth{ 3.4 * fit.delay_cell(),
                              1.7 * fit.doppler_cell(),
                              maker.phase(0.5) };
            auto rows = maker.echoes(*grid, sent, { truth });
            add(rows, maker.noise(*grid));
            frame.load(rows.data(), pilots ? nullptr : reference.data());
            fit.load(frame);
            const echo found = fit.refine(3 * fit.delay_cell(), 2 * fit.doppler_cell());
            const double top = likelihood(*grid, rows, sent, found.delay, found.doppler);
            double best = 0;
            for (int i = -20; i <= 20; i++)
                for (int j = -20; j <= 20; j++)
                    best = std::max(
                        best,
                        likelihood(*grid,
                                   rows,
                                   sent,
                                   found.delay + 0.02 * i * fit.delay_cell(),
                                   found.doppler + 0.02 * j * fit.doppler_cell()));
            BOOST_TEST(top >= best * (1 - 1e-5));
            // The power that is told is the likelihood over the energy.
            BOOST_TEST(fit.power(found.delay, found.doppler) == top / fit.energy(),
                       boost::test_tools::tolerance(1e-4));
        }
    }
}

// What is subtracted is gone, and nothing else: the noise that is left is the one that
// was added.
BOOST_AUTO_TEST_CASE(an_echo_is_taken_out_of_the_frame)
{
    frame_maker maker(3);
    const auto grid = nr_like();
    const auto reference = maker.qam_reference(*grid);
    const element_pattern pattern(*grid, false);
    matched_frame frame(grid, pattern, true);
    echo_fit fit(grid, pattern);
    const echo e{ 3.1 * fit.delay_cell(), 2.0 * fit.doppler_cell(), maker.phase(30) };
    const auto noise = maker.noise(*grid);
    auto rows = maker.echoes(*grid, reference, { e });
    add(rows, noise);
    frame.load(noise.data(), reference.data());
    fit.load(frame);
    const double power = fit.received_power();
    const size_t size = pattern.subcarriers.span * pattern.symbols.span;
    const std::vector<gr_complex> expected(frame.products(), frame.products() + size);
    frame.load(rows.data(), reference.data());
    fit.load(frame);
    BOOST_TEST(fit.received_power() > 100 * power);
    fit.subtract(e);
    // Float keeps 1e-6 of values of up to 54.
    for (size_t i = 0; i < size; i++)
        BOOST_REQUIRE(std::abs(frame.products()[i] - expected[i]) < 5e-5);
    BOOST_TEST(fit.power_less({}, {}) == power, boost::test_tools::tolerance(1e-4));
}

// The bound's moments with the energies that were sent.
BOOST_AUTO_TEST_CASE(moments_are_those_of_the_elements_used)
{
    frame_maker maker(4);
    const auto grid = nr_like();
    const auto reference = maker.qam_reference(*grid);
    const size_t n = grid->num_subcarriers();
    std::vector<double> weights, frequencies, times;
    double total = 0;
    for (size_t i = 0; i < reference.size(); i++) {
        if (std::norm(reference[i]) == 0)
            continue;
        weights.push_back(std::norm(reference[i]));
        frequencies.push_back((double(i % n) - double(n / 2)) *
                              grid->subcarrier_spacing());
        times.push_back(grid->symbol_times()[i / n]);
        total += weights.back();
    }
    for (auto& w : weights)
        w *= weights.size() / total;
    const auto expected = theory::moments_of_elements(
        weights.data(), frequencies.data(), times.data(), weights.size());
    const element_pattern pattern(*grid, false);
    matched_frame frame(grid, pattern, true);
    echo_fit fit(grid, pattern);
    frame.load(reference.data(), reference.data());
    fit.load(frame);
    const auto found = fit.moments();
    const auto tolerance = boost::test_tools::tolerance(1e-5);
    BOOST_TEST(fit.num_elements() == double(weights.size()));
    BOOST_TEST(found.energy == expected.energy, tolerance);
    BOOST_TEST(found.spread_frequency == expected.spread_frequency, tolerance);
    BOOST_TEST(found.spread_time == expected.spread_time, tolerance);
    BOOST_TEST(fit.received_power() == total, tolerance);
}
