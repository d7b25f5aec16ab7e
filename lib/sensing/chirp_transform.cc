/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "chirp_transform.h"
#include "phasor.h"
#include <volk/volk.h>
#include <algorithm>

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

// Values of exp(+j pi rate x^2) at x = start, start + 1, ..., by two products each.
class chirp
{
public:
    chirp(double rate, double start)
        : d_value(phasor(0.5 * rate * start * start)),
          d_turn(phasor(0.5 * rate * (2 * start + 1))),
          d_more(phasor(rate))
    {
    }

    gr_complex next()
    {
        const gr_complex value(d_value);
        d_value = multiply(d_value, d_turn);
        d_turn = multiply(d_turn, d_more);
        return value;
    }

private:
    std::complex<double> d_value, d_turn, d_more;
};

} // namespace

chirp_transform::chirp_transform(size_t length, size_t most_lines)
    : d_length(length),
      d_size(fast_length(length + most_lines - 1)),
      d_values(d_size),
      d_spectrum(d_size),
      d_chirp(d_size),
      d_chirp_spectrum(d_size),
      d_forward(d_size, FFTW_FORWARD, d_values.data(), d_spectrum.data()),
      d_backward(d_size, FFTW_BACKWARD, d_spectrum.data(), d_values.data())
{
}

// With d' m' = (d'^2 + m'^2 - (d' - m')^2) / 2 the sum is a convolution.
const gr_complex* chirp_transform::process(double stretch, long first, size_t lines)
{
    const auto length = static_cast<double>(d_length);
    const double rate = stretch / length;
    const double middle = 0.5 * (length - 1);
    const double line = static_cast<double>(first) - static_cast<double>(d_length / 2);

    chirp values(-rate, -middle);
    for (size_t m = 0; m < d_length; m++) {
        const auto factor = values.next();
        const bool stays =
            stretch * std::abs(static_cast<double>(m) - middle) <= 0.5 * length;
        d_values[m] = stays ? d_values[m] * factor : 0;
    }
    std::fill(d_values.begin() + d_length, d_values.end(), gr_complex(0, 0));

    // Differences d' - m' of the first line to the last value, up to the last line to the
    // first; the negative ones at the end.
    std::fill(d_chirp.begin(), d_chirp.end(), gr_complex(0, 0));
    chirp differences(rate, line - middle);
    for (size_t i = 0; i < d_length + lines - 1; i++)
        d_chirp[(i + d_size - (d_length - 1)) % d_size] = differences.next();

    const auto size = static_cast<unsigned int>(d_size);
    d_forward.execute(d_values.data(), d_spectrum.data());
    d_forward.execute(d_chirp.data(), d_chirp_spectrum.data());
    volk_32fc_x2_multiply_32fc(
        d_spectrum.data(), d_spectrum.data(), d_chirp_spectrum.data(), size);
    d_backward.execute(d_spectrum.data(), d_values.data());
    chirp out(-rate, line);
    const float scale = 1 / static_cast<float>(d_size);
    for (size_t i = 0; i < lines; i++)
        d_values[i] *= scale * out.next();
    return d_values.data();
}

} // namespace isac
} // namespace gr
