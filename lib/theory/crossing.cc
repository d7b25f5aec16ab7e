/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/crossing.h>
#include <limits>

namespace gr {
namespace isac {
namespace theory {

double first_upward_crossing(const double* x, const double* y, size_t count, double level)
{
    require_finite("first_upward_crossing: level", level);
    for (size_t i = 1; i < count; i++)
        require(x[i] > x[i - 1], "first_upward_crossing: x", x[i], "must ascend");
    for (size_t i = 1; i < count; i++)
        if (y[i - 1] < level && y[i] >= level)
            return x[i - 1] + (x[i] - x[i - 1]) * (level - y[i - 1]) / (y[i] - y[i - 1]);
    return std::numeric_limits<double>::quiet_NaN();
}

} // namespace theory
} // namespace isac
} // namespace gr
