/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_SCENE_BUDGET_H
#define INCLUDED_ISAC_CHANNEL_SCENE_BUDGET_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/scene.h>
#include <complex>
#include <cstddef>

namespace gr {
namespace isac {

/*!
 * The link budget of a scene: mean powers at one time, in closed form, for one Tx-Rx pair
 * that senses one object while the users are served.
 *
 * Who sends with what: the pair's transmitter and receiver point at the object, a node
 * that serves points at its user, each at its power_dbm with all columns of its array.
 * A node that transmits and receives echoes at once, monostatic or because it serves a
 * user, is split (scene::node::full_duplex_split), and hears its self_interference_dbm.
 * Where a node serves several users they take turns. The downlinks do not disturb each
 * other. (Y. S. Ribeiro et al., "Mobility Management in Integrated Sensing and
 * Communications Networks", section III.)
 */

//! One end of a link: where it is, and the beam it forms there.
struct ISAC_API beam {
    vector3 place;
    //! Null: one isotropic antenna.
    const antenna_array* array = nullptr;
    size_t columns = 0;
    vector3 steered = { 0, 0, 0 }; //!< unit vector

    //! Power gain toward another place than its own, linear.
    double gain(const vector3& toward) const;
};

//! Beam that some of the columns of a node's array form toward what moves.
ISAC_API beam beam_toward(const scene::node& n,
                          size_t columns,
                          const trajectory& aim,
                          double time);
//! Beam of \p tx toward the object while \p rx receives its echoes.
ISAC_API beam
transmit_beam(const scene& s, double time, size_t tx, size_t rx, size_t object);
//! Beam of \p rx toward the object that \p tx illuminates.
ISAC_API beam
receive_beam(const scene& s, double time, size_t tx, size_t rx, size_t object);
//! Beam of the user's node toward it while \p rx receives echoes.
ISAC_API beam downlink_beam(const scene& s, double time, size_t user, size_t rx);

/*!
 * Power out over power in, straight from one end to the other, linear.
 *
 * \param scattered  what a link without line of sight scatters into its beams: of Rician
 *                   fading a Gaussian amplitude of mean power 1; null: its mean power
 */
ISAC_API double direct_gain(const scene& s,
                            const beam& from,
                            const beam& to,
                            const std::complex<double>* scattered = nullptr);
//! The same over an object of mean cross section, whatever the beams point at.
ISAC_API double echo_gain(const scene& s,
                          double time,
                          const beam& from,
                          size_t object,
                          const beam& to,
                          const std::complex<double>* scattered_out = nullptr,
                          const std::complex<double>* scattered_back = nullptr);

//! Mean powers at a receiver of echoes, mW.
struct sensing_budget {
    double echo;
    double noise;
    double self_interference; //!< residual
    double interference;      //!< of the downlinks: communication to sensing
    double sinr() const { return echo / (noise + self_interference + interference); }
};

/*!
 * \param s       the scene
 * \param time    s, when the scene plays
 * \param tx      node that illuminates
 * \param rx      node that receives the echo; \p tx: monostatic
 * \param object  that is sensed
 * \throws std::invalid_argument naming the parameter, its value and its limit
 */
ISAC_API sensing_budget
sense(const scene& s, double time, size_t tx, size_t rx, size_t object = 0);

//! Mean powers at a user, mW.
struct user_budget {
    double signal;
    double noise;
    double interference; //!< of the illuminating beam: sensing to communication
    double sinr() const { return signal / (noise + interference); }
};

/*!
 * \param s       the scene
 * \param time    s, when the scene plays
 * \param user    that is served
 * \param tx      node that illuminates
 * \param rx      node that receives the echo
 * \param object  that is sensed
 * \throws std::invalid_argument naming the parameter, its value and its limit
 */
ISAC_API user_budget
serve(const scene& s, double time, size_t user, size_t tx, size_t rx, size_t object = 0);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_SCENE_BUDGET_H */
