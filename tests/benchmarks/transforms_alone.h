/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef ISAC_BENCHMARKS_TRANSFORMS_ALONE_H
#define ISAC_BENCHMARKS_TRANSFORMS_ALONE_H

#include <gnuradio/fft/fft.h>
#include <benchmark/benchmark.h>
#include <fftw3.h>
#include <cstring>

// The transforms of a map alone, contiguous: no map can be faster.
class transforms_alone
{
public:
    transforms_alone(int n, int m)
    {
        const size_t cells = static_cast<size_t>(n) * m;
        gr::fft::fft_complex_fwd(1); // sets FFTW up before the first plan, as the module
        d_data = fftwf_alloc_complex(cells);
        d_rows = plan(n, m, FFTW_BACKWARD);
        d_columns = plan(m, n, FFTW_FORWARD);
        std::memset(d_data, 0, cells * sizeof(fftwf_complex));
    }
    transforms_alone(const transforms_alone&) = delete;
    transforms_alone& operator=(const transforms_alone&) = delete;
    ~transforms_alone()
    {
        fftwf_destroy_plan(d_rows);
        fftwf_destroy_plan(d_columns);
        fftwf_free(d_data);
    }

    void process()
    {
        fftwf_execute(d_rows);
        fftwf_execute(d_columns);
        benchmark::ClobberMemory();
    }

private:
    fftwf_plan plan(int length, int count, int sign)
    {
        return fftwf_plan_many_dft(1,
                                   &length,
                                   count,
                                   d_data,
                                   nullptr,
                                   1,
                                   length,
                                   d_data,
                                   nullptr,
                                   1,
                                   length,
                                   sign,
                                   FFTW_MEASURE);
    }

    fftwf_complex* d_data;
    fftwf_plan d_rows, d_columns;
};

#endif
