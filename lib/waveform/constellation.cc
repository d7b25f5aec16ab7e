/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/theory/modulation.h>
#include <gnuradio/isac/waveform/constellation.h>
#include <algorithm>
#include <cmath>
#include <cstring>

namespace gr {
namespace isac {

namespace {

// The odd integer of an axis: (1 - 2 b0) (2^(n-1) - (1 - 2 b1) (2^(n-2) - ...)), the
// nested form of TS 38.211, 5.1.3 to 5.1.6. \p bits holds n bits, b0 most significant.
int axis_level(unsigned bits, int n)
{
    int level = 1;
    for (int i = 0; i < n; i++) { // from the innermost, least significant bit outwards
        const int sign = (bits >> i) & 1 ? -1 : 1;
        level = i == 0 ? sign : sign * ((1 << i) - level);
    }
    return level;
}

} // namespace

constellation::constellation(const std::string& modulation)
    : d_bits(gr::isac::bits_per_symbol(modulation)),
      d_points_a_byte(8 % d_bits == 0 ? 8 / d_bits : 0)
{
    place_points();
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t i = 1; i <= d_points_a_byte; i++)
            d_bytes.push_back(
                d_points[(byte >> (8 - i * d_bits)) & (d_points.size() - 1)]);
}

void constellation::place_points()
{
    const unsigned count = 1u << d_bits;
    d_points.resize(count);
    if (d_bits == 1) {
        const float level = std::sqrt(0.5f);
        d_points = { { level, level }, { -level, -level } };
        d_levels = 2;
        d_half_distance = 1; // the two points are opposite
        return;
    }
    const int axis_bits = d_bits / 2;
    d_levels = 1 << axis_bits;
    // Mean energy of the odd integers below 2^n, on two axes: 2 (4^n - 1) / 3.
    d_half_distance = 1 / std::sqrt(2 * (d_levels * d_levels - 1) / 3.0f);
    d_bits_re.resize(d_levels);
    d_bits_im.resize(d_levels);
    for (unsigned group = 0; group < count; group++) {
        unsigned re = 0, im = 0; // bits alternate between the axes
        for (int i = d_bits - 2; i >= 0; i -= 2) {
            re = re << 1 | ((group >> (i + 1)) & 1);
            im = im << 1 | ((group >> i) & 1);
        }
        const int level_re = axis_level(re, axis_bits);
        const int level_im = axis_level(im, axis_bits);
        d_points[group] = { level_re * d_half_distance, level_im * d_half_distance };
        constexpr unsigned odd_bits = 0xaa, even_bits = 0x55;
        d_bits_re[(level_re + d_levels - 1) / 2] = group & odd_bits;
        d_bits_im[(level_im + d_levels - 1) / 2] = group & even_bits;
    }
}

// The number of points is known to the compiler, which moves them without a call.
template <size_t Points>
void constellation::map_bytes(const uint8_t* bytes,
                              size_t count,
                              gr_complex* symbols) const
{
    for (size_t b = 0; b < count; b++)
        std::memcpy(symbols + b * Points,
                    d_bytes.data() + bytes[b] * Points,
                    Points * sizeof(gr_complex));
}

void constellation::map_bytes(const uint8_t* bytes,
                              size_t count,
                              gr_complex* symbols) const
{
    switch (d_points_a_byte) {
    case 8:
        return map_bytes<8>(bytes, count, symbols);
    case 4:
        return map_bytes<4>(bytes, count, symbols);
    case 2:
        return map_bytes<2>(bytes, count, symbols);
    default:
        return map_bytes<1>(bytes, count, symbols);
    }
}

void constellation::map(const uint8_t* bytes,
                        size_t first_bit,
                        gr_complex* symbols,
                        size_t count) const
{
    const unsigned width = d_bits;
    const uint32_t mask = (1u << width) - 1;
    const gr_complex* points = d_points.data();
    uint32_t bits = 0;
    unsigned held = 0;
    bytes += first_bit / 8;
    if (first_bit % 8 > 0) {
        bits = *bytes++;
        held = 8 - first_bit % 8;
    }
    size_t i = 0;
    while (i < count) {
        const size_t whole = d_points_a_byte > 0 ? (count - i) / d_points_a_byte : 0;
        if (held == 0 && whole > 0) {
            map_bytes(bytes, whole, symbols + i);
            bytes += whole;
            i += whole * d_points_a_byte;
            continue;
        }
        if (held < width) {
            bits = bits << 8 | *bytes++;
            held += 8;
        }
        held -= width;
        symbols[i++] = points[(bits >> held) & mask];
    }
}

void constellation::demap(const gr_complex* symbols,
                          size_t count,
                          uint8_t* bytes,
                          size_t first_bit) const
{
    bytes += first_bit / 8;
    unsigned held = first_bit % 8;
    uint32_t bits = held > 0 ? *bytes >> (8 - held) : 0;
    const unsigned width = d_bits;
    const float scale = 0.5f / d_half_distance;
    const float shift = 0.5f * d_levels; // a level's index plus a half, for rounding down
    const float top = d_levels - 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t group;
        if (width == 1) {
            group = symbols[i].real() + symbols[i].imag() < 0;
        } else {
            // In this order a NaN becomes level 0.
            const float re = symbols[i].real() * scale + shift;
            const float im = symbols[i].imag() * scale + shift;
            group = d_bits_re[static_cast<int>(std::max(0.0f, std::min(re, top)))] |
                    d_bits_im[static_cast<int>(std::max(0.0f, std::min(im, top)))];
        }
        bits = bits << width | group;
        held += width;
        if (held >= 8) {
            held -= 8;
            *bytes++ = static_cast<uint8_t>(bits >> held);
        }
    }
    if (held > 0)
        *bytes = static_cast<uint8_t>(bits << (8 - held));
}

} // namespace isac
} // namespace gr
