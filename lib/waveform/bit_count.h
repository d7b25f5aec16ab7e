/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WAVEFORM_BIT_COUNT_H
#define INCLUDED_ISAC_WAVEFORM_BIT_COUNT_H

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace gr {
namespace isac {

//! Bits that are one in a, or that differ between \p a and \p b.
inline size_t count_bits(const uint8_t* a, size_t bytes, const uint8_t* b = nullptr)
{
    size_t bits = 0;
    for (size_t i = 0; i < bytes; i += sizeof(uint64_t)) {
        const size_t chunk = bytes - i < sizeof(uint64_t) ? bytes - i : sizeof(uint64_t);
        uint64_t left = 0, right = 0;
        std::memcpy(&left, a + i, chunk);
        if (b)
            std::memcpy(&right, b + i, chunk);
        bits += std::bitset<64>(left ^ right).count();
    }
    return bits;
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WAVEFORM_BIT_COUNT_H */
