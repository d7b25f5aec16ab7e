/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_THEORY_BIT_ERROR_RATE_H
#define INCLUDED_ISAC_THEORY_BIT_ERROR_RATE_H

#include <gnuradio/isac/api.h>
#include <string>

namespace gr {
namespace isac {
namespace theory {

/*!
 * Exact bit error rate of Gray-mapped symbols in white Gaussian noise, decided bit by
 * bit at the nearest point (K. Cho and D. Yoon, "On the general BER expression of one-
 * and two-dimensional amplitude modulations", IEEE Trans. Commun. 50(7), 2002).
 *
 * \param snr         symbol energy over noise density, linear, not negative
 * \param modulation  "bpsk", "qpsk", "16qam", "64qam" or "256qam"
 * \throws std::invalid_argument for a value out of its range
 */
ISAC_API double bit_error_rate(double snr, const std::string& modulation);

} // namespace theory
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_THEORY_BIT_ERROR_RATE_H */
