/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_ESPRIT_H
#define INCLUDED_ISAC_SENSING_ESPRIT_H

#include <gnuradio/isac/api.h>
#include <complex>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Frequencies of the lines in a series, in cycles a sample from -1/2 to 1/2, by ESPRIT
 * (R. Roy and T. Kailath, IEEE Trans. Acoustics, Speech, and Signal Processing 37(7),
 * 1989) on a covariance that is smoothed forward and backward (S. U. Pillai and B. H.
 * Kwon, same journal, 37(1), 1989): two thirds of the series at a time, so that lines of
 * any phases part in a single series.
 *
 * \param series  at least 3 times as many values as lines
 * \param lines   1 or more
 */
ISAC_API std::vector<double> esprit(const std::vector<std::complex<double>>& series,
                                    size_t lines);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_ESPRIT_H */
