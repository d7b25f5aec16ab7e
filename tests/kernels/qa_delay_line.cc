/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/delay_line.h>
#include <gnuradio/isac/theory/constants.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <vector>

using namespace gr::isac;

namespace {

constexpr double SPEC_DB = -70;
constexpr double BAND = 0.8;
constexpr size_t AHEAD = delay_line::AHEAD;

// Sum of tones in the middle 80% of the band, known at any time: what a perfect delay
// gives in closed form.
class tones
{
public:
    explicit tones(size_t count)
    {
        for (size_t i = 0; i < count; i++) {
            const double place = count == 1 ? 1 : 2.0 * i / (count - 1) - 1;
            d_frequency.push_back(place * BAND * PI);
            d_phase.push_back(2.3 * i * i); // anything that spreads them
        }
    }

    std::complex<double> at(double n) const
    {
        std::complex<double> sum = 0;
        for (size_t i = 0; i < d_frequency.size(); i++)
            sum += std::polar(1.0, d_frequency[i] * n + d_phase[i]);
        return sum / std::sqrt(static_cast<double>(d_frequency.size()));
    }

    std::vector<gr_complex> samples(size_t count) const
    {
        std::vector<gr_complex> x(count);
        for (size_t n = 0; n < count; n++)
            x[n] = gr_complex(at(n));
        return x;
    }

private:
    std::vector<double> d_frequency, d_phase;
};

// Runs a path of constant delay rate and gives the error over the signal in dB, the start
// left out, where the line is still empty.
double error_db(const tones& signal, double delay, double rate, double phase_rate)
{
    constexpr size_t total = 6 * delay_line::LONGEST_STRETCH - 100;
    const auto x = signal.samples(total + AHEAD);
    std::vector<gr_complex> y(total);
    delay_line line;
    for (size_t n = 0; n < total;) {
        const size_t count = std::min(total - n, delay_line::LONGEST_STRETCH - 7);
        line.write(x.data() + n, count, AHEAD);
        BOOST_REQUIRE(
            line.put({ delay + rate * n, rate, 0.5, 1 + phase_rate * n, phase_rate },
                     y.data() + n));
        n += count;
    }
    double error = 0, power = 0;
    for (size_t n = 2048; n < total; n++) {
        const auto wanted = signal.at(n - delay - rate * n) *
                            std::polar(0.5, 1 + phase_rate * static_cast<double>(n));
        error += std::norm(wanted - std::complex<double>(y[n]));
        power += std::norm(wanted);
    }
    return 10 * std::log10(error / power);
}

} // namespace

// Every single tone keeps the error, also the worst, which stands at the band's edge.
BOOST_AUTO_TEST_CASE(fixed_delays_are_exact_to_70_db)
{
    for (const double delay : { 0.0, 0.001953125, 0.25, 0.5, 0.99, 7.77, 13.5, 1000.333 })
        BOOST_TEST(error_db(tones(1), delay, 0, 0.01) < SPEC_DB,
                   "at a delay of " << delay);
}

// An echo at 500 m/s either way, and carrier at 3.5 GHz with 30.72 MS/s.
BOOST_AUTO_TEST_CASE(moving_delays_are_exact_to_70_db)
{
    const double rate = 2 * 500 / SPEED_OF_LIGHT;
    const double phase_rate = 2 * PI * rate * 3.5e9 / 30.72e6;
    for (const double sign : { 1.0, -1.0 }) {
        BOOST_TEST(error_db(tones(1), 200.4, sign * rate, -sign * phase_rate) < SPEC_DB);
        BOOST_TEST(error_db(tones(41), 200.4, sign * rate, -sign * phase_rate) < SPEC_DB);
    }
}

// The delay passes from one sample to the next within the run.
BOOST_AUTO_TEST_CASE(delay_crosses_samples)
{
    BOOST_TEST(error_db(tones(21), 40.999, 1e-6, 0) < SPEC_DB);
    BOOST_TEST(error_db(tones(21), 41.001, -1e-6, 0) < SPEC_DB);
}

BOOST_AUTO_TEST_CASE(paths_add_up_and_are_linear)
{
    const auto x = tones(5).samples(500 + AHEAD);
    const delay_line::path first = { 3.3, 0, 1, 0, 0 }, second = { 90.9, 0, 2, 1, 0.1 };
    std::vector<gr_complex> one(500), other(500), both(500);
    delay_line line;
    const auto run = [&](std::vector<delay_line::path> paths, auto& out) {
        line.clear();
        line.write(x.data(), 500, AHEAD);
        for (size_t i = 0; i < paths.size(); i++)
            i == 0 ? line.put(paths[i], out.data()) : line.add(paths[i], out.data());
    };
    run({ first }, one);
    run({ second }, other);
    run({ first, second }, both);
    for (size_t n = 0; n < 500; n++)
        BOOST_TEST(std::abs(both[n] - one[n] - other[n]) < 1e-5f);
}

// One stretch or many small ones: the same samples.
BOOST_AUTO_TEST_CASE(stretches_join)
{
    const auto x = tones(5).samples(3000 + AHEAD);
    std::vector<gr_complex> whole(1500), pieces(1500);
    const auto run = [&](size_t step, auto& out) {
        delay_line line;
        for (size_t n = 0; n < 1500; n += step) {
            const size_t count = std::min(step, 1500 - n);
            line.write(x.data() + n, count, AHEAD);
            line.put({ 33.3, 0, 1, 0, 0 }, out.data() + n);
        }
    };
    run(1500, whole);
    for (const size_t step : { 1, 31, 33, 100 }) {
        run(step, pieces);
        for (size_t n = 0; n < 1500; n++)
            BOOST_REQUIRE(std::abs(whole[n] - pieces[n]) < 1e-6f);
    }
}

// Where a stretch is cut follows from the scheduler, and nobody is to see it: to the bit.
BOOST_AUTO_TEST_CASE(a_stretch_may_be_cut_anywhere)
{
    constexpr size_t total = 1500;
    const auto x = tones(5).samples(total + AHEAD);
    const delay_line::path first = { 33.3, 3e-6, 1, 0.5, 0.01 };
    const delay_line::path second = { 7.9, -1e-6, 0.3, 2, -0.02 };
    // So slow that some tiles have one delay: cuts take them in other numbers at a time.
    const delay_line::path third = { 20.6, 2e-7, 0.5, 1, 0.005 };
    const auto run = [&](size_t step) {
        std::vector<gr_complex> out(total);
        delay_line line;
        for (size_t n = 0; n < total; n += step) {
            line.write(x.data() + n, std::min(step, total - n), AHEAD);
            BOOST_REQUIRE(line.put(first, out.data() + n, n));
            BOOST_REQUIRE(line.add(second, out.data() + n, n));
            BOOST_REQUIRE(line.add(third, out.data() + n, n));
        }
        return out;
    };
    const auto whole = run(total);
    for (const size_t step : { 1, 31, 32, 33, 64, 100, 200, 1499 })
        BOOST_TEST((run(step) == whole), "pieces of " << step << " samples");
}

BOOST_AUTO_TEST_CASE(long_delays_by_reserve_keep_the_past)
{
    const size_t total = 40 * 1000;
    const tones signal(5);
    const auto x = signal.samples(total + AHEAD);
    std::vector<gr_complex> y(1000);
    delay_line line;
    BOOST_TEST(!line.put({ 1e6, 0, 1, 0, 0 }, y.data()));
    for (size_t n = 0; n < total; n += 1000) {
        if (n == 3000)
            line.reserve(20000);
        line.write(x.data() + n, 1000, AHEAD);
        BOOST_REQUIRE(line.put({ n < 3000 ? 1900.5 : 19000.25, 0, 1, 0, 0 }, y.data()));
        if (n < 20000)
            continue;
        for (size_t i = 0; i < 1000; i++)
            BOOST_REQUIRE(std::abs(std::complex<double>(y[i]) -
                                   signal.at(n + i - 19000.25)) < 1e-3);
    }
}

BOOST_AUTO_TEST_CASE(samples_that_are_not_finite_count_as_zero)
{
    std::vector<gr_complex> x(200 + AHEAD, { 1, 0 }), y(200);
    x[50] = { std::nanf(""), 0 };
    x[60] = { 0, std::numeric_limits<float>::infinity() };
    x[205] = x[50]; // ahead: counted when it is written itself
    delay_line line;
    const auto found = line.write(x.data(), 200, AHEAD);
    BOOST_TEST(found.not_finite == 2u);
    BOOST_TEST(found.energy == 198, boost::test_tools::tolerance(1e-6));
    line.put({ 20, 0, 1, 0, 0 }, y.data());
    BOOST_TEST(std::abs(y[70]) < 1e-6f);
    BOOST_TEST(std::abs(y[80]) < 1e-6f);
    BOOST_TEST(std::abs(y[75] - gr_complex(1, 0)) < 1e-6f);
}

BOOST_AUTO_TEST_CASE(clear_forgets)
{
    std::vector<gr_complex> x(100, { 1, 0 }), y(100);
    delay_line line;
    line.write(x.data(), 100, 0);
    line.clear();
    line.write(x.data(), 100, 0);
    line.put({ 50, 0, 1, 0, 0 }, y.data());
    for (size_t n = 0; n < 30; n++)
        BOOST_TEST(y[n] == gr_complex(0, 0));
}
