/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_CONFIGURATION_SELECTOR_H
#define INCLUDED_ISAC_MOBILITY_CONFIGURATION_SELECTOR_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/mobility/handover_machine.h>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace gr {
namespace isac {

//! When the sensing moves to another Tx-Rx pair.
struct selection_parameters {
    //! The SNR must be better by more than this, dB, not negative.
    double hysteresis_db = 3;
    //! For this long without a break, s.
    double time_to_trigger = 0;
    //! A pair without a report for longer than this sees nothing, s.
    double silence_time = 1;
    //! And the selected pair's SNR must be below this, dB; infinite: whatever it is.
    double needed_below_db = std::numeric_limits<double>::infinity();
    //! Soft handover: the pair that was left senses on for this long, s; 0: hard.
    double soft_window = 0;
    //! ...or until its SNR is below this, dB.
    double soft_end_db = -std::numeric_limits<double>::infinity();
    //! a of the filter F = (1 - a) F + a S over the SNR in dB that pairs are compared by,
    //! above 0; 1: no filter. It tames fluctuating cross sections.
    double l3_coefficient = 1;
};

/*!
 * Selects, step by step, the Tx-Rx pair that sees the target best: sensing is handed over
 * as a user is, by event A3 of the handover_machine, with the SNR in dB for RSRP. Of
 * pairs that see it equally well, the first.
 *
 * In a soft handover the pair that was left, the source, goes on sensing beside the
 * selected one. That ends with the soft window, when the source sees too little, by
 * end_soft(), the word of the selected pair's node, or at the next handover, which makes
 * the pair then left the source. (Y. S. Ribeiro et al., "Mobility Management in
 * Integrated Sensing and Communications Networks", section II.)
 */
class ISAC_API configuration_selector
{
public:
    /*!
     * \param num_pairs  1 to 65536
     * \param p          see selection_parameters
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    configuration_selector(size_t num_pairs, const selection_parameters& p);

    configuration_selector(const configuration_selector&) = delete;
    configuration_selector& operator=(const configuration_selector&) = delete;

    size_t num_pairs() const { return d_machine.num_cells(); }
    const selection_parameters& parameters() const { return d_params; }
    //! Takes effect at the next step; the selection stays.
    void set_parameters(const selection_parameters& p);

    static constexpr int NO_PAIR = -1;

    /*!
     * \param time    s, not before that of the last step, else nothing happens
     * \param snr_db  one a pair; minus infinity: it sees no target, NaN: no report
     * \param avoid   pairs that should not sense, whatever they see; null: none. The
     *                selected pair is left for any other that sees something, at once:
     *                hysteresis and time-to-trigger guard against noise of the SNR. Where
     *                all that see something are to be avoided, none is.
     * \return whether the selection changed, also from none to the first
     */
    bool step(double time, const double* snr_db, const std::vector<bool>& avoid = {});

    //! The selected pair, -1 until one sees a target.
    int selected() const { return d_machine.serving(); }
    //! The pair that senses beside it in a soft handover, else -1.
    int source() const { return d_source; }
    //! What the selected pair and the source, if any, saw together in the last step: the
    //! sum of their SNR, dB. Minus infinity or NaN as in step().
    double snr_db() const;
    //! Ends a soft handover.
    void end_soft() { d_source = NO_PAIR; }

    /*!
     * The pair that the last step selected does not take over: the selection goes back,
     * and until \p until (s) that pair is not selected. Does nothing if the last step
     * changed nothing, or had nothing to change from. Another step() at the same time
     * tells whether there is a next best pair.
     */
    void refuse(double until);
    //! Changes from one pair to another.
    uint64_t num_changes() const { return d_machine.counts().handovers; }

    //! As made: nothing selected, no history.
    void reset();

private:
    bool usable(size_t pair) const;
    void compare(int before, const std::vector<bool>& avoid);

    selection_parameters d_params;
    handover_machine d_machine;
    double d_time = -std::numeric_limits<double>::infinity();
    std::vector<double> d_last_report;
    std::vector<double> d_snr_db; // of the last step, minus infinity where silent
    std::vector<double> d_filtered;
    std::vector<double> d_compared; // the same, with what may not be selected left out
    std::vector<double> d_refused;  // until when, s
    int d_source = NO_PAIR;
    double d_soft_end = 0; // s
    // Before the last change.
    int d_before_source = NO_PAIR;
    double d_before_soft_end = 0; // s
    bool d_changed = false;       // by the last step
    bool d_undone = false;        // which was then refused
    bool d_leaving = false;       // the machine moves at once, from what is avoided
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_CONFIGURATION_SELECTOR_H */
