/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing_parameters_python.h"
#include <gnuradio/isac/sensing_node.h>

namespace py = pybind11;

void bind_sensing_node(py::module& m)
{
    using gr::isac::beam_search;
    using gr::isac::sensing_node;
    using gr::isac::sensing_node_parameters;

    using beams = beam_search::parameters;
    const auto fixed = within(
        &sensing_node_parameters::beams,
        std::make_tuple(
            make_parameter("position", &beams::position, "(x, y, z), m."),
            make_parameter("beamwidth",
                           &beams::beamwidth,
                           "at half power, rad, positive, at most pi."),
            make_parameter("sector_azimuth",
                           &beams::sector_azimuth,
                           "middle of the sector, rad from x towards y."),
            make_parameter("sector_width",
                           &beams::sector_width,
                           "of the sector in azimuth, rad, positive, at most 2 pi."),
            make_parameter("sector_elevation",
                           &beams::sector_elevation,
                           "middle of the sector, rad upwards, -pi/2 to pi/2."),
            make_parameter("sector_height",
                           &beams::sector_height,
                           "of the sector in elevation, rad, 0 (one row of beams) to "
                           "pi.")));
    const auto live = std::tuple_cat(
        within(&sensing_node_parameters::resources, resource_list()),
        std::make_tuple(make_parameter("release_snr_db",
                                       &sensing_node_parameters::release_snr_db,
                                       "SNR of a resource element at which it needs no "
                                       "help of a source, dB; inf: never.")));
    const auto parameters = std::tuple_cat(fixed, live);
    py::class_<sensing_node, gr::block, gr::basic_block, std::shared_ptr<sensing_node>>
        bound(m,
              "sensing_node",
              (R"doc(
A node's part in the handover of sensing: answers requests, and points its beam. Messages only.

A request for this node is accepted if it has the resources, else refused; what was accepted is
refused as soon as resources are set that do not suffice any more. From the configuration that gives
it a part the node points a narrow beam: where the assistance says, or sweeping its sector without
any. Each of its own reports in which the object is seen keeps the beam, one without moves it on;
tracks renew what is known. As the target of a soft handover it tells when it needs no help of the
source.

Message inputs (what is for other nodes is passed over):
    signalling: request and assist.
    configuration, tracks: of the Mono/Bistatic Combiner.
    detections: of the pairs that this node is part of.

Message outputs:
    signalling: accept, refuse (cause: "symbols", "subcarriers" or "power"), release.
    beam: scene_time, node, azimuth, elevation, width (rad), when it is given a part, when it is
        assisted, and after each of its reports.

Args:
    node: its number, not negative.
)doc" + documentation(parameters) +
               R"doc(
Raises:
    ValueError: naming the parameter, its value and its limit.

Source: Y. S. Ribeiro et al., "Mobility Management in Integrated Sensing and Communications
Networks", section II.B.
)doc")
                  .c_str());
    def_init<sensing_node_parameters>(
        bound, parameters, arguments<int64_t>{}, &sensing_node::make, py::arg("node"));
    def_setters<sensing_node_parameters>(bound, live);
    bound
        .def(
            "parameters",
            [parameters](const sensing_node& node) {
                return to_dict(parameters, node.parameters());
            },
            "What is in force, as a dict.")
        .def("active",
             &sensing_node::active,
             "Whether the node has a part in the sensing.")
        .def("num_accepted", &sensing_node::num_accepted, "Requests accepted.")
        .def("num_refused",
             &sensing_node::num_refused,
             "Requests refused, at once or later.")
        .def("faults", &sensing_node::faults, "Messages dropped, by kind.");
}
