/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_PHASOR_H
#define INCLUDED_ISAC_SENSING_PHASOR_H

#include <gnuradio/isac/theory/constants.h>
#include <cmath>
#include <complex>

namespace gr {
namespace isac {

//! exp(+j 2 pi cycles), whole cycles dropped before they cost precision.
inline std::complex<double> phasor(double cycles)
{
    return std::polar(1.0, 2 * PI * (cycles - std::nearbyint(cycles)));
}

//! Without the test for infinities that C++ prescribes for its complex product.
inline std::complex<double> multiply(const std::complex<double>& x,
                                     const std::complex<double>& y)
{
    return { x.real() * y.real() - x.imag() * y.imag(),
             x.real() * y.imag() + x.imag() * y.real() };
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_PHASOR_H */
