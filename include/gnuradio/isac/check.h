/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHECK_H
#define INCLUDED_ISAC_CHECK_H

#include <string_view>
#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>

namespace gr {
namespace isac {

/*!
 * Refuses a parameter: throws std::invalid_argument that names the parameter, the value
 * and the limit unless \p holds.
 *
 * \param holds  whether the value is allowed; write it so that a NaN gives false
 * \param name   the parameter, with its owner: "ofdm_grid: cp_len"
 * \param value  the value that was given
 * \param limit  the condition that it must meet: "must be from 0 to fft_len = 64"
 */
template <typename T>
void require(bool holds, const char* name, const T& value, std::string_view limit)
{
    if (holds)
        return;
    std::ostringstream text;
    text << name << " = " << value << " " << limit;
    throw std::invalid_argument(text.str());
}

//! Refuses a value that is NaN, infinite or outside [\p lowest, \p highest].
inline void require_within(const char* name, double value, double lowest, double highest)
{
    if (value >= lowest && value <= highest && std::isfinite(value))
        return;
    std::ostringstream limit;
    limit << "must be from " << lowest << " to " << highest;
    require(false, name, value, limit.str());
}

//! Refuses a value that is NaN, infinite, zero or negative.
inline void require_positive(const char* name, double value)
{
    require(
        value > 0 && std::isfinite(value), name, value, "must be positive and finite");
}

//! Refuses a value that is NaN, infinite or negative.
inline void require_not_negative(const char* name, double value)
{
    require(value >= 0 && std::isfinite(value),
            name,
            value,
            "must be zero or positive, and finite");
}

//! Refuses a value that is NaN or infinite.
inline void require_finite(const char* name, double value)
{
    require(std::isfinite(value), name, value, "must be finite");
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHECK_H */
