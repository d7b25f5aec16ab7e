/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing/esprit.h"
#include <gnuradio/isac/theory/constants.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <random>

using namespace gr::isac;

// Without noise the lines are where they are, whatever their phases: nearer to each other
// than one over the series' length, as many as the pieces tell, and beyond a half turn.
BOOST_AUTO_TEST_CASE(lines_are_found_where_they_are)
{
    std::mt19937 engine(1);
    std::uniform_real_distribution<double> phase(-PI, PI);
    const std::vector<std::vector<double>> sets = {
        { 0.3 }, { 0.0, 0.5 / 32 }, { -0.2, -0.19, 0.4 }, { -0.5, 0.25 }
    };
    for (const auto& lines : sets)
        for (const size_t length : { 3 * lines.size(), size_t(16), size_t(32) }) {
            std::vector<std::complex<double>> series(length);
            for (const double line : lines) {
                const double start = phase(engine);
                for (size_t i = 0; i < length; i++)
                    series[i] += std::polar(1.0, start + 2 * PI * line * i);
            }
            const auto found = esprit(series, lines.size());
            BOOST_TEST(found.size() == lines.size());
            for (const double line : lines)
                BOOST_TEST(std::any_of(found.begin(), found.end(), [&](double f) {
                    return std::abs(std::remainder(f - line, 1.0)) < 1e-6;
                }));
        }
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    const std::vector<std::complex<double>> series(8, 1);
    BOOST_CHECK_THROW(esprit(series, 0), std::invalid_argument);
    BOOST_CHECK_THROW(esprit(series, 3), std::invalid_argument);
    BOOST_TEST(esprit(series, 2).size() == 2U);
}
