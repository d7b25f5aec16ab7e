/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_HANDOVER_DECIDER_H
#define INCLUDED_ISAC_HANDOVER_DECIDER_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/mobility/handover_machine.h>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Decides which cell serves a user, by RSRP, by sensed distance or by both.
 * \ingroup isac
 *
 * Messages only. The reports of all cells for one scene_time make a step of the
 * handover_machine. A step waits until every cell has reported what the criterion needs
 * (`link` for "rsrp", `detections` for "distance", both for the joint ones), for this
 * time or for a later one: what was skipped is not measured. Cells may run far ahead of
 * each other, as simulations do; one that has not reported at all for `patience` is
 * silent and not waited for. All that arrives in time is used, also by live changes of
 * the criterion. After one of several upstream blocks has finished, the block goes on
 * until its messages have ended, and decides what still waits.
 *
 * Message inputs (keys in metadata_keys.h):
 * - `link`: node (the cell), scene_time, rsrp_dbm, sinr_db
 * - `detections`: tx = rx (the cell), scene_time, range, snr, var_delay; the user is the
 *   detection of the highest snr; without one its distance is not measured
 *
 * Message output:
 * - `handover`: scene_time, from, to, cause ("rsrp", "distance" or "rsrp+distance")
 *
 * Messages that are malformed ("bad_link", "bad_detections"), of a cell that is not
 * listed ("unknown_cell"), of a pair with tx != rx ("bistatic"), or that the criterion
 * needed but that came after their step ("late_link", "late_detections") are counted in
 * faults() and dropped.
 *
 * Source: J. Li et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless
 * Networks"; event A3 and L3 filter: 3GPP TS 38.331.
 */
class ISAC_API handover_decider : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<handover_decider>;

    //! The user's cell before one is known.
    static constexpr int64_t NO_NODE = -1;

    /*!
     * \param cells       node numbers of the cells, distinct, not negative; two or more
     *                    make sense
     * \param parameters  of the decision, see handover_parameters; initial_cell is the
     *                    node number of a cell here, or -1
     * \param tolerance   reports of one step differ by at most this in scene_time, s
     * \param patience    of the clock, not of the scene, after which a cell is
     *                    silent, s, not negative
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(const std::vector<int64_t>& cells,
                     const handover_parameters& parameters = handover_parameters(),
                     double tolerance = 1e-6,
                     double patience = 5);

    //! \name Live, from the next step on
    //! \{
    //! initial_cell is a node number, for the next reset().
    virtual void set_parameters(const handover_parameters& parameters) = 0;
    virtual void set_tolerance(double tolerance) = 0;
    virtual void set_patience(double patience) = 0;
    //! \}

    //! What is in force; initial_cell is a node number.
    virtual handover_parameters parameters() const = 0;

    //! Node number of the serving cell, NO_NODE before one is known.
    virtual int64_t serving() const = 0;
    //! Steps decided.
    virtual uint64_t num_steps() const = 0;
    virtual uint64_t num_handovers() const = 0;
    //! Returns to the previous cell within ping_pong_window.
    virtual uint64_t num_ping_pongs() const = 0;
    //! Share of the steps whose serving SINR was below outage_sinr_db.
    virtual double outage() const = 0;

    //! Messages dropped, by kind.
    virtual std::map<std::string, uint64_t> faults() const = 0;

    //! Forgets all cells, counts and waiting reports: a new user, or scene time anew.
    virtual void reset() = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_HANDOVER_DECIDER_H */
