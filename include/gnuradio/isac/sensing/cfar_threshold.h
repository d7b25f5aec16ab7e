/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CFAR_THRESHOLD_H
#define INCLUDED_ISAC_SENSING_CFAR_THRESHOLD_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/sensing/cfar_probability.h>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Multiplier of the mean of \p num_training independent cells that an independent cell of
 * the same mean exceeds with probability \p pfa. A cell is exponential, or the sum of
 * \p looks such: for one look n (pfa^(-1/n) - 1), else see ca_probability().
 *
 * \throws std::invalid_argument unless 0 < pfa < 1, num_training >= 1 and looks >= 1
 */
ISAC_API double ca_multiplier(size_t num_training, double pfa, size_t looks = 1);

//! The same for training cells that are correlated, see ca_probability().
ISAC_API double
ca_multiplier(const std::vector<training_part>& training, double pfa, size_t looks = 1);

/*!
 * Multiplier of the \p rank smallest (1 is the smallest) of \p num_training independent
 * cells, see os_probability().
 *
 * \throws std::invalid_argument unless 0 < pfa < 1, 0 < rank <= num_training, looks >= 1
 */
ISAC_API double
os_multiplier(double num_training, double rank, double pfa, size_t looks = 1);

//! Likewise of the greatest order statistic of several sectors, see osgo_probability().
ISAC_API double
osgo_multiplier(const std::vector<ordered_cells>& sectors, double pfa, size_t looks = 1);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CFAR_THRESHOLD_H */
