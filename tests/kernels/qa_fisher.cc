/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/theory/fisher.h>
#include <Eigen/Dense>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <random>
#include <vector>

using namespace gr::isac;
using namespace gr::isac::theory;

namespace {

struct pattern {
    std::vector<double> weights, frequencies, times;
    pattern_moments moments() const
    {
        return moments_of_rows(weights.data(),
                               frequencies.data(),
                               frequencies.size(),
                               times.data(),
                               times.size());
    }
};

// The first K subcarriers of the published grid, 200 kHz apart from index 0.
pattern contiguous(int pilots, int symbols)
{
    pattern p;
    for (int k = 0; k < pilots; k++)
        p.frequencies.push_back(k * 200e3);
    for (int m = 0; m < symbols; m++)
        p.times.push_back((m - 0.5 * (symbols - 1)) * 6.25e-6);
    p.weights.assign(pilots * symbols, 1);
    return p;
}

double range_variance(double var_delay) { return var_delay * 3e8 * 3e8 / 4; }

pattern irregular()
{
    std::mt19937 random(7);
    std::uniform_real_distribution<double> uniform(0, 1);
    pattern p;
    for (int k = 0; k < 23; k++)
        p.frequencies.push_back((k - 3) * 30e3);
    for (int m = 0; m < 9; m++)
        p.times.push_back(m * 35.7e-6 + (m > 4 ? 1e-6 : 0) + 2e-4);
    for (size_t i = 0; i < p.frequencies.size() * p.times.size(); i++)
        p.weights.push_back(uniform(random) < 0.4 ? 0 : uniform(random));
    return p;
}

// Independent reference: the whole Fisher matrix of (amplitude, phase, delay, Doppler)
// from numerical derivatives of the signal, inverted as a matrix.
Eigen::Matrix2d numerical_bound(const pattern& p, double snr, bool phase_known)
{
    const double theta[] = { std::sqrt(snr), 0.7, 1.3e-7, 411.0 };
    const double step[] = { 1e-4, 1e-4, 1e-12, 1e-2 };
    const auto signal = [](const double* v, double w, double f, double t) {
        return std::polar(std::sqrt(w) * v[0],
                          v[1] - 2 * PI * f * v[2] + 2 * PI * t * v[3]);
    };
    Eigen::Matrix4d fisher = Eigen::Matrix4d::Zero();
    for (size_t m = 0; m < p.times.size(); m++)
        for (size_t k = 0; k < p.frequencies.size(); k++) {
            Eigen::Vector4cd gradient;
            for (int i = 0; i < 4; i++) {
                double up[4], down[4];
                std::copy(theta, theta + 4, up);
                std::copy(theta, theta + 4, down);
                up[i] += step[i];
                down[i] -= step[i];
                const double w = p.weights[m * p.frequencies.size() + k];
                gradient[i] = (signal(up, w, p.frequencies[k], p.times[m]) -
                               signal(down, w, p.frequencies[k], p.times[m])) /
                              (2 * step[i]);
            }
            fisher += 2 * (gradient.conjugate() * gradient.transpose()).real();
        }
    // Units of ns and Hz keep the matrix well conditioned.
    Eigen::Vector4d scale(1, 1, 1e-9, 1);
    fisher = scale.asDiagonal() * fisher * scale.asDiagonal();
    Eigen::Matrix2d result;
    if (phase_known) {
        Eigen::Matrix3d known;
        const int kept[] = { 0, 2, 3 };
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                known(i, j) = fisher(kept[i], kept[j]);
        result = known.inverse().eval().bottomRightCorner<2, 2>();
    } else {
        result = fisher.inverse().eval().bottomRightCorner<2, 2>();
    }
    const Eigen::Vector2d unscale(1e-9, 1);
    return unscale.asDiagonal() * result * unscale.asDiagonal();
}

} // namespace

// The closed forms of the published grid (gamma = 0 dB, M = 64), which the moments meet
// but for rounding.
BOOST_AUTO_TEST_CASE(closed_forms_of_contiguous_pilots)
{
    const pattern_moments moments = contiguous(10, 64).moments();
    BOOST_CHECK_CLOSE(range_variance(bound(moments, 1).var_delay), 1.349270024, 1e-7);
    BOOST_CHECK_CLOSE(range_variance(bound(moments, 1, phase_model::known).var_delay),
                      0.3905781647,
                      1e-7);
    const double published[][2] = { { 10, 0.7811563295 },
                                    { 4, 15.90211099 },
                                    { 3, 44.52591078 } };
    for (const auto& [pilots, variance] : published) {
        pattern p = contiguous(static_cast<int>(pilots), 64);
        for (double& f : p.frequencies)
            f -= 5e6; // counted from the lowest pilot wherever the carrier is
        BOOST_CHECK_CLOSE(
            range_variance(bound(p.moments(), 1, phase_model::published).var_delay),
            variance,
            1e-7);
    }
}

// Central differences of these steps are good to 1e-6 relative.
BOOST_AUTO_TEST_CASE(general_pattern_equals_the_inverted_fisher_matrix)
{
    const pattern p = irregular();
    for (const bool known : { false, true }) {
        const Eigen::Matrix2d expected = numerical_bound(p, 2.5, known);
        const delay_doppler_bound b =
            bound(p.moments(), 2.5, known ? phase_model::known : phase_model::unknown);
        BOOST_CHECK_CLOSE(b.var_delay, expected(0, 0), 1e-3);
        BOOST_CHECK_CLOSE(b.var_doppler, expected(1, 1), 1e-3);
        BOOST_CHECK_CLOSE(b.covariance, expected(0, 1), 1e-1);
    }
}

BOOST_AUTO_TEST_CASE(rows_elements_and_single_precision_agree)
{
    const pattern p = irregular();
    const pattern_moments rows = p.moments();
    std::vector<double> frequencies, times;
    for (const double t : p.times)
        for (const double f : p.frequencies) {
            frequencies.push_back(f);
            times.push_back(t);
        }
    const pattern_moments elements = moments_of_elements(
        p.weights.data(), frequencies.data(), times.data(), p.weights.size());
    const std::vector<float> single(p.weights.begin(), p.weights.end());
    const pattern_moments floats = moments_of_rows(single.data(),
                                                   p.frequencies.data(),
                                                   p.frequencies.size(),
                                                   p.times.data(),
                                                   p.times.size());
    const delay_doppler_bound a = bound(rows, 1), b = bound(elements, 1),
                              c = bound(floats, 1);
    BOOST_CHECK_CLOSE(a.var_delay, b.var_delay, 1e-8);
    BOOST_CHECK_CLOSE(a.var_doppler, b.var_doppler, 1e-8);
    BOOST_CHECK_CLOSE(a.covariance, b.covariance, 1e-8);
    BOOST_CHECK_EQUAL(rows.lowest_frequency, elements.lowest_frequency);
    BOOST_CHECK_CLOSE(a.var_delay, c.var_delay, 1e-4); // weights round at 6e-8
}

BOOST_AUTO_TEST_CASE(scales_with_energy_and_snr)
{
    pattern p = irregular();
    const double once = bound(p.moments(), 1).var_delay;
    BOOST_CHECK_CLOSE(bound(p.moments(), 4).var_delay, once / 4, 1e-10);
    for (double& w : p.weights)
        w *= 3;
    BOOST_CHECK_CLOSE(bound(p.moments(), 1).var_delay, once / 3, 1e-10);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_measured_is_infinite)
{
    pattern p = contiguous(10, 1);
    BOOST_CHECK(std::isinf(bound(p.moments(), 1).var_doppler));
    BOOST_CHECK(std::isfinite(bound(p.moments(), 1).var_delay));

    p = contiguous(10, 64);
    for (size_t i = 0; i < p.weights.size(); i++)
        p.weights[i] = i % 10 == 7;
    BOOST_CHECK(std::isinf(bound(p.moments(), 1).var_delay));
    BOOST_CHECK(std::isfinite(bound(p.moments(), 1).var_doppler));

    p = contiguous(10, 10);
    for (size_t i = 0; i < p.weights.size(); i++)
        p.weights[i] = i % 10 == i / 10;
    BOOST_CHECK(std::isinf(bound(p.moments(), 1).var_delay));
    BOOST_CHECK(std::isinf(bound(p.moments(), 1).var_doppler));

    BOOST_CHECK(std::isinf(bound(contiguous(10, 64).moments(), 0).var_delay));
}

BOOST_AUTO_TEST_CASE(refuses_bad_input)
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const pattern good = contiguous(12, 4);
    const auto refused = [](const pattern& p) {
        BOOST_CHECK_THROW(p.moments(), std::invalid_argument);
        std::vector<double> t(p.weights.size(), p.times[1]);
        std::vector<double> f(p.weights.size(), p.frequencies[1]);
        BOOST_CHECK_THROW(
            moments_of_elements(p.weights.data(), f.data(), t.data(), t.size()),
            std::invalid_argument);
    };
    // Of a row the first eight are summed side by side.
    for (const size_t place : { 5, 10 })
        for (const double wrong : { nan, -1.0, 1.0 / 0.0 }) {
            pattern p = good;
            p.weights[place] = wrong;
            refused(p);
        }
    pattern p = good;
    p.weights.assign(p.weights.size(), 0);
    refused(p);
    p = good;
    p.frequencies[1] = nan;
    refused(p);
    p = good;
    p.times[1] = nan;
    refused(p);
    BOOST_CHECK_THROW(bound(good.moments(), -1), std::invalid_argument);
    BOOST_CHECK_THROW(bound(good.moments(), nan), std::invalid_argument);
    BOOST_CHECK_THROW(phase_model_of("guess"), std::invalid_argument);
    BOOST_CHECK(phase_model_of("published") == phase_model::published);
}
