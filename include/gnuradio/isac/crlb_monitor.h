/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CRLB_MONITOR_H
#define INCLUDED_ISAC_CRLB_MONITOR_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/sync_block.h>
#include <cstdint>
#include <map>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Estimates beside the truth and the Cramer-Rao bound, while it runs.
 * \ingroup isac
 *
 * \details
 * Joins `detections` and `ground_truth` of the same frame, tx and rx, whichever comes
 * first. A detection belongs to a true target when it lies within the gate of it; pairs
 * are made nearest first. A target left over is a miss, a detection left over a ghost;
 * the direct path and leakage (negative target numbers) count as neither.
 *
 * The bound is the inverse Fisher matrix of amplitude, phase, delay and Doppler over the
 * resource elements used, with their energies and symbol times. Efficiency is the mean
 * bound at the true SNR over the mean squared error of the matched targets; the bound at
 * the measured SNR is told apart.
 *
 * Message inputs: `detections` and `ground_truth` (reports.h).
 *
 * Message output `bounds`, one a joined frame: frame, scene_time (s), tx, rx; vectors
 * with one entry a true target: target, crlb_delay (s^2), crlb_doppler (Hz^2) at the true
 * SNR, crlb_delay_measured, crlb_doppler_measured at the measured one, error_delay (s),
 * error_doppler (Hz), NaN where missed; running over the window: rmse_delay (s),
 * rmse_doppler (Hz), efficiency_delay, efficiency_doppler; since reset(): misses, ghosts.
 *
 * Stream outputs, all optional, one float a joined frame: RMSE of the range (m), root of
 * its mean bound (m), RMSE of the velocity (m/s), root of its mean bound (m/s).
 *
 * The block ends when its messages have, some time after a block behind it has.
 *
 * faults(): bad_message (wrong type or missing key), unmatched (a report whose
 * counterpart has not come within 64 frames).
 */
class ISAC_API crlb_monitor : virtual public gr::sync_block
{
public:
    using sptr = std::shared_ptr<crlb_monitor>;

    /*!
     * \param grid         what was sent when
     * \param reference    what the estimator knows: "pilots", or "rows" (every active
     *                     element)
     * \param model        "unknown_phase", "known_phase" or "published"
     * \param gate_delay   half width of the gate, in cells that the grid resolves in
     *                     delay, positive
     * \param gate_doppler likewise in Doppler
     * \param window       frames that RMSE and efficiency run over; 0: all since reset()
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(ofdm_grid::sptr grid,
                     const std::string& reference = "pilots",
                     const std::string& model = "unknown_phase",
                     double gate_delay = 1.0,
                     double gate_doppler = 1.0,
                     int window = 100);

    //! \name Live: taken up at the next frame
    //! \{
    //! Forgets all frames; counts start from zero.
    virtual void reset() = 0;
    virtual void set_gate(double gate_delay, double gate_doppler) = 0;
    virtual void set_model(const std::string& model) = 0;
    //! \}

    //! Messages that were dropped, by kind, since start.
    virtual std::map<std::string, uint64_t> faults() const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CRLB_MONITOR_H */
