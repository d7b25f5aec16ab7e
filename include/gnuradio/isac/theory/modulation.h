/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_THEORY_MODULATION_H
#define INCLUDED_ISAC_THEORY_MODULATION_H

#include <gnuradio/isac/api.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * Bits that a symbol of a named modulation carries.
 *
 * \param modulation  "bpsk", "qpsk", "16qam", "64qam" or "256qam"
 * \throws std::invalid_argument for another name
 */
ISAC_API int bits_per_symbol(const std::string& modulation);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_THEORY_MODULATION_H */
