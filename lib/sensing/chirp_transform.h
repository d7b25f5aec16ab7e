/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CHIRP_TRANSFORM_H
#define INCLUDED_ISAC_SENSING_CHIRP_TRANSFORM_H

#include "fft_plan.h"
#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstddef>

namespace gr {
namespace isac {

/*!
 * Fourier transform at frequencies that are stretched by any factor, by convolution with
 * a chirp (L. I. Bluestein, IEEE Trans. Audio and Electroacoustics 18(4), 1970):
 *
 *     out[d - first] = sum over m of in[m] exp(-j 2 pi stretch d' m' / length)
 *
 * with d' = d - length / 2, rounded down, and m' = m - (length - 1) / 2, from the middle.
 */
class ISAC_API chirp_transform
{
public:
    /*!
     * \param length      values in
     * \param most_lines  out at a time, at least 1
     */
    chirp_transform(size_t length, size_t most_lines);

    chirp_transform(const chirp_transform&) = delete;
    chirp_transform& operator=(const chirp_transform&) = delete;

    /*!
     * \param in  of which those that leave the frame when they are stretched are dropped
     * \return \p lines values, from line \p first on, which may lie before the first or
     *         beyond the last one
     */
    const gr_complex*
    process(const gr_complex* in, double stretch, long first, size_t lines);

private:
    size_t d_length;
    size_t d_size; // of the convolution
    volk::vector<gr_complex> d_factors;
    volk::vector<gr_complex> d_values, d_spectrum, d_chirp, d_chirp_spectrum;
    fft_plan d_forward, d_backward;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CHIRP_TRANSFORM_H */
