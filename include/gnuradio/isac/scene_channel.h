/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SCENE_CHANNEL_H
#define INCLUDED_ISAC_SCENE_CHANNEL_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/scene_paths.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <cstdint>
#include <map>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief What many receivers hear of many transmitters in a scene: direct paths, echoes,
 * self-interference and noise, behind the beams of each. \ingroup isac
 *
 * One input a transmitted stream and one output a received stream; a stream is what one
 * beam sends or receives (scene_paths::parameters). Delays, Doppler and phase are those
 * of echo_channel; mean gains are those of the scene's link budget, taken in the middle
 * of each frame with its lines of sight, and constant within it. Cross sections
 * fluctuate by their Swerling model, anew for each two ends.
 *
 * Scale: abs(x)^2 = 1 is 1 mW; a stream is to be sent with its node's power_dbm where the
 * link budget is to hold. The scene's noise_dbm and self_interference_dbm are the powers
 * over the grid's active subcarriers; the same density fills the sample bandwidth.
 *
 * \section time Scene time
 * As in echo_channel: with revisit_interval 0 the scene goes on as the samples do; with a
 * positive one frames are that far apart in it. Before and after it plays, it stands
 * still.
 *
 * \section stream Streams
 * One sample of every input gives one of every output, without latency. The block waits
 * for a few samples more than it gives, and ends with the first input that ends.
 *
 * \section tags Tags
 * In, on input 0: \li frame (uint64) starts a frame. Without it, frames of
 * grid->frame_samples() follow each other from sample 0 on. Those of other inputs are to
 * stand at the same samples with the same numbers.
 *
 * Out, on the first sample of each frame of every output: \li frame (uint64)
 * \li scene_time (double, s, start of the frame). Other tags end here: no output belongs
 * to one input.
 *
 * \section messages Messages
 * ground_truth, at the end of every whole frame one for each stream toward an object and
 * each node that receives: as that of echo_channel, with the places of the nodes in the
 * scene as tx and rx, and of objects as target. interference_dbm is residual
 * self-interference and what the other streams contribute.
 *
 * \section faults Faults
 * As in echo_channel: "not_finite", "lost_samples", "frame_jump", "bad_tag",
 * "beyond_grid", "path_too_long"; and "misaligned": a frame of another input does not
 * start with that of input 0; "scene_over": frames before or after the scene plays.
 */
class ISAC_API scene_channel : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<scene_channel>;

    /*!
     * \param grid              shared with modulators and receivers; of the scene's
     *                          carrier frequency
     * \param paths             the scene, and the streams; its occupied_share is taken
     *                          from \p grid, and its seed is that of the noise as well
     * \param revisit_interval  scene time from frame to frame, s; 0: continuous
     * \param start_time        scene time of the first sample, s
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(ofdm_grid::sptr grid,
                     const scene_paths::parameters& paths,
                     double revisit_interval = 0,
                     double start_time = 0);

    //! From the next frame on.
    virtual void set_noise_enabled(bool enabled) = 0;
    //! s, not negative; from the next frame on.
    virtual void set_revisit_interval(double interval) = 0;

    //! How often each kind of fault occurred.
    virtual std::map<std::string, uint64_t> faults() const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SCENE_CHANNEL_H */
