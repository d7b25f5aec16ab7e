/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_ECHO_SCENE_H
#define INCLUDED_ISAC_CHANNEL_ECHO_SCENE_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/cross_section.h>
#include <gnuradio/isac/channel/one_way_loss.h>
#include <gnuradio/isac/channel/path_set.h>
#include <gnuradio/isac/channel/target.h>
#include <gnuradio/isac/channel/trajectory.h>
#include <boost/random/mersenne_twister.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief The paths from one transmitter to one receiver, and their gains a frame.
 *
 * A path runs from the transmitter straight to the receiver, or over one target. Its
 * delay follows the true geometry at each scene time, all ends taken at that time. Its
 * gain is that of the frame's middle and constant over the frame.
 *
 * Shadowing belongs to a one-way link (transmitter to target, target to receiver,
 * transmitter to receiver), Gaussian in dB, and correlated over the distance d that one
 * end moves as seen from the other by exp(-d / correlation distance) (M. Gudmundson,
 * "Correlation model for shadow fading in mobile radio systems", 1991). A monostatic echo
 * passes the same link twice, and so gets twice its shadowing in dB.
 */
class ISAC_API echo_scene : public path_set
{
public:
    struct parameters {
        trajectory::sptr transmitter;
        //! Null, or the transmitter's own trajectory, means monostatic.
        trajectory::sptr receiver;
        std::vector<target::sptr> targets;
        //! Hz, positive.
        double carrier_frequency = 3.5e9;
        //! "uma_av", "log_distance" or "free_space" (one_way_loss.h).
        std::string path_loss = "uma_av";
        //! For "log_distance": not negative, and dB at 1 m.
        double path_loss_exponent = 2.2;
        double reference_loss_db = 40;
        //! Transmitter straight to receiver; bistatic only.
        bool direct_path = false;
        //! Array gains on every path but leakage, dB.
        double tx_gain_db = 0;
        double rx_gain_db = 0;
        //! Of a one-way link, dB, not negative; 0 is none.
        double shadowing_std_db = 0;
        //! m, not negative; 0 draws each frame anew.
        double shadowing_correlation_m = 50;
        //! Frames over which Swerling I and III hold, at least 1.
        int dwell_frames = 1;
        //! "none", "leakage" (a replica of what is sent) or "residual" (white Gaussian).
        std::string self_interference = "none";
        //! Leakage over transmitted power, dB, and its delay, s, not negative.
        double leakage_gain_db = -60;
        double leakage_delay = 0;
        //! Residual interference over the whole sample bandwidth, dBm.
        double residual_dbm = -100;
        bool noise_enabled = true;
        //! dB, not negative, over k 290 K.
        double noise_figure_db = 7;
        uint64_t seed = 1;
    };

    //! \throws std::invalid_argument naming the parameter, its value and its limit
    static void check(const parameters& p);

    //! \throws std::invalid_argument as check()
    explicit echo_scene(const parameters& p);

    echo_scene(const echo_scene&) = delete;
    echo_scene& operator=(const echo_scene&) = delete;

    /*!
     * Takes other parameters from the next frame on. The seed stays; shadowing and cross
     * sections of links and targets that remain stay as well.
     */
    void reconfigure(const parameters& p);
    const parameters& params() const { return d_params; }

    //! Draws what fluctuates, and takes the gains at scene time \p middle (s).
    void begin_frame(double middle);

    bool monostatic() const { return d_monostatic; }
    size_t num_paths() const override { return d_paths.size(); }
    size_t transmitter(size_t) const override { return 0; }
    size_t receiver(size_t) const override { return 0; }
    int target_index(size_t path) const override { return d_paths[path].target; }
    double gain(size_t path) const override { return d_paths[path].gain; }
    double delay(size_t path, double time) const override;
    double doppler(size_t path, double time) const override;
    double carrier_frequency() const override { return d_params.carrier_frequency; }
    double white_power(size_t, double sample_rate) const override
    {
        return noise_power(sample_rate) + residual_power();
    }

    //! Thermal noise over \p bandwidth (Hz), mW; 0 when disabled.
    double noise_power(double bandwidth) const;
    //! Residual self-interference over the whole sample bandwidth, mW; 0 without it.
    double residual_power() const;

private:
    static constexpr size_t NO_LINK = ~size_t(0);

    // Two ends with one value of shadowing between them.
    struct link {
        trajectory::sptr a, b;
        vector3 separation = { 0, 0, 0 };
        double shadowing = 0; // of unit variance
        bool drawn = false;
    };
    struct path {
        int target;
        size_t out;  // link
        size_t back; // link, or NO_LINK
        double gain = 0;
    };

    size_t add_link(const std::vector<link>& known,
                    const trajectory::sptr& a,
                    const trajectory::sptr& b);
    void draw_shadowing(link& l, double time);
    double loss_db(size_t link_index, double time) const;
    double gain_at(const path& p, double time) const;

    parameters d_params;
    one_way_loss d_loss;
    bool d_monostatic = true;
    std::vector<link> d_links;
    std::vector<path> d_paths;
    std::vector<cross_section> d_cross_sections;
    boost::random::mt19937 d_engine;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_ECHO_SCENE_H */
