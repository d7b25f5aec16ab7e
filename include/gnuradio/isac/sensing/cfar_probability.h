/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CFAR_PROBABILITY_H
#define INCLUDED_ISAC_SENSING_CFAR_PROBABILITY_H

#include <gnuradio/isac/api.h>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

/*!
 * What stands in a cell beside noise of unit mean power.
 *
 * Swerling 0 is steady; 1 and 3 fluctuate from map to map of different looks together, 2
 * and 4 from look to look; 1 and 2 as many scatterers do (exponential power), 3 and 4 as
 * one that dominates (chi-square of four degrees).
 */
struct cell_target {
    double snr = 0;   //!< mean power over the noise's, a look; 0 is a false alarm
    int swerling = 0; //!< 0 to 4
};

/*!
 * Independent part of the mean of a cell's training cells: an eigenvector of their
 * covariance.
 */
struct training_part {
    //! Eigenvalue over the number of cells; all of them sum to one.
    double power;
    //! Parts of this kind; a fraction for what only comes to about as much.
    double count = 1;
    //! Squared component along it of the cell's own correlation with its training cells,
    //! over their number; 0 where the guard cells keep it away.
    double coupling = 0;
};

//! Training cells, and which of them is their order statistic.
struct ordered_cells {
    double count;
    double rank; //!< above 0 to count; 1 is the smallest
};

/*!
 * Probability that a cell exceeds a multiple of the mean of its independent training
 * cells, all of them the sum of \p looks independent maps.
 *
 * \throws std::invalid_argument naming the parameter, its value and its limit
 */
ISAC_API double ca_probability(size_t num_training,
                               double multiplier,
                               size_t looks = 1,
                               const cell_target& target = {});

/*!
 * The same without a target and for cells of any correlation, exactly.
 *
 * The cell less the multiple of the mean is a form of complex Gaussians, with the moment
 * generating function D(s)^-looks, D(s) = f(s) prod (1 + s a p_i), f(s) = 1 - s +
 * s^2 a sum g_i / (1 + s a p_i). The probability is its integral over s, along the path
 * of steepest descent (C. W. Helstrom, "Evaluating the detectability of Gaussian
 * stochastic signals by steepest descent integration"), by the trapezoidal rule. With one
 * look and no coupling it is prod (1 + a p_i)^-1.
 */
ISAC_API double ca_probability(const std::vector<training_part>& training,
                               double multiplier,
                               size_t looks = 1);

/*!
 * Probability that a cell exceeds a multiple of the order statistic of that rank (1 is
 * the smallest) of its independent training cells. For one look and no target prod_{i <
 * rank} (n - i) / (n - i + a) (H. Rohling, "Radar CFAR thresholding in clutter and
 * multiple target situations"), else by quadrature over the order statistic.
 *
 * The number and the rank may be fractions: what correlated cells come to, see
 * os_effective().
 *
 * \throws std::invalid_argument naming the parameter, its value and its limit
 */
ISAC_API double os_probability(double num_training,
                               double rank,
                               double multiplier,
                               size_t looks = 1,
                               const cell_target& target = {});

/*!
 * Likewise of the greatest of the order statistics of several sectors of training cells,
 * by quadrature over it: its distribution is the product of theirs.
 *
 * \throws std::invalid_argument naming the parameter, its value and its limit
 */
ISAC_API double osgo_probability(const std::vector<ordered_cells>& sectors,
                                 double multiplier,
                                 size_t looks = 1,
                                 const cell_target& target = {});

//! \name Natural logarithms, where there is no target
//! of what may be too small for a double.
//! \{
ISAC_API double ca_log_false_alarm(const std::vector<training_part>& training,
                                   double multiplier,
                                   size_t looks);
//! One look.
ISAC_API double os_log_false_alarm(double num_training, double rank, double multiplier);
//! \}

//! Ordered pairs of different training cells whose amplitudes have that correlation.
struct pair_correlation {
    double count;
    double squared; //!< modulus of the correlation, squared
};

/*!
 * Number of independent training cells whose order statistic spreads as that of
 * correlated ones: n^2 over the sum of the correlations of "reaches the statistic"
 * between all pairs. Those follow from the cells' own by Kibble's expansion of two
 * correlated gamma variables in Laguerre polynomials.
 *
 * \param pairs       those that are correlated
 * \param rank_share  rank over training cells, above 0 to 1
 */
ISAC_API double os_effective(const std::vector<pair_correlation>& pairs,
                             size_t num_training,
                             double rank_share,
                             size_t looks);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CFAR_PROBABILITY_H */
