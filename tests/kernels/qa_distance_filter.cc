/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/distance_filter.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace gr::isac;

namespace {

constexpr double NONE = std::numeric_limits<double>::quiet_NaN();
constexpr double INFINITE = std::numeric_limits<double>::infinity();
constexpr double STEP = 0.04; // s
constexpr int CONFIRMED = 4;  // measurements that agree before a distance is known

// A user that comes closer at 10 m/s, measured without error but with a variance of 1
// m^2.
struct approach {
    distance_filter filter;
    distance_filter::parameters p;
    int n = 0;

    double truth() const { return 1000 - 10 * STEP * n; }
    distance_filter::estimate see(double off = 0, double variance = 1)
    {
        n++;
        return filter.update(STEP * n, truth() + off, variance, p);
    }
    distance_filter::estimate miss()
    {
        n++;
        return filter.update(STEP * n, NONE, NONE, p);
    }
    void lock()
    {
        for (int i = 0; i < 50; i++)
            see();
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_distance_is_known_when_measurements_agree)
{
    approach a;
    for (int i = 1; i < CONFIRMED; i++)
        BOOST_CHECK(std::isnan(a.see().distance));
    const auto known = a.see();
    BOOST_CHECK_SMALL(known.distance - a.truth(), 0.5);
    BOOST_CHECK_LT(known.variance, 1);

    a.filter.reset();
    BOOST_CHECK(std::isnan(a.see().distance));
}

// Without acceleration the posterior is that of a straight line: the information of all
// measurements and of the first speed's prior (50 m/s, about 0), summed and inverted.
BOOST_AUTO_TEST_CASE(steady_speed_is_weighted_least_squares)
{
    distance_filter filter;
    distance_filter::parameters p;
    p.acceleration = 1e-9;
    p.hold = 2;
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    const int count = 30;
    const double end = STEP * (count - 1) * count / 2;
    // Of distance and speed at the end.
    double i11 = 0, i12 = 0, i22 = 1 / 2500.0, y1 = 0, y2 = 0;
    distance_filter::estimate e{};
    double time = 0;
    for (int i = 0; i < count; i++) {
        time += STEP * i; // irregular
        const double variance = 1 + i % 5;
        const double measured = 800 + 12 * time + std::sqrt(variance) * normal(random);
        e = filter.update(time, measured, variance, p);
        const double before = time - end;
        i11 += 1 / variance;
        i12 += before / variance;
        i22 += before * before / variance;
        y1 += measured / variance;
        y2 += measured * before / variance;
    }
    const double determinant = i11 * i22 - i12 * i12;
    BOOST_CHECK_CLOSE(e.variance, i22 / determinant, 1e-4);
    BOOST_CHECK_CLOSE(e.distance, (i22 * y1 - i12 * y2) / determinant, 1e-4);
}

// Continuous measurements of density R T of a speed driven by white noise of density q
// leave sqrt(2) q^(1/4) (R T)^(3/4); steps that are short beside (R T / q)^(1/4) = 1.4 s
// differ by their ratio, 3%.
BOOST_AUTO_TEST_CASE(variance_is_that_of_the_errors)
{
    distance_filter filter;
    distance_filter::parameters p;
    std::mt19937 random(2);
    std::normal_distribution<double> normal;
    double distance = 1000, speed = 0, squares = 0, variance = 0;
    const int settled = 500, count = 40000;
    for (int i = 0; i < settled + count; i++) {
        // Speed over a step: white acceleration of density 1 m^2/s^3.
        const double kick = std::sqrt(STEP) * normal(random);
        const double within = std::sqrt(STEP / 12) * normal(random);
        distance += STEP * (speed + kick / 2 + within);
        speed += kick;
        const auto e = filter.update(STEP * i, distance + 10 * normal(random), 100, p);
        if (i < settled)
            continue;
        squares += (e.distance - distance) * (e.distance - distance) / count;
        variance = e.variance;
    }
    BOOST_CHECK_CLOSE(variance, std::sqrt(2) * std::pow(100 * STEP, 0.75), 4);
    // 1600 s hold a thousand independent errors: 4.5% of their mean square, four times.
    BOOST_CHECK_CLOSE(squares, variance, 18);
}

BOOST_AUTO_TEST_CASE(wrong_peaks_are_not_used)
{
    approach a, clean;
    a.lock();
    clean.lock();
    for (int i = 0; i < 30; i++) {
        // Never twice alike: up to 3 km off.
        const auto e = a.see(500 + 83 * (i * 17 % 31));
        BOOST_CHECK_EQUAL(e.distance, clean.miss().distance);
        BOOST_CHECK_SMALL(e.distance - a.truth(), 0.2);
        a.see();
        clean.see();
    }
    // Nor is what lies just outside of the gate; what lies within moves the estimate.
    const auto before = a.miss();
    const double next = before.distance - 10 * STEP; // within a few mm
    const double gate = a.p.gate * std::sqrt(before.variance + 1);
    BOOST_CHECK_SMALL(a.see(gate * 1.05).distance - next, 0.05);
    BOOST_CHECK_GT(a.see(gate * 0.9).distance - next, 0.05);
}

BOOST_AUTO_TEST_CASE(what_agrees_elsewhere_takes_over)
{
    approach a;
    a.lock();
    for (int i = 1; i < CONFIRMED; i++)
        BOOST_CHECK_SMALL(a.see(300).distance - a.truth(), 0.2);
    BOOST_CHECK_SMALL(a.see(300).distance - a.truth() - 300, 0.5);

    // Not while what is followed is seen in between.
    approach b;
    b.lock();
    for (int i = 0; i < 20; i++)
        BOOST_CHECK_SMALL(b.see(i % 2 ? 300 : 0).distance - b.truth(), 0.2);
}

BOOST_AUTO_TEST_CASE(missing_measurements_widen_the_variance)
{
    approach a;
    a.lock();
    double variance = 0;
    for (int i = 0; i < 25; i++) { // the hold of 1 s, inclusive
        const auto e = a.miss();
        BOOST_CHECK_SMALL(e.distance - a.truth(), 0.5);
        BOOST_CHECK_GT(e.variance, variance);
        variance = e.variance;
    }
    BOOST_CHECK(std::isnan(a.miss().distance));
    BOOST_CHECK(std::isnan(a.see().distance)); // begins anew
}

BOOST_AUTO_TEST_CASE(measurements_of_unknown_variance_are_missing)
{
    for (const double variance : { NONE, INFINITE, -1.0 }) {
        approach a, missed;
        a.lock();
        missed.lock();
        const auto e = a.see(3, variance);
        const auto expected = missed.miss();
        BOOST_CHECK_EQUAL(e.distance, expected.distance);
        BOOST_CHECK_EQUAL(e.variance, expected.variance);
    }
    approach a;
    a.lock();
    a.n++;
    BOOST_CHECK(std::isfinite(a.filter.update(STEP * a.n, INFINITE, 1, a.p).distance));
}

// Twice the same, without error, at the same time: nothing is divided by zero.
BOOST_AUTO_TEST_CASE(exact_measurements)
{
    distance_filter filter;
    const distance_filter::parameters p;
    for (int i = 0; i < 6; i++) {
        const auto e = filter.update(i / 2, 100, 0, p);
        if (i + 1 < CONFIRMED)
            continue;
        BOOST_CHECK_EQUAL(e.distance, 100);
        BOOST_CHECK_EQUAL(e.variance, 0);
    }
}
