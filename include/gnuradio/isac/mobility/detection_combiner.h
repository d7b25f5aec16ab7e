/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_DETECTION_COMBINER_H
#define INCLUDED_ISAC_MOBILITY_DETECTION_COMBINER_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/reports.h>

namespace gr {
namespace isac {

/*!
 * Combines independent detections of one Tx-Rx pair (antennas, polarisations, repeated
 * dwells) by inverse variance. Different pairs measure different paths and are not meant
 * for it.
 *
 * Each detection of \p other joins the nearest one of \p combined within the gate, which
 * no other of the same report has joined; what finds none is added as it is. Delay and
 * range are averaged with the weights 1 / var_delay, Doppler and velocity with
 * 1 / var_doppler; the variances become those of the averages, the SNRs add, as does the
 * energy that they stand for.
 *
 * \param combined  in and out; its frame, scene_time, tx and rx stay
 * \param other     of the same pair
 * \param gate      how many standard deviations of their difference two detections of one
 *                  target may lie apart in delay and in Doppler, positive
 * \throws std::invalid_argument for a gate that is not positive
 */
ISAC_API void
combine_detections(detections& combined, const detections& other, double gate);

//! The highest SNR of a report, dB; minus infinity when it holds no detection.
ISAC_API double highest_snr_db(const detections& report);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_DETECTION_COMBINER_H */
