/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MONO_BISTATIC_COMBINER_H
#define INCLUDED_ISAC_MONO_BISTATIC_COMBINER_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/mobility/configuration_selector.h>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Selects the Tx-Rx pair that sees the target best, and combines what that pair
 * reports several times. \ingroup isac
 *
 * Messages only. Reports of one pair that belong to one step (of several antennas or
 * polarisations, or repeated dwells within the window) are combined by inverse variance;
 * different pairs measure different paths and are never averaged. A step waits until
 * every pair has reported this time or a later one; a pair that has not reported at all
 * for `patience` is not waited for. The pair of the highest SNR is selected, with
 * hysteresis and time-to-trigger (configuration_selector). After one of several upstream
 * blocks has finished, the block goes on until its messages have ended, and decides what
 * still waits.
 *
 * Message input (keys in metadata_keys.h):
 * - `detections`: of any pair that is listed
 *
 * Message outputs:
 * - `detections`: of the selected pair, combined; one a step in which it reported, also
 *   when empty. frame is that of the step's first report of the pair, scene_time the mean
 *   of its reports.
 * - `configuration`: scene_time, tx, rx, mode ("monostatic" if tx = rx, else "bistatic");
 *   at the first selection and at every change
 *
 * Messages that are malformed ("bad_detections"), of a pair that is not listed
 * ("unknown_pair"), or that come after their step is decided ("late_detections") are
 * counted in faults() and dropped.
 */
class ISAC_API mono_bistatic_combiner : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<mono_bistatic_combiner>;
    //! (tx, rx), node numbers.
    using node_pair = std::pair<int64_t, int64_t>;

    /*!
     * \param pairs             that sense, distinct, node numbers not negative
     * \param parameters        of the selection
     * \param reports_per_pair  reports of one pair that make a step, at least 1
     * \param window            reports of one step differ by at most this in
     *                          scene_time, s; shorter than the distance of two steps
     * \param gate              standard deviations within which two detections of a
     *                          pair are of one target, positive
     * \param patience          of the clock, not of the scene, after which a pair is
     *                          not waited for, s, not negative
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(const std::vector<node_pair>& pairs,
                     const selection_parameters& parameters = selection_parameters(),
                     int reports_per_pair = 1,
                     double window = 1e-6,
                     double gate = 4,
                     double patience = 5);

    //! \name Live, from the next step on
    //! \{
    virtual void set_hysteresis_db(double hysteresis_db) = 0;
    virtual void set_time_to_trigger(double time_to_trigger) = 0;
    virtual void set_silence_time(double silence_time) = 0;
    virtual void set_reports_per_pair(int reports_per_pair) = 0;
    virtual void set_window(double window) = 0;
    virtual void set_gate(double gate) = 0;
    virtual void set_patience(double patience) = 0;
    //! \}

    virtual selection_parameters parameters() const = 0;

    //! The selected pair; (-1, -1) until one sees a target.
    virtual node_pair selected() const = 0;
    //! Steps decided.
    virtual uint64_t num_steps() const = 0;
    //! Changes from one pair to another.
    virtual uint64_t num_changes() const = 0;

    //! Messages dropped, by kind.
    virtual std::map<std::string, uint64_t> faults() const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MONO_BISTATIC_COMBINER_H */
