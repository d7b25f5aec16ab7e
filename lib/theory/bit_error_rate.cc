/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/bit_error_rate.h>
#include <cmath>
#include <utility>

namespace gr {
namespace isac {
namespace theory {

namespace {

// Points on each axis of a square constellation; 0 for bpsk, which has one axis.
int points_an_axis(const std::string& modulation)
{
    static const std::pair<const char*, int> known[] = {
        { "bpsk", 0 }, { "qpsk", 2 }, { "16qam", 4 }, { "64qam", 8 }, { "256qam", 16 }
    };
    for (const auto& [name, points] : known)
        if (modulation == name)
            return points;
    require(false,
            "bit_error_rate: modulation",
            modulation,
            "must be bpsk, qpsk, 16qam, 64qam or 256qam");
    return 0;
}

} // namespace

double bit_error_rate(double snr, const std::string& modulation)
{
    require_not_negative("bit_error_rate: snr", snr);
    const int points = points_an_axis(modulation);
    if (points == 0)
        return 0.5 * std::erfc(std::sqrt(snr));

    // Half the distance of two points, in units of sqrt(N0).
    const double half = std::sqrt(1.5 * snr / (points * points - 1));
    double sum = 0;
    int bits = 0;
    for (int weight = 1; weight < points; weight *= 2, bits++) // 2^(k-1) of bit k
        for (int i = 0; i < points - points / (2 * weight); i++) {
            const int sign = (i * weight / points) % 2 ? -1 : 1;
            const int count = weight - (2 * i * weight + points) / (2 * points);
            sum += sign * count * std::erfc((2 * i + 1) * half);
        }
    return sum / (points * bits);
}

} // namespace theory
} // namespace isac
} // namespace gr
