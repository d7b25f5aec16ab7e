/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/waveform/ofdm_transform.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

using gr::isac::ofdm_grid;
using gr::isac::ofdm_transform;

namespace {

ofdm_grid::sptr grid_of(int fft_len)
{
    ofdm_grid::parameters p;
    p.fft_len = fft_len;
    p.cp_len = { 7, 5 };
    p.num_symbols = 2;
    p.preamble = true;
    return ofdm_grid::make(p);
}

std::vector<gr_complex> random_row(size_t n)
{
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, std::sqrt(0.5f));
    std::vector<gr_complex> row(n);
    for (auto& value : row)
        value = { normal(random), normal(random) };
    return row;
}

// sum_k X[k] exp(j 2 pi (k - N/2) n / N) / sqrt(N), n also negative: the prefix
std::complex<double> sample_of(const std::vector<gr_complex>& row, double n)
{
    const double length = row.size();
    std::complex<double> sum = 0;
    for (size_t k = 0; k < row.size(); k++)
        sum += std::complex<double>(row[k]) *
               std::polar(1.0, 2 * std::acos(-1.0) * (k - length / 2) * n / length);
    return sum / std::sqrt(length);
}

} // namespace

// Single precision against the definition in double: 1e-5 of unit values.
BOOST_AUTO_TEST_CASE(samples_are_the_sum_of_their_subcarriers)
{
    for (const int n : { 8, 50, 64, 90 }) {
        const auto grid = grid_of(n);
        ofdm_transform transform(grid);
        const auto row = random_row(n);
        for (size_t m = 0; m < 2; m++) {
            const int cp = static_cast<int>(grid->cp_len(m));
            std::vector<gr_complex> samples(n + cp);
            transform.modulate(m, row.data(), samples.data(), 0.5f);
            for (int i = -cp; i < n; i++)
                BOOST_REQUIRE_SMALL(std::abs(std::complex<double>(samples[i + cp]) -
                                             0.5 * sample_of(row, i)),
                                    1e-5);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_preamble_has_two_equal_halves)
{
    for (const int n : { 64, 50 }) {
        const auto grid = grid_of(n);
        ofdm_transform transform(grid);
        std::vector<gr_complex> samples(grid->preamble_samples());
        transform.modulate_preamble(samples.data(), 2);
        const gr_complex* useful = samples.data() + 7;
        double energy = 0;
        for (int i = 0; i < n / 2; i++) {
            // N / 2 odd: the half symbol of an even number of carrier turns
            BOOST_REQUIRE_SMALL(std::abs(useful[i] - useful[i + n / 2]), 1e-5f);
            energy += 2 * std::norm(useful[i]);
        }
        BOOST_CHECK_CLOSE(energy, 4.0 * n, 1e-3);
    }
}

BOOST_AUTO_TEST_CASE(there_and_back)
{
    for (const int n : { 8, 50, 1024 }) {
        const auto grid = grid_of(n);
        const auto row = random_row(n);
        std::vector<gr_complex> samples(n + 7), back(n);
        for (const int advance : { 0, 1, 5 }) {
            ofdm_transform transform(grid, advance);
            transform.modulate(0, row.data(), samples.data());
            transform.demodulate(samples.data() + 7 - advance, back.data());
            for (int k = 0; k < n; k++)
                BOOST_REQUIRE_SMALL(std::abs(back[k] - row[k]), 2e-5f);
        }
    }
}

// A delay within the prefix is a phase slope: exp(-j 2 pi (k - N/2) d / N).
BOOST_AUTO_TEST_CASE(a_delay_is_a_phase_slope)
{
    const auto grid = grid_of(64);
    ofdm_transform transform(grid);
    const auto row = random_row(64);
    std::vector<gr_complex> samples(71), back(64);
    transform.modulate(0, row.data(), samples.data());
    const int delay = 4;
    transform.demodulate(samples.data() + 7 - delay, back.data());
    for (int k = 0; k < 64; k++) {
        const auto slope =
            std::polar(1.0f, -2 * std::acos(-1.0f) * (k - 32) * delay / 64);
        BOOST_REQUIRE_SMALL(std::abs(back[k] - row[k] * slope), 1e-5f);
    }
}

BOOST_AUTO_TEST_CASE(refusals)
{
    const auto grid = grid_of(64);
    BOOST_CHECK_THROW(ofdm_transform(grid, 6), std::invalid_argument);
    BOOST_CHECK_THROW(ofdm_transform(grid, -1), std::invalid_argument);
}
