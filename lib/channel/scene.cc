/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/scene.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

namespace gr {
namespace isac {

namespace {

constexpr double INFINITE = std::numeric_limits<double>::infinity();

double from_db(double db) { return std::pow(10.0, db / 10); }

std::string entry(const char* list, size_t index, const char* key)
{
    return "scene: " + std::string(list) + "[" + std::to_string(index) + "]." + key;
}

std::string number(double value)
{
    std::ostringstream out;
    out << value;
    return out.str();
}

std::string quoted(const std::string& text) { return "'" + text + "'"; }

one_way_loss loss_of(const scene::parameters& p, double exponent)
{
    return one_way_loss(
        p.waves.path_loss, p.carrier_frequency, exponent, p.waves.reference_loss_db);
}

// One of the things with a name and a way.
struct actor {
    const char* list;
    size_t index;
    const std::string& name;
    const trajectory* path;

    std::string key(const char* what) const { return entry(list, index, what); }
};

std::vector<actor> actors_of(const scene::parameters& p)
{
    std::vector<actor> all;
    for (size_t i = 0; i < p.nodes.size(); i++)
        all.push_back({ "nodes", i, p.nodes[i].name, p.nodes[i].path.get() });
    for (size_t i = 0; i < p.users.size(); i++)
        all.push_back({ "users", i, p.users[i].name, p.users[i].path.get() });
    for (size_t i = 0; i < p.objects.size(); i++) {
        const auto& body = p.objects[i].body;
        all.push_back(
            { "objects", i, p.objects[i].name, body ? body->path().get() : nullptr });
    }
    return all;
}

void check_times(const scene::parameters& p)
{
    require(!std::isnan(p.first_time) && p.first_time < INFINITE,
            "scene: times.first_s",
            p.first_time,
            "must be a time");
    require(p.last_time >= p.first_time && p.last_time > -INFINITE,
            "scene: times.last_s",
            p.last_time,
            "must not be before times.first_s");
    require_positive("scene: times.step_s", p.time_step);
}

void check_propagation(const scene::parameters& p)
{
    const auto& w = p.waves;
    require(w.path_loss == "log_distance" || w.path_loss == "free_space" ||
                w.path_loss == "uma_av",
            "scene: propagation.path_loss",
            quoted(w.path_loss),
            "must be log_distance, free_space or uma_av");
    require_finite("scene: propagation.reference_loss_db", w.reference_loss_db);
    require_not_negative("scene: propagation.los_exponent", w.los_exponent);
    require_not_negative("scene: propagation.nlos_exponent", w.nlos_exponent);
    require_not_negative("scene: propagation.blockage_loss_db", w.blockage_loss_db);
    require(w.rician_k_db < INFINITE,
            "scene: propagation.rician_k_db",
            w.rician_k_db,
            "must be finite, or minus infinity");
    require(w.blockage == "per_leg" || w.blockage == "per_path",
            "scene: propagation.blockage",
            quoted(w.blockage),
            "must be per_leg or per_path");
}

void check_node(const scene::node& n, size_t i)
{
    const auto key = [i](const char* what) { return entry("nodes", i, what); };
    require_finite(key("power_dbm").c_str(), n.power_dbm);
    require_finite(key("noise_dbm").c_str(), n.noise_dbm);
    require(n.self_interference_dbm < INFINITE,
            key("self_interference_dbm").c_str(),
            n.self_interference_dbm,
            "must be finite, or minus infinity");
    require(n.full_duplex_split >= 0 && n.full_duplex_split < 1,
            key("full_duplex_split").c_str(),
            n.full_duplex_split,
            "must be 0, or above 0 and below 1");
    require(n.tx_columns() >= 1 && n.rx_columns() >= 1,
            key("full_duplex_split").c_str(),
            n.full_duplex_split,
            "must leave columns to both sides, of the " +
                std::to_string(n.array.columns()));
}

void check_user(const scene::user& u, size_t i, size_t num_nodes)
{
    require_finite(entry("users", i, "noise_dbm").c_str(), u.noise_dbm);
    require(u.serving < num_nodes,
            entry("users", i, "served_by").c_str(),
            u.serving,
            "must be one of the " + std::to_string(num_nodes) + " nodes");
}

void check_names(const std::vector<actor>& all)
{
    std::set<std::string> seen;
    for (const actor& a : all) {
        require(
            !a.name.empty(), a.key("name").c_str(), quoted(a.name), "must not be empty");
        require(seen.insert(a.name).second,
                a.key("name").c_str(),
                quoted(a.name),
                "must be used once");
    }
}

// Whether it touches the wall at any time of the scene.
bool touches(const trajectory& path, const wall& w, const scene::parameters& p)
{
    std::vector<double> marks = path.turns();
    for (const double end : { p.first_time, p.last_time })
        marks.push_back(std::isfinite(end) ? end : 0);
    std::sort(marks.begin(), marks.end());
    vector3 before = path.position(marks.front());
    for (const double time : marks) {
        if (time < p.first_time || time > p.last_time)
            continue;
        const vector3 place = path.position(time);
        if (w.contains(place) || (place != before && w.blocks(before, place)))
            return true;
        before = place;
    }
    return false;
}

void check_walls(const std::vector<actor>& all, const scene::parameters& p)
{
    const size_t antennas = p.nodes.size() + p.users.size(); // listed before the objects
    for (size_t i = 0; i < antennas; i++)
        for (size_t w = 0; w < p.walls.size(); w++)
            require(!touches(*all[i].path, p.walls[w], p),
                    all[i].key("position_m").c_str(),
                    quoted(all[i].name),
                    "must not be inside a wall, walls[" + std::to_string(w) + "]");
}

void check_ways(const std::vector<actor>& all, const scene::parameters& p)
{
    for (const actor& a : all) {
        require(a.path != nullptr, a.key("path").c_str(), "none", "must be a trajectory");
        require(a.path->last_time() >= p.last_time,
                a.key("waypoints").c_str(),
                a.path->last_time(),
                "s at their end: they must last as long as the scene, to " +
                    number(p.last_time) + " s");
        require(a.path->first_time() <= p.first_time,
                a.key("waypoints").c_str(),
                a.path->first_time(),
                "s at their start: they must begin with the scene, at " +
                    number(p.first_time) + " s");
    }
}

// No link may have a length of zero, which has no direction.
void check_distances(const std::vector<actor>& all, const scene::parameters& p)
{
    for (size_t i = 0; i < p.nodes.size(); i++) {
        for (size_t j = i + 1; j < all.size(); j++) {
            const actor& other = all[j];
            require(
                closest_approach(*all[i].path, *other.path, p.first_time, p.last_time) >=
                    scene::SAME_PLACE_M,
                other.key("position_m").c_str(),
                quoted(other.name),
                "must not be at the place of node " + quoted(all[i].name));
        }
    }
}

// In an order in which each check may rely on those before it.
const scene::parameters& checked(const scene::parameters& p)
{
    require(p.dimensions == 2 || p.dimensions == 3,
            "scene: dimensions",
            p.dimensions,
            "must be 2 or 3");
    require_positive("scene: carrier_frequency_hz", p.carrier_frequency);
    require(!p.nodes.empty(), "scene: nodes", "none", "must be at least one");
    check_times(p);
    check_propagation(p);
    for (size_t i = 0; i < p.nodes.size(); i++)
        check_node(p.nodes[i], i);
    for (size_t i = 0; i < p.users.size(); i++)
        check_user(p.users[i], i, p.nodes.size());
    const auto all = actors_of(p);
    check_names(all);
    check_ways(all, p);
    check_walls(all, p);
    check_distances(all, p);
    return p;
}

} // namespace

size_t scene::node::tx_columns() const
{
    if (full_duplex_split == 0)
        return array.columns();
    return static_cast<size_t>(std::lround(full_duplex_split * array.columns()));
}

size_t scene::node::rx_columns() const
{
    return full_duplex_split == 0 ? array.columns() : array.columns() - tx_columns();
}

scene::sptr scene::make(const parameters& p) { return std::make_shared<const scene>(p); }

scene::scene(const parameters& p)
    : d_params(checked(p)),
      d_num_served(p.nodes.size(), 0),
      d_los(loss_of(p, p.waves.los_exponent)),
      d_nlos(loss_of(p, p.waves.nlos_exponent)),
      d_blockage_gain(from_db(-p.waves.blockage_loss_db)),
      d_rician_k(from_db(p.waves.rician_k_db)),
      d_by_path(p.waves.blockage == "per_path")
{
    for (const node& n : p.nodes)
        d_node_powers.push_back({ from_db(n.power_dbm),
                                  from_db(n.noise_dbm),
                                  from_db(n.self_interference_dbm) });
    for (const user& u : p.users) {
        d_num_served[u.serving]++;
        d_user_noise.push_back(from_db(u.noise_dbm));
    }
    const double wavelength = SPEED_OF_LIGHT / p.carrier_frequency;
    for (const object& o : p.objects)
        d_reflections.push_back(4 * PI * o.body->rcs_m2() / (wavelength * wavelength));
}

void scene::check_time(double time) const
{
    // The limit is worded for a wrong time only.
    if (!(time >= d_params.first_time && time <= d_params.last_time))
        require(false,
                "scene: time",
                time,
                "must be from " + number(d_params.first_time) + " to " +
                    number(d_params.last_time) + " s");
}

bool scene::line_of_sight(const vector3& a, const vector3& b) const
{
    return std::none_of(d_params.walls.begin(), d_params.walls.end(), [&](const wall& w) {
        return w.blocks(a, b);
    });
}

double scene::mean_gain(double distance, bool line_of_sight) const
{
    return line_of_sight ? d_los.gain(distance) : d_nlos.gain(distance) * d_blockage_gain;
}

} // namespace isac
} // namespace gr
