/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "fft_plan.h"
#include <gnuradio/fft/fft.h>
#include <mutex>

namespace gr {
namespace isac {

namespace {

// Columns of 4096 take three seconds. FFTW notes in its wisdom that it ran out of time,
// and then keeps to the plan that it had: a busy machine must not make it so.
constexpr double LONGEST_PLANNING = 20; // s

// Every transform of GNU Radio's reads the file of wisdom and writes what FFTW knows by
// then.
void exchange_wisdom() { gr::fft::fft_complex_fwd(1); }

} // namespace

fft_plan::fft_plan(size_t length, int sign, gr_complex* from, gr_complex* to)
    : fft_plan(length, 1, sign, { from, 1, length }, { to, 1, length }, FFTW_MEASURE)
{
}

fft_plan::fft_plan(size_t length,
                   size_t count,
                   int sign,
                   const fft_layout& from,
                   const fft_layout& to,
                   unsigned rigor)
    : d_alignment(alignment_of(from.data))
{
    const int n = static_cast<int>(length);
    const auto plan = [&](unsigned flags) {
        return fftwf_plan_many_dft(1,
                                   &n,
                                   static_cast<int>(count),
                                   reinterpret_cast<fftwf_complex*>(from.data),
                                   nullptr,
                                   static_cast<int>(from.stride),
                                   static_cast<int>(from.distance),
                                   reinterpret_cast<fftwf_complex*>(to.data),
                                   nullptr,
                                   static_cast<int>(to.stride),
                                   static_cast<int>(to.distance),
                                   sign,
                                   flags);
    };
    static std::once_flag read;
    std::call_once(read, exchange_wisdom);
    {
        std::lock_guard<std::mutex> lock(gr::fft::planner::mutex());
        d_plan = plan(rigor | FFTW_WISDOM_ONLY);
        if (d_plan)
            return;
        fftwf_set_timelimit(LONGEST_PLANNING);
        d_plan = plan(rigor);
        fftwf_set_timelimit(FFTW_NO_TIMELIMIT);
    }
    exchange_wisdom();
}

fft_plan::~fft_plan()
{
    std::lock_guard<std::mutex> lock(gr::fft::planner::mutex());
    fftwf_destroy_plan(d_plan);
}

} // namespace isac
} // namespace gr
