/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_REPORTS_H
#define INCLUDED_ISAC_REPORTS_H

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * What the blocks tell each other, as plain data. On a message port each is a PMT
 * dictionary whose keys are the member names (metadata_keys.h); in Python, a dict with
 * the same keys.
 *
 * scene_time is always the middle of the frame, in seconds of scene time.
 */

/*!
 * The targets of one frame and one Tx-Rx pair; every vector has one entry a target.
 *
 * delay is the total path over c (s), doppler is positive when closing (Hz), range is
 * c * delay / 2 (m), velocity is -doppler * wavelength / 2 (m/s, positive when receding):
 * for a bistatic pair both are those of a monostatic target with the same delay and
 * Doppler, that is half the total path and half its rate. snr is linear, per resource
 * element, bias-corrected; var_delay (s^2) and var_doppler (Hz^2) are Cramer-Rao bounds
 * at that snr.
 */
struct detections {
    uint64_t frame = 0;
    double scene_time = 0;
    int64_t tx = 0;
    int64_t rx = 0;
    std::vector<double> delay, doppler, range, velocity, snr, var_delay, var_doppler;

    size_t size() const { return delay.size(); }
};

/*!
 * The true targets of one frame, with their power at the receiver. target[i] is the index
 * of the channel's target, or -1 for the direct path and -2 for self-interference
 * leakage. Powers are those of one resource element, in dBm; snr is power over noise and
 * residual interference together.
 */
struct ground_truth : detections {
    std::vector<double> target, power_dbm;
    double noise_dbm = -std::numeric_limits<double>::infinity();
    double interference_dbm = -std::numeric_limits<double>::infinity();
};

//! What a receiver measured of one cell's downlink in one frame.
struct link_report {
    uint64_t frame = 0;
    double scene_time = 0;
    int64_t node = 0; //!< the cell that transmits
    double rsrp_dbm = -std::numeric_limits<double>::infinity();
    double sinr_db = -std::numeric_limits<double>::infinity();
    double evm_db = 0;
    double ber = 0;
};

//! A decision to move a user from one cell to another.
struct handover_event {
    double scene_time = 0;
    int64_t from = 0;
    int64_t to = 0;
    std::string cause; //!< "rsrp", "distance", "rsrp+distance", ...
};

//! The Tx-Rx pair that senses; mode is "monostatic" or "bistatic".
struct configuration {
    double scene_time = 0;
    int64_t tx = 0;
    int64_t rx = 0;
    std::string mode;
};

/*!
 * How well the targets of one frame were estimated. Vectors have one entry a true target,
 * NaN where it was missed; the rest runs over the frames of the monitor's window.
 */
struct bounds_report {
    uint64_t frame = 0;
    double scene_time = 0;
    int64_t tx = 0;
    int64_t rx = 0;
    std::vector<double> target;
    std::vector<double> crlb_delay, crlb_doppler;                   //!< at the true SNR
    std::vector<double> crlb_delay_measured, crlb_doppler_measured; //!< at the measured
    std::vector<double> error_delay, error_doppler; //!< estimate minus truth
    double rmse_delay = std::numeric_limits<double>::quiet_NaN();
    double rmse_doppler = std::numeric_limits<double>::quiet_NaN();
    //! Mean bound at the true SNR over the mean squared error.
    double efficiency_delay = std::numeric_limits<double>::quiet_NaN();
    double efficiency_doppler = std::numeric_limits<double>::quiet_NaN();
    uint64_t misses = 0; //!< true targets without a detection in the gate, since reset
    uint64_t ghosts = 0; //!< detections without a true target in the gate, since reset
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_REPORTS_H */
