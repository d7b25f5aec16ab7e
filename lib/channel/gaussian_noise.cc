/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/gaussian_noise.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/xoroshiro128p.h>
#include <volk/volk.h>
#include <algorithm>
#include <cstring>

namespace gr {
namespace isac {

gaussian_noise::gaussian_noise(uint64_t seed)
    : d_draws(2 * BLOCK),
      d_radius(BLOCK),
      d_angle(BLOCK),
      d_sine(BLOCK),
      d_cosine(BLOCK),
      d_noise(BLOCK)
{
    xoroshiro128p_seed(d_state, seed);
}

void gaussian_noise::add(gr_complex* samples, size_t count, double power)
{
    constexpr float full_scale = 2147483648.0f; // draws become -1 to 1
    constexpr double ln_2 = 0.69314718055994531;
    // abs(z)^2 = -power ln u with u = abs(draw), from log2(u^2)
    const float scale = static_cast<float>(-power * ln_2 / 2);

    while (count > 0) {
        const size_t n = std::min(count, BLOCK);
        for (size_t i = 0; i < n; i++) {
            const uint64_t draw = xoroshiro128p_next(d_state);
            std::memcpy(d_draws.data() + 2 * i, &draw, sizeof(draw));
        }
        volk_32i_s32f_convert_32f(d_angle.data(), d_draws.data(), full_scale / PI, n);
        volk_32i_s32f_convert_32f(d_radius.data(), d_draws.data() + n, full_scale, n);
        volk_32f_x2_multiply_32f(d_radius.data(), d_radius.data(), d_radius.data(), n);
        volk_32f_log2_32f(d_radius.data(), d_radius.data(), n);
        // log2 is approximate: of nearly 1 it may be just above zero
        for (size_t i = 0; i < n; i++)
            d_radius[i] = std::max(scale * d_radius[i], 0.0f);
        volk_32f_sqrt_32f(d_radius.data(), d_radius.data(), n);
        volk_32f_sin_32f(d_sine.data(), d_angle.data(), n);
        volk_32f_cos_32f(d_cosine.data(), d_angle.data(), n);
        volk_32f_x2_multiply_32f(d_sine.data(), d_sine.data(), d_radius.data(), n);
        volk_32f_x2_multiply_32f(d_cosine.data(), d_cosine.data(), d_radius.data(), n);
        volk_32f_x2_interleave_32fc(d_noise.data(), d_cosine.data(), d_sine.data(), n);
        volk_32f_x2_add_32f(reinterpret_cast<float*>(samples),
                            reinterpret_cast<const float*>(samples),
                            reinterpret_cast<const float*>(d_noise.data()),
                            2 * n);
        samples += n;
        count -= n;
    }
}

} // namespace isac
} // namespace gr
