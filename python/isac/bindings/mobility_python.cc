/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "handover_parameters_python.h"
#include "message_linger.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/handover_decider.h>
#include <gnuradio/isac/mono_bistatic_combiner.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <string>
#include <vector>

namespace py = pybind11;

void bind_handover_machine(py::module& m);
void bind_configuration_selector(py::module& m);

namespace {

using gr::isac::handover_decider;
using gr::isac::handover_parameters;
using gr::isac::message_linger;
using gr::isac::mono_bistatic_combiner;
using gr::isac::require;
using gr::isac::selection_parameters;

void bind_handover_decider(py::module& m)
{
    const handover_parameters defaults;
    py::class_<handover_decider,
               gr::block,
               gr::basic_block,
               std::shared_ptr<handover_decider>>(m, "handover_decider", R"doc(
Decides which cell serves a user, by RSRP, by sensed distance or by both. Messages only.

The reports of all cells for one scene_time make a step. It waits until every cell has reported
what the criterion needs, for this time or for a later one: what was skipped is not measured. A
cell that has not reported at all for patience is silent and not waited for. Steps that wait when
the upstream blocks end are decided then.

Message inputs:
    link: node (the cell), scene_time, rsrp_dbm, sinr_db.
    detections: tx = rx (the cell), scene_time, range, snr, var_delay; the user is the detection
        of the highest snr.

Message output:
    handover: scene_time, from, to, cause ("rsrp", "distance" or "rsrp+distance").

Args:
    cells: node numbers of the cells, distinct, not negative.
    criterion: "rsrp" (event A3), "distance" (the target is nearer by more than the threshold),
        "joint_or" (either), "joint_and" (both) or "joint_veto" (either, but RSRP alone moves
        nothing to a cell that is farther by more than the threshold).
    hysteresis_db: dB, not negative.
    l3_coefficient: a of the filter F = (1 - a) F + a M over RSRP in dB, above 0; 1: no filter.
    l3_period: time between two measurements that l3_coefficient is meant for, s: after dt one
        counts 1 - (1 - a)^(dt / l3_period). 0: each counts a.
    bound_missing: a cell whose RSRP is missing counts as no stronger than the weakest of the step.
    time_to_trigger: a condition must hold this long without a break, s of scene time.
    distance_threshold_m: m, not negative.
    distance_confidence: k >= 0; distances must differ by k standard deviations more than the
        threshold. 0: measured distances are believed.
    distance_acceleration: above 0: distances are filtered by their variances, for a user whose
        radial speed changes by this standard deviation in a second, m/s; missing ones go on for
        measurement_hold. 0: distances are taken as measured.
    distance_gate: a measured distance that is off by more of these standard deviations is a wrong
        peak, and not used, above 0; where distances are filtered.
    prohibit_time: no handover for this long after the last, s.
    return_hysteresis_db: added to hysteresis_db for the return to the previous cell, dB...
    return_time: ...for this long after it was left, s.
    ping_pong_window: a return to the previous cell within this time is a ping-pong, s.
    outage_sinr_db: below this SINR of the serving cell the user is in outage, dB.
    measurement_hold: a condition whose measurements are missing stays for this long, s.
    initial_cell: node number of the cell that serves at first; -1: the strongest (by "distance":
        the nearest) of the first step that has one.
    tolerance: reports of one step differ by at most this in scene_time, s.
    patience: of the clock, not of the scene, after which a cell is silent, s.

Raises:
    ValueError: naming the parameter, its value and its limit.

Source: J. Li et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks";
event A3 and L3 filter: 3GPP TS 38.331.
)doc")
        .def(py::init([](const std::vector<int64_t>& cells,
                         const std::string& criterion,
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
                         int initial_cell,
                         double tolerance,
                         double patience) {
                 return handover_decider::make(cells,
                                               make_parameters(criterion,
                                                               hysteresis_db,
                                                               l3_coefficient,
                                                               l3_period,
                                                               bound_missing,
                                                               time_to_trigger,
                                                               distance_threshold_m,
                                                               distance_confidence,
                                                               distance_acceleration,
                                                               distance_gate,
                                                               prohibit_time,
                                                               return_hysteresis_db,
                                                               return_time,
                                                               ping_pong_window,
                                                               outage_sinr_db,
                                                               measurement_hold,
                                                               initial_cell),
                                               tolerance,
                                               patience);
             }),
             py::arg("cells"),
             py::arg("criterion") = defaults.criterion,
             py::arg("hysteresis_db") = defaults.hysteresis_db,
             py::arg("l3_coefficient") = defaults.l3_coefficient,
             py::arg("l3_period") = defaults.l3_period,
             py::arg("bound_missing") = defaults.bound_missing,
             py::arg("time_to_trigger") = defaults.time_to_trigger,
             py::arg("distance_threshold_m") = defaults.distance_threshold_m,
             py::arg("distance_confidence") = defaults.distance_confidence,
             py::arg("distance_acceleration") = defaults.distance_acceleration,
             py::arg("distance_gate") = defaults.distance_gate,
             py::arg("prohibit_time") = defaults.prohibit_time,
             py::arg("return_hysteresis_db") = defaults.return_hysteresis_db,
             py::arg("return_time") = defaults.return_time,
             py::arg("ping_pong_window") = defaults.ping_pong_window,
             py::arg("outage_sinr_db") = defaults.outage_sinr_db,
             py::arg("measurement_hold") = defaults.measurement_hold,
             py::arg("initial_cell") = defaults.initial_cell,
             py::arg("tolerance") = 1e-6,
             py::arg("patience") = 5.0)
        .def("set_criterion", &handover_decider::set_criterion, py::arg("criterion"))
        .def("set_hysteresis_db",
             &handover_decider::set_hysteresis_db,
             py::arg("hysteresis_db"))
        .def("set_l3_coefficient",
             &handover_decider::set_l3_coefficient,
             py::arg("l3_coefficient"))
        .def("set_l3_period", &handover_decider::set_l3_period, py::arg("l3_period"))
        .def("set_bound_missing",
             &handover_decider::set_bound_missing,
             py::arg("bound_missing"))
        .def("set_time_to_trigger",
             &handover_decider::set_time_to_trigger,
             py::arg("time_to_trigger"))
        .def("set_distance_threshold_m",
             &handover_decider::set_distance_threshold_m,
             py::arg("distance_threshold_m"))
        .def("set_distance_confidence",
             &handover_decider::set_distance_confidence,
             py::arg("distance_confidence"))
        .def("set_distance_acceleration",
             &handover_decider::set_distance_acceleration,
             py::arg("distance_acceleration"))
        .def("set_distance_gate",
             &handover_decider::set_distance_gate,
             py::arg("distance_gate"))
        .def("set_prohibit_time",
             &handover_decider::set_prohibit_time,
             py::arg("prohibit_time"))
        .def("set_return_hysteresis_db",
             &handover_decider::set_return_hysteresis_db,
             py::arg("return_hysteresis_db"))
        .def(
            "set_return_time", &handover_decider::set_return_time, py::arg("return_time"))
        .def("set_ping_pong_window",
             &handover_decider::set_ping_pong_window,
             py::arg("ping_pong_window"))
        .def("set_outage_sinr_db",
             &handover_decider::set_outage_sinr_db,
             py::arg("outage_sinr_db"))
        .def("set_measurement_hold",
             &handover_decider::set_measurement_hold,
             py::arg("measurement_hold"))
        .def("set_tolerance", &handover_decider::set_tolerance, py::arg("tolerance"))
        .def("set_patience", &handover_decider::set_patience, py::arg("patience"))
        .def(
            "parameters",
            [](const handover_decider& decider) { return to_dict(decider.parameters()); },
            "What is in force, as a dict.")
        .def("serving",
             &handover_decider::serving,
             "Node number of the serving cell, -1 before one is known.")
        .def("num_steps", &handover_decider::num_steps, "Steps decided.")
        .def("num_handovers", &handover_decider::num_handovers)
        .def("num_ping_pongs",
             &handover_decider::num_ping_pongs,
             "Returns to the previous cell within ping_pong_window.")
        .def("outage",
             &handover_decider::outage,
             "Share of the steps whose serving SINR was below outage_sinr_db.")
        .def("faults", &handover_decider::faults, "Messages dropped, by kind.")
        .def("reset",
             &handover_decider::reset,
             "Forgets all cells, counts and waiting reports.");
}

void bind_mono_bistatic_combiner(py::module& m)
{
    const selection_parameters defaults;
    py::class_<mono_bistatic_combiner,
               gr::block,
               gr::basic_block,
               std::shared_ptr<mono_bistatic_combiner>>(
        m, "mono_bistatic_combiner", R"doc(
Selects the Tx-Rx pair that sees the target best, and combines what that pair reports several
times. Messages only.

Reports of one pair that belong to one step (several antennas or polarisations, repeated dwells
within the window) are combined by inverse variance; different pairs measure different paths and
are never averaged. A step waits until every pair has reported this time or a later one; a pair
that has not reported at all for patience is not waited for.

Message input:
    detections: of any pair that is listed.

Message outputs:
    detections: of the selected pair, combined, one a step in which it reported, also when empty.
    configuration: scene_time, tx, rx, mode ("monostatic" if tx = rx, else "bistatic"), at the
        first selection and at every change.

Args:
    pairs: (tx, rx) node numbers, distinct, not negative.
    hysteresis_db: the SNR must be better by more than this, dB, not negative.
    time_to_trigger: for this long without a break, s of scene time.
    silence_time: a pair without a report for longer than this sees nothing, s.
    reports_per_pair: reports of one pair that make a step, at least 1.
    window: reports of one step differ by at most this in scene_time, s; shorter than the distance
        of two steps.
    gate: standard deviations within which two detections of a pair are of one target, positive.
    patience: of the clock, not of the scene, after which a pair is not waited for, s.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(py::init([](const std::vector<mono_bistatic_combiner::node_pair>& pairs,
                         double hysteresis_db,
                         double time_to_trigger,
                         double silence_time,
                         int reports_per_pair,
                         double window,
                         double gate,
                         double patience) {
                 return mono_bistatic_combiner::make(
                     pairs,
                     { hysteresis_db, time_to_trigger, silence_time },
                     reports_per_pair,
                     window,
                     gate,
                     patience);
             }),
             py::arg("pairs"),
             py::arg("hysteresis_db") = defaults.hysteresis_db,
             py::arg("time_to_trigger") = defaults.time_to_trigger,
             py::arg("silence_time") = defaults.silence_time,
             py::arg("reports_per_pair") = 1,
             py::arg("window") = 1e-6,
             py::arg("gate") = 4.0,
             py::arg("patience") = 5.0)
        .def("set_hysteresis_db",
             &mono_bistatic_combiner::set_hysteresis_db,
             py::arg("hysteresis_db"))
        .def("set_time_to_trigger",
             &mono_bistatic_combiner::set_time_to_trigger,
             py::arg("time_to_trigger"))
        .def("set_silence_time",
             &mono_bistatic_combiner::set_silence_time,
             py::arg("silence_time"))
        .def("set_reports_per_pair",
             &mono_bistatic_combiner::set_reports_per_pair,
             py::arg("reports_per_pair"))
        .def("set_window", &mono_bistatic_combiner::set_window, py::arg("window"))
        .def("set_gate", &mono_bistatic_combiner::set_gate, py::arg("gate"))
        .def("set_patience", &mono_bistatic_combiner::set_patience, py::arg("patience"))
        .def(
            "parameters",
            [](const mono_bistatic_combiner& combiner) {
                const selection_parameters p = combiner.parameters();
                py::dict d;
                d["hysteresis_db"] = p.hysteresis_db;
                d["time_to_trigger"] = p.time_to_trigger;
                d["silence_time"] = p.silence_time;
                return d;
            },
            "Of the selection, as a dict.")
        .def("selected",
             &mono_bistatic_combiner::selected,
             "The selected (tx, rx); (-1, -1) until one sees a target.")
        .def("num_steps", &mono_bistatic_combiner::num_steps, "Steps decided.")
        .def("num_changes",
             &mono_bistatic_combiner::num_changes,
             "Changes from one pair to another.")
        .def("faults", &mono_bistatic_combiner::faults, "Messages dropped, by kind.");
}

// For blocks in Python, which hold it as a member.
void bind_message_linger(py::module& m)
{
    py::class_<message_linger>(m, "_message_linger", R"doc(
Lets a block without stream ports live until the messages of all its upstream blocks have ended.

Args:
    block: the C++ side of a block, from to_basic_block().

Raises:
    ValueError: for anything but a gr.block.
)doc")
        .def(py::init([](const std::shared_ptr<gr::basic_block>& owner) {
                 const auto block = std::dynamic_pointer_cast<gr::block>(owner);
                 require(block != nullptr,
                         "message_linger: block",
                         "none",
                         "must be a gr.block");
                 return std::make_unique<message_linger>(*block);
             }),
             py::arg("block"))
        .def("start", &message_linger::start, "To be called in the block's start().")
        .def("message_came",
             &message_linger::message_came,
             "To be called at every message, in its handler.");
}

} // namespace

void bind_mobility(py::module& m)
{
    bind_message_linger(m);
    bind_handover_machine(m);
    bind_configuration_selector(m);
    bind_handover_decider(m);
    bind_mono_bistatic_combiner(m);
}
