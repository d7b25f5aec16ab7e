/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_HANDOVER_PARAMETERS_PYTHON_H
#define INCLUDED_ISAC_HANDOVER_PARAMETERS_PYTHON_H

#include <gnuradio/isac/mobility/handover_machine.h>
#include <pybind11/pybind11.h>
#include <string>

// What the handover kernel and its block share: in Python their parameters are arguments.

inline pybind11::dict to_dict(const gr::isac::handover_parameters& p)
{
    pybind11::dict d;
    d["criterion"] = p.criterion;
    d["hysteresis_db"] = p.hysteresis_db;
    d["l3_coefficient"] = p.l3_coefficient;
    d["l3_period"] = p.l3_period;
    d["bound_missing"] = p.bound_missing;
    d["time_to_trigger"] = p.time_to_trigger;
    d["distance_threshold_m"] = p.distance_threshold_m;
    d["distance_confidence"] = p.distance_confidence;
    d["distance_acceleration"] = p.distance_acceleration;
    d["distance_gate"] = p.distance_gate;
    d["prohibit_time"] = p.prohibit_time;
    d["return_hysteresis_db"] = p.return_hysteresis_db;
    d["return_time"] = p.return_time;
    d["ping_pong_window"] = p.ping_pong_window;
    d["outage_sinr_db"] = p.outage_sinr_db;
    d["measurement_hold"] = p.measurement_hold;
    d["initial_cell"] = p.initial_cell;
    return d;
}

inline gr::isac::handover_parameters make_parameters(const std::string& criterion,
                                                     double hysteresis_db,
                                                     double l3_coefficient,
                                                     double l3_period,
                                                     bool bound_missing,
                                                     double time_to_trigger,
                                                     double distance_threshold_m,
                                                     double distance_confidence,
                                                     double distance_acceleration,
                                                     double distance_gate,
                                                     double prohibit_time,
                                                     double return_hysteresis_db,
                                                     double return_time,
                                                     double ping_pong_window,
                                                     double outage_sinr_db,
                                                     double measurement_hold,
                                                     int initial_cell)
{
    gr::isac::handover_parameters p;
    p.criterion = criterion;
    p.hysteresis_db = hysteresis_db;
    p.l3_coefficient = l3_coefficient;
    p.l3_period = l3_period;
    p.bound_missing = bound_missing;
    p.time_to_trigger = time_to_trigger;
    p.distance_threshold_m = distance_threshold_m;
    p.distance_confidence = distance_confidence;
    p.distance_acceleration = distance_acceleration;
    p.distance_gate = distance_gate;
    p.prohibit_time = prohibit_time;
    p.return_hysteresis_db = return_hysteresis_db;
    p.return_time = return_time;
    p.ping_pong_window = ping_pong_window;
    p.outage_sinr_db = outage_sinr_db;
    p.measurement_hold = measurement_hold;
    p.initial_cell = initial_cell;
    return p;
}

#endif /* INCLUDED_ISAC_HANDOVER_PARAMETERS_PYTHON_H */
