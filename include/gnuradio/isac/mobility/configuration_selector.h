/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_CONFIGURATION_SELECTOR_H
#define INCLUDED_ISAC_MOBILITY_CONFIGURATION_SELECTOR_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/mobility/handover_machine.h>
#include <cstddef>
#include <cstdint>
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
};

/*!
 * Selects, step by step, the Tx-Rx pair that sees the target best: sensing is handed over
 * as a user is, by event A3 of the handover_machine, with the SNR in dB for RSRP.
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

    /*!
     * \param time    s, not before that of the last step, else nothing happens
     * \param snr_db  one a pair; minus infinity: it sees no target, NaN: no report
     * \return whether the selection changed, also from none to the first
     */
    bool step(double time, const double* snr_db);

    //! The selected pair, -1 until one sees a target.
    int selected() const { return d_machine.serving(); }
    //! Changes from one pair to another.
    uint64_t num_changes() const { return d_machine.counts().handovers; }

private:
    selection_parameters d_params;
    handover_machine d_machine;
    std::vector<double> d_last_report;
    std::vector<double> d_snr_db;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_CONFIGURATION_SELECTOR_H */
