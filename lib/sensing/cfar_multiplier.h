/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CFAR_MULTIPLIER_H
#define INCLUDED_ISAC_SENSING_CFAR_MULTIPLIER_H

#include <gnuradio/isac/sensing/cell_correlation.h>
#include <gnuradio/isac/sensing/cfar_window.h>
#include <cstddef>

namespace gr {
namespace isac {

//! Threshold over the mean of the training cells of column \p range, with what
//! correlation is between them.
double ca_multiplier(const cfar_window& window,
                     size_t range,
                     const cell_correlation& correlation,
                     double pfa,
                     size_t looks);

//! Likewise over their order statistic of that rank.
double os_multiplier(const cfar_window& window,
                     size_t range,
                     size_t rank,
                     const cell_correlation& correlation,
                     double pfa,
                     size_t looks);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CFAR_MULTIPLIER_H */
