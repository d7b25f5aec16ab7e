/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_SCENE_PATHS_H
#define INCLUDED_ISAC_CHANNEL_SCENE_PATHS_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/cross_section.h>
#include <gnuradio/isac/channel/path_set.h>
#include <gnuradio/isac/channel/scene.h>
#include <gnuradio/isac/channel/scene_budget.h>
#include <boost/random/mersenne_twister.hpp>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief The paths of a scene from the beams that transmit to those that receive, one
 * stream a beam, with the mean powers of the link budget (scene_budget.h).
 *
 * A beam points at its object or user in the middle of each frame, and so do line of
 * sight and gains belong to that time; delays follow the geometry at each scene time,
 * all ends taken at that time. A node that both transmits and receives is split
 * (scene::node::full_duplex_split) and hears its self_interference_dbm. Before and after
 * the scene plays it stands still.
 */
class ISAC_API scene_paths : public path_set
{
public:
    //! A transmitted or received stream, by the names of the scene.
    struct stream {
        std::string at;     //!< node; of a received stream also a user: one antenna
        std::string toward; //!< object or user that the node's beam points at
    };

    struct parameters {
        isac::scene::sptr scene;
        //! Of nodes toward objects or users; at least one.
        std::vector<stream> transmit;
        //! Of nodes toward objects, and of users, toward nothing; at least one.
        std::vector<stream> receive;
        /*!
         * "all": every transmitted stream reaches every received one straight, unless
         * both are at one node, and over each object. "budget": those that the link
         * budget counts. A node receives the echo of the object that its beam and the
         * transmitted one point at, and beams toward users straight; a user receives its
         * own beam and those toward objects straight.
         */
        std::string paths = "all";
        //! How a split node hears itself: "residual" (white Gaussian), "leakage" (a
        //! replica at once, of that power when it transmits power_dbm) or "none".
        std::string self_interference = "residual";
        /*!
         * Of links without line of sight. "mean": their mean power. "rician": Rician by
         * the scene's K, drawn anew every frame for both legs of every path, each of
         * which sees scattering through another beam.
         */
        std::string fading = "mean";
        bool noise_enabled = true;
        //! Of the sample rate, that noise_dbm and self_interference_dbm are in; above 0
        //! to 1. Noise is as dense outside.
        double occupied_share = 1;
        //! Frames over which Swerling I and III hold, at least 1.
        int dwell_frames = 1;
        //! Of cross sections and fading.
        uint64_t seed = 1;
    };

    /*!
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    explicit scene_paths(const parameters& p);

    scene_paths(const scene_paths&) = delete;
    scene_paths& operator=(const scene_paths&) = delete;

    const parameters& params() const { return d_params; }
    size_t num_transmitters() const { return d_transmit.size(); }
    size_t num_receivers() const { return d_receive.size(); }
    //! Index of the node or, of a received stream, of the user.
    size_t transmitting_node(size_t transmitter) const
    {
        return d_transmit[transmitter].index;
    }
    size_t receiving(size_t receiver) const { return d_receive[receiver].index; }
    bool is_user(size_t receiver) const { return d_receive[receiver].node == nullptr; }
    //! Whether the stream's beam points at an object.
    bool illuminates(size_t transmitter) const
    {
        return d_transmit[transmitter].object >= 0;
    }

    //! At once: of a frame that begins.
    void set_noise_enabled(bool enabled) { d_params.noise_enabled = enabled; }

    //! Draws what fluctuates, and takes the gains at scene time \p middle (s).
    void begin_frame(double middle);
    //! Whether the scene plays at that time (s).
    bool plays(double time) const;

    size_t num_paths() const override { return d_paths.size(); }
    size_t transmitter(size_t path) const override { return d_paths[path].tx; }
    size_t receiver(size_t path) const override { return d_paths[path].rx; }
    //! Index of the path's object in the scene, DIRECT or LEAKAGE.
    int target_index(size_t path) const override { return d_paths[path].target; }
    double gain(size_t path) const override { return d_paths[path].gain; }
    double delay(size_t path, double time) const override;
    double doppler(size_t path, double time) const override;
    double carrier_frequency() const override;
    double white_power(size_t receiver, double sample_rate) const override;

    //! \name Of a received stream, in the band that is occupied, mW
    //! \{
    double noise(size_t receiver) const;
    double residual(size_t receiver) const;
    //! \}

private:
    static constexpr size_t NO_SECTION = ~size_t(0);

    // One end of every path of a stream.
    struct end {
        size_t index;            // of the node or user
        const scene::node* node; // null: a user
        const trajectory* path;
        const trajectory* aim; // null: none
        int object;            // that the beam points at, or -1
        int user;              // the same
        bool split;
        beam formed; // in the frame at hand
    };
    struct path {
        size_t tx, rx; // streams
        int target;
        const trajectory* over; // the object's; null: straight
        size_t section;
        double gain;
        std::complex<double> out = 0, back = 0; // of the frame at hand
    };
    // A cross section is the same either way.
    struct section {
        const trajectory* one; // of the nodes or users at the ends
        const trajectory* other;
        cross_section drawn;
    };

    end transmit_end(const stream& s, size_t i) const;
    end receive_end(const stream& s, size_t i) const;
    void add_paths(size_t tx, size_t rx);
    void add_echo(size_t tx, size_t rx, size_t object);
    void point(end& e, bool sends, double time) const;
    std::complex<double> draw_scatter();
    double leakage_gain(size_t tx) const;
    double gain_of(const path& p, double time) const;
    double within(double time) const;

    parameters d_params;
    std::vector<end> d_transmit;
    std::vector<end> d_receive;
    std::vector<path> d_paths;
    std::vector<section> d_sections;
    boost::random::mt19937 d_engine;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_SCENE_PATHS_H */
