/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CFAR_THRESHOLD_H
#define INCLUDED_ISAC_SENSING_CFAR_THRESHOLD_H

#include <gnuradio/isac/api.h>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Multiplier of the mean of \p num_training independent exponential cells whose product
 * an independent cell of the same mean exceeds with probability \p pfa:
 * n (pfa^(-1/n) - 1).
 *
 * \throws std::invalid_argument unless 0 < pfa < 1 and num_training >= 1
 */
ISAC_API double ca_multiplier(size_t num_training, double pfa);

/*!
 * The same for training cells that are correlated. A sum of correlated exponential cells
 * is one of independent ones with the eigenvalues l_i of their covariance (of mean 1) as
 * means, hence prod (1 + a l_i / n)^-1 = pfa.
 *
 * \param eigenvalues of the covariance of the cells' amplitudes with ones on its
 *                    diagonal; not negative
 */
ISAC_API double ca_multiplier(const std::vector<double>& eigenvalues, double pfa);

/*!
 * Multiplier of the \p rank smallest (1 is the smallest) of \p num_training independent
 * exponential cells: prod_{i=0}^{rank-1} (n - i) / (n - i + a) = pfa (H. Rohling, "Radar
 * CFAR thresholding in clutter and multiple target situations").
 *
 * \throws std::invalid_argument unless 0 < pfa < 1 and 1 <= rank <= num_training
 */
ISAC_API double os_multiplier(size_t num_training, size_t rank, double pfa);

//! Mean of that order statistic when the cells have mean 1: sum_{i<rank} 1 / (n - i).
ISAC_API double os_mean(size_t num_training, size_t rank);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CFAR_THRESHOLD_H */
