/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing_parameters_python.h"
#include <gnuradio/isac/mono_bistatic_combiner.h>

namespace py = pybind11;

namespace {

using gr::isac::combiner_parameters;
using gr::isac::mono_bistatic_combiner;
using gr::isac::object_track;
using gr::isac::trigger_parameters;

auto trigger_list()
{
    using p = trigger_parameters;
    return std::make_tuple(
        make_parameter("lead_time",
                       &p::lead_time,
                       "the object's place is looked at now and so much later, s, not "
                       "negative."),
        make_parameter("coverage_range",
                       &p::coverage_range,
                       "how far a node covers, m; inf: everything."),
        make_parameter("walls",
                       &p::walls,
                       "((x, y, z), (x, y, z)) ends of walls, of any height, that block "
                       "the sight, m."),
        make_parameter("restricted_beams",
                       &p::restricted_beams,
                       "{node: [(from, to)]}: azimuths, anticlockwise, rad, that a node "
                       "may not point to."),
        make_parameter("user_positions",
                       &p::user_positions,
                       "(x, y, z) of users, m, that the sensing signal may interfere "
                       "with."),
        make_parameter("interference_angle",
                       &p::interference_angle,
                       "within which of the object, seen from the transmitter, no user "
                       "may be, and seen from the receiver no node that serves one, rad, "
                       "0 to pi."),
        make_parameter("resolution_angle",
                       &p::resolution_angle,
                       "two objects nearer to each other seen from the receiver are one, "
                       "rad, 0 to pi."),
        make_parameter("fade_db",
                       &p::fade_db,
                       "a pair whose SNR is so much lower than that of its last ten "
                       "steps or so has faded, dB, positive; inf: never."));
}

// What may change while it runs.
auto live_list()
{
    using p = combiner_parameters;
    return std::tuple_cat(
        within(&p::selection, selection_parameter_list()),
        within(&p::qos, qos_parameter_list()),
        std::make_tuple(
            make_parameter("reports_per_pair",
                           &p::reports_per_pair,
                           "reports of one pair that make a step, at least 1."),
            make_parameter("window",
                           &p::window,
                           "reports of one step differ by at most this in scene_time, s; "
                           "shorter than the distance of two steps."),
            make_parameter("gate",
                           &p::gate,
                           "standard deviations within which two detections are of one "
                           "target, positive."),
            make_parameter("patience",
                           &p::patience,
                           "of the clock, not of the scene, after which a pair or user "
                           "that has not reported is not waited for, s."),
            make_parameter("locate_by_all",
                           &p::locate_by_all,
                           "positions from all pairs that report, not only from those "
                           "selected.")),
        within(&p::track, motion_parameter_list()),
        std::make_tuple(
            make_parameter("handshake",
                           &p::handshake,
                           "whether the nodes of a pair are asked before it is "
                           "selected."),
            make_parameter("reply_time",
                           &p::reply_time,
                           "of the clock, by when they have answered, s."),
            make_parameter("retry_time",
                           &p::retry_time,
                           "of the scene, for which a pair that refused is not asked "
                           "again, s, positive.")),
        within(&p::resources, resource_list()),
        within(&p::triggers, trigger_list()));
}

auto fixed_list()
{
    using p = combiner_parameters;
    return std::tuple_cat(
        std::make_tuple(
            make_parameter("users",
                           &p::users,
                           "nodes that serve a user each. Where there are any, pairs "
                           "are selected for the users' sake (qos_selector), the first "
                           "one at first."),
            make_parameter("nodes",
                           &p::nodes,
                           "{node: (x, y, z)} in m, of every node of the pairs; empty: "
                           "no positions.")),
        within(&p::track,
               within(&object_track::parameters::solver, place_parameter_list())));
}

} // namespace

void bind_mono_bistatic_combiner(py::module& m)
{
    const auto parameters = std::tuple_cat(live_list(), fixed_list());
    py::class_<mono_bistatic_combiner,
               gr::block,
               gr::basic_block,
               std::shared_ptr<mono_bistatic_combiner>>
        bound(m,
              "mono_bistatic_combiner",
              (R"doc(
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
)doc" + documentation(parameters) +
               R"doc(
Raises:
    ValueError: naming the parameter, its value and its limit.

Source: Y. S. Ribeiro et al., "Mobility Management in Integrated Sensing and Communications
Networks", section II.
)doc")
                  .c_str());
    def_init<combiner_parameters>(
        bound,
        parameters,
        arguments<std::vector<mono_bistatic_combiner::node_pair>>{},
        &mono_bistatic_combiner::make,
        py::arg("pairs"));
    def_setters<combiner_parameters>(bound, live_list());
    bound
        .def(
            "parameters",
            [parameters](const mono_bistatic_combiner& combiner) {
                return to_dict(parameters, combiner.parameters());
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
