/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/waveform/gold_sequence.h>

namespace gr {
namespace isac {

gold_sequence::gold_sequence(uint32_t c_init) : d_x2(c_init)
{
    require(c_init < (1u << 31), "gold_sequence: c_init", c_init, "must be below 2^31");
    constexpr int skipped = 1600; // N_C of TS 38.211
    for (int i = 0; i < skipped; i++)
        next_bit();
}

uint8_t gold_sequence::next_bit()
{
    const uint8_t bit = (d_x1 ^ d_x2) & 1;
    const uint32_t new_x1 = (d_x1 ^ (d_x1 >> 3)) & 1;
    const uint32_t new_x2 = (d_x2 ^ (d_x2 >> 1) ^ (d_x2 >> 2) ^ (d_x2 >> 3)) & 1;
    d_x1 = (d_x1 >> 1) | (new_x1 << 30);
    d_x2 = (d_x2 >> 1) | (new_x2 << 30);
    return bit;
}

gr_complex gold_sequence::next_qpsk()
{
    constexpr float level = 0.70710678f;
    const float re = next_bit() ? -level : level;
    const float im = next_bit() ? -level : level;
    return { re, im };
}

} // namespace isac
} // namespace gr
