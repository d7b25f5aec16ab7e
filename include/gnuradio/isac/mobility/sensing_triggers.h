/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_SENSING_TRIGGERS_H
#define INCLUDED_ISAC_MOBILITY_SENSING_TRIGGERS_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/wall.h>
#include <gnuradio/isac/mobility/object_track.h>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

//! Why a pair should not sense, however strong its echo.
enum class sensing_trigger {
    none,
    resources,    //!< a node has withdrawn: it cannot spend them any more
    coverage,     //!< the object leaves the range that a node covers
    blockage,     //!< a wall comes between the object and a node
    beam,         //!< the object enters directions that a node may not point to
    interference, //!< a user, or a node that serves one, lies where the object is
    resolution,   //!< another object lies in the same angle cell
    fade          //!< the echo faded deeply
};

//! "none", "resources", "coverage", ...
ISAC_API const char* to_string(sensing_trigger trigger);

//! What triggers; nothing as made.
struct trigger_parameters {
    //! The object's place is looked at now and so much later, s, not negative.
    double lead_time = 0;
    //! Coverage: how far a node covers, m, positive; infinite: everything.
    double coverage_range = std::numeric_limits<double>::infinity();
    //! Blockage: ends of walls seen from above, of any height, m.
    std::vector<std::pair<vector3, vector3>> walls = {};
    //! Beam restriction: azimuths from first to second, anticlockwise, rad, that a node
    //! may not point to.
    std::map<int64_t, std::vector<std::pair<double, double>>> restricted_beams = {};
    //! Interference: where users are, m, and within which angle of the object, seen from
    //! the transmitter, the sensing signal would hit them; as within which a node that
    //! serves a user would be heard by the receiver. rad, from 0 (none) to pi.
    std::vector<vector3> user_positions = {};
    double interference_angle = 0;
    //! Resolution: two objects nearer to each other seen from the receiver are one, rad,
    //! from 0 (none) to pi.
    double resolution_angle = 0;
    //! Deep fade: an SNR that is so much lower than that of the last ten steps or so, dB,
    //! positive, while another pair sees the object better; infinite: none.
    double fade_db = std::numeric_limits<double>::infinity();
};

/*!
 * \brief Kernel: the events of sensing handover beside a stronger echo elsewhere.
 * \ingroup isac
 *
 * Coverage and beam restrictions are known for long, resources, blockage and fades,
 * interference and resolution change by the moment: Y. S. Ribeiro et al., "Mobility
 * Management in Integrated Sensing and Communications Networks", section II.A. What
 * concerns the object's place is looked at where it is and where it will be after the
 * lead time, so that the sensing is handed over before it is lost.
 */
class ISAC_API sensing_triggers
{
public:
    using node_pair = std::pair<int64_t, int64_t>; //!< tx, rx

    /*!
     * \param pairs    that sense
     * \param nodes    where they are, m; empty: places trigger nothing
     * \param servers  nodes that serve users
     * \param p        see trigger_parameters
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    sensing_triggers(const std::vector<node_pair>& pairs,
                     const std::map<int64_t, vector3>& nodes,
                     const std::vector<int64_t>& servers,
                     const trigger_parameters& p);

    sensing_triggers(const sensing_triggers&) = delete;
    sensing_triggers& operator=(const sensing_triggers&) = delete;

    //! \throws std::invalid_argument naming the parameter, its value and its limit
    static void check(const trigger_parameters& p);

    const trigger_parameters& parameters() const { return d_params; }
    //! Takes effect at the next step.
    void set_parameters(const trigger_parameters& p);

    //! A node does not sense until then, s.
    void withdraw(int64_t node, double until) { d_withdrawn[node] = until; }

    /*!
     * \param time    s
     * \param object  that is sensed; null: its place is not known
     * \param others  further objects
     * \param snr_db  one a pair; minus infinity: it sees no target, NaN: no report
     */
    void step(double time,
              const object_state* object,
              const std::vector<object_state>& others,
              const double* snr_db);

    //! What the last step found; of several the first in the order of sensing_trigger.
    sensing_trigger found(size_t pair) const { return d_found[pair]; }

private:
    sensing_trigger at(const node_pair& pair,
                       const vector3& object,
                       const std::vector<vector3>& others) const;
    bool may_not_point(int64_t node, const vector3& object) const;
    bool interferes(const node_pair& pair, const vector3& object) const;
    void note_fades(const double* snr_db);

    const std::vector<node_pair> d_pairs;
    const std::map<int64_t, vector3> d_nodes;
    const std::vector<int64_t> d_servers;
    trigger_parameters d_params;
    std::vector<wall> d_walls;
    std::map<int64_t, double> d_withdrawn; // until when, s
    std::vector<double> d_level;           // of each pair's SNR, dB
    std::vector<sensing_trigger> d_found;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_SENSING_TRIGGERS_H */
