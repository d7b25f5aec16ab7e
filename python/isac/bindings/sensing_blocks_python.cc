/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "estimator_parameters_python.h"
#include <gnuradio/isac/crlb_monitor.h>
#include <gnuradio/isac/range_doppler_detector.h>
#include <gnuradio/isac/range_doppler_estimator.h>

namespace py = pybind11;

using namespace gr::isac;

namespace {

// What blocks that put out maps and detections have in common.
template <typename Class>
void def_map_block(Class& bound)
{
    using block = typename Class::type;
    bound.def("set_pfa", &block::set_pfa, py::arg("pfa"))
        .def("set_cfar", &block::set_cfar, py::arg("cfar"))
        .def("set_guard",
             &block::set_guard,
             py::arg("guard_delay"),
             py::arg("guard_doppler"))
        .def("set_training",
             &block::set_training,
             py::arg("training_delay"),
             py::arg("training_doppler"))
        .def("set_max_targets", &block::set_max_targets, py::arg("max_targets"))
        .def("range_cells",
             &block::range_cells,
             "Columns of a map: the length of an output row.")
        .def("doppler_cells", &block::doppler_cells, "Rows of a map.")
        .def("delay_step", &block::delay_step, "s a column.")
        .def("doppler_step", &block::doppler_step, "Hz a row.")
        .def("faults",
             &block::faults,
             "Frames left out and other faults since start, by kind.");
}

} // namespace

void bind_range_doppler_estimator(py::module& m)
{
    using p = range_doppler_estimator_parameters;
    using estimator = target_estimator::parameters;
    using filter = clutter_filter::parameters;

    const auto parameters = std::tuple_cat(
        std::make_tuple(
            make_parameter("tx", &p::tx, ""),
            make_parameter("rx", &p::rx, "numbers of the nodes, for `detections`."),
            make_parameter("reference",
                           &p::reference,
                           "\"pilots\" (the grid's pilots alone are known) or \"rows\" "
                           "(those of input 1).")),
        within(&p::estimator,
               std::tuple_cat(within(&estimator::map, map_parameter_list()),
                              within(&estimator::detector, detector_parameter_list()),
                              most_targets_list())),
        std::make_tuple(
            make_parameter("reference_frames",
                           &p::reference_frames,
                           "references, and echoes that wait for one, that are kept; 0: "
                           "as many as 64 MB hold, 4 to 256.")),
        within(&p::estimator, target_parameter_list()),
        within(
            &p::clutter,
            std::make_tuple(
                make_parameter("clutter",
                               &filter::kind,
                               "what is taken out of the rows first: \"none\", "
                               "\"mean\" (of the symbols of the last frames), \"mti\" "
                               "(a high-pass over the symbols) or \"eca\" (what stands "
                               "still at clutter_delays)."),
                make_parameter("clutter_memory",
                               &filter::memory,
                               "frames that \"mean\" is taken over, 1 to 65536."),
                make_parameter(
                    "clutter_cutoff",
                    &filter::cutoff,
                    "half-power Doppler of \"mti\", in Doppler cells of a frame."),
                make_parameter("clutter_delays",
                               &filter::delays,
                               "of \"eca\": total path over c, s."))),
        within(&p::estimator, within(&estimator::map, thread_list())));
    py::class_<range_doppler_estimator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<range_doppler_estimator>>
        bound(m,
              "range_doppler_estimator",
              (R"doc(
Rows of echoes to range-Doppler maps and targets.

Inputs: rows with `frame` tags; with reference "rows", also the transmitted rows.
Outputs: map rows (optional): doppler_cells() rows of range_cells() powers a frame, zero Doppler at
row doppler_cells() / 2, tagged `frame` and `scene_time`; messages `detections`, one a frame.

Args:
    grid: what was sent when.
)doc" + documentation(parameters) +
               R"doc(
Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
                  .c_str());
    def_init<p>(bound,
                parameters,
                arguments<std::shared_ptr<ofdm_grid>>{},
                &range_doppler_estimator::make,
                py::arg("grid"));
    def_map_block(bound);
    bound.def("set_mode", &range_doppler_estimator::set_mode, py::arg("mode"))
        .def("set_window",
             &range_doppler_estimator::set_window,
             py::arg("window"),
             py::arg("window_parameter") = 6.76)
        .def("set_clutter",
             &range_doppler_estimator::set_clutter,
             py::arg("clutter"),
             py::arg("memory") = 16,
             py::arg("cutoff") = 0.25,
             py::arg("delays") = std::vector<double>{});
}

void bind_range_doppler_detector(py::module& m)
{
    using p = range_doppler_detector_parameters;
    using detector = map_detector::parameters;
    using sum = map_integrator::parameters;

    const auto parameters = std::tuple_cat(
        std::make_tuple(
            make_parameter("tx", &p::tx, ""),
            make_parameter("rx", &p::rx, "numbers of the nodes, for `detections`."),
            make_parameter(
                "reference", &p::reference, "of the maps: \"pilots\" or \"rows\".")),
        within(&p::integration,
               std::make_tuple(
                   make_parameter("inputs",
                                  &sum::inputs,
                                  "maps a frame: antennas, or pairs; 1 to 16."),
                   make_parameter("frames",
                                  &sum::frames,
                                  "added up; with all inputs at most 1024 maps."),
                   make_parameter("hop",
                                  &sum::hop,
                                  "frames from one report to the next, of "
                                  "which frames is a multiple; 0: frames."))),
        within(&p::detector,
               std::tuple_cat(within(&detector::map, cell_parameter_list()),
                              within(&detector::detector,
                                     std::tuple_cat(std::make_tuple(make_parameter(
                                                        "cfar",
                                                        &cfar::parameters::kind,
                                                        "\"ca\", \"os\" or \"osgo\".")),
                                                    threshold_parameter_list())),
                              std::make_tuple(make_parameter(
                                  "max_targets",
                                  &detector::max_targets,
                                  "strongest targets a report that are kept.")))));
    py::class_<range_doppler_detector,
               gr::block,
               gr::basic_block,
               std::shared_ptr<range_doppler_detector>>
        bound(m,
              "range_doppler_detector",
              (R"doc(
Range-Doppler maps of several frames and antennas to targets.

Inputs: maps as Range-Doppler Estimator puts them out, one an antenna or pair, with `frame` tags.
Outputs: rows of the mean map (optional), tagged `frame` and `scene_time`; messages `detections`,
one every `hop` frames.

Args:
    grid: what was sent when.
)doc" + documentation(parameters) +
               R"doc(
Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
                  .c_str());
    def_init<p>(bound,
                parameters,
                arguments<std::shared_ptr<ofdm_grid>>{},
                &range_doppler_detector::make,
                py::arg("grid"));
    def_map_block(bound);
    bound.def("set_frames",
              &range_doppler_detector::set_frames,
              py::arg("frames"),
              py::arg("hop") = 0);
}

void bind_crlb_monitor(py::module& m)
{
    py::class_<crlb_monitor,
               gr::sync_block,
               gr::block,
               gr::basic_block,
               std::shared_ptr<crlb_monitor>>(m, "crlb_monitor", R"doc(
Estimates beside the truth and the Cramer-Rao bound, while it runs.

Inputs: messages `detections` and `ground_truth`, joined by frame, tx and rx.
Outputs: messages `bounds`, one a joined frame; streams of one float a joined frame, all optional:
RMSE of the range (m), root of its mean bound (m), RMSE of the velocity (m/s), root of its mean
bound (m/s).

Args:
    grid: what was sent when.
    reference: what the estimator knows: "pilots", or "rows" (every active element).
    model: "unknown_phase", "known_phase" or "published".
    gate_delay, gate_doppler: half width of the association gate, in cells that the grid resolves.
    window: frames that RMSE and efficiency run over; 0: all since reset().

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(py::init([](std::shared_ptr<ofdm_grid> grid,
                         const std::string& reference,
                         const std::string& model,
                         double gate_delay,
                         double gate_doppler,
                         int window) {
                 return crlb_monitor::make(
                     grid, reference, model, gate_delay, gate_doppler, window);
             }),
             py::arg("grid"),
             py::arg("reference") = "pilots",
             py::arg("model") = "unknown_phase",
             py::arg("gate_delay") = 1.0,
             py::arg("gate_doppler") = 1.0,
             py::arg("window") = 100)
        .def("reset", &crlb_monitor::reset, "Forget all frames; counts start from zero.")
        .def("set_gate",
             &crlb_monitor::set_gate,
             py::arg("gate_delay"),
             py::arg("gate_doppler"))
        .def("set_model", &crlb_monitor::set_model, py::arg("model"))
        .def("faults",
             &crlb_monitor::faults,
             "Dropped messages and other faults since start, by kind.");
}
