/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
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

namespace py = pybind11;
using namespace gr::isac;

namespace {

using byte_array = py::array_t<uint8_t, py::array::c_style | py::array::forcecast>;
using complex_array = py::array_t<gr_complex, py::array::c_style | py::array::forcecast>;

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

} // namespace

void bind_waveform_kernels(py::module& m)
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
