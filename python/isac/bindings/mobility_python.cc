/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "handover_parameters_python.h"
#include "message_linger.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/handover_decider.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <string>
#include <vector>

namespace py = pybind11;

void bind_handover_machine(py::module& m);
void bind_configuration_selector(py::module& m);
void bind_positions(py::module& m);
void bind_mono_bistatic_combiner(py::module& m);
void bind_sensing_node(py::module& m);

namespace {

using gr::isac::handover_decider;
using gr::isac::handover_parameters;
using gr::isac::message_linger;
using gr::isac::require;

// What handover_decider::make() takes.
struct decider_parameters {
    handover_parameters decision;
    double tolerance = 1e-6;
    double patience = 5;
};

void bind_handover_decider(py::module& m)
{
    const auto shared = handover_parameter_list();
    const auto parameters = std::tuple_cat(
        within(&decider_parameters::decision, shared),
        std::make_tuple(
            make_parameter(
                "tolerance",
                &decider_parameters::tolerance,
                "reports of one step differ by at most this in scene_time, s."),
            make_parameter(
                "patience",
                &decider_parameters::patience,
                "of the clock, not of the scene, after which a cell is silent, "
                "s.")));
    py::class_<handover_decider,
               gr::block,
               gr::basic_block,
               std::shared_ptr<handover_decider>>
        bound(m,
              "handover_decider",
              (R"doc(
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
)doc" + documentation(parameters) +
               R"doc(
Cells are told by their node numbers, also initial_cell.

Raises:
    ValueError: naming the parameter, its value and its limit.

Source: J. Li et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks";
event A3 and L3 filter: 3GPP TS 38.331.
)doc")
                  .c_str());
    def_init<decider_parameters>(
        bound,
        parameters,
        arguments<std::vector<int64_t>>{},
        [](const std::vector<int64_t>& cells, const decider_parameters& p) {
            return handover_decider::make(cells, p.decision, p.tolerance, p.patience);
        },
        py::arg("cells"));
    def_setters<handover_parameters>(bound, shared);
    bound.def("set_tolerance", &handover_decider::set_tolerance, py::arg("tolerance"))
        .def("set_patience", &handover_decider::set_patience, py::arg("patience"))
        .def(
            "parameters",
            [shared](const handover_decider& decider) {
                return to_dict(shared, decider.parameters());
            },
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
    bind_positions(m);
    bind_handover_decider(m);
    bind_mono_bistatic_combiner(m);
    bind_sensing_node(m);
}
