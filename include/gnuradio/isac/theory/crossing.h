/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_THEORY_CROSSING_H
#define INCLUDED_ISAC_THEORY_CROSSING_H

#include <gnuradio/isac/api.h>
#include <cstddef>

namespace gr {
namespace isac {
namespace theory {

/*!
 * Where a sampled curve first comes up to a level, interpolated linearly: the edges of a
 * handover region, where the probability passes 0.1 and 0.9.
 *
 * \param x      ascending
 * \param y      one a value of x; next to a NaN there is no crossing
 * \param count  values of each
 * \param level  finite
 * \return NaN when the curve never lies below the level and then at or above it
 * \throws std::invalid_argument for an x that does not ascend, or a level that is not
 *         finite
 */
ISAC_API double
first_upward_crossing(const double* x, const double* y, size_t count, double level);

} // namespace theory
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_THEORY_CROSSING_H */
