/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WAVEFORM_FRAME_RECEIVER_H
#define INCLUDED_ISAC_WAVEFORM_FRAME_RECEIVER_H

#include <gnuradio/isac/waveform/channel_estimator.h>
#include <gnuradio/isac/waveform/frame_codec.h>
#include <gnuradio/isac/waveform/frame_mapper.h>
#include <memory>
#include <vector>

namespace gr {
namespace isac {

//! What frame_receiver::receive() found in one frame.
struct received_frame {
    decoded_frame payload;
    //! Mean power of a pilot element after coherent averaging, less its noise, dBm
    //! (TS 38.215, 5.1.1); minus infinity when nothing is received or the grid has no
    //! pilots.
    double rsrp_dbm;
    double sinr_db; //!< signal over noise and interference, per resource element
    double evm_db;  //!< rms error over rms of the data (pilots where there are none)
    double ber;     //!< before any decoding, see receive()
    double delay;   //!< of the strongest path, s; 0 with a known channel
    double doppler; //!< of the strongest path, Hz; 0 with a known channel
};

/*!
 * Received rows of a frame to its payload and the quality of its link: channel_estimator,
 * one-tap equaliser (zero forcing; MMSE decides the same), hard decisions, frame_codec.
 */
class ISAC_API frame_receiver
{
public:
    /*!
     * \param grid    the grid
     * \param channel "estimated" from the pilots, or "known": flat, of the amplitude that
     *                an ofdm_modulator at 0 dBm has at its output
     * \throws std::invalid_argument for another name, or "estimated" without pilots
     */
    frame_receiver(ofdm_grid::sptr grid, const std::string& channel = "estimated");

    frame_receiver(const frame_receiver&) = delete;
    frame_receiver& operator=(const frame_receiver&) = delete;

    const ofdm_grid::sptr& grid() const { return d_grid; }
    //! Bytes of a frame's data bits.
    size_t frame_bytes() const { return d_codec.frame_bytes(); }

    //! Whether the grid has room for a header and CRC, without which no frame is ok.
    bool carries_payload() const { return d_codec.carries_payload(); }

    /*!
     * BER is counted: against \p reference, else (when the CRC holds) against the frame
     * that the payload makes; else it is what theory says at the measured SINR.
     *
     * \param rows      M x N received values, finite
     * \param reference data bits that were sent (frame_bytes() bytes), or null
     * \return valid until the next call
     */
    const received_frame& receive(const gr_complex* rows,
                                  const uint8_t* reference = nullptr);

    //! The data bits of unit-energy rows, as reference for receive().
    void decide(const gr_complex* rows, uint8_t* bits);

private:
    double detect(const gr_complex* rows, const uint8_t* reference);
    void measure_known(const gr_complex* rows);
    void follow_decisions(const gr_complex* rows, const uint8_t* reference);

    ofdm_grid::sptr d_grid;
    frame_codec d_codec;
    frame_mapper d_mapper;
    std::unique_ptr<channel_estimator> d_estimator; // null: the channel is known
    double d_signal = 0, d_noise = 0;
    double d_error = 0;    // mean squared error of an equalised element
    double d_coherent = 0; // power of the coherent mean of the pilots
    std::vector<uint8_t> d_bits;
    volk::vector<gr_complex> d_row, d_decided;
    received_frame d_result;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WAVEFORM_FRAME_RECEIVER_H */
