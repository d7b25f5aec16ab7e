/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/ofdm_demodulator.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/ofdm_modulator.h>
#include <gnuradio/isac/ofdm_receiver.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace py = pybind11;

void bind_ofdm_grid(py::module& m);
void bind_waveform_kernels(py::module& m);

namespace {

using namespace gr::isac;

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
                         int64_t num_frames,
                         const std::string& when_starved) {
                 require(num_frames >= 0,
                         "ofdm_modulator: num_frames",
                         num_frames,
                         "must not be negative");
                 return ofdm_modulator::make(grid,
                                             tx_power_dbm,
                                             input,
                                             repeat_frame,
                                             static_cast<uint64_t>(num_frames),
                                             when_starved);
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

Frames start at "frame" tags; without any they follow from the first sample on. An rx_time tag
tells of lost samples, as a UHD source puts it behind an overflow: their frame is torn, and frames
without tags keep their places and are numbered. Output: rows of N values in ascending frequency;
the tags frame, scene_time, rx_time, rx_rate and rx_freq of a frame's first sample on its first
row, scene_time from the receiver's clock where the stream has none.

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
    bind_ofdm_grid(m);
    bind_blocks(m);
    py::module kernels = m.def_submodule(
        "_waveform", "Kernels on NumPy arrays; use gnuradio.isac.waveform.");
    bind_waveform_kernels(kernels);
}
