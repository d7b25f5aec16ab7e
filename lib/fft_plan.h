/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_FFT_PLAN_H
#define INCLUDED_ISAC_FFT_PLAN_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <fftw3.h>
#include <cstddef>

namespace gr {
namespace isac {

//! Where the values of several transforms lie.
struct fft_layout {
    gr_complex* data; //!< planning overwrites it
    size_t stride;    //!< from one value of a transform to the next
    size_t distance;  //!< from one transform to the next
};

/*!
 * Transforms of one length, out of place or in place; owns the plan.
 *
 * Planning ends after twenty seconds with the best that it found. What it learned goes to
 * the file in which GNU Radio keeps FFTW's wisdom. All plans of the module are made here:
 * FFTW takes wisdom from a file only where its threads are set up before the first plan,
 * as GNU Radio does.
 */
class ISAC_API fft_plan
{
public:
    //! One transform of values one after the other.
    fft_plan(size_t length, int sign, gr_complex* from, gr_complex* to);
    /*!
     * \param length  of each transform
     * \param count   transforms
     * \param sign    FFTW_FORWARD or FFTW_BACKWARD
     * \param from    is left as it is where \p to is another buffer
     * \param rigor   FFTW_MEASURE, or FFTW_PATIENT, which finds much faster ways through
     *                strided data
     */
    fft_plan(size_t length,
             size_t count,
             int sign,
             const fft_layout& from,
             const fft_layout& to,
             unsigned rigor);
    ~fft_plan();
    fft_plan(const fft_plan&) = delete;
    fft_plan& operator=(const fft_plan&) = delete;

    //! Whether a buffer is aligned as those that were planned for.
    bool takes(const gr_complex* buffer) const
    {
        return alignment_of(buffer) == d_alignment;
    }

    //! \param from, to  buffers that it takes, and the same where those planned for were
    void execute(const gr_complex* from, gr_complex* to) const
    {
        fftwf_execute_dft(d_plan,
                          reinterpret_cast<fftwf_complex*>(const_cast<gr_complex*>(from)),
                          reinterpret_cast<fftwf_complex*>(to));
    }

private:
    static int alignment_of(const gr_complex* buffer)
    {
        return fftwf_alignment_of(
            const_cast<float*>(reinterpret_cast<const float*>(buffer)));
    }

    fftwf_plan d_plan;
    int d_alignment;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_FFT_PLAN_H */
