/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/beam_search.h>
#include <gnuradio/isac/mobility/sensing_triggers.h>
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>
#include <cmath>
#include <optional>

namespace gr {
namespace isac {

namespace {

constexpr double MISSING = std::numeric_limits<double>::quiet_NaN();

// Of a step in the level that a fade is measured against.
constexpr double SHARE = 0.1;

// Anticlockwise from a to b, from 0 to below 2 pi.
double turn(double a, double b)
{
    const double angle = std::fmod(b - a, 2 * PI);
    return angle < 0 ? angle + 2 * PI : angle;
}

double seen_apart(const vector3& from, const vector3& a, const vector3& b)
{
    return angle_between(direction_to(from, a), direction_to(from, b));
}

void require_place(const char* name, const vector3& place)
{
    for (double x : place)
        require_finite(name, x);
}

} // namespace

const char* to_string(sensing_trigger trigger)
{
    switch (trigger) {
    case sensing_trigger::resources:
        return "resources";
    case sensing_trigger::coverage:
        return "coverage";
    case sensing_trigger::blockage:
        return "blockage";
    case sensing_trigger::beam:
        return "beam";
    case sensing_trigger::interference:
        return "interference";
    case sensing_trigger::resolution:
        return "resolution";
    case sensing_trigger::fade:
        return "fade";
    default:
        return "none";
    }
}

void sensing_triggers::check(const trigger_parameters& p)
{
    require_not_negative("triggers: lead_time", p.lead_time);
    require(p.coverage_range > 0,
            "triggers: coverage_range",
            p.coverage_range,
            "must be positive, or infinite");
    for (const auto& [from, to] : p.walls)
        wall(wall::shape::segment, from, to);
    for (const auto& [node, sectors] : p.restricted_beams) {
        require(node >= 0,
                "triggers: node of restricted_beams",
                node,
                "must not be negative");
        for (const auto& [from, to] : sectors) {
            require_finite("triggers: restricted_beams", from);
            require_finite("triggers: restricted_beams", to);
        }
    }
    for (const vector3& place : p.user_positions)
        require_place("triggers: user_positions", place);
    require_within("triggers: interference_angle", p.interference_angle, 0, PI);
    require_within("triggers: resolution_angle", p.resolution_angle, 0, PI);
    require(
        p.fade_db > 0, "triggers: fade_db", p.fade_db, "must be positive, or infinite");
}

sensing_triggers::sensing_triggers(const std::vector<node_pair>& pairs,
                                   const std::map<int64_t, vector3>& nodes,
                                   const std::vector<int64_t>& servers,
                                   const trigger_parameters& p)
    : d_pairs(pairs),
      d_nodes(nodes),
      d_servers(servers),
      d_level(pairs.size(), MISSING),
      d_found(pairs.size(), sensing_trigger::none)
{
    for (const auto& [node, place] : nodes)
        require_place("triggers: position of a node", place);
    for (const auto& [tx, rx] : pairs)
        for (int64_t node : { tx, rx })
            require(nodes.empty() || nodes.count(node),
                    "triggers: nodes without node",
                    node,
                    "must hold every node of the pairs");
    set_parameters(p);
}

void sensing_triggers::set_parameters(const trigger_parameters& p)
{
    check(p);
    d_params = p;
    d_walls.clear();
    for (const auto& [from, to] : p.walls)
        d_walls.emplace_back(wall::shape::segment, from, to);
}

void sensing_triggers::step(double time,
                            const object_state* object,
                            const std::vector<object_state>& others,
                            const double* snr_db)
{
    std::fill(d_found.begin(), d_found.end(), sensing_trigger::none);
    note_fades(snr_db);
    const bool located = object && !d_nodes.empty();
    for (double moment : { time + d_params.lead_time, time }) {
        if (!located)
            break;
        const vector3 place = object->at(moment).position;
        std::vector<vector3> beside;
        for (const object_state& other : others)
            beside.push_back(other.at(moment).position);
        for (size_t i = 0; i < d_pairs.size(); i++)
            if (const auto found = at(d_pairs[i], place, beside);
                found != sensing_trigger::none)
                d_found[i] = found;
    }
    for (size_t i = 0; i < d_pairs.size(); i++)
        for (int64_t node : { d_pairs[i].first, d_pairs[i].second })
            if (const auto gone = d_withdrawn.find(node);
                gone != d_withdrawn.end() && time < gone->second)
                d_found[i] = sensing_trigger::resources;
}

// What concerns the object's place.
sensing_trigger sensing_triggers::at(const node_pair& pair,
                                     const vector3& object,
                                     const std::vector<vector3>& others) const
{
    const auto either = [&pair](auto holds) {
        return holds(pair.first) || holds(pair.second);
    };
    if (either([&](int64_t node) {
            return norm(object - d_nodes.at(node)) > d_params.coverage_range;
        }))
        return sensing_trigger::coverage;
    if (either([&](int64_t node) {
            return std::any_of(d_walls.begin(), d_walls.end(), [&](const wall& w) {
                return w.blocks(d_nodes.at(node), object);
            });
        }))
        return sensing_trigger::blockage;
    if (either([&](int64_t node) { return may_not_point(node, object); }))
        return sensing_trigger::beam;
    if (interferes(pair, object))
        return sensing_trigger::interference;
    const vector3& receiver = d_nodes.at(pair.second);
    if (std::any_of(others.begin(), others.end(), [&](const vector3& other) {
            return seen_apart(receiver, object, other) < d_params.resolution_angle;
        }))
        return sensing_trigger::resolution;
    return sensing_trigger::none;
}

bool sensing_triggers::may_not_point(int64_t node, const vector3& object) const
{
    const auto sectors = d_params.restricted_beams.find(node);
    if (sectors == d_params.restricted_beams.end())
        return false;
    const double azimuth = direction_to(d_nodes.at(node), object).azimuth;
    return std::any_of(
        sectors->second.begin(), sectors->second.end(), [&](const auto& sector) {
            return turn(sector.first, azimuth) <= turn(sector.first, sector.second);
        });
}

bool sensing_triggers::interferes(const node_pair& pair, const vector3& object) const
{
    const vector3& transmitter = d_nodes.at(pair.first);
    const vector3& receiver = d_nodes.at(pair.second);
    const auto near = [this](double angle) {
        return angle < d_params.interference_angle;
    };
    return std::any_of(d_params.user_positions.begin(),
                       d_params.user_positions.end(),
                       [&](const vector3& user) {
                           return near(seen_apart(transmitter, object, user));
                       }) ||
           std::any_of(d_servers.begin(), d_servers.end(), [&](int64_t server) {
               const auto place = d_nodes.find(server);
               return server != pair.second && place != d_nodes.end() &&
                      near(seen_apart(receiver, object, place->second));
           });
}

void sensing_triggers::note_fades(const double* snr_db)
{
    double best = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < d_pairs.size(); i++)
        best = std::fmax(best, snr_db[i]);
    for (size_t i = 0; i < d_pairs.size(); i++) {
        if (snr_db[i] < d_level[i] - d_params.fade_db && best > snr_db[i])
            d_found[i] = sensing_trigger::fade;
        if (!std::isfinite(snr_db[i]))
            continue;
        if (std::isnan(d_level[i]))
            d_level[i] = snr_db[i];
        else
            d_level[i] += SHARE * (snr_db[i] - d_level[i]);
    }
}

} // namespace isac
} // namespace gr
