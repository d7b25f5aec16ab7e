/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "simd_clones.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/theory/fisher.h>
#include <algorithm>
#include <cmath>
#include <limits>

namespace gr {
namespace isac {
namespace theory {

namespace {

// A spread below this share of the squares that it is the difference of is rounding.
constexpr double ROUNDING = 1e-12;

// Weighted sums about a fixed origin near the pattern, which keeps the differences that
// make the spreads free of cancellation.
class moment_sums
{
public:
    moment_sums(double frequency_origin, double time_origin)
        : d_frequency_origin(frequency_origin), d_time_origin(time_origin)
    {
    }

    //! Elements that share a time: sums of w, w f, w f^2 with f from the origin.
    void add(double time, double w, double wf, double wff)
    {
        const double t = time - d_time_origin;
        d_w += w;
        d_f += wf;
        d_ff += wff;
        d_t += w * t;
        d_tt += w * t * t;
        d_ft += wf * t;
    }

    pattern_moments finish(double lowest_frequency) const
    {
        require_positive("fisher: sum of the weights", d_w);
        pattern_moments m;
        m.energy = d_w;
        m.mean_frequency = d_frequency_origin + d_f / d_w;
        m.mean_time = d_time_origin + d_t / d_w;
        m.spread_frequency = spread(d_ff, d_f);
        m.spread_time = spread(d_tt, d_t);
        m.spread_joint = d_ft - d_f * d_t / d_w;
        m.lowest_frequency = lowest_frequency;
        require_finite("fisher: spread of the frequencies", m.spread_frequency);
        require_finite("fisher: spread of the times", m.spread_time);
        return m;
    }

private:
    double spread(double squares, double sum) const
    {
        const double difference = squares - sum * sum / d_w;
        return difference <= ROUNDING * squares ? 0 : difference; // passes a NaN on
    }

    double d_frequency_origin, d_time_origin;
    double d_w = 0, d_f = 0, d_ff = 0, d_t = 0, d_tt = 0, d_ft = 0;
};

double mean(const double* values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return count ? sum / count : 0;
}

// Of weights that share a time, with frequencies from an origin.
struct row_sums {
    double w = 0, wf = 0, wff = 0;
    double smallest = 0; // or 0
};

// Eight sums at a time, so that none waits for its own last addition.
template <typename T>
__attribute__((always_inline)) inline row_sums
sum_lanes(const T* weights, const double* frequencies, double origin, size_t count)
{
    constexpr size_t LANES = 8;
    typedef T lanes __attribute__((vector_size(LANES * sizeof(T))));
    typedef double doubles __attribute__((vector_size(LANES * sizeof(double))));
    lanes smallest = {};
    doubles w = {}, wf = {}, wff = {};
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        lanes weight;
        doubles f;
        std::memcpy(&weight, weights + k, sizeof(weight));
        std::memcpy(&f, frequencies + k, sizeof(f));
        smallest = weight < smallest ? weight : smallest;
        f -= origin;
        const doubles v = __builtin_convertvector(weight, doubles);
        w += v;
        wf += v * f;
        wff += v * f * f;
    }
    row_sums sums;
    const auto add = [&](double v, double vf, double vff, double least) {
        sums.w += v;
        sums.wf += vf;
        sums.wff += vff;
        sums.smallest = std::min(sums.smallest, least);
    };
    for (size_t lane = 0; lane < LANES; lane++)
        add(w[lane], wf[lane], wff[lane], smallest[lane]);
    for (; k < count; k++) {
        const double v = weights[k], f = frequencies[k] - origin;
        add(v, v * f, v * f * f, v);
    }
    return sums;
}

ISAC_SIMD_CLONES
row_sums
sum_row(const float* weights, const double* frequencies, double origin, size_t count)
{
    return sum_lanes(weights, frequencies, origin, count);
}

ISAC_SIMD_CLONES
row_sums
sum_row(const double* weights, const double* frequencies, double origin, size_t count)
{
    return sum_lanes(weights, frequencies, origin, count);
}

template <typename T>
pattern_moments sum_rows(const T* weights,
                         const double* frequencies,
                         size_t num_frequencies,
                         const double* times,
                         size_t num_times)
{
    const double origin = mean(frequencies, num_frequencies);
    moment_sums sums(origin, mean(times, num_times));
    double lowest = std::numeric_limits<double>::infinity();
    for (size_t m = 0; m < num_times; m++) {
        const T* row = weights + m * num_frequencies;
        const row_sums of_row = sum_row(row, frequencies, origin, num_frequencies);
        require_not_negative("fisher: weight", of_row.smallest);
        require_finite("fisher: sum of the weights of a row", of_row.w);
        sums.add(times[m], of_row.w, of_row.wf, of_row.wff);
        for (size_t k = 0; k < num_frequencies && frequencies[k] < lowest; k++)
            if (row[k] > 0)
                lowest = frequencies[k];
    }
    return sums.finish(lowest);
}

} // namespace

phase_model phase_model_of(const std::string& name)
{
    if (name == "known_phase")
        return phase_model::known;
    if (name == "published")
        return phase_model::published;
    require(name == "unknown_phase",
            "model",
            name,
            "must be unknown_phase, known_phase or published");
    return phase_model::unknown;
}

pattern_moments moments_of_rows(const double* weights,
                                const double* frequencies,
                                size_t num_frequencies,
                                const double* times,
                                size_t num_times)
{
    return sum_rows(weights, frequencies, num_frequencies, times, num_times);
}

pattern_moments moments_of_rows(const float* weights,
                                const double* frequencies,
                                size_t num_frequencies,
                                const double* times,
                                size_t num_times)
{
    return sum_rows(weights, frequencies, num_frequencies, times, num_times);
}

pattern_moments moments_of_elements(const double* weights,
                                    const double* frequencies,
                                    const double* times,
                                    size_t count)
{
    const double origin = mean(frequencies, count);
    moment_sums sums(origin, mean(times, count));
    double lowest = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < count; i++) {
        require_not_negative("fisher: weight", weights[i]);
        const double f = frequencies[i] - origin;
        sums.add(times[i], weights[i], weights[i] * f, weights[i] * f * f);
        if (weights[i] > 0)
            lowest = std::min(lowest, frequencies[i]);
    }
    return sums.finish(lowest);
}

delay_doppler_bound bound(const pattern_moments& m, double snr, phase_model model)
{
    require_not_negative("fisher: snr", snr);
    double ff = m.spread_frequency;
    double tt = m.spread_time;
    double ft = m.spread_joint;
    if (model != phase_model::unknown) {
        // A known phase adds what its estimation had taken: the squares of the means.
        const double f = model == phase_model::known
                             ? m.mean_frequency
                             : m.mean_frequency - m.lowest_frequency;
        ff += m.energy * f * f;
        tt += m.energy * m.mean_time * m.mean_time;
        ft += m.energy * f * m.mean_time;
    }

    constexpr double unmeasurable = std::numeric_limits<double>::infinity();
    const double scale = 2 * snr * (2 * PI) * (2 * PI);
    const double factor = model == phase_model::published ? 2 : 1;
    if (scale == 0)
        return { unmeasurable, unmeasurable, 0 };
    if (ff == 0 || tt == 0)
        return { ff == 0 ? unmeasurable : factor / (scale * ff),
                 tt == 0 ? unmeasurable : factor / (scale * tt),
                 0 };
    const double determinant = ff * tt - ft * ft;
    if (determinant <= ROUNDING * ff * tt) // all elements on one line of (f, t)
        return { unmeasurable, unmeasurable, 0 };
    // The phase falls with f delay and rises with t doppler: the Fisher matrix is
    // scale [ff, -ft; -ft, tt].
    const double inverse = factor / (scale * determinant);
    return { tt * inverse, ff * inverse, ft * inverse };
}

} // namespace theory
} // namespace isac
} // namespace gr
