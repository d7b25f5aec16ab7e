/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/scene.h>
#include <gnuradio/isac/channel/scene_budget.h>
#include <gnuradio/isac/check.h>
#include <initializer_list>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace py = pybind11;

namespace {

using gr::isac::antenna_array;
using gr::isac::require;
using gr::isac::scene;
using gr::isac::sensing_budget;
using gr::isac::target;
using gr::isac::trajectory;
using gr::isac::vector3;
using gr::isac::wall;

using values = py::array_t<double, py::array::c_style | py::array::forcecast>;

// A thing of the scene: its name, or its place in the list.
using label = std::variant<size_t, std::string>;

template <typename T>
size_t index_of(const char* what, const label& l, const std::vector<T>& list)
{
    std::string known;
    for (size_t i = 0; i < list.size(); i++) {
        if (const auto name = std::get_if<std::string>(&l); name && list[i].name == *name)
            return i;
        known += (i ? ", " : "") + list[i].name;
    }
    const auto index = std::get_if<size_t>(&l);
    if (index && *index < list.size())
        return *index;
    const std::string given =
        index ? std::to_string(*index) : "'" + std::get<std::string>(l) + "'";
    require(false,
            ("scene: " + std::string(what)).c_str(),
            given,
            known.empty() ? "has nothing to name" : "must be one of " + known);
    return 0;
}

template <typename T>
std::vector<std::string> names_of(const std::vector<T>& list)
{
    std::vector<std::string> names;
    for (const T& item : list)
        names.push_back(item.name);
    return names;
}

const trajectory& path_of(const scene& s, const std::string& name)
{
    const auto& p = s.params();
    for (const auto& n : p.nodes)
        if (n.name == name)
            return *n.path;
    for (const auto& u : p.users)
        if (u.name == name)
            return *u.path;
    for (const auto& o : p.objects)
        if (o.name == name)
            return *o.body->path();
    require(false, "scene: name", name, "must be a node, a user or an object");
    throw std::logic_error("unreachable");
}

double decibel(double power) { return 10 * std::log10(power); }

// The values of a budget at one time or at many, by name; numbers for a number.
template <size_t N, typename F>
py::dict
over_time(const values& time, const std::array<const char*, N>& names, F&& budget)
{
    std::vector<values> columns;
    for (size_t i = 0; i < N; i++)
        columns.emplace_back(
            std::vector<py::ssize_t>(time.shape(), time.shape() + time.ndim()));
    for (py::ssize_t row = 0; row < time.size(); row++) {
        const std::array<double, N> powers = budget(time.data()[row]);
        for (size_t i = 0; i < N; i++)
            columns[i].mutable_data()[row] = decibel(powers[i]);
    }
    py::dict d;
    for (size_t i = 0; i < N; i++) {
        if (time.ndim() == 0)
            d[names[i]] = *columns[i].data();
        else
            d[names[i]] = columns[i];
    }
    return d;
}

py::dict sensing_table(const scene& s,
                       const values& time,
                       const label& tx,
                       const label& rx,
                       const label& object)
{
    const auto& p = s.params();
    const size_t t = index_of("tx", tx, p.nodes), r = index_of("rx", rx, p.nodes),
                 o = index_of("object", object, p.objects);
    static constexpr std::array<const char*, 5> NAMES = {
        "echo_dbm", "noise_dbm", "self_interference_dbm", "interference_dbm", "sinr_db"
    };
    return over_time(time, NAMES, [&](double at) {
        const auto b = gr::isac::sense(s, at, t, r, o);
        return std::array{
            b.echo, b.noise, b.self_interference, b.interference, b.sinr()
        };
    });
}

py::dict user_table(const scene& s,
                    const values& time,
                    const label& user,
                    const label& tx,
                    const label& rx,
                    const label& object)
{
    const auto& p = s.params();
    const size_t u = index_of("user", user, p.users), t = index_of("tx", tx, p.nodes),
                 r = index_of("rx", rx, p.nodes),
                 o = index_of("object", object, p.objects);
    static constexpr std::array<const char*, 4> NAMES = {
        "signal_dbm", "noise_dbm", "interference_dbm", "sinr_db"
    };
    return over_time(time, NAMES, [&](double at) {
        const auto b = gr::isac::serve(s, at, u, t, r, o);
        return std::array{ b.signal, b.noise, b.interference, b.sinr() };
    });
}

// Sensing budgets of a scene whose users change: what they do not change is known from
// the first time on.
class budgets_of_drops
{
public:
    budgets_of_drops(size_t num_nodes, const values& times)
        : d_nodes(num_nodes),
          d_times(times.data(), times.data() + times.size()),
          d_known(num_nodes * num_nodes * 2 * d_times.size())
    {
    }

    sensing_budget at(const scene& s, size_t time_index, size_t tx, size_t rx)
    {
        const double time = d_times[time_index];
        if (tx >= d_nodes || rx >= d_nodes)
            return gr::isac::sense(s, time, tx, rx); // which refuses them
        const size_t serves = s.num_served(rx) > 0;
        auto& known =
            d_known[((tx * d_nodes + rx) * 2 + serves) * d_times.size() + time_index];
        if (!known)
            known = gr::isac::sense(s, time, tx, rx);
        sensing_budget b = *known;
        b.interference =
            downlink_interference(s, time, rx, receive_beam(s, time, tx, rx, 0));
        return b;
    }

private:
    size_t d_nodes;
    std::vector<double> d_times;
    std::vector<std::optional<sensing_budget>> d_known;
};

// Drops of users: the scene's own users, elsewhere.
values
dropped(const scene& s,
        const values& time,
        const values& places,
        const py::array_t<size_t, py::array::c_style | py::array::forcecast>& serving,
        const py::array_t<size_t, py::array::c_style | py::array::forcecast>& pairs)
{
    const auto is = [](const auto& array, std::initializer_list<py::ssize_t> shape) {
        return array.ndim() == static_cast<py::ssize_t>(shape.size()) &&
               std::equal(shape.begin(), shape.end(), array.shape());
    };
    const py::ssize_t users = s.num_users(), times = time.size();
    require(time.ndim() == 1, "scene: times with", time.ndim(), "dimensions, must be 1");
    require(pairs.ndim() == 3 && pairs.shape(2) == 2,
            "scene: pairs of size",
            pairs.size(),
            "must be drops x pairs x 2");
    const py::ssize_t drops = pairs.shape(0), count = pairs.shape(1);
    require(is(places, { drops, users, 3 }),
            "scene: places of size",
            places.size(),
            "must be drops x users x 3");
    require(is(serving, { drops, users }),
            "scene: serving of size",
            serving.size(),
            "must be drops x users");

    values result(std::vector<py::ssize_t>{ drops, times, count });
    double* out = result.mutable_data();
    const double* place = places.data();
    const size_t* node = serving.data();
    py::gil_scoped_release release;
    scene::parameters p = s.params();
    budgets_of_drops budgets(s.num_nodes(), time);
    for (py::ssize_t drop = 0; drop < drops; drop++) {
        for (auto& u : p.users) {
            u.path = trajectory::make({ place[0], place[1], place[2] });
            u.serving = *node++;
            place += 3;
        }
        const scene own(p);
        const size_t* const pair = pairs.data() + drop * count * 2;
        for (py::ssize_t i = 0; i < times; i++)
            for (py::ssize_t k = 0; k < count; k++)
                *out++ = decibel(budgets.at(own, i, pair[2 * k], pair[2 * k + 1]).sinr());
    }
    return result;
}

// Monostatic first, then every transmitter with each other receiver.
std::vector<std::pair<std::string, std::string>> configurations(const scene& s)
{
    std::vector<std::pair<std::string, std::string>> pairs;
    const auto& nodes = s.params().nodes;
    for (const auto& n : nodes)
        pairs.emplace_back(n.name, n.name);
    for (const auto& t : nodes)
        for (const auto& r : nodes)
            if (&t != &r)
                pairs.emplace_back(t.name, r.name);
    return pairs;
}

values times(const scene& s)
{
    const auto& p = s.params();
    require(std::isfinite(p.first_time) && std::isfinite(p.last_time),
            "scene: times",
            "without end",
            "must be given to list them");
    // The last one counts though the steps before it were rounded.
    const double steps =
        std::floor((p.last_time - p.first_time) / p.time_step * (1 + 1e-12));
    values result(static_cast<size_t>(steps) + 1);
    for (py::ssize_t i = 0; i < result.size(); i++)
        result.mutable_data()[i] = std::min(p.first_time + i * p.time_step, p.last_time);
    return result;
}

void bind_parts(py::module& m)
{
    py::class_<antenna_array>(m, "antenna_array", R"doc(
Isotropic elements on a horizontal line (ULA) or a rectangle (UPA), and their beams.

Args:
    columns: side by side on the horizontal line across broadside, at least 1.
    rows: upright to both, at least 1; 1 is a ULA.
    azimuth_deg: of broadside, from the x axis toward y.
    downtilt_deg: of broadside, from the horizon down.
    spacing: of columns and of rows, wavelengths, positive.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(py::init<size_t, size_t, double, double, double>(),
             py::arg("columns") = 1,
             py::arg("rows") = 1,
             py::arg("azimuth_deg") = 0.0,
             py::arg("downtilt_deg") = 0.0,
             py::arg("spacing") = 0.5)
        .def("columns", &antenna_array::columns)
        .def("rows", &antenna_array::rows)
        .def("gain",
             &antenna_array::gain,
             py::arg("steered"),
             py::arg("direction"),
             py::arg("columns"),
             "Linear power gain in a direction of the beam that some columns steer to "
             "another; both unit vectors.");

    py::class_<scene::node>(m, "node", R"doc(
An access point or base station of a scene; the scene checks the values.

Args:
    name: used once in the scene.
    path: isac.trajectory.
    array: antenna_array.
    power_dbm: transmitted, dBm.
    noise_dbm: in the band of power_dbm, dBm.
    full_duplex_split: share of the columns that transmit while the others receive, above 0 and
        below 1; 0: all transmit and all receive.
    self_interference_dbm: residual, where it receives echoes while it transmits, dBm; -inf: none.
)doc")
        .def(py::init([](const std::string& name,
                         const std::shared_ptr<trajectory>& path,
                         const antenna_array& array,
                         double power_dbm,
                         double noise_dbm,
                         double full_duplex_split,
                         double self_interference_dbm) {
                 return scene::node{ name,
                                     path,
                                     array,
                                     full_duplex_split,
                                     power_dbm,
                                     noise_dbm,
                                     self_interference_dbm };
             }),
             py::arg("name"),
             py::arg("path"),
             py::arg("array"),
             py::arg("power_dbm"),
             py::arg("noise_dbm"),
             py::arg("full_duplex_split") = 0.0,
             py::arg("self_interference_dbm") = scene::node().self_interference_dbm)
        .def_readwrite("name", &scene::node::name)
        .def_readwrite("array", &scene::node::array)
        .def_readwrite("power_dbm", &scene::node::power_dbm)
        .def_readwrite("noise_dbm", &scene::node::noise_dbm)
        .def_readwrite("full_duplex_split", &scene::node::full_duplex_split)
        .def_readwrite("self_interference_dbm", &scene::node::self_interference_dbm);

    py::class_<scene::user>(m, "user", R"doc(
One isotropic antenna that a node serves; the scene checks the values.

Args:
    name: used once in the scene.
    path: isac.trajectory.
    noise_dbm: in the band of the nodes' power, dBm.
    serving: place of its node in the scene's list.
)doc")
        .def(py::init([](const std::string& name,
                         const std::shared_ptr<trajectory>& path,
                         double noise_dbm,
                         size_t serving) {
                 return scene::user{ name, path, noise_dbm, serving };
             }),
             py::arg("name"),
             py::arg("path"),
             py::arg("noise_dbm"),
             py::arg("serving"))
        .def_readwrite("name", &scene::user::name)
        .def_readwrite("noise_dbm", &scene::user::noise_dbm)
        .def_readwrite("serving", &scene::user::serving);

    py::class_<scene::object>(m, "sensed_object", R"doc(
What is sensed.

Args:
    name: used once in the scene.
    body: isac.target.
)doc")
        .def(py::init([](const std::string& name, const std::shared_ptr<target>& body) {
                 return scene::object{ name, body };
             }),
             py::arg("name"),
             py::arg("body"))
        .def_readwrite("name", &scene::object::name)
        .def_property_readonly("rcs_m2",
                               [](const scene::object& o) { return o.body->rcs_m2(); })
        .def_property_readonly("swerling",
                               [](const scene::object& o) { return o.body->swerling(); });

    py::class_<wall>(m, "wall", R"doc(
What takes the line of sight: a segment seen from above, of any height, or a box along the axes.

Args:
    kind: "segment" or "box".
    start: one end, or the corner of the lowest coordinates, (x, y, z) in m.
    end: the other end, or the opposite corner.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(
            py::init([](const std::string& kind, const vector3& from, const vector3& to) {
                require(kind == "segment" || kind == "box",
                        "wall: kind",
                        kind,
                        "must be segment or box");
                return wall(
                    kind == "box" ? wall::shape::box : wall::shape::segment, from, to);
            }),
            py::arg("kind"),
            py::arg("start"),
            py::arg("end"))
        .def_property_readonly("kind",
                               [](const wall& w) {
                                   return w.kind() == wall::shape::box ? "box"
                                                                       : "segment";
                               })
        .def_property_readonly("start", &wall::from)
        .def_property_readonly("end", &wall::to)
        .def("blocks", &wall::blocks, py::arg("a"), py::arg("b"));

    py::class_<scene::propagation>(m, "propagation", R"doc(
How waves go between two places; the scene checks the values.

Args:
    path_loss: "log_distance", "free_space" or "uma_av" (TR 36.777).
    reference_loss_db: at 1 m, dB; log_distance only, as the exponents.
    los_exponent, nlos_exponent: of the distance, with and without line of sight.
    blockage_loss_db: added where there is no line of sight, dB.
    rician_k_db: K of a link without line of sight; -inf: scattered waves alone.
    blockage: "per_leg": each link of an echo has its own line of sight; "per_path": where one has
        none, neither has.
)doc")
        .def(py::init([](const std::string& path_loss,
                         double reference_loss_db,
                         double los_exponent,
                         double nlos_exponent,
                         double blockage_loss_db,
                         double rician_k_db,
                         const std::string& blockage) {
                 return scene::propagation{ path_loss,        reference_loss_db,
                                            los_exponent,     nlos_exponent,
                                            blockage_loss_db, rician_k_db,
                                            blockage };
             }),
             py::arg("path_loss") = scene::propagation().path_loss,
             py::arg("reference_loss_db") = scene::propagation().reference_loss_db,
             py::arg("los_exponent") = scene::propagation().los_exponent,
             py::arg("nlos_exponent") = scene::propagation().nlos_exponent,
             py::arg("blockage_loss_db") = scene::propagation().blockage_loss_db,
             py::arg("rician_k_db") = scene::propagation().rician_k_db,
             py::arg("blockage") = scene::propagation().blockage)
        .def_readwrite("path_loss", &scene::propagation::path_loss)
        .def_readwrite("reference_loss_db", &scene::propagation::reference_loss_db)
        .def_readwrite("los_exponent", &scene::propagation::los_exponent)
        .def_readwrite("nlos_exponent", &scene::propagation::nlos_exponent)
        .def_readwrite("blockage_loss_db", &scene::propagation::blockage_loss_db)
        .def_readwrite("rician_k_db", &scene::propagation::rician_k_db)
        .def_readwrite("blockage", &scene::propagation::blockage);
}

std::shared_ptr<scene> make_scene(const std::vector<scene::node>& nodes,
                                  const std::vector<scene::user>& users,
                                  const std::vector<scene::object>& objects,
                                  const std::vector<wall>& walls,
                                  const scene::propagation& propagation,
                                  double carrier_frequency,
                                  double first_time,
                                  double last_time,
                                  double time_step,
                                  int dimensions)
{
    scene::parameters p;
    p.dimensions = dimensions;
    p.carrier_frequency = carrier_frequency;
    p.first_time = first_time;
    p.last_time = last_time;
    p.time_step = time_step;
    p.waves = propagation;
    p.nodes = nodes;
    p.users = users;
    p.objects = objects;
    p.walls = walls;
    return std::make_shared<scene>(p);
}

void bind_budgets(py::class_<scene, std::shared_ptr<scene>>& c)
{
    c.def(
         "sensing_sinr_db",
         [](const scene& s,
            const values& time,
            const label& tx,
            const label& rx,
            const label& object) -> py::object {
             return sensing_table(s, time, tx, rx, object)["sinr_db"];
         },
         py::arg("time"),
         py::arg("tx"),
         py::arg("rx"),
         py::arg("object") = label(size_t(0)),
         R"doc(
SINR of the object's echo at one node while another illuminates it, dB.

Over noise, the receiver's self-interference if it transmits meanwhile, and the downlinks of the
nodes that serve users. Beams point at the object and at the users.

Args:
    time: s, when the scene plays; a number or an array.
    tx, rx: node's name, or its place in the list; the same: monostatic.
    object: likewise.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def("sensing_budget",
             &sensing_table,
             py::arg("time"),
             py::arg("tx"),
             py::arg("rx"),
             py::arg("object") = label(size_t(0)),
             "dict of echo_dbm, noise_dbm, self_interference_dbm, interference_dbm (of "
             "the "
             "downlinks) and sinr_db; see sensing_sinr_db.")
        .def("sensing_sinr_db_of_drops",
             &dropped,
             py::arg("times"),
             py::arg("places"),
             py::arg("serving"),
             py::arg("pairs"),
             R"doc(
sensing_sinr_db of the first object with the users dropped at other places, many times over.

Args:
    times: s, when the scene plays; one dimension.
    places: of the scene's users in each drop, m, drops x users x 3.
    serving: place of each user's node in the list, drops x users.
    pairs: places of tx and rx in the list, drops x pairs x 2.

Returns:
    dB, drops x times x pairs.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def(
            "user_sinr_db",
            [](const scene& s,
               const values& time,
               const label& user,
               const label& tx,
               const label& rx,
               const label& object) -> py::object {
                return user_table(s, time, user, tx, rx, object)["sinr_db"];
            },
            py::arg("time"),
            py::arg("user"),
            py::arg("tx"),
            py::arg("rx"),
            py::arg("object") = label(size_t(0)),
            R"doc(
SINR of a user while a Tx-Rx pair senses an object, dB: over noise and the illuminating beam.

Args:
    time: s, when the scene plays; a number or an array.
    user, tx, rx, object: name, or place in its list.

Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
        .def("user_budget",
             &user_table,
             py::arg("time"),
             py::arg("user"),
             py::arg("tx"),
             py::arg("rx"),
             py::arg("object") = label(size_t(0)),
             "dict of signal_dbm, noise_dbm, interference_dbm and sinr_db; see "
             "user_sinr_db.");
}

} // namespace

void bind_scene(py::module& top)
{
    auto m = top.def_submodule("_scene");
    bind_parts(m);
    py::class_<scene, std::shared_ptr<scene>> c(m, "scene", R"doc(
Nodes that sense and serve, users, objects, walls, and how waves go between them. Immutable.

Args:
    nodes, users, objects, walls: lists of the parts.
    propagation: see there.
    carrier_frequency: Hz, positive.
    first_time, last_time: when the scene plays, s.
    time_step: of what is drawn and studied, s, positive.
    dimensions: 2 or 3.

Raises:
    ValueError: naming the parameter, its value and its limit. Refused are also names used twice,
        trajectories that end before the scene, nodes and users inside walls, and zero distances
        to a node.
)doc");
    c.def(py::init(&make_scene),
          py::arg("nodes"),
          py::arg("users") = std::vector<scene::user>(),
          py::arg("objects") = std::vector<scene::object>(),
          py::arg("walls") = std::vector<wall>(),
          py::arg("propagation") = scene::propagation(),
          py::arg("carrier_frequency") = scene::parameters().carrier_frequency,
          py::arg("first_time") = scene::parameters().first_time,
          py::arg("last_time") = scene::parameters().last_time,
          py::arg("time_step") = scene::parameters().time_step,
          py::arg("dimensions") = scene::parameters().dimensions)
        .def(
            "replace",
            [](const scene& s,
               const std::optional<std::vector<scene::node>>& nodes,
               const std::optional<std::vector<scene::user>>& users,
               const std::optional<std::vector<scene::object>>& objects,
               const std::optional<std::vector<wall>>& walls,
               const std::optional<scene::propagation>& propagation) {
                scene::parameters p = s.params();
                p.nodes = nodes.value_or(p.nodes);
                p.users = users.value_or(p.users);
                p.objects = objects.value_or(p.objects);
                p.walls = walls.value_or(p.walls);
                p.waves = propagation.value_or(p.waves);
                return std::make_shared<scene>(p);
            },
            py::arg("nodes") = py::none(),
            py::arg("users") = py::none(),
            py::arg("objects") = py::none(),
            py::arg("walls") = py::none(),
            py::arg("propagation") = py::none(),
            "The same scene with other parts.")
        .def("node_names", [](const scene& s) { return names_of(s.params().nodes); })
        .def("user_names", [](const scene& s) { return names_of(s.params().users); })
        .def("object_names", [](const scene& s) { return names_of(s.params().objects); })
        .def(
            "nodes",
            [](const scene& s) { return s.params().nodes; },
            "Copies, to be changed for replace(); so are users() and the other parts.")
        .def("users", [](const scene& s) { return s.params().users; })
        .def("objects", [](const scene& s) { return s.params().objects; })
        .def("walls", [](const scene& s) { return s.params().walls; })
        .def("propagation", [](const scene& s) { return s.params().waves; })
        .def("dimensions", [](const scene& s) { return s.params().dimensions; })
        .def("carrier_frequency",
             [](const scene& s) { return s.params().carrier_frequency; })
        .def("times", &times, "From first to last in steps, s.")
        .def("configurations",
             &configurations,
             "Names (tx, rx) of every ordered pair: monostatic ones first.")
        .def(
            "position",
            [](const scene& s, const std::string& name, double time) {
                return path_of(s, name).position(time);
            },
            py::arg("name"),
            py::arg("time"),
            "Of a node, a user or an object, (x, y, z) in m.")
        .def(
            "line_of_sight",
            [](const scene& s, double time, const std::string& a, const std::string& b) {
                return s.line_of_sight(path_of(s, a).position(time),
                                       path_of(s, b).position(time));
            },
            py::arg("time"),
            py::arg("a"),
            py::arg("b"),
            "Whether no wall stands between two, by their names.");
    bind_budgets(c);
}
