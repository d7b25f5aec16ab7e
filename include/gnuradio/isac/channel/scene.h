/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_SCENE_H
#define INCLUDED_ISAC_CHANNEL_SCENE_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/antenna_array.h>
#include <gnuradio/isac/channel/one_way_loss.h>
#include <gnuradio/isac/channel/target.h>
#include <gnuradio/isac/channel/trajectory.h>
#include <gnuradio/isac/channel/wall.h>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Nodes that sense and serve, users, objects, walls, and how waves go between
 * them. Immutable; shared by shared_ptr.
 *
 * A link whose straight line touches a wall has no line of sight. It then loses more, and
 * arrives as Rician fading does: of its power K / (K + 1) keep the direction that beams
 * are formed for, 1 / (K + 1) come from everywhere, where a beam gains nothing on
 * average.
 */
class ISAC_API scene
{
public:
    using sptr = std::shared_ptr<const scene>;

    //! A node or user nearer than this to a node is at its place, m; so is an object.
    static constexpr double SAME_PLACE_M = 1e-3;

    //! An access point or base station.
    struct node {
        std::string name;
        trajectory::sptr path;
        antenna_array array;
        //! Share of the columns that transmit while the others receive, above 0 and
        //! below 1. 0: all transmit and all receive, by circulators or two arrays.
        double full_duplex_split = 0;
        double power_dbm = 0;
        //! In the band of power_dbm.
        double noise_dbm = 0;
        //! Residual, where the node receives echoes while it transmits; minus infinity:
        //! none.
        double self_interference_dbm = -std::numeric_limits<double>::infinity();

        //! Columns that receive while the node transmits, and the other way round.
        size_t tx_columns() const;
        size_t rx_columns() const;
    };

    //! One isotropic antenna that a node serves.
    struct user {
        std::string name;
        trajectory::sptr path;
        double noise_dbm = 0;
        size_t serving = 0; //!< node
    };

    //! What is sensed.
    struct object {
        std::string name;
        target::sptr body;
    };

    struct propagation {
        //! "log_distance", "free_space" or "uma_av" (one_way_loss.h)
        std::string path_loss = "log_distance";
        //! At 1 m, dB; log_distance only, as the exponents.
        double reference_loss_db = 40;
        double los_exponent = 2;
        double nlos_exponent = 3;
        //! Added where there is no line of sight, dB, not negative.
        double blockage_loss_db = 0;
        //! K of a link without line of sight; minus infinity: scattered waves alone.
        double rician_k_db = -std::numeric_limits<double>::infinity();
        //! An echo has one link to the object and one back. "per_leg": each has its own
        //! line of sight; "per_path": where one has none, neither has.
        std::string blockage = "per_leg";
    };

    struct parameters {
        //! 2 (all z are 0) or 3
        int dimensions = 3;
        //! Hz, positive.
        double carrier_frequency = 3.5e9;
        //! When the scene plays, s, and the step of what is drawn and studied, positive.
        double first_time = -std::numeric_limits<double>::infinity();
        double last_time = std::numeric_limits<double>::infinity();
        double time_step = 1;
        propagation waves;
        std::vector<node> nodes;
        std::vector<user> users;
        std::vector<object> objects;
        std::vector<wall> walls;
    };

    /*!
     * \throws std::invalid_argument naming the parameter, its value and its limit, as
     * "scene: nodes[1].power_dbm = ...". Refused are, besides values out of range: names
     * used twice; a trajectory that ends before the scene does; a node or user that is at
     * the place of a node, or touches a wall, at any time of the scene; an object that
     * comes to the place of a node.
     */
    static sptr make(const parameters& p);
    explicit scene(const parameters& p);

    scene(const scene&) = delete;
    scene& operator=(const scene&) = delete;

    const parameters& params() const { return d_params; }
    size_t num_nodes() const { return d_params.nodes.size(); }
    size_t num_users() const { return d_params.users.size(); }
    size_t num_objects() const { return d_params.objects.size(); }

    //! Users that a node serves.
    size_t num_served(size_t node) const { return d_num_served[node]; }

    //! \name Of a node, mW
    //! \{
    double power(size_t node) const { return d_node_powers[node].transmitted; }
    double noise(size_t node) const { return d_node_powers[node].noise; }
    double self_interference(size_t node) const
    {
        return d_node_powers[node].self_interference;
    }
    //! \}
    //! Of a user, mW.
    double user_noise(size_t user) const { return d_user_noise[user]; }
    //! What an object of mean cross section gives back between two links whose losses are
    //! those of isotropic antennas: 4 pi rcs / wavelength^2, linear.
    double reflection(size_t object) const { return d_reflections[object]; }

    //! \throws std::invalid_argument where the scene does not play at \p time (s)
    void check_time(double time) const;

    bool line_of_sight(const vector3& a, const vector3& b) const;
    //! Mean power out over power in between isotropic antennas, linear.
    double mean_gain(double distance, bool line_of_sight) const;
    //! K of the links without line of sight, linear.
    double rician_k() const { return d_rician_k; }
    bool blocked_by_path() const { return d_by_path; }

private:
    struct node_powers {
        double transmitted, noise, self_interference;
    };

    parameters d_params;
    std::vector<size_t> d_num_served;
    std::vector<node_powers> d_node_powers;
    std::vector<double> d_user_noise;
    std::vector<double> d_reflections;
    one_way_loss d_los;
    one_way_loss d_nlos;
    double d_blockage_gain;
    double d_rician_k;
    bool d_by_path;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_SCENE_H */
