/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/echo_scene.h>
#include <gnuradio/isac/channel/gaussian_noise.h>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

using namespace gr::isac;

namespace {

constexpr size_t FRAMES = 40000;

echo_scene::parameters scene_of(trajectory::sptr path, int swerling)
{
    echo_scene::parameters p;
    p.transmitter = trajectory::make({ 0, 0, 0 });
    p.targets = { std::make_shared<target>(std::move(path), 2.0, swerling) };
    return p;
}

// The gain of each frame, a second apart, over that of the first parameters' own target
// at a fixed cross section and without shadowing.
std::vector<double> relative_gains(const echo_scene::parameters& p, size_t frames)
{
    auto fixed = p;
    fixed.targets = { std::make_shared<target>(p.targets[0]->path(), 2.0) };
    fixed.shadowing_std_db = 0;
    echo_scene scene(p), reference(fixed);
    std::vector<double> gains(frames);
    for (size_t i = 0; i < frames; i++) {
        scene.begin_frame(i);
        reference.begin_frame(i);
        gains[i] = scene.gain(0) / reference.gain(0);
    }
    return gains;
}

double mean(const std::vector<double>& v)
{
    double sum = 0;
    for (const double x : v)
        sum += x;
    return sum / v.size();
}

// Correlation of values that are lag apart.
double covariance(const std::vector<double>& v, size_t lag)
{
    const double m = mean(v);
    double sum = 0;
    for (size_t i = lag; i < v.size(); i++)
        sum += (v[i] - m) * (v[i - lag] - m);
    return sum / (v.size() - lag);
}

} // namespace

// Exponential power has variance 1 of its mean, chi-square of 4 degrees 1/2. Over n draws
// the mean's standard error is sqrt(variance / n) and the variance's sqrt((k - 1) / n)
// variances, with a kurtosis k of 9 and 6; bounds are five of each.
BOOST_AUTO_TEST_CASE(swerling_moments)
{
    const auto still = trajectory::make({ 100, 0, 0 });
    for (int swerling = 1; swerling <= 4; swerling++) {
        auto p = scene_of(still, swerling);
        p.dwell_frames = 4;
        const bool dwells = swerling == 1 || swerling == 3;
        const double variance = swerling <= 2 ? 1 : 0.5;
        const double kurtosis = swerling <= 2 ? 9 : 6;
        const auto gains = relative_gains(p, FRAMES);
        const double draws = dwells ? FRAMES / 4.0 : FRAMES;
        BOOST_TEST(std::abs(mean(gains) - 1) < 5 * std::sqrt(variance / draws));
        BOOST_TEST(std::abs(covariance(gains, 0) / variance - 1) <
                   5 * std::sqrt((kurtosis - 1) / draws));
        // Within a dwell the same, over two dwells independent.
        for (size_t i = 1; i < FRAMES; i++)
            BOOST_REQUIRE((gains[i] == gains[i - 1]) == (dwells && i % 4 != 0));
        BOOST_TEST(std::abs(covariance(gains, 4)) < 5 * variance / std::sqrt(draws));
    }
    BOOST_TEST(covariance(relative_gains(scene_of(still, 0), 10), 0) < 1e-20);
}

// The target moves 10 m a frame and the correlation distance is 50 m: exp(-0.2) a frame.
// Correlated draws count as n (1 - r) / (1 + r) = 0.1 n; five standard errors.
BOOST_AUTO_TEST_CASE(shadowing_moments_and_correlation)
{
    auto p = scene_of(trajectory::make({ 1000, 0, 0 }, { 10, 0, 0 }), 0);
    p.shadowing_std_db = 4;
    p.shadowing_correlation_m = 50;
    auto shadowing = relative_gains(p, FRAMES);
    for (double& s : shadowing)
        s = -10 * std::log10(s) / 2; // the link is passed twice
    const double error = 5 / std::sqrt(0.1 * FRAMES);
    BOOST_TEST(std::abs(mean(shadowing)) < 4 * error);
    const double variance = covariance(shadowing, 0);
    BOOST_TEST(std::abs(variance / 16 - 1) < std::sqrt(2) * error);
    for (const size_t lag : { 1, 2, 5, 10 })
        BOOST_TEST(std::abs(covariance(shadowing, lag) / variance -
                            std::exp(-0.2 * lag)) < error);
}

BOOST_AUTO_TEST_CASE(shadowing_stays_where_nothing_moves)
{
    auto p = scene_of(trajectory::make({ 100, 0, 0 }), 0);
    p.shadowing_std_db = 8;
    BOOST_TEST(covariance(relative_gains(p, 100), 0) < 1e-20);
    p.shadowing_correlation_m = 0;
    BOOST_TEST(covariance(relative_gains(p, 100), 0) > 1e-3);
}

// A million samples: power, parts, fourth moment (2 for a circular Gaussian) and
// whiteness, each within five standard errors; and power in bins of equal probability by
// chi-square at 1e-6.
BOOST_AUTO_TEST_CASE(noise_is_white_circular_and_gaussian)
{
    constexpr size_t n = 1000000;
    constexpr double power = 3;
    std::vector<gr_complex> z(n);
    gaussian_noise noise(42);
    noise.add(z.data(), n, power);

    constexpr size_t bins = 64;
    std::vector<double> found(bins);
    double p = 0, p2 = 0;
    std::complex<double> sum, pseudo, lagged;
    for (size_t i = 0; i < n; i++) {
        const std::complex<double> x(z[i]);
        const double e = std::norm(x) / power;
        p += e / n;
        p2 += e * e / n;
        sum += x / std::sqrt(power) / double(n);
        pseudo += x * x / power / double(n);
        if (i > 0)
            lagged += x * std::conj(std::complex<double>(z[i - 1])) / power / double(n);
        found[std::min<size_t>(bins * std::exp(-e), bins - 1)]++;
    }
    const double error = 5 / std::sqrt(n);
    BOOST_TEST(std::abs(p - 1) < error);
    BOOST_TEST(std::abs(p2 - 2) < std::sqrt(20.0) * error);
    BOOST_TEST(std::abs(sum) < error);
    BOOST_TEST(std::abs(pseudo) < std::sqrt(2.0) * error);
    BOOST_TEST(std::abs(lagged) < error);
    double chi_squared = 0;
    const double wanted = double(n) / bins;
    for (const double count : found)
        chi_squared += (count - wanted) * (count - wanted) / wanted;
    const boost::math::chi_squared law(bins - 1);
    BOOST_TEST(chi_squared < quantile(complement(law, 1e-6)));
}

// However many are taken at a time, the same samples come.
BOOST_AUTO_TEST_CASE(noise_follows_from_the_seed)
{
    std::vector<gr_complex> a(10000), b(10000), c(10000);
    gaussian_noise(7).add(a.data(), a.size(), 1);
    gaussian_noise pieces(7);
    for (size_t n = 0; n < b.size(); n += 100)
        pieces.add(b.data() + n, 100, 1);
    gaussian_noise(8).add(c.data(), c.size(), 1);
    BOOST_TEST((a == b));
    BOOST_TEST((a != c));
}
