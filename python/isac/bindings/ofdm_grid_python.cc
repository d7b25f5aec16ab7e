/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/ofdm_grid.h>
#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <algorithm>
#include <variant>

namespace py = pybind11;

namespace {

using gr::isac::ofdm_grid;

using cp_lengths = std::variant<int, std::vector<int>>;
// (symbol, subcarrier) or (symbol, subcarrier, value)
using pilot_tuple = std::variant<std::tuple<int, int, gr_complex>, std::tuple<int, int>>;

std::shared_ptr<ofdm_grid> make_grid(int fft_len,
                                     const cp_lengths& cp_len,
                                     int num_symbols,
                                     double subcarrier_spacing,
                                     double carrier_frequency,
                                     const std::string& pilots,
                                     double pilot_share,
                                     int comb_spacing_frequency,
                                     int comb_spacing_time,
                                     int comb_offset_frequency,
                                     int comb_offset_time,
                                     int comb_stagger,
                                     const std::vector<pilot_tuple>& pilot_cells,
                                     const std::string& modulation,
                                     bool dc_null,
                                     int guard_low,
                                     int guard_high,
                                     bool preamble,
                                     int pilot_seed)
{
    ofdm_grid::parameters p;
    p.fft_len = fft_len;
    p.cp_len = std::holds_alternative<int>(cp_len)
                   ? std::vector<int>{ std::get<int>(cp_len) }
                   : std::get<std::vector<int>>(cp_len);
    p.num_symbols = num_symbols;
    p.subcarrier_spacing = subcarrier_spacing;
    p.carrier_frequency = carrier_frequency;
    p.pilots = pilots;
    p.pilot_share = pilot_share;
    p.comb_spacing_frequency = comb_spacing_frequency;
    p.comb_spacing_time = comb_spacing_time;
    p.comb_offset_frequency = comb_offset_frequency;
    p.comb_offset_time = comb_offset_time;
    p.comb_stagger = comb_stagger;
    for (const auto& cell : pilot_cells) {
        if (std::holds_alternative<std::tuple<int, int>>(cell)) {
            const auto& [symbol, subcarrier] = std::get<std::tuple<int, int>>(cell);
            p.pilot_cells.push_back({ symbol, subcarrier, { 0, 0 } });
        } else {
            const auto& [symbol, subcarrier, value] =
                std::get<std::tuple<int, int, gr_complex>>(cell);
            p.pilot_cells.push_back({ symbol, subcarrier, value });
        }
    }
    p.modulation = modulation;
    p.dc_null = dc_null;
    p.guard_low = guard_low;
    p.guard_high = guard_high;
    p.preamble = preamble;
    p.pilot_seed = pilot_seed;
    return std::make_shared<ofdm_grid>(p);
}

py::dict preset_parameters(const std::string& name)
{
    const ofdm_grid::parameters p = ofdm_grid::preset(name);
    py::dict d;
    d["fft_len"] = p.fft_len;
    d["cp_len"] = p.cp_len;
    d["num_symbols"] = p.num_symbols;
    d["subcarrier_spacing"] = p.subcarrier_spacing;
    d["carrier_frequency"] = p.carrier_frequency;
    d["pilots"] = p.pilots;
    d["pilot_share"] = p.pilot_share;
    d["comb_spacing_frequency"] = p.comb_spacing_frequency;
    d["comb_spacing_time"] = p.comb_spacing_time;
    d["comb_offset_frequency"] = p.comb_offset_frequency;
    d["comb_offset_time"] = p.comb_offset_time;
    d["comb_stagger"] = p.comb_stagger;
    d["modulation"] = p.modulation;
    d["dc_null"] = p.dc_null;
    d["guard_low"] = p.guard_low;
    d["guard_high"] = p.guard_high;
    d["preamble"] = p.preamble;
    d["pilot_seed"] = p.pilot_seed;
    return d;
}

} // namespace

void bind_ofdm_grid(py::module& m)
{
    const ofdm_grid::parameters defaults;
    py::class_<ofdm_grid, std::shared_ptr<ofdm_grid>>(m, "ofdm_grid", R"doc(
The OFDM grid that a transmitter and its receivers share: what stands on every resource element.

A frame is num_symbols OFDM symbols after an optional preamble symbol. A row is fft_len values in
ascending frequency, the carrier at fft_len / 2. Immutable; share one among all blocks.

Args:
    fft_len: subcarriers and FFT length N, even, 2 to 65536.
    cp_len: cyclic prefix in samples, 0 to N; an int, or a list that repeats over the symbols.
    num_symbols: OFDM symbols a frame M, 1 to 65536.
    subcarrier_spacing: Hz.
    carrier_frequency: Hz.
    pilots: "none", "contiguous" (the lowest pilot_share of the active subcarriers), "comb",
        "all", or "cells" (given by hand in pilot_cells).
    pilot_share: rho, above 0, at most 1.
    comb_spacing_frequency, comb_spacing_time: S_f and S_t, at least 1.
    comb_offset_frequency, comb_offset_time: first pilot subcarrier and symbol.
    comb_stagger: subcarriers that the comb moves from one pilot symbol to the next (PRS).
    pilot_cells: (symbol, subcarrier) or (symbol, subcarrier, value) each, modulus 1.
    modulation: "bpsk", "qpsk", "16qam", "64qam" or "256qam".
    dc_null: leave the carrier's own subcarrier empty.
    guard_low, guard_high: empty subcarriers at the edges.
    preamble: send a symbol of two equal halves before each frame, for frame sync.
    pilot_seed: c_init of the pilots' Gold sequence (TS 38.211, 5.2.1).

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(py::init(&make_grid),
             py::arg("fft_len") = defaults.fft_len,
             py::arg("cp_len") = defaults.cp_len[0],
             py::arg("num_symbols") = defaults.num_symbols,
             py::arg("subcarrier_spacing") = defaults.subcarrier_spacing,
             py::arg("carrier_frequency") = defaults.carrier_frequency,
             py::arg("pilots") = defaults.pilots,
             py::arg("pilot_share") = defaults.pilot_share,
             py::arg("comb_spacing_frequency") = defaults.comb_spacing_frequency,
             py::arg("comb_spacing_time") = defaults.comb_spacing_time,
             py::arg("comb_offset_frequency") = defaults.comb_offset_frequency,
             py::arg("comb_offset_time") = defaults.comb_offset_time,
             py::arg("comb_stagger") = defaults.comb_stagger,
             py::arg("pilot_cells") = std::vector<pilot_tuple>{},
             py::arg("modulation") = defaults.modulation,
             py::arg("dc_null") = defaults.dc_null,
             py::arg("guard_low") = defaults.guard_low,
             py::arg("guard_high") = defaults.guard_high,
             py::arg("preamble") = defaults.preamble,
             py::arg("pilot_seed") = defaults.pilot_seed)
        .def_static(
            "presets", &ofdm_grid::presets, "Names that preset_parameters() knows.")
        .def_static("preset_parameters",
                    &preset_parameters,
                    py::arg("name"),
                    "The parameters of a preset, as a dict to change and pass on.")
        .def("num_subcarriers", &ofdm_grid::num_subcarriers, "N, the length of a row.")
        .def("num_symbols", &ofdm_grid::num_symbols, "M, rows a frame.")
        .def("subcarrier_spacing", &ofdm_grid::subcarrier_spacing, "Hz.")
        .def("carrier_frequency", &ofdm_grid::carrier_frequency, "Hz.")
        .def("sample_rate", &ofdm_grid::sample_rate, "Samples a second.")
        .def("wavelength", &ofdm_grid::wavelength, "m.")
        .def("cp_lens", &ofdm_grid::cp_lens, "CP of each symbol, samples.")
        .def("preamble_samples", &ofdm_grid::preamble_samples, "0 without a preamble.")
        .def("frame_samples",
             &ofdm_grid::frame_samples,
             "Samples a frame, preamble included.")
        .def("frame_duration", &ofdm_grid::frame_duration, "s.")
        .def("middle_time",
             &ofdm_grid::middle_time,
             "From the frame's first sample to the middle that estimates refer to, s.")
        .def("symbol_times",
             &ofdm_grid::symbol_times,
             "Centre of each symbol's useful part from the middle of the frame, s.")
        .def("symbol_duration", &ofdm_grid::symbol_duration, "Mean, CP included, s.")
        .def(
            "elements",
            [](const ofdm_grid& grid) {
                py::array_t<uint8_t> rows({ grid.num_symbols(), grid.num_subcarriers() });
                std::transform(
                    grid.elements().begin(),
                    grid.elements().end(),
                    rows.mutable_data(),
                    [](ofdm_grid::element e) { return static_cast<uint8_t>(e); });
                return rows;
            },
            "M x N array: 0 null, 1 data, 2 pilot.")
        .def(
            "pilot_rows",
            [](const ofdm_grid& grid) {
                return py::array_t<gr_complex>(
                    { grid.num_symbols(), grid.num_subcarriers() }, grid.pilots().data());
            },
            "M x N array: unit-modulus pilots, zero elsewhere.")
        .def(
            "preamble_row",
            [](const ofdm_grid& grid) {
                return py::array_t<gr_complex>(grid.preamble_row().size(),
                                               grid.preamble_row().data());
            },
            "The preamble's N subcarriers; empty without one.")
        .def("num_data", [](const ofdm_grid& grid) { return grid.data_indices().size(); })
        .def("num_pilots",
             [](const ofdm_grid& grid) { return grid.pilot_indices().size(); })
        .def("num_active", &ofdm_grid::num_active, "Data and pilots together, a frame.")
        .def("amplitude",
             &ofdm_grid::amplitude,
             "Factor from unit-energy elements to samples of unit mean power.")
        .def("modulation", [](const ofdm_grid& grid) { return grid.params().modulation; })
        .def("bits_per_element", &ofdm_grid::bits_per_element)
        .def("data_bits", &ofdm_grid::data_bits, "Bits a frame on its data elements.")
        .def("bandwidth", &ofdm_grid::bandwidth, "Occupied, Hz.")
        .def("range_resolution",
             &ofdm_grid::range_resolution,
             py::arg("pilots_only") = false,
             "c / (2 B), m, monostatic.")
        .def("velocity_resolution", &ofdm_grid::velocity_resolution, "m/s.")
        .def("unambiguous_range",
             &ofdm_grid::unambiguous_range,
             py::arg("pilots_only") = false,
             "m, monostatic.")
        .def("unambiguous_velocity",
             &ofdm_grid::unambiguous_velocity,
             py::arg("pilots_only") = false,
             "m/s, either way.")
        .def("cp_range", &ofdm_grid::cp_range, "Range whose echo the CP holds, m.")
        .def(
            "pilot_overhead", &ofdm_grid::pilot_overhead, "Share of the active elements.")
        .def("warnings",
             &ofdm_grid::warnings,
             py::arg("farthest_range"),
             py::arg("highest_velocity"),
             py::arg("pilots_only") = false,
             "What a scene (m, m/s) asks that the grid cannot give, one line each.")
        .def("__repr__", [](const ofdm_grid& grid) {
            return "<isac.ofdm_grid: " + grid.describe() + ">";
        });
}
