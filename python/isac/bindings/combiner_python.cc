/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mono_bistatic_combiner.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace py = pybind11;

namespace {

using gr::isac::combiner_parameters;
using gr::isac::mono_bistatic_combiner;
using gr::isac::vector3;

py::dict to_dict(const combiner_parameters& p)
{
    py::dict d;
    d["hysteresis_db"] = p.selection.hysteresis_db;
    d["time_to_trigger"] = p.selection.time_to_trigger;
    d["silence_time"] = p.selection.silence_time;
    d["needed_below_db"] = p.selection.needed_below_db;
    d["soft_window"] = p.selection.soft_window;
    d["soft_end_db"] = p.selection.soft_end_db;
    d["users"] = p.users;
    d["needed_sinr_db"] = p.qos.needed_sinr_db;
    d["prohibit_time"] = p.qos.prohibit_time;
    d["reports_per_pair"] = p.reports_per_pair;
    d["window"] = p.window;
    d["gate"] = p.gate;
    d["patience"] = p.patience;
    d["nodes"] = p.nodes;
    d["dimensions"] = p.track.solver.dimensions;
    d["height"] = p.track.solver.height;
    d["side"] = p.track.solver.side;
    d["acceleration"] = p.track.acceleration;
    d["speed"] = p.track.speed;
    d["memory"] = p.track.memory;
    d["locate_by_all"] = p.locate_by_all;
    d["handshake"] = p.handshake;
    d["reply_time"] = p.reply_time;
    d["retry_time"] = p.retry_time;
    d["num_symbols"] = p.resources.num_symbols;
    d["num_subcarriers"] = p.resources.num_subcarriers;
    d["tx_power_dbm"] = p.resources.tx_power_dbm;
    return d;
}

} // namespace

void bind_mono_bistatic_combiner(py::module& m)
{
    const combiner_parameters defaults;
    py::class_<mono_bistatic_combiner,
               gr::block,
               gr::basic_block,
               std::shared_ptr<mono_bistatic_combiner>>(
        m, "mono_bistatic_combiner", R"doc(
Selects the Tx-Rx pair that sees the target best, hands the sensing over to it, and locates the
target by what several pairs tell. Messages only.

Reports of one pair that belong to one step (several antennas or polarisations, repeated dwells
within the window) are combined by inverse variance; different pairs measure different paths and
meet in the position only. A step waits until every pair has reported this time or a later one; a
pair that has not reported at all for patience is not waited for, and sees nothing.

With nodes the object is located by the ranges of the selected pair and, in a soft handover, the
pair that was left (position_solver, object_track). With handshake each node that a handover gives
a part it did not have is sent a request, and the step waits for its answer; where one refuses or
is late, the next best pair is tried; where all accept they are assisted with the object's track.

Message inputs:
    detections: of any pair that is listed.
    link: of the users' serving nodes.
    signalling: accept, refuse and release from nodes.

Message outputs:
    detections: of the selected pair, combined, one a step in which it reported, also when empty;
        in a soft handover of the pair that was left, where that alone sees something. With nodes
        also position_status, position and covariance.
    configuration: scene_time, tx, rx, mode ("monostatic" if tx = rx, else "bistatic"), source_tx,
        source_rx (-1 but in a soft handover), at the first selection and at every change.
    tracks, with nodes: scene_time, position, velocity_vector, covariance, one a step.
    signalling: request and assist to nodes.

Args:
    pairs: (tx, rx) node numbers, distinct, not negative.
    hysteresis_db: the SNR must be better by more than this, dB, not negative.
    time_to_trigger: for this long without a break, s of scene time.
    silence_time: a pair without a report for longer than this sees nothing, s.
    needed_below_db: and the selected pair's SNR must be below this, dB; inf: whatever it is.
    soft_window: soft handover: the pair that was left senses on for this long, s; 0: hard.
    soft_end_db: ...or until its SNR is below this, dB.
    users: nodes that serve a user each. Where there are any, pairs are selected for the users'
        sake (qos_selector), the first one at first.
    needed_sinr_db: of every user, dB.
    prohibit_time: a user triggers nothing for this long after it triggered, s.
    reports_per_pair: reports of one pair that make a step, at least 1.
    window: reports of one step differ by at most this in scene_time, s; shorter than the
        distance of two steps.
    gate: standard deviations within which two detections are of one target, positive.
    patience: of the clock, not of the scene, after which a pair or user that has not reported
        is not waited for, s.
    nodes: {node: (x, y, z)} in m, of every node of the pairs; empty: no positions.
    dimensions: of the position, 3 or 2.
    height: z where dimensions is 2, m.
    side: () or (a, b, c, d): places with a x + b y + c z < d are ruled out.
    acceleration: of the object: its velocity changes by so many m/s in a second.
    speed: standard deviation of its velocity in each direction at first, m/s.
    memory: s without a position after which it is followed no more.
    locate_by_all: positions from all pairs that report, not only from those selected.
    handshake: whether the nodes of a pair are asked before it is selected.
    reply_time: of the clock, by when they have answered, s.
    retry_time: of the scene, for which a pair that refused is not asked again, s, positive.
    num_symbols: of a frame that sensing takes of a node that is asked.
    num_subcarriers: likewise.
    tx_power_dbm: of the sensing signal, dBm.

Raises:
    ValueError: naming the parameter, its value and its limit.

Source: Y. S. Ribeiro et al., "Mobility Management in Integrated Sensing and Communications
Networks", section II.
)doc")
        .def(py::init([](const std::vector<mono_bistatic_combiner::node_pair>& pairs,
                         double hysteresis_db,
                         double time_to_trigger,
                         double silence_time,
                         double needed_below_db,
                         double soft_window,
                         double soft_end_db,
                         const std::vector<int64_t>& users,
                         double needed_sinr_db,
                         double prohibit_time,
                         int reports_per_pair,
                         double window,
                         double gate,
                         double patience,
                         const std::map<int64_t, vector3>& nodes,
                         int dimensions,
                         double height,
                         const std::vector<double>& side,
                         double acceleration,
                         double speed,
                         double memory,
                         bool locate_by_all,
                         bool handshake,
                         double reply_time,
                         double retry_time,
                         int64_t num_symbols,
                         int64_t num_subcarriers,
                         double tx_power_dbm) {
                 combiner_parameters p;
                 p.selection.hysteresis_db = hysteresis_db;
                 p.selection.time_to_trigger = time_to_trigger;
                 p.selection.silence_time = silence_time;
                 p.selection.needed_below_db = needed_below_db;
                 p.selection.soft_window = soft_window;
                 p.selection.soft_end_db = soft_end_db;
                 p.users = users;
                 p.qos.needed_sinr_db = needed_sinr_db;
                 p.qos.prohibit_time = prohibit_time;
                 p.reports_per_pair = reports_per_pair;
                 p.window = window;
                 p.gate = gate;
                 p.patience = patience;
                 p.nodes = nodes;
                 p.track.solver.dimensions = dimensions;
                 p.track.solver.height = height;
                 p.track.solver.side = side;
                 p.track.acceleration = acceleration;
                 p.track.speed = speed;
                 p.track.memory = memory;
                 p.locate_by_all = locate_by_all;
                 p.handshake = handshake;
                 p.reply_time = reply_time;
                 p.retry_time = retry_time;
                 p.resources.num_symbols = num_symbols;
                 p.resources.num_subcarriers = num_subcarriers;
                 p.resources.tx_power_dbm = tx_power_dbm;
                 return mono_bistatic_combiner::make(pairs, p);
             }),
             py::arg("pairs"),
             py::arg("hysteresis_db") = defaults.selection.hysteresis_db,
             py::arg("time_to_trigger") = defaults.selection.time_to_trigger,
             py::arg("silence_time") = defaults.selection.silence_time,
             py::arg("needed_below_db") = defaults.selection.needed_below_db,
             py::arg("soft_window") = defaults.selection.soft_window,
             py::arg("soft_end_db") = defaults.selection.soft_end_db,
             py::arg("users") = defaults.users,
             py::arg("needed_sinr_db") = defaults.qos.needed_sinr_db,
             py::arg("prohibit_time") = defaults.qos.prohibit_time,
             py::arg("reports_per_pair") = defaults.reports_per_pair,
             py::arg("window") = defaults.window,
             py::arg("gate") = defaults.gate,
             py::arg("patience") = defaults.patience,
             py::arg("nodes") = defaults.nodes,
             py::arg("dimensions") = defaults.track.solver.dimensions,
             py::arg("height") = defaults.track.solver.height,
             py::arg("side") = defaults.track.solver.side,
             py::arg("acceleration") = defaults.track.acceleration,
             py::arg("speed") = defaults.track.speed,
             py::arg("memory") = defaults.track.memory,
             py::arg("locate_by_all") = defaults.locate_by_all,
             py::arg("handshake") = defaults.handshake,
             py::arg("reply_time") = defaults.reply_time,
             py::arg("retry_time") = defaults.retry_time,
             py::arg("num_symbols") = defaults.resources.num_symbols,
             py::arg("num_subcarriers") = defaults.resources.num_subcarriers,
             py::arg("tx_power_dbm") = defaults.resources.tx_power_dbm)
        .def("set_hysteresis_db",
             &mono_bistatic_combiner::set_hysteresis_db,
             py::arg("hysteresis_db"))
        .def("set_time_to_trigger",
             &mono_bistatic_combiner::set_time_to_trigger,
             py::arg("time_to_trigger"))
        .def("set_silence_time",
             &mono_bistatic_combiner::set_silence_time,
             py::arg("silence_time"))
        .def("set_needed_below_db",
             &mono_bistatic_combiner::set_needed_below_db,
             py::arg("needed_below_db"))
        .def("set_soft_window",
             &mono_bistatic_combiner::set_soft_window,
             py::arg("soft_window"))
        .def("set_soft_end_db",
             &mono_bistatic_combiner::set_soft_end_db,
             py::arg("soft_end_db"))
        .def("set_needed_sinr_db",
             &mono_bistatic_combiner::set_needed_sinr_db,
             py::arg("needed_sinr_db"))
        .def("set_prohibit_time",
             &mono_bistatic_combiner::set_prohibit_time,
             py::arg("prohibit_time"))
        .def("set_reports_per_pair",
             &mono_bistatic_combiner::set_reports_per_pair,
             py::arg("reports_per_pair"))
        .def("set_window", &mono_bistatic_combiner::set_window, py::arg("window"))
        .def("set_gate", &mono_bistatic_combiner::set_gate, py::arg("gate"))
        .def("set_patience", &mono_bistatic_combiner::set_patience, py::arg("patience"))
        .def("set_acceleration",
             &mono_bistatic_combiner::set_acceleration,
             py::arg("acceleration"))
        .def("set_speed", &mono_bistatic_combiner::set_speed, py::arg("speed"))
        .def("set_memory", &mono_bistatic_combiner::set_memory, py::arg("memory"))
        .def("set_locate_by_all",
             &mono_bistatic_combiner::set_locate_by_all,
             py::arg("locate_by_all"))
        .def(
            "set_handshake", &mono_bistatic_combiner::set_handshake, py::arg("handshake"))
        .def("set_reply_time",
             &mono_bistatic_combiner::set_reply_time,
             py::arg("reply_time"))
        .def("set_retry_time",
             &mono_bistatic_combiner::set_retry_time,
             py::arg("retry_time"))
        .def(
            "set_resources",
            [](mono_bistatic_combiner& combiner,
               int64_t num_symbols,
               int64_t num_subcarriers,
               double tx_power_dbm) {
                combiner.set_resources({ num_symbols, num_subcarriers, tx_power_dbm });
            },
            py::arg("num_symbols"),
            py::arg("num_subcarriers"),
            py::arg("tx_power_dbm"))
        .def(
            "parameters",
            [](const mono_bistatic_combiner& combiner) {
                return to_dict(combiner.parameters());
            },
            "What is in force, as a dict.")
        .def("selected",
             &mono_bistatic_combiner::selected,
             "The selected (tx, rx); (-1, -1) until one sees a target.")
        .def("source",
             &mono_bistatic_combiner::source,
             "The pair that senses beside it in a soft handover, else (-1, -1).")
        .def("num_steps", &mono_bistatic_combiner::num_steps, "Steps decided.")
        .def("num_changes",
             &mono_bistatic_combiner::num_changes,
             "Changes from one pair to another.")
        .def("faults",
             &mono_bistatic_combiner::faults,
             "Messages dropped or missed, by kind.");
}
