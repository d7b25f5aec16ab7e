/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_THEORY_DATA_RATE_H
#define INCLUDED_ISAC_THEORY_DATA_RATE_H

#include <gnuradio/isac/api.h>

namespace gr {
namespace isac {
namespace theory {

/*!
 * Capacity that sensing leaves to data, J. Li et al., "Sensing-Enhanced Handover
 * Criterion for Low-Altitude Wireless Networks", eq. (4):
 * (1 - sensing_share) bandwidth log2(1 + snr), bit/s.
 *
 * \param snr            linear, not negative
 * \param bandwidth      Hz, positive
 * \param sensing_share  of the resource elements, 0 to 1
 * \throws std::invalid_argument for a value out of its range
 */
ISAC_API double data_rate(double snr, double bandwidth, double sensing_share);

/*!
 * Mean rate of one that hands over with this probability, eq. (11) there:
 * (1 - probability) R_S + probability R_T, bit/s.
 *
 * \param probability   of the handover, 0 to 1
 * \param rate_serving  R_S, bit/s, not negative
 * \param rate_target   R_T, bit/s, not negative
 * \throws std::invalid_argument for a value out of its range
 */
ISAC_API double
effective_rate(double probability, double rate_serving, double rate_target);

} // namespace theory
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_THEORY_DATA_RATE_H */
