/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_ECHO_CHANNEL_H
#define INCLUDED_ISAC_ECHO_CHANNEL_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/echo_scene.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief What one receiver hears of one transmitter: the echoes of targets, the direct
 * path, self-interference and noise. \ingroup isac
 *
 * Monostatic when transmitter and receiver share a trajectory, else bistatic. Each path
 * has the delay of the true geometry at every moment, to a fraction of a sample (error
 * below -70 dB over the middle 80% of the band up to 600 m/s), its Doppler, and a carrier
 * phase that is continuous over frames. Path loss, radar equation, array gains, shadowing
 * and cross section set its power, which is constant within a frame (echo_scene.h).
 *
 * Scale: abs(x)^2 = 1 is 1 mW. Noise is k T F times the sample rate, with T = 290 K.
 *
 * \section time Scene time
 * With revisit_interval 0 the scene goes on from frame to frame as the samples do. With a
 * positive one, frames are that far apart in the scene, and nothing of a frame's signal
 * reaches the next: a flight of 100 s needs a thousand frames, not 100 s of samples.
 * Frame numbers that are missing pass as well. Where a flowgraph is run again the scene
 * goes on.
 *
 * \section stream Stream
 * One complex sample in, one out, without latency: output n is received at the time when
 * input n is sent. The block waits for a few samples more than it gives (a delay of less
 * than 13 samples reads ahead), and takes those as zero at the end of the stream.
 *
 * \section tags Tags
 * In: \li frame (uint64) starts a frame. Without it, frames of grid->frame_samples()
 * follow each other from sample 0 on. One that is not where a frame ends counts as
 * "lost_samples", and starts a frame there. \li all others pass; scene_time is replaced.
 *
 * Out, on the first sample of each frame: \li frame (uint64) \li scene_time (double, s,
 * start of the frame)
 *
 * \section messages Messages
 * ground_truth, one at the end of every whole frame (reports.h): frame, scene_time
 * (middle of the frame), tx, rx; for each path delay, doppler, range, velocity, snr,
 * var_delay = 0, var_doppler = 0, target (index, -1 direct path, -2 leakage), power_dbm;
 * noise_dbm and interference_dbm. Powers are those of an active resource element, by the
 * measured power of the input; snr is over thermal noise and residual interference.
 *
 * \section faults Faults
 * "not_finite": samples with a NaN or an infinity, taken as zero. "lost_samples",
 * "frame_jump" (a frame number that does not follow the last), "bad_tag". "beyond_grid":
 * the scene came to exceed the grid's CP or ambiguity. "path_too_long": a path of more
 * than 4194304 samples was left out, counted once a call.
 *
 * Setters act from the next frame on, and throw std::invalid_argument as make() does.
 */
class ISAC_API echo_channel : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<echo_channel>;

    /*!
     * \param grid              shared with modulator and receivers
     * \param scene             nodes, targets, losses, interference and noise; its
     *                          carrier_frequency is taken from \p grid
     * \param tx                number of the transmitting node, for reports; not negative
     * \param rx                number of the receiving node; not negative
     * \param revisit_interval  scene time from frame to frame, s; 0: continuous
     * \param start_time        scene time of the first sample, s
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(ofdm_grid::sptr grid,
                     const echo_scene::parameters& scene,
                     int64_t tx = 0,
                     int64_t rx = 0,
                     double revisit_interval = 0,
                     double start_time = 0);

    virtual void set_targets(const std::vector<target::sptr>& targets) = 0;
    //! dB, not negative
    virtual void set_noise_figure_db(double figure) = 0;
    virtual void set_noise_enabled(bool enabled) = 0;
    //! dB
    virtual void set_tx_gain_db(double gain) = 0;
    //! dB
    virtual void set_rx_gain_db(double gain) = 0;
    //! dB, not negative
    virtual void set_shadowing_std_db(double std) = 0;
    //! "none", "leakage" or "residual"
    virtual void set_self_interference(const std::string& mode) = 0;
    //! Over transmitted power, dB
    virtual void set_leakage_gain_db(double gain) = 0;
    //! Over the whole sample bandwidth, dBm
    virtual void set_residual_dbm(double power) = 0;
    //! s, not negative
    virtual void set_revisit_interval(double interval) = 0;

    //! How often each kind of fault occurred.
    virtual std::map<std::string, uint64_t> faults() const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_ECHO_CHANNEL_H */
