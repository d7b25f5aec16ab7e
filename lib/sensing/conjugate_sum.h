/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CONJUGATE_SUM_H
#define INCLUDED_ISAC_SENSING_CONJUGATE_SUM_H

#include "simd_clones.h"

namespace gr {
namespace isac {

//! Sum of conj(value) turn over vectors of four complex values.
struct conjugate_sum {
    float8 straight = {}, crossed = {};

    //! \param re, im  of the turn, in all lanes
    void add(const float8& v, const float8& re, const float8& im)
    {
        straight += v * re;
        crossed += v * im;
    }
    void add_to(float8& to) const
    {
        const float8 sign = { 1, -1, 1, -1, 1, -1, 1, -1 };
        to += sign * straight + ISAC_SHUFFLE(crossed, crossed, 1, 0, 3, 2, 5, 4, 7, 6);
    }
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CONJUGATE_SUM_H */
