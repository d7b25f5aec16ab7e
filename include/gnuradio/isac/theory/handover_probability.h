/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_THEORY_HANDOVER_PROBABILITY_H
#define INCLUDED_ISAC_THEORY_HANDOVER_PROBABILITY_H

#include <gnuradio/isac/api.h>

namespace gr {
namespace isac {
namespace theory {

/*!
 * Probability that one decision hands over, J. Li et al., "Sensing-Enhanced Handover
 * Criterion for Low-Altitude Wireless Networks". A value out of its range is refused
 * with std::invalid_argument. Without any spread the probability is 0 or 1.
 */

/*!
 * Event A3 with independent shadowing of both links, eq. (8):
 * Q((hysteresis + L_T - L_S) / (sqrt(2) shadowing_std)).
 *
 * \param path_loss_serving  L_S, one way, dB
 * \param path_loss_target   L_T, one way, dB
 * \param hysteresis         dB
 * \param shadowing_std      dB, not negative
 */
ISAC_API double handover_probability_rsrp(double path_loss_serving,
                                          double path_loss_target,
                                          double hysteresis,
                                          double shadowing_std);

/*!
 * The target's measured distance is shorter by more than the threshold, eq. (9):
 * Q((threshold + d_T - d_S) / sqrt(variance_S + variance_T)).
 *
 * \param distance_serving  d_S, m, not negative
 * \param distance_target   d_T, m, not negative
 * \param threshold         m
 * \param variance_serving  of the measured distance, m^2, not negative, may be infinite
 * \param variance_target   likewise
 */
ISAC_API double handover_probability_distance(double distance_serving,
                                              double distance_target,
                                              double threshold,
                                              double variance_serving,
                                              double variance_target);

/*!
 * Either of two independent conditions, eq. (10): p_R + p_D - p_R p_D.
 *
 * \param p_rsrp      0 to 1
 * \param p_distance  0 to 1
 */
ISAC_API double handover_probability_joint(double p_rsrp, double p_distance);

} // namespace theory
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_THEORY_HANDOVER_PROBABILITY_H */
