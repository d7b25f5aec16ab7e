/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_HANDOVER_PARAMETERS_PYTHON_H
#define INCLUDED_ISAC_HANDOVER_PARAMETERS_PYTHON_H

#include "parameter_list.h"
#include <gnuradio/isac/mobility/handover_machine.h>

//! What the handover kernel and its block share.
inline auto handover_parameter_list()
{
    using p = gr::isac::handover_parameters;
    return std::make_tuple(
        make_parameter("criterion",
                       &p::criterion,
                       "\"rsrp\" (event A3), \"distance\" (the target is nearer by more "
                       "than the threshold), \"joint_or\" (either), \"joint_and\" (both) "
                       "or \"joint_veto\" (either, but RSRP alone moves nothing to a "
                       "cell that is farther by more than the threshold)."),
        make_parameter("hysteresis_db", &p::hysteresis_db, "dB, not negative."),
        make_parameter("l3_coefficient",
                       &p::l3_coefficient,
                       "a of the filter F = (1 - a) F + a M over RSRP in dB, above 0; 1: "
                       "no filter."),
        make_parameter(
            "l3_period",
            &p::l3_period,
            "time between two measurements that l3_coefficient is meant for, s: after dt "
            "one counts 1 - (1 - a)^(dt / l3_period). 0: each counts a."),
        make_parameter("bound_missing",
                       &p::bound_missing,
                       "a cell whose RSRP is missing counts as no stronger than the "
                       "weakest of the step."),
        make_parameter("time_to_trigger",
                       &p::time_to_trigger,
                       "a condition must hold this long without a break, s."),
        make_parameter(
            "distance_threshold_m", &p::distance_threshold_m, "m, not negative."),
        make_parameter("distance_confidence",
                       &p::distance_confidence,
                       "k >= 0; distances must differ by k standard deviations more than "
                       "the threshold. 0: measured distances are believed."),
        make_parameter(
            "distance_acceleration",
            &p::distance_acceleration,
            "above 0: distances are filtered by their variances, for a user whose radial "
            "speed changes by this standard deviation in a second, m/s; missing ones go "
            "on for measurement_hold. 0: distances are taken as measured."),
        make_parameter(
            "distance_gate",
            &p::distance_gate,
            "a measured distance that is off by more of these standard deviations is a "
            "wrong peak, and not used, above 0; where distances are filtered."),
        make_parameter("prohibit_time",
                       &p::prohibit_time,
                       "no handover for this long after the last, s."),
        make_parameter(
            "return_hysteresis_db",
            &p::return_hysteresis_db,
            "added to hysteresis_db for the return to the previous cell, dB..."),
        make_parameter(
            "return_time", &p::return_time, "...for this long after it was left, s."),
        make_parameter(
            "ping_pong_window",
            &p::ping_pong_window,
            "a return to the previous cell within this time is a ping-pong, s."),
        make_parameter("outage_sinr_db",
                       &p::outage_sinr_db,
                       "below this SINR of the serving cell the user is in outage, dB."),
        make_parameter(
            "measurement_hold",
            &p::measurement_hold,
            "a condition whose measurements are missing stays for this long, s."),
        make_parameter("initial_cell",
                       &p::initial_cell,
                       "cell that serves at first; -1: the strongest (by \"distance\": "
                       "the nearest) of the first step that has one."));
}

#endif /* INCLUDED_ISAC_HANDOVER_PARAMETERS_PYTHON_H */
