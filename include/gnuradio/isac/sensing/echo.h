/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_ECHO_H
#define INCLUDED_ISAC_SENSING_ECHO_H

#include <complex>

namespace gr {
namespace isac {

//! One echo in a frame: amplitude X exp(-j 2 pi f delay) exp(+j 2 pi t doppler).
struct echo {
    double delay = 0;                   //!< s
    double doppler = 0;                 //!< Hz
    std::complex<double> amplitude = 0; //!< relative to the reference X
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_ECHO_H */
