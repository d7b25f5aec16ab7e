/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WAVEFORM_FRAME_CODEC_H
#define INCLUDED_ISAC_WAVEFORM_FRAME_CODEC_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gr {
namespace isac {

//! What frame_codec::decode() found.
struct decoded_frame {
    bool header_ok = false;           //!< the header's CRC-16 holds
    bool ok = false;                  //!< and the payload's CRC-32 does
    uint64_t frame = 0;               //!< number in the header
    const uint8_t* payload = nullptr; //!< within the codec, until the next decode()
    size_t payload_bytes = 0;
    //! Wrong bits in the idle fill. With ok these are all wrong bits of the frame.
    size_t idle_bit_errors = 0;
};

/*!
 * Payload bytes to the data bits of a frame and back.
 *
 * The frame's bits are packed into bytes, first bit most significant: header (frame
 * number, 8 bytes; payload length, 4 bytes; CRC-16/CCITT-FALSE of both, 2 bytes; all big
 * endian), payload, CRC-32 of the payload (that of Ethernet), and zeros to the end. All
 * of it is scrambled by one period of the Gold sequence of TS 38.211, 5.2.1, that starts
 * anew with every frame.
 */
class ISAC_API frame_codec
{
public:
    //! Bytes that a frame needs beside its payload.
    static constexpr size_t OVERHEAD = 8 + 4 + 2 + 4;

    explicit frame_codec(const ofdm_grid& grid);

    frame_codec(const frame_codec&) = delete;
    frame_codec& operator=(const frame_codec&) = delete;

    //! Bytes that hold the frame's bits; the last may be filled in part.
    size_t frame_bytes() const { return d_scrambler.size(); }
    //! Whether the grid has room for header and CRC at all.
    bool carries_payload() const { return d_whole_bytes >= OVERHEAD; }
    //! Most payload bytes a frame; 0 when it carries none.
    size_t capacity() const { return carries_payload() ? d_whole_bytes - OVERHEAD : 0; }

    /*!
     * \param bits frame_bytes() bytes
     * \throws std::invalid_argument if \p payload_bytes exceeds capacity()
     */
    void encode(uint64_t frame,
                const uint8_t* payload,
                size_t payload_bytes,
                uint8_t* bits) const;

    //! \param bits frame_bytes() bytes of hard decisions
    decoded_frame decode(const uint8_t* bits);

private:
    size_t d_data_bits;
    size_t d_whole_bytes;
    std::vector<uint8_t> d_scrambler;
    std::vector<uint8_t> d_descrambled;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WAVEFORM_FRAME_CODEC_H */
