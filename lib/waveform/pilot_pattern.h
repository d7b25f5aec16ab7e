/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_PILOT_PATTERN_H
#define INCLUDED_ISAC_PILOT_PATTERN_H

#include <gnuradio/isac/ofdm_grid.h>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Turns data elements into pilots by the pattern that \p p names.
 *
 * \param p         the grid's parameters, sizes already checked
 * \param elements  M x N, data on every active element
 * \param values    M x N, zero; takes the values that were given by hand
 * \throws std::invalid_argument for a pattern that is unknown or does not fit the grid
 */
void mark_pilots(const ofdm_grid::parameters& p,
                 std::vector<ofdm_grid::element>& elements,
                 std::vector<gr_complex>& values);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_PILOT_PATTERN_H */
