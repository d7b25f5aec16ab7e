/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/waveform/constellation.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>

using gr::isac::constellation;

namespace {

const std::pair<const char*, int> modulations[] = {
    { "bpsk", 1 }, { "qpsk", 2 }, { "16qam", 4 }, { "64qam", 6 }, { "256qam", 8 }
};

// TS 38.211, 5.1.2 to 5.1.6, as printed; b is b(i), b(i+1), ...
std::complex<double> printed(int bits, const int* b)
{
    const auto s = [&](int i) { return 1.0 - 2 * b[i]; };
    switch (bits) {
    case 1:
        return std::complex<double>(s(0), s(0)) / std::sqrt(2);
    case 2:
        return std::complex<double>(s(0), s(1)) / std::sqrt(2);
    case 4:
        return std::complex<double>(s(0) * (2 - s(2)), s(1) * (2 - s(3))) / std::sqrt(10);
    case 6:
        return std::complex<double>(s(0) * (4 - s(2) * (2 - s(4))),
                                    s(1) * (4 - s(3) * (2 - s(5)))) /
               std::sqrt(42);
    default:
        return std::complex<double>(s(0) * (8 - s(2) * (4 - s(4) * (2 - s(6)))),
                                    s(1) * (8 - s(3) * (4 - s(5) * (2 - s(7))))) /
               std::sqrt(170);
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(points_of_ts_38_211)
{
    for (const auto& [name, bits] : modulations) {
        const constellation c(name);
        BOOST_TEST(c.bits_per_symbol() == bits);
        BOOST_REQUIRE(c.points().size() == 1u << bits);
        double energy = 0;
        for (unsigned group = 0; group < c.points().size(); group++) {
            int b[8];
            for (int i = 0; i < bits; i++)
                b[i] = (group >> (bits - 1 - i)) & 1;
            BOOST_CHECK_SMALL(
                std::abs(std::complex<double>(c.points()[group]) - printed(bits, b)),
                1e-6);
            energy += std::norm(c.points()[group]);
        }
        BOOST_CHECK_CLOSE(energy / c.points().size(), 1.0, 1e-4);
    }
}

BOOST_AUTO_TEST_CASE(decisions_are_the_nearest_points)
{
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 1);
    for (const auto& [name, bits] : modulations) {
        const constellation c(name);
        for (int trial = 0; trial < 5000; trial++) {
            const gr_complex y(normal(random), normal(random));
            uint8_t byte = 0;
            c.demap(&y, 1, &byte, 0);
            const unsigned group = byte >> (8 - bits);
            for (const gr_complex other : c.points())
                BOOST_REQUIRE(std::abs(y - c.points()[group]) <=
                              std::abs(y - other) + 1e-5f);
        }
    }
}

// From any bit on, in pieces of any length, and nothing beyond is touched.
BOOST_AUTO_TEST_CASE(bits_pass_at_any_offset)
{
    std::mt19937 random(2);
    for (const auto& [name, bits] : modulations) {
        const constellation c(name);
        std::vector<uint8_t> sent(60), got(60, 0);
        for (auto& byte : sent)
            byte = static_cast<uint8_t>(random());
        const size_t symbols = 60 * 8 / bits;
        std::vector<gr_complex> points(symbols);
        for (size_t at = 0; at < symbols;) {
            const size_t count = std::min<size_t>(random() % 8, symbols - at);
            c.map(sent.data(), at * bits, points.data() + at, count);
            c.demap(points.data() + at, count, got.data(), at * bits);
            at += count;
        }
        BOOST_TEST(got == sent, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(values_that_are_not_finite_decide_something)
{
    const float inf = std::numeric_limits<float>::infinity();
    const gr_complex wild[] = { { NAN, NAN }, { inf, -inf }, { 1e30f, -1e30f } };
    for (const auto& [name, bits] : modulations) {
        const constellation c(name);
        uint8_t got[3] = {};
        c.demap(wild, 3, got, 0);
    }
    BOOST_TEST(true);
}

BOOST_AUTO_TEST_CASE(refusals)
{
    for (const char* name : { "", "8psk", "QPSK", "1024qam" })
        BOOST_CHECK_THROW(constellation{ name }, std::invalid_argument);
}
