/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "bit_count.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/waveform/frame_codec.h>
#include <gnuradio/isac/waveform/gold_sequence.h>
#include <zlib.h>
#include <boost/crc.hpp>
#include <algorithm>

namespace gr {
namespace isac {

namespace {

constexpr size_t number_bytes = 8;
constexpr size_t length_bytes = 4;
constexpr size_t header_crc_bytes = 2;
constexpr size_t header_bytes = number_bytes + length_bytes + header_crc_bytes;
constexpr size_t crc_bytes = 4;
static_assert(header_bytes + crc_bytes == frame_codec::OVERHEAD);

// Any value serves; it differs from the pilots' so that idle frames are no pilots.
constexpr uint32_t scrambler_seed = 0x15ac;

void put(uint8_t* bytes, uint64_t value, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = static_cast<uint8_t>(value >> 8 * (count - 1 - i));
}

uint64_t get(const uint8_t* bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

uint16_t header_crc(const uint8_t* header)
{
    boost::crc_ccitt_type crc; // 0x1021, from 0xffff, as CRC-16/CCITT-FALSE
    crc.process_bytes(header, number_bytes + length_bytes);
    return crc.checksum();
}

uint32_t payload_crc(const uint8_t* payload, size_t bytes)
{
    return static_cast<uint32_t>(crc32_z(crc32_z(0, nullptr, 0), payload, bytes));
}

} // namespace

frame_codec::frame_codec(const ofdm_grid& grid)
    : d_data_bits(grid.data_bits()),
      d_whole_bytes(d_data_bits / 8),
      d_scrambler((d_data_bits + 7) / 8),
      d_descrambled(d_scrambler.size())
{
    gold_sequence gold(scrambler_seed);
    for (size_t bit = 0; bit < d_data_bits; bit++)
        d_scrambler[bit / 8] |= gold.next_bit() << (7 - bit % 8);
}

void frame_codec::encode(uint64_t frame,
                         const uint8_t* payload,
                         size_t payload_bytes,
                         uint8_t* bits) const
{
    require(payload_bytes <= capacity(),
            "frame_codec: payload bytes",
            payload_bytes,
            "must be at most the capacity " + std::to_string(capacity()));
    size_t used = 0;
    if (carries_payload()) {
        put(bits, frame, number_bytes);
        put(bits + number_bytes, payload_bytes, length_bytes);
        put(bits + number_bytes + length_bytes, header_crc(bits), header_crc_bytes);
        std::copy_n(payload, payload_bytes, bits + header_bytes);
        put(bits + header_bytes + payload_bytes,
            payload_crc(payload, payload_bytes),
            crc_bytes);
        used = OVERHEAD + payload_bytes;
    }
    std::transform(d_scrambler.begin(),
                   d_scrambler.begin() + used,
                   bits,
                   bits,
                   [](uint8_t a, uint8_t b) { return a ^ b; });
    std::copy(d_scrambler.begin() + used, d_scrambler.end(), bits + used);
}

decoded_frame frame_codec::decode(const uint8_t* bits)
{
    decoded_frame result;
    std::transform(d_scrambler.begin(),
                   d_scrambler.end(),
                   bits,
                   d_descrambled.begin(),
                   [](uint8_t a, uint8_t b) { return a ^ b; });
    if (!carries_payload())
        return result;

    const uint8_t* header = d_descrambled.data();
    const size_t length = get(header + number_bytes, length_bytes);
    result.header_ok =
        length <= capacity() &&
        get(header + number_bytes + length_bytes, header_crc_bytes) == header_crc(header);
    if (!result.header_ok)
        return result;
    result.frame = get(header, number_bytes);
    result.payload = header + header_bytes;
    result.payload_bytes = length;
    result.ok =
        get(result.payload + length, crc_bytes) == payload_crc(result.payload, length);
    const size_t used = OVERHEAD + length;
    result.idle_bit_errors =
        count_bits(d_descrambled.data() + used, d_descrambled.size() - used);
    return result;
}

} // namespace isac
} // namespace gr
