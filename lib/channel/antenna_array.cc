/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/antenna_array.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/array_gain.h>
#include <gnuradio/isac/theory/constants.h>
#include <cmath>

namespace gr {
namespace isac {

antenna_array::antenna_array(
    size_t columns, size_t rows, double azimuth_deg, double downtilt_deg, double spacing)
    : d_columns(columns), d_rows(rows), d_spacing(spacing)
{
    require(columns >= 1, "array: columns", columns, "must be at least 1");
    require(rows >= 1, "array: rows", rows, "must be at least 1");
    require_finite("array: azimuth_deg", azimuth_deg);
    require_finite("array: downtilt_deg", downtilt_deg);
    require_positive("array: spacing", spacing);
    const double azimuth = azimuth_deg * PI / 180;
    const double downtilt = downtilt_deg * PI / 180;
    d_across = { -std::sin(azimuth), std::cos(azimuth), 0 };
    d_upward = { std::cos(azimuth) * std::sin(downtilt),
                 std::sin(azimuth) * std::sin(downtilt),
                 std::cos(downtilt) };
}

double antenna_array::gain(const vector3& steered,
                           const vector3& direction,
                           size_t columns) const
{
    const double horizontal = theory::array_gain(
        dot(steered, d_across), dot(direction, d_across), columns, d_spacing);
    if (d_rows == 1)
        return horizontal;
    return horizontal *
           theory::array_gain(
               dot(steered, d_upward), dot(direction, d_upward), d_rows, d_spacing);
}

} // namespace isac
} // namespace gr
