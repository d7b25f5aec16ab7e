/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_FFT_PLAN_H
#define INCLUDED_ISAC_SENSING_FFT_PLAN_H

#include <gnuradio/fft/fft.h>
#include <gnuradio/gr_complex.h>
#include <fftw3.h>
#include <mutex>

namespace gr {
namespace isac {

//! In-place transforms of one length; owns the plan.
class fft_plan
{
public:
    /*!
     * \param length  of each transform
     * \param count   transforms, one after the other
     * \param sign    FFTW_FORWARD or FFTW_BACKWARD
     * \param buffer  of count * distance values; measuring overwrites it
     * \param distance from one transform to the next
     */
    fft_plan(int length, int count, int sign, gr_complex* buffer, int distance)
    {
        auto* data = reinterpret_cast<fftwf_complex*>(buffer);
        std::lock_guard<std::mutex> lock(gr::fft::planner::mutex());
        d_plan = fftwf_plan_many_dft(1,
                                     &length,
                                     count,
                                     data,
                                     nullptr,
                                     1,
                                     distance,
                                     data,
                                     nullptr,
                                     1,
                                     distance,
                                     sign,
                                     FFTW_MEASURE);
    }
    ~fft_plan()
    {
        std::lock_guard<std::mutex> lock(gr::fft::planner::mutex());
        fftwf_destroy_plan(d_plan);
    }
    fft_plan(const fft_plan&) = delete;
    fft_plan& operator=(const fft_plan&) = delete;

    //! \param buffer aligned as the one that was planned for
    void execute(gr_complex* buffer) const
    {
        auto* data = reinterpret_cast<fftwf_complex*>(buffer);
        fftwf_execute_dft(d_plan, data, data);
    }

private:
    fftwf_plan d_plan;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_FFT_PLAN_H */
