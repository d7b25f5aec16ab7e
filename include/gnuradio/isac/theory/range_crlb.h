/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_THEORY_RANGE_CRLB_H
#define INCLUDED_ISAC_THEORY_RANGE_CRLB_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/theory/fisher.h>
#include <cstdint>

namespace gr {
namespace isac {
namespace theory {

/*!
 * Smallest variance of an unbiased monostatic range, m^2, by pilots on a regular comb
 * that all symbols share; fisher.h has the bound of any pattern. With K pilots s
 * subcarriers of df apart, M symbols and the SNR gamma:
 *
 *     unknown phase  3 c^2 / (8 pi^2 gamma (s df)^2 M K (K^2 - 1))
 *     known phase    3 c^2 / (16 pi^2 gamma (s df)^2 M K (K - 1) (2 K - 1))
 *     published      twice the known phase
 *
 * The phase is known at the lowest pilot, which the indices count from. Published: J. Li
 * et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks",
 * eq. (7), whose likelihood (5) is that of real noise.
 *
 * \param snr                 gamma, linear, per resource element, not negative
 * \param subcarrier_spacing  df, Hz, positive
 * \param num_symbols         M, at least 1
 * \param num_pilots          K a symbol, at least 1; one alone measures no range, and the
 *                            variance is infinite, as at an SNR of zero
 * \param pilot_spacing       s in subcarriers, at least 1
 * \param model               what is known of the phase
 * \param speed_of_light      c, m/s, for a paper that rounds it
 * \throws std::invalid_argument for a value out of its range
 */
ISAC_API double range_crlb(double snr,
                           double subcarrier_spacing,
                           int64_t num_symbols,
                           int64_t num_pilots,
                           int64_t pilot_spacing = 1,
                           phase_model model = phase_model::unknown,
                           double speed_of_light = SPEED_OF_LIGHT);

} // namespace theory
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_THEORY_RANGE_CRLB_H */
