/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_OFDM_RECEIVER_H
#define INCLUDED_ISAC_OFDM_RECEIVER_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <cstdint>
#include <map>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Rows to payload bytes and the quality of the link. \ingroup isac
 *
 * Estimates the channel from the pilots (channel_estimator.h), equalises, decides, and
 * checks the payload (frame_receiver.h). A frame whose CRC fails gives no payload and is
 * counted.
 *
 * Input 0: rows of N values, in frames (tag `frame`; without tags from the first row on).
 *
 * Input 1 (optional): reference rows, as ofdm_modulator's output 1 gives them. They are
 * matched by frame number, are never waited for, and serve to count bit errors.
 *
 * Output 0 (optional): payload bytes of the frames that pass.
 *
 * Message output `pdus`: (metadata . u8vector) for each frame that passes; metadata:
 * `node` (int64), `frame` (uint64), `scene_time` (double, s, middle of the frame).
 *
 * Message output `link`: a dictionary for every whole frame: `frame`, `scene_time`,
 * `node` (int64), `rsrp_dbm`, `sinr_db`, `evm_db` (double, see received_frame), `ber`:
 * counted against the reference rows, else (when the CRC holds) against the frame that
 * the payload makes, else what theory says at the measured SINR.
 *
 * Counted in faults(), one each: "lost_rows" (a torn frame), "frame_jump", "not_finite"
 * (a frame with a NaN or infinity, dropped), "bad_tag"; the same with "reference_" before
 * for input 1.
 */
class ISAC_API ofdm_receiver : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<ofdm_receiver>;

    /*!
     * \param grid    the grid
     * \param node    the cell that transmits, in `link` messages; not negative
     * \param channel "estimated", or "known": flat, of the amplitude that an
     *                ofdm_modulator at 0 dBm has at its output
     * \throws std::invalid_argument for a value out of its range, or "estimated" on a
     * grid without pilots
     */
    static sptr make(ofdm_grid::sptr grid,
                     int64_t node = 0,
                     const std::string& channel = "estimated");

    //! Whole frames received; one `link` message each.
    virtual uint64_t num_frames() const = 0;
    //! Those of them whose header's or payload's CRC failed.
    virtual uint64_t num_failed_crcs() const = 0;
    //! What had to be dropped, by kind.
    virtual std::map<std::string, uint64_t> faults() const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_OFDM_RECEIVER_H */
