/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_OFDM_MODULATOR_H
#define INCLUDED_ISAC_OFDM_MODULATOR_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <cstdint>
#include <map>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Payload bytes to a continuous OFDM signal. \ingroup isac
 *
 * Every frame carries a header, up to capacity() bytes of payload and its CRC
 * (frame_codec.h). A frame for which no payload waits carries none, so that the
 * transmitter never underruns.
 *
 * Input 0 (input = "stream" only): payload bytes; a frame takes what is there, up to
 * capacity().
 *
 * Message input `pdus` (input = "pdu" only): pairs (metadata . u8vector), one a frame.
 * Counted in faults() and dropped: "bad_pdu" (anything else), "oversize_pdu" (more than
 * capacity() bytes).
 *
 * Output 0: samples; abs(x)^2 = 1 is 1 mW.
 *
 * Output 1 (optional): reference rows of N values, unit energy an active element, in
 * ascending frequency.
 *
 * Tags, on the first sample and the first row of every frame: `frame` (uint64), from 0
 * on.
 */
class ISAC_API ofdm_modulator : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<ofdm_modulator>;

    /*!
     * \param grid         the grid
     * \param tx_power_dbm mean power of the samples, dBm, -200 to 100
     * \param input        "stream", "pdu", or "none" (idle frames only)
     * \param repeat_frame repeat the first frame for ever, computed once; its header
     *                     keeps number 0, the tags count on
     * \param num_frames   frames to send before the block is done; 0: no limit
     * \param when_starved "idle": send what is there, if only idle fill; "wait": wait
     *                     until a frame's payload is full (stream; when the stream ends,
     *                     the rest goes into a last frame and the block is done) or a PDU
     *                     has come
     * \throws std::invalid_argument for a value out of its range, or input other than
     *         "none" on a grid without room for payload
     */
    static sptr make(ofdm_grid::sptr grid,
                     double tx_power_dbm = 0,
                     const std::string& input = "stream",
                     bool repeat_frame = false,
                     uint64_t num_frames = 0,
                     const std::string& when_starved = "idle");

    //! Most payload bytes a frame.
    virtual size_t capacity() const = 0;
    //! Frames begun so far.
    virtual uint64_t frames_sent() const = 0;
    //! What had to be dropped, by kind.
    virtual std::map<std::string, uint64_t> faults() const = 0;

    virtual double tx_power_dbm() const = 0;
    //! dBm, from the next frame on.
    virtual void set_tx_power_dbm(double tx_power_dbm) = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_OFDM_MODULATOR_H */
