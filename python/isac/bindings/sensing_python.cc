/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "estimator_parameters_python.h"
#include <gnuradio/isac/sensing/cfar_threshold.h>
#include <gnuradio/isac/sensing/clutter_filter.h>
#include <gnuradio/isac/sensing/window.h>
#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

namespace py = pybind11;

namespace {

using namespace gr::isac;

using rows_array = py::array_t<gr_complex, py::array::c_style | py::array::forcecast>;
using map_array = py::array_t<float, py::array::c_style | py::array::forcecast>;

void check_rows(const rows_array& rows, const ofdm_grid& grid, const char* name)
{
    const auto symbols = static_cast<py::ssize_t>(grid.num_symbols());
    const auto subcarriers = static_cast<py::ssize_t>(grid.num_subcarriers());
    if (rows.ndim() != 2 || rows.shape(0) != symbols || rows.shape(1) != subcarriers)
        throw std::invalid_argument(std::string(name) + " must be an array of " +
                                    std::to_string(symbols) + " symbols x " +
                                    std::to_string(subcarriers) + " subcarriers");
    const gr_complex* values = rows.data();
    for (py::ssize_t i = 0; i < rows.size(); i++)
        if (!std::isfinite(values[i].real()) || !std::isfinite(values[i].imag()))
            throw std::invalid_argument(std::string(name) +
                                        " holds a NaN or an infinity");
}

const gr_complex* check_reference(const std::optional<rows_array>& reference,
                                  const ofdm_grid& grid,
                                  bool pilots_only)
{
    if (reference.has_value() == pilots_only)
        throw std::invalid_argument(
            pilots_only ? "reference must be None where the pilots alone are known"
                        : "reference must be given where pilots_only is False");
    if (!reference)
        return nullptr;
    check_rows(*reference, grid, "reference");
    return reference->data();
}

// Of exceeding a threshold; the detector's own arguments come first.
template <typename Probability, typename... Args>
void def_probability(py::module& m,
                     const char* name,
                     Probability probability,
                     const char* documentation,
                     const Args&... own)
{
    m.def(name,
          probability,
          own...,
          py::arg("multiplier"),
          py::arg("looks") = 1,
          py::arg("snr") = 0.0,
          py::arg("swerling") = 0,
          documentation);
}

void check_sent(bool sent)
{
    if (!sent)
        throw std::invalid_argument("reference is zero everywhere");
}

py::array_t<double> array(const std::vector<double>& values)
{
    return py::array_t<double>(values.size(), values.data());
}

py::array_t<float> map_of(const range_doppler_map& map)
{
    return py::array_t<float>({ map.doppler_cells(), map.range_cells() });
}

auto pilots_only()
{
    return make_parameter("pilots_only",
                          &range_doppler_map::parameters::pilots_only,
                          "whether the grid's pilots alone are known.");
}

void bind_map(py::module& m)
{
    const auto parameters = std::tuple_cat(
        std::make_tuple(pilots_only()), map_parameter_list(), thread_list());
    py::class_<range_doppler_map, std::shared_ptr<range_doppler_map>> bound(
        m, "range_doppler_map", "One frame of rows to a range-Doppler map.");
    def_init<range_doppler_map::parameters>(
        bound,
        parameters,
        arguments<std::shared_ptr<ofdm_grid>>{},
        [](auto grid, const auto& p) {
            return std::make_shared<range_doppler_map>(grid, p);
        },
        py::arg("grid"));
    bound
        .def(
            "process",
            [](range_doppler_map& map,
               const rows_array& rows,
               const std::optional<rows_array>& reference) {
                check_rows(rows, map.grid(), "rows");
                const auto* sent =
                    check_reference(reference, map.grid(), map.params().pilots_only);
                auto powers = map_of(map);
                check_sent(map.process(rows.data(), sent, powers.mutable_data()));
                return powers;
            },
            py::arg("rows"),
            py::arg("reference") = py::none(),
            "Powers, doppler_cells x range_cells, of an M x N array.")
        .def("doppler_cells", &range_doppler_map::doppler_cells, "Rows of the map.")
        .def("range_cells", &range_doppler_map::range_cells, "Columns of the map.")
        .def("delay_step", &range_doppler_map::delay_step, "s a column.")
        .def("doppler_step", &range_doppler_map::doppler_step, "Hz a row.");
}

std::vector<ordered_cells> sectors_of(const std::vector<size_t>& num_training,
                                      const std::vector<size_t>& rank)
{
    if (num_training.size() != rank.size())
        throw std::invalid_argument(
            "num_training and rank must be those of the same sectors");
    std::vector<ordered_cells> sectors;
    for (size_t i = 0; i < rank.size(); i++)
        sectors.push_back({ double(num_training[i]), double(rank[i]) });
    return sectors;
}

void bind_cfar(py::module& m)
{
    const cfar::parameters defaults;
    m.def(
        "cfar",
        [](const map_array& map,
           double pfa,
           const std::string& kind,
           std::pair<int, int> guard,
           std::pair<int, int> training,
           double rank,
           std::pair<double, double> correlation,
           int looks,
           bool every_threshold) {
            if (map.ndim() != 2 || map.size() == 0)
                throw std::invalid_argument(
                    "map must be an array of Doppler rows x range cells");
            const float* values = map.data();
            for (py::ssize_t i = 0; i < map.size(); i++)
                if (!(values[i] >= 0) || !std::isfinite(values[i]))
                    throw std::invalid_argument(
                        "map must hold powers: finite and not negative");
            cfar::parameters p;
            p.pfa = pfa;
            p.kind = kind;
            std::tie(p.guard_delay, p.guard_doppler) = guard;
            std::tie(p.training_delay, p.training_doppler) = training;
            p.rank = rank;
            p.looks = looks;
            cfar detector(
                map.shape(0),
                map.shape(1),
                p,
                cell_correlation::of_lengths(correlation.first, correlation.second));
            std::vector<map_cell> detected;
            map_array of_all({ map.shape(0), map.shape(1) });
            detector.process(
                values, detected, every_threshold ? of_all.mutable_data() : nullptr);
            const auto count = static_cast<py::ssize_t>(detected.size());
            py::array_t<int64_t> cells({ count, py::ssize_t(2) });
            map_array of_cells({ count });
            auto view = cells.mutable_unchecked<2>();
            for (py::ssize_t i = 0; i < count; i++) {
                view(i, 0) = detected[i].doppler;
                view(i, 1) = detected[i].range;
                of_cells.mutable_at(i) = detected[i].threshold;
            }
            return py::make_tuple(cells, every_threshold ? of_all : of_cells);
        },
        py::arg("map"),
        py::arg("pfa") = defaults.pfa,
        py::arg("kind") = defaults.kind,
        py::arg("guard") = std::make_pair(defaults.guard_delay, defaults.guard_doppler),
        py::arg("training") =
            std::make_pair(defaults.training_delay, defaults.training_doppler),
        py::arg("rank") = defaults.rank,
        py::arg("correlation") = std::make_pair(1.0, 1.0),
        py::arg("looks") = defaults.looks,
        py::arg("every_threshold") = true,
        R"doc(
Cells of a power map that exceed their CFAR threshold.

Every cell is tested: Doppler (rows) wraps, delay (columns) does not.

Args:
    map: powers, Doppler rows x range columns.
    pfa: probability of false alarm of a cell, above 0 and below 1.
    kind: "ca" (mean of the training cells), "os" (their order statistic) or "osgo" (the greatest
        order statistic of four quadrants, for edges of clutter).
    guard: guard cells on each side, (delay, doppler), in strides of the correlation.
    training: training cells beyond them, likewise.
    rank: for "os" and "osgo", the order statistic as a share of the training cells.
    correlation: cells from one independent cell to the next, (delay, doppler), at least 1: the
        zero-padding, times the widening of the window (1.5 for Hann).
    looks: independent maps that were added up, or averaged, 1 to 1024.
    every_threshold: whether thresholds are told of all cells, or of those detected. The order
        statistics of all take up to hundreds of times as long as finding the cells that exceed theirs.

Returns:
    The detected cells, K x 2 of (row, column), and the threshold of every cell, an array like
    the map, or of those detected, K.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc");
    m.def("ca_multiplier",
          py::overload_cast<size_t, double, size_t>(&ca_multiplier),
          py::arg("num_training"),
          py::arg("pfa"),
          py::arg("looks") = 1,
          "Threshold over the mean of independent training cells: n (pfa^(-1/n) - 1) for "
          "one "
          "look.");
    m.def("os_multiplier",
          &os_multiplier,
          py::arg("num_training"),
          py::arg("rank"),
          py::arg("pfa"),
          py::arg("looks") = 1,
          "Threshold over the rank smallest of independent training cells.");
    m.def(
        "osgo_multiplier",
        [](const std::vector<size_t>& num_training,
           const std::vector<size_t>& rank,
           double pfa,
           size_t looks) {
            return osgo_multiplier(sectors_of(num_training, rank), pfa, looks);
        },
        py::arg("num_training"),
        py::arg("rank"),
        py::arg("pfa"),
        py::arg("looks") = 1,
        "Likewise over the greatest of the order statistics of sectors: training cells "
        "and rank of each.");
    def_probability(
        m,
        "ca_probability",
        [](size_t num_training,
           double multiplier,
           size_t looks,
           double snr,
           int swerling) {
            return ca_probability(num_training, multiplier, looks, { snr, swerling });
        },
        R"doc(
Probability that a cell exceeds a multiple of the mean of its independent training cells.

Args:
    num_training: training cells.
    multiplier: threshold over their mean, see ca_multiplier().
    looks: independent maps that were added up.
    snr: mean power of a target over the noise's in the cell, a look, linear; 0: a false alarm.
    swerling: 0 (steady) to 4, how the target fluctuates: 1 and 3 alike in all looks, 2 and 4
        from look to look.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc",
        py::arg("num_training"));
    def_probability(
        m,
        "os_probability",
        [](size_t num_training,
           size_t rank,
           double multiplier,
           size_t looks,
           double snr,
           int swerling) {
            return os_probability(
                num_training, rank, multiplier, looks, { snr, swerling });
        },
        "Likewise of the rank smallest of its training cells, see ca_probability().",
        py::arg("num_training"),
        py::arg("rank"));
    def_probability(
        m,
        "osgo_probability",
        [](const std::vector<size_t>& num_training,
           const std::vector<size_t>& rank,
           double multiplier,
           size_t looks,
           double snr,
           int swerling) {
            return osgo_probability(
                sectors_of(num_training, rank), multiplier, looks, { snr, swerling });
        },
        "Likewise of the greatest of the order statistics of sectors, see "
        "osgo_multiplier().",
        py::arg("num_training"),
        py::arg("rank"));
    m.def(
        "range_cells",
        [](const ofdm_grid& grid, const std::string& reference, int pad_delay) {
            if (reference != "pilots" && reference != "rows")
                throw std::invalid_argument("reference = " + reference +
                                            " must be pilots or rows");
            return element_pattern(grid, reference == "pilots").subcarriers.length *
                   pad_delay;
        },
        py::arg("grid"),
        py::arg("reference") = "pilots",
        py::arg("pad_delay") = 1,
        "Range cells of a map: the vector length of Range-Doppler Estimator's output.");
    m.def("window_names", &window_names, "Windows that maps can have.");
}

void bind_estimator(py::module& m)
{
    using parameters = target_estimator::parameters;
    const auto list = std::tuple_cat(
        within(&parameters::map,
               std::tuple_cat(std::make_tuple(pilots_only()), map_parameter_list())),
        within(&parameters::detector, detector_parameter_list()),
        most_targets_list(),
        target_parameter_list(),
        within(&parameters::map, thread_list()));
    py::class_<target_estimator, std::shared_ptr<target_estimator>> bound(
        m, "target_estimator", "One frame of rows to targets.");
    def_init<parameters>(
        bound,
        list,
        arguments<std::shared_ptr<ofdm_grid>>{},
        [](auto grid, const auto& p) {
            return std::make_shared<target_estimator>(grid, p);
        },
        py::arg("grid"));
    bound.def(
        "process",
        [](target_estimator& estimator,
           const rows_array& rows,
           const std::optional<rows_array>& reference) {
            const auto& map = estimator.map();
            check_rows(rows, map.grid(), "rows");
            const auto* sent =
                check_reference(reference, map.grid(), map.params().pilots_only);
            detections report;
            check_sent(estimator.process(rows.data(), sent, report));
            py::dict d;
            d["delay"] = array(report.delay);
            d["doppler"] = array(report.doppler);
            d["range"] = array(report.range);
            d["velocity"] = array(report.velocity);
            d["snr"] = array(report.snr);
            d["var_delay"] = array(report.var_delay);
            d["var_doppler"] = array(report.var_doppler);
            return d;
        },
        py::arg("rows"),
        py::arg("reference") = py::none(),
        "The targets of an M x N array, strongest first, as a dict of arrays.");
}

void bind_clutter(py::module& m)
{
    const clutter_filter::parameters defaults;
    py::class_<clutter_filter, std::shared_ptr<clutter_filter>>(
        m, "clutter_filter", R"doc(
Takes what does not move out of rows, frame by frame.

Args:
    grid: what was sent when.
    kind: "none"; "mean": the channel that symbols have in common, averaged over frames; "mti": a
        high-pass over the symbols that runs on from frame to frame; "eca": what echoes at the
        given delays and zero Doppler explain of the frame alone.
    memory: for "mean", frames, 1 to 65536. One takes the noise at zero Doppler too.
    cutoff: for "mti", half-power Doppler in Doppler cells of a frame, above 0, to a sixteenth of
        the symbols.
    delays: for "eca", total path over c, s; 1 to 256 of them.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(py::init([](std::shared_ptr<ofdm_grid> grid,
                         const std::string& kind,
                         int memory,
                         double cutoff,
                         const std::vector<double>& delays) {
                 return std::make_shared<clutter_filter>(
                     grid, clutter_filter::parameters{ kind, memory, cutoff, delays });
             }),
             py::arg("grid"),
             py::arg("kind") = "mean",
             py::arg("memory") = defaults.memory,
             py::arg("cutoff") = defaults.cutoff,
             py::arg("delays") = defaults.delays)
        .def(
            "process",
            [](clutter_filter& filter,
               const rows_array& rows,
               const std::optional<rows_array>& reference) {
                check_rows(rows, filter.grid(), "rows");
                if (reference)
                    check_rows(*reference, filter.grid(), "reference");
                rows_array out({ rows.shape(0), rows.shape(1) });
                const gr_complex* left =
                    filter.process(rows.data(), reference ? reference->data() : nullptr);
                std::copy_n(left, rows.size(), out.mutable_data());
                return out;
            },
            py::arg("rows"),
            py::arg("reference") = py::none(),
            "The M x N array without clutter; without a reference the grid's pilots are "
            "known.")
        .def("reset", &clutter_filter::reset, "Forgets the frames before.");
}

} // namespace

void bind_range_doppler_detector(py::module& m);
void bind_range_doppler_estimator(py::module& m);
void bind_crlb_monitor(py::module& m);

// The kernels stay in a module of their own; gnuradio.isac.sensing is what users see.
void bind_sensing(py::module& m)
{
    py::module kernels = m.def_submodule("_sensing", "Sensing kernels.");
    bind_map(kernels);
    bind_cfar(kernels);
    bind_clutter(kernels);
    bind_estimator(kernels);
    bind_range_doppler_estimator(m);
    bind_range_doppler_detector(m);
    bind_crlb_monitor(m);
}
