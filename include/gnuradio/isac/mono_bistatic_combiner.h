/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MONO_BISTATIC_COMBINER_H
#define INCLUDED_ISAC_MONO_BISTATIC_COMBINER_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/mobility/configuration_selector.h>
#include <gnuradio/isac/mobility/object_track.h>
#include <gnuradio/isac/mobility/qos_selector.h>
#include <gnuradio/isac/mobility/sensing_resources.h>
#include <gnuradio/isac/mobility/sensing_triggers.h>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

//! How a Mono/Bistatic Combiner gathers, selects, locates and hands over.
struct combiner_parameters {
    //! When another pair is selected; see configuration_selector.
    selection_parameters selection;
    //! Nodes that serve a user each. Where there are any, pairs are selected for the
    //! users' sake (qos_selector), the first one at first.
    std::vector<int64_t> users = {};
    qos_parameters qos;
    //! What makes a pair one to be left, or not to be selected.
    trigger_parameters triggers;

    //! Reports of one pair that make a step, at least 1.
    int reports_per_pair = 1;
    //! Reports of one step differ by at most this in scene_time, s; shorter than the
    //! distance of two steps.
    double window = 1e-6;
    //! Standard deviations within which two detections are of one target, positive.
    double gate = 4;
    //! Of the clock, not of the scene, after which a pair or user that has not reported
    //! is not waited for, s, not negative.
    double patience = 5;

    //! Where nodes are, m; empty: positions are not wanted.
    std::map<int64_t, vector3> nodes = {};
    object_track::parameters track;
    //! Positions from all pairs that report, not only from those that are selected.
    bool locate_by_all = false;

    //! Whether the nodes of a pair are asked before it is selected.
    bool handshake = false;
    //! Of the clock, by when they have answered, s, not negative.
    double reply_time = 0.5;
    //! Of the scene, for which a pair that refused is not asked again, s, positive.
    double retry_time = 1;
    //! What sensing takes of a node that is asked.
    sensing_resources resources;
};

/*!
 * \brief Selects the Tx-Rx pair that sees the target best, hands the sensing over to it,
 * and locates the target by what several pairs tell. \ingroup isac
 *
 * Messages only. Reports of one pair that belong to one step (of several antennas or
 * polarisations, or repeated dwells within the window) are combined by inverse variance;
 * different pairs measure different paths and meet in the position only. A step waits
 * until every pair (and every user's link) has reported this time or a later one; one
 * that has not reported at all for `patience` is not waited for, and sees nothing. After
 * one of several upstream blocks has finished, the block goes on until its messages have
 * ended, and decides what still waits.
 *
 * \section selection Selection
 * The pair of the highest SNR, with hysteresis and time-to-trigger, hard or soft
 * (configuration_selector); or, where users are listed, for their sake (qos_selector).
 * A pair that something speaks against (sensing_triggers) is left at once, and is not
 * selected where there is another.
 *
 * \section position Position
 * With `nodes` the object is located by the ranges of the selected pair and, in a soft
 * handover, the source (or of all pairs), and followed (object_track). It is the
 * strongest detection of each pair, or once it is followed, the one nearest to the
 * prediction within `gate`. Where more pairs than these agree on another place, the
 * object is followed from there.
 *
 * \section handshake Handshake
 * With `handshake` each node that is given a part it did not have is sent a request, and
 * the step waits for its answer; where one refuses, or has not answered in `reply_time`,
 * the next best pair is tried. Once all have accepted, each is assisted with the object's
 * track and direction, before the configuration is published. A node of the selected pair
 * may refuse at any time later, when it has no resources any more: that is a trigger for
 * the next `retry_time`. So is its refusal of the first pair, which there is no other
 * instead of.
 *
 * Message inputs (keys in metadata_keys.h):
 * - `detections`: of any pair that is listed
 * - `link`: of the users' serving nodes
 * - `signalling`: accept, refuse and release from nodes
 * - `tracks`: of other objects, that this one must not be confused with
 *
 * Message outputs:
 * - `detections`: of the selected pair, combined; one a step in which it reported, also
 *   when empty. Where it is empty, or missing, in a soft handover that of the source.
 *   frame is that of the step's first report of the pair, scene_time the mean of its
 *   reports. With `nodes` also position_status, position and covariance.
 * - `configuration`: scene_time, tx, rx, mode ("monostatic" if tx = rx, else "bistatic"),
 *   source_tx, source_rx, cause ("first", "snr", "users", the name of a trigger, or
 *   "soft_end"); at the first selection, at every change, and when a soft handover ends
 * - `tracks`, with `nodes`: scene_time, position, velocity_vector, covariance; one a
 *   step, of one object or none
 * - `signalling`: request and assist to nodes
 *
 * Messages that are malformed ("bad_detections", "bad_link", "bad_signalling",
 * "bad_tracks"), of a pair
 * or user that is not listed ("unknown_pair", "unknown_user"), or that come after their
 * step is decided ("late_detections", "late_link", "late_reply") are counted in faults()
 * and dropped. So are those that were missed: "silent_pair" and "silent_user", once each
 * time they fall silent, "no_reply", "refused".
 */
class ISAC_API mono_bistatic_combiner : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<mono_bistatic_combiner>;
    //! (tx, rx), node numbers.
    using node_pair = std::pair<int64_t, int64_t>;

    /*!
     * \param pairs       that sense, distinct, node numbers not negative
     * \param parameters  see combiner_parameters
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(const std::vector<node_pair>& pairs,
                     const combiner_parameters& parameters = combiner_parameters());

    /*!
     * Takes effect at the next step.
     *
     * \throws std::invalid_argument as make(), and where users, nodes or the solver of
     *         the track differ from what it was made with
     */
    virtual void set_parameters(const combiner_parameters& parameters) = 0;
    virtual combiner_parameters parameters() const = 0;

    //! The selected pair; (-1, -1) until one sees a target.
    virtual node_pair selected() const = 0;
    //! The pair that senses beside it in a soft handover, else (-1, -1).
    virtual node_pair source() const = 0;
    //! Steps decided.
    virtual uint64_t num_steps() const = 0;
    //! Changes from one pair to another.
    virtual uint64_t num_changes() const = 0;

    //! Messages dropped or missed, by kind.
    virtual std::map<std::string, uint64_t> faults() const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MONO_BISTATIC_COMBINER_H */
