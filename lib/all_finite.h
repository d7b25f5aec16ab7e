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
inline bool all_finite(const gr_complex* values, size_t count)
{
    const auto* parts = reinterpret_cast<const float*>(values);
    float energy;
    volk_32f_x2_dot_prod_32f(&energy, parts, parts, static_cast<unsigned int>(2 * count));
    return std::isfinite(energy);
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_ALL_FINITE_H */
