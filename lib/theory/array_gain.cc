/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/array_gain.h>
#include <gnuradio/isac/theory/constants.h>
#include <cmath>

namespace gr {
namespace isac {
namespace theory {

// Of the sine of x: nearer to a lobe's middle the quotient is rounding, and the gain n.
constexpr double MIDDLE_OF_LOBE = 1e-9;

double array_gain(double steered, double u, size_t elements, double spacing)
{
    require_finite("array_gain: steered", steered);
    require_finite("array_gain: u", u);
    require(elements >= 1, "array_gain: elements", elements, "must be at least 1");
    require_positive("array_gain: spacing", spacing);
    const double x = PI * spacing * (u - steered);
    const double n = static_cast<double>(elements);
    const double sine = std::sin(x);
    if (std::abs(sine) < MIDDLE_OF_LOBE)
        return n;
    const double ratio = std::sin(n * x) / sine;
    return ratio * ratio / n;
}

} // namespace theory
} // namespace isac
} // namespace gr
