/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_COLUMN_PITCH_H
#define INCLUDED_ISAC_SENSING_COLUMN_PITCH_H

#include "prefetch.h"
#include <gnuradio/gr_complex.h>

namespace gr {
namespace isac {

//! Complex values of a cache line.
constexpr size_t LINE_VALUES = CACHE_LINE / sizeof(gr_complex);

/*!
 * Values from one column to the next: whole cache lines, and one more, which keeps
 * columns off each other's sets where their length is a power of two.
 */
inline size_t column_pitch(size_t length)
{
    return (length + LINE_VALUES - 1) / LINE_VALUES * LINE_VALUES + LINE_VALUES;
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_COLUMN_PITCH_H */
