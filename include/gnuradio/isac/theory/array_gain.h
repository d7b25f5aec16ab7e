/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_THEORY_ARRAY_GAIN_H
#define INCLUDED_ISAC_THEORY_ARRAY_GAIN_H

#include <gnuradio/isac/api.h>
#include <cstddef>

namespace gr {
namespace isac {
namespace theory {

/*!
 * Power gain of a uniform line of isotropic elements with weights of unit norm:
 * [sin(n x) / sin(x)]^2 / n with x = pi spacing (u - steered), n where the beam points
 * and in its grating lobes.
 *
 * \param steered   direction cosine to the line that the beam points to
 * \param u         direction cosine to the line that is looked at
 * \param elements  n, at least 1
 * \param spacing   of the elements, wavelengths, positive
 */
ISAC_API double
array_gain(double steered, double u, size_t elements, double spacing = 0.5);

} // namespace theory
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_THEORY_ARRAY_GAIN_H */
