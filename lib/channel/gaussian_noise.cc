/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/gaussian_noise.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/xoroshiro128p.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
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

void gaussian_noise::refill()
{
    constexpr float full_scale = 2147483648.0f; // draws become -1 to 1
    constexpr float ln_2 = 0.69314718f;
    for (size_t i = 0; i < BLOCK; i++) {
        const uint64_t draw = xoroshiro128p_next(d_state);
        std::memcpy(d_draws.data() + 2 * i, &draw, sizeof(draw));
    }
    volk_32i_s32f_convert_32f(d_angle.data(), d_draws.data(), full_scale / PI, BLOCK);
    volk_32i_s32f_convert_32f(d_radius.data(), d_draws.data() + BLOCK, full_scale, BLOCK);
    // abs(z)^2 = -ln u with u = abs(draw), from log2(u^2), which is approximate: of
    // nearly 1 it may be just above zero.
    volk_32f_x2_multiply_32f(d_radius.data(), d_radius.data(), d_radius.data(), BLOCK);
    volk_32f_log2_32f(d_radius.data(), d_radius.data(), BLOCK);
    for (float& radius : d_radius)
        radius = std::max(-ln_2 / 2 * radius, 0.0f);
    volk_32f_sqrt_32f(d_radius.data(), d_radius.data(), BLOCK);
    volk_32f_sin_32f(d_sine.data(), d_angle.data(), BLOCK);
    volk_32f_cos_32f(d_cosine.data(), d_angle.data(), BLOCK);
    volk_32f_x2_multiply_32f(d_sine.data(), d_sine.data(), d_radius.data(), BLOCK);
    volk_32f_x2_multiply_32f(d_cosine.data(), d_cosine.data(), d_radius.data(), BLOCK);
    volk_32f_x2_interleave_32fc(d_noise.data(), d_cosine.data(), d_sine.data(), BLOCK);
    d_used = 0;
}

void gaussian_noise::add(gr_complex* samples, size_t count, double power)
{
    const float amplitude = static_cast<float>(std::sqrt(power));
    while (count > 0) {
        if (d_used == BLOCK)
            refill();
        const size_t n = std::min(count, BLOCK - d_used);
        const gr_complex* noise = d_noise.data() + d_used;
        for (size_t i = 0; i < n; i++)
            samples[i] += amplitude * noise[i];
        d_used += n;
        samples += n;
        count -= n;
    }
}

} // namespace isac
} // namespace gr
