/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WAVEFORM_CONSTELLATION_H
#define INCLUDED_ISAC_WAVEFORM_CONSTELLATION_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * The Gray-mapped constellations of TS 38.211, 5.1, at unit mean energy.
 *
 * Bits are packed into bytes, first bit at the most significant place; the first bit of
 * a symbol is the specification's b(i).
 */
class ISAC_API constellation
{
public:
    /*!
     * \param modulation "bpsk", "qpsk", "16qam", "64qam" or "256qam"
     * \throws std::invalid_argument for any other name
     */
    explicit constellation(const std::string& modulation);

    constellation(const constellation&) = delete;
    constellation& operator=(const constellation&) = delete;

    int bits_per_symbol() const { return d_bits; }
    //! Half the distance between neighbours.
    float half_distance() const { return d_half_distance; }
    //! The symbol of every group of bits, the first bit most significant.
    const std::vector<gr_complex>& points() const { return d_points; }

    //! Maps \p count symbols from the bits that start at bit \p first_bit of \p bytes.
    void
    map(const uint8_t* bytes, size_t first_bit, gr_complex* symbols, size_t count) const;

    /*!
     * Hard decisions, the nearest point each, written from bit \p first_bit of \p bytes
     * on. Bits before stay; those after, up to the byte's end, become zero.
     */
    void demap(const gr_complex* symbols,
               size_t count,
               uint8_t* bytes,
               size_t first_bit) const;

private:
    void place_points();
    void map_bytes(const uint8_t* bytes, size_t count, gr_complex* symbols) const;
    template <size_t Points>
    void map_bytes(const uint8_t* bytes, size_t count, gr_complex* symbols) const;

    int d_bits;
    int d_levels; // on an axis
    float d_half_distance;
    std::vector<gr_complex> d_points;
    size_t d_points_a_byte;          // 0 where bytes do not hold a whole number
    std::vector<gr_complex> d_bytes; // the points of every byte
    std::vector<uint8_t> d_bits_re;  // of each level of an axis, lowest level first
    std::vector<uint8_t> d_bits_im;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WAVEFORM_CONSTELLATION_H */
