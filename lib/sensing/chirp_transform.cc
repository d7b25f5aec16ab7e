/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "chirp_transform.h"
#include "phasor.h"
#include "simd_clones.h"
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// The least length from here on that FFTW is fast at.
size_t fast_length(size_t least)
{
    for (size_t length = least;; length++) {
        size_t rest = length;
        for (const size_t factor : { 2, 3, 5 })
            while (rest % factor == 0)
                rest /= factor;
        if (rest == 1)
            return length;
    }
}

constexpr size_t LANES = 8;

// Complex factors side by side, none of which waits for another's products.
struct chains {
    double8 re, im;

    void set(size_t lane, const std::complex<double>& value)
    {
        re[lane] = value.real();
        im[lane] = value.imag();
    }
};

inline void turn(chains& values, const chains& by)
{
    const double8 re = values.re * by.re - values.im * by.im;
    values.im = values.re * by.im + values.im * by.re;
    values.re = re;
}

// Values that are LANES apart turn by what itself turns by some more.
ISAC_SIMD_CLONES
void write_chains(const chains& first,
                  const chains& first_turns,
                  const chains& more,
                  size_t count,
                  float* to)
{
    chains values = first, turns = first_turns;
    for (; count > 0; count -= std::min(count, LANES), to += 2 * LANES) {
        const float8 re = __builtin_convertvector(values.re, float8);
        const float8 im = __builtin_convertvector(values.im, float8);
        float both[2 * LANES];
        store(both, ISAC_SHUFFLE(re, im, 0, 8, 1, 9, 2, 10, 3, 11));
        store(both + LANES, ISAC_SHUFFLE(re, im, 4, 12, 5, 13, 6, 14, 7, 15));
        std::copy_n(both, 2 * std::min(count, LANES), to);
        turn(values, turns);
        turn(turns, more);
    }
}

// amplitude exp(+j pi rate x^2) at count places x = start, start + 1, ...
void write_chirp(
    double rate, double start, size_t count, gr_complex* to, double amplitude = 1)
{
    constexpr double lanes = LANES;
    chains values, turns, more;
    auto value = amplitude * phasor(0.5 * rate * start * start);
    auto next = phasor(0.5 * rate * (2 * start + 1));
    auto far = phasor(0.5 * rate * lanes * (2 * start + lanes));
    const auto step = phasor(rate), far_step = phasor(rate * lanes);
    const auto further = phasor(rate * lanes * lanes);
    for (size_t lane = 0; lane < LANES; lane++) {
        values.set(lane, value);
        turns.set(lane, far);
        more.set(lane, further);
        value = multiply(value, next);
        next = multiply(next, step);
        far = multiply(far, far_step);
    }
    write_chains(values, turns, more, count, reinterpret_cast<float*>(to));
}

} // namespace

chirp_transform::chirp_transform(size_t length, size_t most_lines)
    : d_length(length),
      d_size(fast_length(length + most_lines - 1)),
      d_factors(std::max(length, most_lines)),
      d_values(d_size),
      d_spectrum(d_size),
      d_chirp(d_size),
      d_chirp_spectrum(d_size),
      d_forward(d_size, FFTW_FORWARD, d_values.data(), d_spectrum.data()),
      d_backward(d_size, FFTW_BACKWARD, d_spectrum.data(), d_values.data())
{
}

// With d' m' = (d'^2 + m'^2 - (d' - m')^2) / 2 the sum is a convolution.
const gr_complex*
chirp_transform::process(const gr_complex* in, double stretch, long first, size_t lines)
{
    const auto length = static_cast<double>(d_length);
    const double rate = stretch / length;
    const double middle = 0.5 * (length - 1);
    const double line = static_cast<double>(first) - static_cast<double>(d_length / 2);

    // Values whose place, stretched, lies within the frame.
    const double reach = std::min(0.5 * length / stretch, middle);
    const auto kept_from = static_cast<size_t>(std::ceil(middle - reach));
    const auto kept_to = static_cast<size_t>(std::floor(middle + reach)) + 1;
    std::fill(d_values.begin(), d_values.begin() + kept_from, gr_complex(0, 0));
    std::fill(d_values.begin() + kept_to, d_values.end(), gr_complex(0, 0));
    write_chirp(-rate, kept_from - middle, kept_to - kept_from, d_factors.data());
    volk_32fc_x2_multiply_32fc(d_values.data() + kept_from,
                               in + kept_from,
                               d_factors.data(),
                               static_cast<unsigned int>(kept_to - kept_from));

    // Differences d' - m' of the first line to the last value, up to the last line to the
    // first; the negative ones at the end.
    const size_t negative = d_length - 1;
    std::fill(d_chirp.begin() + lines, d_chirp.end() - negative, gr_complex(0, 0));
    write_chirp(rate, line - middle, negative, d_chirp.data() + d_size - negative);
    write_chirp(rate, line - middle + negative, lines, d_chirp.data());

    const auto size = static_cast<unsigned int>(d_size);
    d_forward.execute(d_values.data(), d_spectrum.data());
    d_forward.execute(d_chirp.data(), d_chirp_spectrum.data());
    volk_32fc_x2_multiply_32fc(
        d_spectrum.data(), d_spectrum.data(), d_chirp_spectrum.data(), size);
    d_backward.execute(d_spectrum.data(), d_values.data());
    write_chirp(-rate, line, lines, d_factors.data(), 1 / static_cast<double>(d_size));
    volk_32fc_x2_multiply_32fc(d_values.data(),
                               d_values.data(),
                               d_factors.data(),
                               static_cast<unsigned int>(lines));
    return d_values.data();
}

} // namespace isac
} // namespace gr
