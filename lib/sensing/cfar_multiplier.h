/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CFAR_MULTIPLIER_H
#define INCLUDED_ISAC_SENSING_CFAR_MULTIPLIER_H

#include <gnuradio/isac/sensing/cell_correlation.h>
#include <gnuradio/isac/sensing/cfar_window.h>
#include <cmath>
#include <cstddef>

namespace gr {
namespace isac {

//! Of the order statistic that is that share of the cells.
inline size_t order_rank(size_t num_training, double share)
{
    return static_cast<size_t>(std::ceil(share * static_cast<double>(num_training)));
}

//! Threshold over the mean of the training cells of column \p range, with what
//! correlation is between them.
double ca_multiplier(const cfar_window& window,
                     size_t range,
                     const cell_correlation& correlation,
                     double pfa,
                     size_t looks);

//! Likewise over their order statistic, the greatest of those of the window's sectors.
double os_multiplier(const cfar_window& window,
                     size_t range,
                     double rank_share,
                     const cell_correlation& correlation,
                     double pfa,
                     size_t looks);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CFAR_MULTIPLIER_H */
