/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <pybind11/pybind11.h>

namespace py = pybind11;

void bind_theory(py::module& m);
void bind_waveform(py::module& m);
void bind_channel(py::module& m);
void bind_scene(py::module& m);
void bind_scene_channel(py::module& m);
void bind_sensing(py::module& m);
void bind_mobility(py::module& m);

PYBIND11_MODULE(isac_python, m)
{
    // The bases of every block: gr.block, gr.sync_block, gr.basic_block
    py::module::import("gnuradio.gr");

    bind_theory(m);
    bind_waveform(m);
    bind_channel(m);
    bind_scene(m);
    bind_scene_channel(m);
    bind_sensing(m);
    bind_mobility(m);
}
