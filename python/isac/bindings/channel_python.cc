/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/target.h>
#include <gnuradio/isac/channel/trajectory.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/echo_channel.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <optional>
#include <variant>

namespace py = pybind11;

namespace {

using gr::isac::echo_channel;
using gr::isac::echo_scene;
using gr::isac::ofdm_grid;
using gr::isac::require;
using gr::isac::target;
using gr::isac::trajectory;
using gr::isac::vector3;

// A trajectory, or the place of what stands still.
using place = std::variant<std::shared_ptr<trajectory>, vector3>;

std::shared_ptr<trajectory> trajectory_of(const place& p)
{
    if (std::holds_alternative<vector3>(p))
        return std::make_shared<trajectory>(std::get<vector3>(p), vector3{ 0, 0, 0 });
    return std::get<std::shared_ptr<trajectory>>(p);
}

std::shared_ptr<trajectory>
make_trajectory(const std::optional<vector3>& position,
                const std::optional<vector3>& velocity,
                const std::optional<std::vector<double>>& times,
                const std::optional<std::vector<vector3>>& positions)
{
    if (times && positions && !position && !velocity)
        return std::make_shared<trajectory>(*times, *positions);
    if (!times && !positions && position)
        return std::make_shared<trajectory>(*position,
                                            velocity.value_or(vector3{ 0, 0, 0 }));
    throw std::invalid_argument(
        "trajectory: give position (and velocity), or times and positions");
}

void bind_trajectory(py::module& m)
{
    py::class_<trajectory, std::shared_ptr<trajectory>>(m, "trajectory", R"doc(
Where a node or a target is at each scene time. Immutable.

Either a position at scene time 0 with a constant velocity, or waypoints joined by straight
lines at constant speed; before the first and after the last waypoint it stands still.

Args:
    position: (x, y, z) at scene time 0, m.
    velocity: (x, y, z), m/s.
    times: of the waypoints, s, ascending.
    positions: of the waypoints, (x, y, z) each, m; lists or an array of three columns.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(py::init(&make_trajectory),
             py::arg("position") = py::none(),
             py::arg("velocity") = py::none(),
             py::arg("times") = py::none(),
             py::arg("positions") = py::none())
        .def("position", &trajectory::position, py::arg("time"), "m, at a scene time, s.")
        .def("velocity",
             &trajectory::velocity,
             py::arg("time"),
             "m/s, at a scene time, s.");
}

void bind_target(py::module& m)
{
    py::class_<target, std::shared_ptr<target>>(m, "target", R"doc(
A point target. Immutable.

Args:
    trajectory: where it goes; an (x, y, z) in m stands still.
    rcs: mean radar cross section, m^2, positive.
    swerling: 0 fixed; 1 and 3 drawn anew every dwell, 2 and 4 every frame; 1 and 2
        exponential, 3 and 4 chi-square of four degrees of freedom.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(py::init([](const place& p, double rcs, int swerling) {
                 return std::make_shared<target>(trajectory_of(p), rcs, swerling);
             }),
             py::arg("trajectory"),
             py::arg("rcs") = 0.1,
             py::arg("swerling") = 0)
        .def(
            "position",
            [](const target& t, double time) { return t.path()->position(time); },
            py::arg("time"),
            "m, at a scene time, s.")
        .def("rcs", &target::rcs_m2, "Mean radar cross section, m^2.")
        .def("swerling", &target::swerling);
}

std::vector<target::sptr> shared(const std::vector<std::shared_ptr<target>>& targets)
{
    return { targets.begin(), targets.end() };
}

std::shared_ptr<echo_channel>
make_channel(const std::shared_ptr<ofdm_grid>& grid,
             const place& transmitter,
             const std::optional<place>& receiver,
             const std::vector<std::shared_ptr<target>>& targets,
             int64_t tx,
             int64_t rx,
             const std::string& path_loss,
             double path_loss_exponent,
             double reference_loss_db,
             bool direct_path,
             double tx_gain_db,
             double rx_gain_db,
             double noise_figure_db,
             bool noise_enabled,
             const std::string& self_interference,
             double leakage_gain_db,
             double leakage_delay,
             double residual_dbm,
             double shadowing_std_db,
             double shadowing_correlation_m,
             int dwell_frames,
             double revisit_interval,
             double start_time,
             int64_t seed)
{
    require(seed >= 0, "echo_channel: seed", seed, "must not be negative");
    echo_scene::parameters p;
    p.transmitter = trajectory_of(transmitter);
    if (receiver)
        p.receiver = trajectory_of(*receiver);
    p.targets = shared(targets);
    p.path_loss = path_loss;
    p.path_loss_exponent = path_loss_exponent;
    p.reference_loss_db = reference_loss_db;
    p.direct_path = direct_path;
    p.tx_gain_db = tx_gain_db;
    p.rx_gain_db = rx_gain_db;
    p.noise_figure_db = noise_figure_db;
    p.noise_enabled = noise_enabled;
    p.self_interference = self_interference;
    p.leakage_gain_db = leakage_gain_db;
    p.leakage_delay = leakage_delay;
    p.residual_dbm = residual_dbm;
    p.shadowing_std_db = shadowing_std_db;
    p.shadowing_correlation_m = shadowing_correlation_m;
    p.dwell_frames = dwell_frames;
    p.seed = static_cast<uint64_t>(seed);
    return echo_channel::make(grid, p, tx, rx, revisit_interval, start_time);
}

void bind_echo_channel(py::module& m)
{
    const echo_scene::parameters defaults;
    py::class_<echo_channel, gr::block, gr::basic_block, std::shared_ptr<echo_channel>>(
        m, "echo_channel", R"doc(
What one receiver hears of one transmitter: echoes, direct path, self-interference, noise.

Complex samples in and out, one for one and without latency; abs(x)^2 = 1 is 1 mW. Publishes
ground_truth at the end of every frame. Tags frame and scene_time stand on the first sample
of every frame; frame tags of the input set the frames, without them frames of
grid.frame_samples() follow each other.

Args:
    grid: isac.ofdm_grid, shared with modulator and receivers.
    transmitter: isac.trajectory, or (x, y, z) in m.
    receiver: the same; None is where the transmitter is (monostatic).
    targets: list of isac.target.
    tx, rx: numbers of the nodes, for reports; not negative.
    path_loss: "uma_av" (3GPP TR 36.777), "log_distance" or "free_space", one way.
    path_loss_exponent, reference_loss_db: of log_distance; dB at 1 m.
    direct_path: transmitter straight to receiver; bistatic only.
    tx_gain_db, rx_gain_db: array gains on all paths but leakage, dB.
    noise_figure_db: over k 290 K, dB, not negative.
    noise_enabled: add thermal noise.
    self_interference: "none", "leakage" (a replica) or "residual" (white Gaussian).
    leakage_gain_db: over the transmitted power, dB.
    leakage_delay: s, not negative.
    residual_dbm: residual interference over the whole sample bandwidth, dBm.
    shadowing_std_db: of a one-way link, dB; a monostatic echo has it twice.
    shadowing_correlation_m: distance over which shadowing decays by 1/e, m.
    dwell_frames: frames over which Swerling 1 and 3 hold, at least 1.
    revisit_interval: scene time from frame to frame, s; 0 is continuous.
    start_time: scene time of the first sample, s.
    seed: of noise, cross sections and shadowing; not negative.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(py::init(&make_channel),
             py::arg("grid"),
             py::arg("transmitter"),
             py::arg("receiver") = py::none(),
             py::arg("targets") = std::vector<std::shared_ptr<target>>{},
             py::arg("tx") = 0,
             py::arg("rx") = 0,
             py::arg("path_loss") = defaults.path_loss,
             py::arg("path_loss_exponent") = defaults.path_loss_exponent,
             py::arg("reference_loss_db") = defaults.reference_loss_db,
             py::arg("direct_path") = defaults.direct_path,
             py::arg("tx_gain_db") = defaults.tx_gain_db,
             py::arg("rx_gain_db") = defaults.rx_gain_db,
             py::arg("noise_figure_db") = defaults.noise_figure_db,
             py::arg("noise_enabled") = defaults.noise_enabled,
             py::arg("self_interference") = defaults.self_interference,
             py::arg("leakage_gain_db") = defaults.leakage_gain_db,
             py::arg("leakage_delay") = defaults.leakage_delay,
             py::arg("residual_dbm") = defaults.residual_dbm,
             py::arg("shadowing_std_db") = defaults.shadowing_std_db,
             py::arg("shadowing_correlation_m") = defaults.shadowing_correlation_m,
             py::arg("dwell_frames") = defaults.dwell_frames,
             py::arg("revisit_interval") = 0.0,
             py::arg("start_time") = 0.0,
             py::arg("seed") = static_cast<int64_t>(defaults.seed))
        .def(
            "set_targets",
            [](echo_channel& block, const std::vector<std::shared_ptr<target>>& targets) {
                block.set_targets(shared(targets));
            },
            py::arg("targets"),
            "List of isac.target, from the next frame on.")
        .def("set_noise_figure_db",
             &echo_channel::set_noise_figure_db,
             py::arg("figure"),
             "dB, not negative; from the next frame on.")
        .def("set_noise_enabled",
             &echo_channel::set_noise_enabled,
             py::arg("enabled"),
             "From the next frame on.")
        .def("set_tx_gain_db",
             &echo_channel::set_tx_gain_db,
             py::arg("gain"),
             "dB, from the next frame on.")
        .def("set_rx_gain_db",
             &echo_channel::set_rx_gain_db,
             py::arg("gain"),
             "dB, from the next frame on.")
        .def("set_shadowing_std_db",
             &echo_channel::set_shadowing_std_db,
             py::arg("std"),
             "dB, not negative; from the next frame on.")
        .def("set_self_interference",
             &echo_channel::set_self_interference,
             py::arg("mode"),
             "\"none\", \"leakage\" or \"residual\", from the next frame on.")
        .def("set_leakage_gain_db",
             &echo_channel::set_leakage_gain_db,
             py::arg("gain"),
             "Over the transmitted power, dB; from the next frame on.")
        .def("set_residual_dbm",
             &echo_channel::set_residual_dbm,
             py::arg("power"),
             "Over the whole sample bandwidth, dBm; from the next frame on.")
        .def("set_revisit_interval",
             &echo_channel::set_revisit_interval,
             py::arg("interval"),
             "s, 0 is continuous; from the next frame on.")
        .def("faults", &echo_channel::faults, "How often each kind of fault occurred.");
}

} // namespace

void bind_channel(py::module& m)
{
    bind_trajectory(m);
    bind_target(m);
    bind_echo_channel(m);
}
