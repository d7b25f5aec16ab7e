/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_ALL_FINITE_H
#define INCLUDED_ISAC_ALL_FINITE_H

#include <gnuradio/gr_complex.h>
#include <volk/volk.h>
#include <cmath>

namespace gr {
namespace isac {

//! Whether an array holds no NaN and no infinity: one of them makes the sum of squares
//! so.
inline bool all_finite(const float* values, size_t count)
{
    float energy;
    volk_32f_x2_dot_prod_32f(&energy, values, values, static_cast<unsigned int>(count));
    return std::isfinite(energy);
}

inline bool all_finite(const gr_complex* values, size_t count)
{
    return all_finite(reinterpret_cast<const float*>(values), 2 * count);
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_ALL_FINITE_H */
