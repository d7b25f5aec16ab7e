/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_ACCURACY_MONITOR_H
#define INCLUDED_ISAC_SENSING_ACCURACY_MONITOR_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/reports.h>
#include <gnuradio/isac/theory/fisher.h>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Kernel: detections against the truth and the Cramer-Rao bound. \ingroup isac
 *
 * A detection belongs to a true target when it lies within the gate of it in delay and in
 * Doppler; pairs are made nearest first, each target and each detection once. A target
 * without a detection is a miss, a detection without a target a ghost; the direct path
 * and leakage (negative target numbers) take their detections and count as neither.
 *
 * Errors, bounds and efficiency are of the matched targets. The bound at the true SNR is
 * what the efficiency is told by; the one at the measured SNR is what a receiver knows.
 */
class ISAC_API accuracy_monitor
{
public:
    struct parameters {
        //! Whether the receiver knows the pilots alone, else every active element.
        bool pilots_only = true;
        //! "unknown_phase", "known_phase" or "published", see theory::phase_model.
        std::string model = "unknown_phase";
        //! Half width of the gate in cells that the grid resolves (1 / bandwidth used,
        //! 1 / frame duration used), positive.
        double gate_delay = 1;
        double gate_doppler = 1;
        //! Frames that RMSE and efficiency run over, 0: all since reset().
        int window = 100;
    };

    //! \throws std::invalid_argument naming the parameter, its value and its limit
    accuracy_monitor(ofdm_grid::sptr grid, const parameters& p);

    accuracy_monitor(const accuracy_monitor&) = delete;
    accuracy_monitor& operator=(const accuracy_monitor&) = delete;

    //! \param found, truth  of the same frame and Tx-Rx pair
    void
    update(const detections& found, const ground_truth& truth, bounds_report& report);

    //! Forgets all frames; counts start from zero.
    void reset();
    void set_gate(double gate_delay, double gate_doppler);
    void set_model(const std::string& model);

    //! \name Mean bound at the true SNR over the window; NaN before the first match
    //! \{
    double mean_crlb_delay() const;   //!< s^2
    double mean_crlb_doppler() const; //!< Hz^2
    //! \}
    //! \name Gate, s and Hz
    //! \{
    double gate_delay() const { return d_params.gate_delay * d_delay_cell; }
    double gate_doppler() const { return d_params.gate_doppler * d_doppler_cell; }
    //! \}

private:
    struct sums {
        double count = 0;
        double error_delay = 0, error_doppler = 0; // squares
        double crlb_delay = 0, crlb_doppler = 0;

        sums& operator+=(const sums& s);
    };

    theory::delay_doppler_bound bound(double snr) const;
    void associate(const detections& found, const ground_truth& truth);
    void keep(const sums& frame);

    parameters d_params;
    theory::phase_model d_model;
    theory::pattern_moments d_moments;
    double d_delay_cell, d_doppler_cell;
    std::vector<sums> d_frames; // ring of the window
    size_t d_next = 0;
    sums d_total; // over the window
    uint64_t d_misses = 0, d_ghosts = 0;
    std::vector<std::pair<double, std::pair<size_t, size_t>>> d_pairs;
    std::vector<long> d_match; // detection of each true target, or -1
    std::vector<bool> d_taken;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_ACCURACY_MONITOR_H */
