/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_THEORY_LINK_BUDGET_H
#define INCLUDED_ISAC_THEORY_LINK_BUDGET_H

#include <gnuradio/isac/api.h>

namespace gr {
namespace isac {
namespace theory {

/*!
 * Closed forms of a radio link, one number each. All losses are positive, in dB. A value
 * that is not finite or out of its range is refused with std::invalid_argument.
 */

/*!
 * Line-of-sight loss of 3GPP TR 36.777, table B-2, urban macro to an aerial user:
 * 28 + 22 log10(d) + 20 log10(fc / GHz), dB.
 *
 * \param distance           in space, m, positive (the report's scene: up to 4 km)
 * \param carrier_frequency  Hz, positive
 */
ISAC_API double path_loss_uma_av(double distance, double carrier_frequency);

/*!
 * reference_loss + 10 exponent log10(d / 1 m), dB.
 *
 * \param distance        m, positive
 * \param exponent        of the distance, not negative
 * \param reference_loss  at 1 m, dB
 */
ISAC_API double
path_loss_log_distance(double distance, double exponent, double reference_loss);

/*!
 * (4 pi d fc / c)^2, dB.
 *
 * \param distance           m, positive
 * \param carrier_frequency  Hz, positive
 */
ISAC_API double free_space_path_loss(double distance, double carrier_frequency);

/*!
 * Loss of the path out to a target and back, by the radar equation with any one-way loss:
 * 2 L - 10 log10(rcs) + 10 log10(lambda^2 / 4 pi), dB. With the free-space loss this is
 * (4 pi)^3 d^4 / (lambda^2 rcs). (J. Li et al., "Sensing-Enhanced Handover Criterion for
 * Low-Altitude Wireless Networks", section II.)
 *
 * \param path_loss   one way, dB
 * \param rcs         m^2, not negative; zero gives an infinite loss
 * \param wavelength  m, positive
 */
ISAC_API double echo_loss(double path_loss, double rcs, double wavelength);

/*!
 * The same for a receiver elsewhere, which the echo reaches by a path of its own.
 *
 * \param path_loss_tx  from the transmitter to the target, dB
 * \param path_loss_rx  from the target to the receiver, dB
 * \param rcs           bistatic, m^2, not negative
 * \param wavelength    m, positive
 */
ISAC_API double bistatic_echo_loss(double path_loss_tx,
                                   double path_loss_rx,
                                   double rcs,
                                   double wavelength);

/*!
 * k T B F with T = 290 K, dBm.
 *
 * \param bandwidth        Hz, positive
 * \param noise_figure_db  dB
 */
ISAC_API double thermal_noise_dbm(double bandwidth, double noise_figure_db);

/*!
 * Standard deviation of the line-of-sight shadowing of 3GPP TR 36.777, table B-3, urban
 * macro to an aerial user: 4.64 exp(-0.0066 h), dB.
 *
 * \param height  of the user over ground, m, not negative
 */
ISAC_API double shadowing_std_uma_av(double height);

} // namespace theory
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_THEORY_LINK_BUDGET_H */
