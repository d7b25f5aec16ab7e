/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/scene_channel.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace py = pybind11;
using namespace gr::isac;

namespace {

// "UE1", or ("AP1", "object").
using named = std::variant<std::string, std::pair<std::string, std::string>>;

std::vector<scene_paths::stream> streams(const std::vector<named>& names)
{
    std::vector<scene_paths::stream> all;
    for (const named& one : names) {
        if (const auto* beam = std::get_if<1>(&one))
            all.push_back({ beam->first, beam->second });
        else
            all.push_back({ std::get<0>(one), "" });
    }
    return all;
}

double start_of(const scene& s)
{
    return std::isfinite(s.params().first_time) ? s.params().first_time : 0;
}

scene_channel::sptr make_channel(ofdm_grid::sptr grid,
                                 const std::shared_ptr<scene>& scene,
                                 const std::vector<named>& transmit,
                                 const std::vector<named>& receive,
                                 const std::string& paths,
                                 const std::string& self_interference,
                                 const std::string& fading,
                                 bool noise_enabled,
                                 int dwell_frames,
                                 double revisit_interval,
                                 const std::optional<double>& start_time,
                                 int64_t seed)
{
    gr::isac::require(seed >= 0, "scene_channel: seed", seed, "must not be negative");
    scene_paths::parameters p;
    p.scene = scene;
    p.transmit = streams(transmit);
    p.receive = streams(receive);
    p.paths = paths;
    p.self_interference = self_interference;
    p.fading = fading;
    p.noise_enabled = noise_enabled;
    p.dwell_frames = dwell_frames;
    p.seed = static_cast<uint64_t>(seed);
    return scene_channel::make(std::move(grid),
                               p,
                               revisit_interval,
                               start_time || !scene ? start_time.value_or(0)
                                                    : start_of(*scene));
}

} // namespace

void bind_scene_channel(py::module& m)
{
    const scene_paths::parameters defaults;
    py::class_<scene_channel, gr::block, gr::basic_block, std::shared_ptr<scene_channel>>(
        m, "scene_channel", R"doc(
What many receivers hear of many transmitters in a scene: direct paths, echoes, self-interference
and noise, behind the beams of each.

One input a transmitted stream and one output a received stream; complex samples, abs(x)^2 = 1 is
1 mW, one for one and without latency. Mean powers are those of the scene's link budget when each
stream is sent with its node's power_dbm; they are taken in the middle of each frame, with its lines
of sight. A node that both transmits and receives is split, and hears itself. Frame tags of input 0
set the frames, and those of other inputs are to stand at the same samples; without them frames of
grid.frame_samples() follow each other. Tags frame and scene_time stand on the first sample of every
frame of every output. Publishes ground_truth at the end of every frame, for each stream toward an
object and each node that receives.

Args:
    grid: isac.ofdm_grid of the scene's carrier frequency, shared with modulators and receivers.
    scene: isac.scene.scene.
    transmit: list of (node, object or user that its beam points at), by name, one an input.
    receive: list of (node, object) or of a user's name, one an output.
    paths: "all": every stream reaches every receiver straight (but its own node), and over each
        object. "budget": those that the link budget counts; a node receives the echo of the object
        that its beam and the transmitted one point at, and the beams toward users straight, a user
        its own beam and those toward objects straight.
    self_interference: how a split node hears its self_interference_dbm: "residual" (white
        Gaussian), "leakage" (a replica of what it sends) or "none".
    fading: of links without line of sight: "mean" (their mean power) or "rician" (by the scene's
        K, drawn anew every frame).
    noise_enabled: add the noise of nodes and users.
    dwell_frames: frames over which Swerling 1 and 3 hold, at least 1.
    revisit_interval: scene time from frame to frame, s; 0 is continuous.
    start_time: scene time of the first sample, s; None: when the scene begins, or 0.
    seed: of noise, cross sections and fading; not negative.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(py::init(&make_channel),
             py::arg("grid"),
             py::arg("scene"),
             py::arg("transmit"),
             py::arg("receive"),
             py::arg("paths") = defaults.paths,
             py::arg("self_interference") = defaults.self_interference,
             py::arg("fading") = defaults.fading,
             py::arg("noise_enabled") = defaults.noise_enabled,
             py::arg("dwell_frames") = defaults.dwell_frames,
             py::arg("revisit_interval") = 0.0,
             py::arg("start_time") = py::none(),
             py::arg("seed") = static_cast<int64_t>(defaults.seed))
        .def("set_noise_enabled",
             &scene_channel::set_noise_enabled,
             py::arg("enabled"),
             "From the next frame on.")
        .def("set_revisit_interval",
             &scene_channel::set_revisit_interval,
             py::arg("interval"),
             "s, 0 is continuous; from the next frame on.")
        .def("faults", &scene_channel::faults, "How often each kind of fault occurred.");
}
