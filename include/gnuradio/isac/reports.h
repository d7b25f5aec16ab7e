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

/*!
 * The targets that the selected pair sees, and where the one is that several pairs see
 * together: position (m) has three entries a target, covariance (m^2) nine, by rows; NaN
 * for the others. status is that of position_estimate. Infinite variances: undetermined.
 */
struct fused_detections : detections {
    std::string position_status = "none";
    std::vector<double> position, covariance;
};

/*!
 * Objects that are followed: position (m) and velocity_vector (m/s) have three entries an
 * object, covariance 36: of position and velocity, 6 x 6 by rows.
 */
struct track_report {
    double scene_time = 0;
    std::vector<double> position, velocity_vector, covariance;

    size_t size() const { return position.size() / 3; }
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

/*!
 * The Tx-Rx pair that senses; mode is "monostatic" or "bistatic". In a soft handover the
 * source senses on beside it; else that is (-1, -1).
 */
struct configuration {
    double scene_time = 0;
    int64_t tx = 0;
    int64_t rx = 0;
    std::string mode;
    int64_t source_tx = -1;
    int64_t source_rx = -1;
    std::string cause = "first"; //!< "snr", "users", a trigger's name or "soft_end"
};

/*!
 * What nodes tell each other about a handover of the sensing to the pair (tx, rx), by
 * kind:
 *
 * - "request" to a node of that pair, with the resources it is to spend
 * - "accept" or "refuse" from it, with a cause: "symbols", "subcarriers", "power"; it may
 *   also refuse what it had accepted
 * - "assist" to it: where the object is at scene_time and how it moves (a track of one
 *   object), and the direction from the node to it
 * - "release" from it: the source need not sense on
 *
 * node is the one that is asked, and answers.
 */
struct handover_signal {
    std::string kind;
    double scene_time = 0;
    int64_t node = 0;
    int64_t tx = 0;
    int64_t rx = 0;
    int64_t num_symbols = 0;     //!< request
    int64_t num_subcarriers = 0; //!< request
    double tx_power_dbm = 0;     //!< request; minus infinity: to receive only
    std::string cause;           //!< refuse
    track_report object;         //!< assist
    double azimuth = 0;          //!< assist, rad, from x towards y
    double elevation = 0;        //!< assist, rad, upwards from the horizontal
};

//! Where a node points its beam, rad.
struct beam_report {
    double scene_time = 0;
    int64_t node = 0;
    double azimuth = 0;   //!< from x towards y
    double elevation = 0; //!< upwards from the horizontal
    double width = 0;     //!< at half power
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
