/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/ofdm_demodulator.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/ofdm_modulator.h>
#include <gnuradio/isac/ofdm_receiver.h>
#include <gnuradio/isac/waveform/constellation.h>
#include <gnuradio/isac/waveform/frame_codec.h>
#include <gnuradio/isac/waveform/frame_mapper.h>
#include <gnuradio/isac/waveform/frame_receiver.h>
#include <gnuradio/isac/waveform/ofdm_transform.h>
#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <optional>
#include <variant>

namespace py = pybind11;

namespace {

using namespace gr::isac;
using byte_array = py::array_t<uint8_t, py::array::c_style | py::array::forcecast>;
using complex_array = py::array_t<gr_complex, py::array::c_style | py::array::forcecast>;

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

void bind_grid(py::module& m)
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


ofdm_grid::sptr shared(const std::shared_ptr<ofdm_grid>& grid) { return grid; }

void check_length(const char* what, size_t given, size_t wanted)
{
    require(given == wanted, what, given, "must be " + std::to_string(wanted));
}

void check_frame(const ofdm_grid& grid, const complex_array& rows)
{
    check_length("number of values in rows",
                 rows.size(),
                 grid.num_symbols() * grid.num_subcarriers());
}

complex_array empty_rows(const ofdm_grid& grid)
{
    return complex_array({ grid.num_symbols(), grid.num_subcarriers() });
}

complex_array map_frame(const std::shared_ptr<ofdm_grid>& grid, const byte_array& bits)
{
    frame_mapper mapper(shared(grid));
    check_length("number of bytes in bits", bits.size(), mapper.frame_bytes());
    complex_array rows = empty_rows(*grid);
    for (size_t m = 0; m < grid->num_symbols(); m++)
        mapper.map(m, bits.data(), rows.mutable_data() + m * grid->num_subcarriers());
    return rows;
}

complex_array modulate(const std::shared_ptr<ofdm_grid>& grid, const complex_array& rows)
{
    check_frame(*grid, rows);
    ofdm_transform transform(shared(grid));
    complex_array samples(grid->frame_samples());
    const float scale = grid->amplitude();
    transform.modulate_preamble(samples.mutable_data(), scale);
    for (size_t m = 0; m < grid->num_symbols(); m++)
        transform.modulate(m,
                           rows.data() + m * grid->num_subcarriers(),
                           samples.mutable_data() + grid->symbol_start(m) -
                               grid->cp_len(m),
                           scale);
    return samples;
}

complex_array demodulate(const std::shared_ptr<ofdm_grid>& grid,
                         const complex_array& samples,
                         int timing_advance)
{
    check_length("number of samples", samples.size(), grid->frame_samples());
    ofdm_transform transform(shared(grid), timing_advance);
    complex_array rows = empty_rows(*grid);
    for (size_t m = 0; m < grid->num_symbols(); m++)
        transform.demodulate(samples.data() + grid->symbol_start(m) -
                                 transform.timing_advance(),
                             rows.mutable_data() + m * grid->num_subcarriers());
    return rows;
}

py::dict as_dict(const decoded_frame& found)
{
    py::dict d;
    d["ok"] = found.ok;
    d["frame"] = found.frame;
    d["payload"] = found.ok ? py::bytes(reinterpret_cast<const char*>(found.payload),
                                        found.payload_bytes)
                            : py::bytes();
    return d;
}

py::dict receive(frame_receiver& receiver,
                 const complex_array& rows,
                 const std::optional<byte_array>& reference)
{
    check_frame(*receiver.grid(), rows);
    if (reference)
        check_length(
            "number of bytes in reference", reference->size(), receiver.frame_bytes());
    const received_frame& found =
        receiver.receive(rows.data(), reference ? reference->data() : nullptr);
    py::dict d = as_dict(found.payload);
    d["rsrp_dbm"] = found.rsrp_dbm;
    d["sinr_db"] = found.sinr_db;
    d["evm_db"] = found.evm_db;
    d["ber"] = found.ber;
    d["delay"] = found.delay;
    d["doppler"] = found.doppler;
    return d;
}

void bind_kernels(py::module& m)
{
    py::class_<constellation>(m, "constellation", R"doc(
The Gray-mapped constellations of TS 38.211, 5.1, at unit mean energy.

Args:
    modulation: "bpsk", "qpsk", "16qam", "64qam" or "256qam".

Raises:
    ValueError: for any other name.
)doc")
        .def(py::init<const std::string&>(), py::arg("modulation"))
        .def("bits_per_symbol", &constellation::bits_per_symbol)
        .def(
            "points",
            [](const constellation& c) {
                return complex_array(c.points().size(), c.points().data());
            },
            "The symbol of every group of bits, the first bit most significant.")
        .def(
            "map",
            [](const constellation& c, const byte_array& bits) {
                complex_array symbols(bits.size() * 8 / c.bits_per_symbol());
                c.map(bits.data(), 0, symbols.mutable_data(), symbols.size());
                return symbols;
            },
            py::arg("bits"),
            "Symbols of packed bytes, first bit most significant.")
        .def(
            "demap",
            [](const constellation& c, const complex_array& symbols) {
                byte_array bits((symbols.size() * c.bits_per_symbol() + 7) / 8);
                c.demap(symbols.data(), symbols.size(), bits.mutable_data(), 0);
                return bits;
            },
            py::arg("symbols"),
            "Hard decisions as packed bytes.");

    py::class_<frame_codec>(m, "frame_codec", R"doc(
Payload bytes to the data bits of a frame and back: header, CRC and scrambler.

Args:
    grid: the OFDM grid.
)doc")
        .def(py::init([](const std::shared_ptr<ofdm_grid>& grid) {
                 return std::make_unique<frame_codec>(*grid);
             }),
             py::arg("grid"))
        .def("capacity", &frame_codec::capacity, "Most payload bytes a frame.")
        .def("frame_bytes", &frame_codec::frame_bytes, "Bytes of a frame's bits.")
        .def(
            "encode",
            [](const frame_codec& codec, uint64_t frame, const std::string& payload) {
                byte_array bits(codec.frame_bytes());
                codec.encode(frame,
                             reinterpret_cast<const uint8_t*>(payload.data()),
                             payload.size(),
                             bits.mutable_data());
                return bits;
            },
            py::arg("frame"),
            py::arg("payload"),
            "The frame's bits as packed bytes. Raises ValueError beyond capacity().")
        .def(
            "decode",
            [](frame_codec& codec, const byte_array& bits) {
                check_length("number of bytes in bits", bits.size(), codec.frame_bytes());
                return as_dict(codec.decode(bits.data()));
            },
            py::arg("bits"),
            "Dict of ok (bool), frame (number) and payload (bytes).");

    m.def("map_frame",
          &map_frame,
          py::arg("grid"),
          py::arg("bits"),
          "M x N rows at unit energy from a frame's bits (frame_codec.encode).");
    m.def("modulate",
          &modulate,
          py::arg("grid"),
          py::arg("rows"),
          "Samples of a frame (0 dBm mean power) from M x N rows at unit energy.");
    m.def("demodulate",
          &demodulate,
          py::arg("grid"),
          py::arg("samples"),
          py::arg("timing_advance") = 0,
          "M x N rows from the samples of a frame.");

    py::class_<frame_receiver>(m, "frame_receiver", R"doc(
Received rows of a frame to its payload and the quality of its link.

Args:
    grid: the OFDM grid.
    channel: "estimated" from the pilots, or "known": flat, of the grid's amplitude().

Raises:
    ValueError: for another channel, or "estimated" on a grid without pilots.
)doc")
        .def(py::init(
                 [](const std::shared_ptr<ofdm_grid>& grid, const std::string& channel) {
                     return std::make_unique<frame_receiver>(shared(grid), channel);
                 }),
             py::arg("grid"),
             py::arg("channel") = "estimated")
        .def("receive",
             &receive,
             py::arg("rows"),
             py::arg("reference") = py::none(),
             R"doc(
Args:
    rows: M x N received values.
    reference: the bits that were sent as packed bytes, to count errors.

Returns:
    dict: ok, frame, payload, rsrp_dbm, sinr_db, evm_db, ber, delay (s), doppler (Hz).
)doc");
}

void bind_blocks(py::module& m)
{
    py::class_<ofdm_modulator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<ofdm_modulator>>(m, "ofdm_modulator", R"doc(
Payload bytes to a continuous OFDM signal.

Input: payload bytes (input="stream") or PDUs on message port "pdus" (input="pdu").
Outputs: samples, abs(x)^2 = 1 is 1 mW; optionally reference rows of N values at unit energy. Tag
"frame" (uint64) on the first sample and the first row of every frame.

Args:
    grid: the OFDM grid.
    tx_power_dbm: mean power of the samples, dBm, -200 to 100.
    input: "stream", "pdu" or "none" (idle frames only).
    repeat_frame: repeat the first frame for ever, computed once.
    num_frames: frames to send before the block is done; 0: no limit.
    when_starved: "idle": send what is there, if only idle fill; "wait": wait until a frame's
        payload is full (the end of the stream goes into a last frame, and the block is done)
        or a PDU has come.

Raises:
    ValueError: for a value out of its range, or a grid without room for the payload.
)doc")
        .def(py::init([](const std::shared_ptr<ofdm_grid>& grid,
                         double tx_power_dbm,
                         const std::string& input,
                         bool repeat_frame,
                         uint64_t num_frames,
                         const std::string& when_starved) {
                 return ofdm_modulator::make(
                     grid, tx_power_dbm, input, repeat_frame, num_frames, when_starved);
             }),
             py::arg("grid"),
             py::arg("tx_power_dbm") = 0.0,
             py::arg("input") = "stream",
             py::arg("repeat_frame") = false,
             py::arg("num_frames") = 0,
             py::arg("when_starved") = "idle")
        .def("capacity", &ofdm_modulator::capacity, "Most payload bytes a frame.")
        .def("frames_sent", &ofdm_modulator::frames_sent, "Frames begun so far.")
        .def("faults", &ofdm_modulator::faults, "Counts of what was dropped, by kind.")
        .def("tx_power_dbm", &ofdm_modulator::tx_power_dbm)
        .def("set_tx_power_dbm",
             &ofdm_modulator::set_tx_power_dbm,
             py::arg("tx_power_dbm"),
             "dBm, from the next frame on. Raises ValueError out of -200 to 100.");

    py::class_<ofdm_demodulator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<ofdm_demodulator>>(m, "ofdm_demodulator", R"doc(
Samples to rows: removes the cyclic prefix, FFT.

Frames start at "frame" tags; without any they follow from the first sample on. Output: rows of N
values in ascending frequency; the tags frame, scene_time, rx_time, rx_rate and rx_freq of a
frame's first sample on its first row.

Args:
    grid: the OFDM grid.
    timing_advance: samples by which the FFT window starts early, 0 to the shortest CP; rows
        keep their true delay.

Raises:
    ValueError: for a value out of its range.
)doc")
        .def(py::init([](const std::shared_ptr<ofdm_grid>& grid, int timing_advance) {
                 return ofdm_demodulator::make(grid, timing_advance);
             }),
             py::arg("grid"),
             py::arg("timing_advance") = 0)
        .def("faults", &ofdm_demodulator::faults, "Counts of what was dropped, by kind.");

    py::class_<ofdm_receiver, gr::block, gr::basic_block, std::shared_ptr<ofdm_receiver>>(
        m, "ofdm_receiver", R"doc(
Rows to payload bytes and the quality of the link.

Inputs: rows of N values; optionally reference rows, matched by frame number, to count bit errors.
Outputs: optionally the payload bytes of frames whose CRC holds. Message ports: "pdus" (metadata
frame and scene_time, u8vector), "link" (a dict for every whole frame: frame, scene_time, node,
rsrp_dbm, sinr_db, evm_db, ber).

Args:
    grid: the OFDM grid.
    node: the cell that transmits, in link messages; not negative.
    channel: "estimated" from the pilots, or "known": flat, of the amplitude that an
        ofdm_modulator at 0 dBm has at its output.

Raises:
    ValueError: for a value out of its range, or "estimated" on a grid without pilots.
)doc")
        .def(py::init([](const std::shared_ptr<ofdm_grid>& grid,
                         int64_t node,
                         const std::string& channel) {
                 return ofdm_receiver::make(grid, node, channel);
             }),
             py::arg("grid"),
             py::arg("node") = 0,
             py::arg("channel") = "estimated")
        .def("num_frames", &ofdm_receiver::num_frames, "Whole frames received.")
        .def("num_failed_crcs",
             &ofdm_receiver::num_failed_crcs,
             "Those of them whose header's or payload's CRC failed.")
        .def("faults", &ofdm_receiver::faults, "Counts of what was dropped, by kind.");
}

} // namespace

void bind_waveform(py::module& m)
{
    bind_grid(m);
    bind_blocks(m);
    py::module kernels =
        m.def_submodule("_waveform", "The kernels of the waveform on NumPy arrays.");
    bind_kernels(kernels);
}
