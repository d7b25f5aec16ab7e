/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/bit_error_rate.h>
#include <gnuradio/isac/theory/modulation.h>
#include <cmath>

namespace gr {
namespace isac {
namespace theory {

double bit_error_rate(double snr, const std::string& modulation)
{
    require_not_negative("bit_error_rate: snr", snr);
    const int bits_a_symbol = bits_per_symbol(modulation);
    if (bits_a_symbol == 1) // bpsk has one axis, the others two alike
        return 0.5 * std::erfc(std::sqrt(snr));
    const int points = 1 << (bits_a_symbol / 2);

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
