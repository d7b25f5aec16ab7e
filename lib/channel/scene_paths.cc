/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/scene_paths.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/constants.h>
#include <boost/random/normal_distribution.hpp>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// Place of a name in a list of nodes, users or objects; -1: none.
template <typename T>
int find(const std::vector<T>& all, const std::string& name)
{
    const auto same = std::find_if(
        all.begin(), all.end(), [&](const T& one) { return one.name == name; });
    return same == all.end() ? -1 : static_cast<int>(same - all.begin());
}

std::string key(const char* list, size_t i, const char* member)
{
    return "scene_channel: " + std::string(list) + "[" + std::to_string(i) + "]." +
           member;
}

std::string quoted(const std::string& text) { return "'" + text + "'"; }

const scene_paths::parameters& checked(const scene_paths::parameters& p)
{
    require(p.scene != nullptr, "scene_channel: scene", "none", "must be given");
    require(!p.transmit.empty(),
            "scene_channel: transmit",
            "none",
            "must be at least one stream");
    require(!p.receive.empty(),
            "scene_channel: receive",
            "none",
            "must be at least one stream");
    require(p.paths == "all" || p.paths == "budget",
            "scene_channel: paths",
            p.paths,
            "must be all or budget");
    require(p.self_interference == "residual" || p.self_interference == "leakage" ||
                p.self_interference == "none",
            "scene_channel: self_interference",
            p.self_interference,
            "must be residual, leakage or none");
    require(p.fading == "mean" || p.fading == "rician",
            "scene_channel: fading",
            p.fading,
            "must be mean or rician");
    require(p.occupied_share > 0 && p.occupied_share <= 1,
            "scene_channel: occupied_share",
            p.occupied_share,
            "must be above 0, at most 1");
    require(p.dwell_frames >= 1,
            "scene_channel: dwell_frames",
            p.dwell_frames,
            "must be at least 1");
    return p;
}

bool lists(const std::vector<scene_paths::stream>& streams, const std::string& node)
{
    return std::any_of(
        streams.begin(), streams.end(), [&](const auto& s) { return s.at == node; });
}

} // namespace

scene_paths::scene_paths(const parameters& p)
    : d_params(checked(p)), d_engine(static_cast<uint32_t>(p.seed ^ (p.seed >> 32)))
{
    for (size_t i = 0; i < p.transmit.size(); i++)
        d_transmit.push_back(transmit_end(p.transmit[i], i));
    for (size_t i = 0; i < p.receive.size(); i++)
        d_receive.push_back(receive_end(p.receive[i], i));
    for (size_t rx = 0; rx < d_receive.size(); rx++)
        for (size_t tx = 0; tx < d_transmit.size(); tx++)
            add_paths(tx, rx);
}

scene_paths::end scene_paths::transmit_end(const stream& s, size_t i) const
{
    const auto& all = d_params.scene->params();
    const int node = find(all.nodes, s.at);
    require(node >= 0,
            key("transmit", i, "at").c_str(),
            quoted(s.at),
            "must be a node of the scene");
    const int object = find(all.objects, s.toward);
    const int user = find(all.users, s.toward);
    require(object >= 0 || user >= 0,
            key("transmit", i, "toward").c_str(),
            quoted(s.toward),
            "must be an object or a user of the scene");
    const auto& n = all.nodes[node];
    return { static_cast<size_t>(node),
             &n,
             n.path.get(),
             object >= 0 ? all.objects[object].body->path().get()
                         : all.users[user].path.get(),
             object,
             user,
             lists(d_params.receive, s.at),
             {} };
}

scene_paths::end scene_paths::receive_end(const stream& s, size_t i) const
{
    const auto& all = d_params.scene->params();
    const int user = find(all.users, s.at);
    if (user >= 0) {
        require(s.toward.empty(),
                key("receive", i, "toward").c_str(),
                quoted(s.toward),
                "must be empty: users have no beam");
        return { static_cast<size_t>(user),
                 nullptr,
                 all.users[user].path.get(),
                 nullptr,
                 -1,
                 user,
                 false,
                 {} };
    }
    const int node = find(all.nodes, s.at);
    require(node >= 0,
            key("receive", i, "at").c_str(),
            quoted(s.at),
            "must be a node or a user of the scene");
    const int object = find(all.objects, s.toward);
    require(object >= 0,
            key("receive", i, "toward").c_str(),
            quoted(s.toward),
            "must be an object of the scene");
    const auto& n = all.nodes[node];
    return { static_cast<size_t>(node),
             &n,
             n.path.get(),
             all.objects[object].body->path().get(),
             object,
             -1,
             lists(d_params.transmit, s.at),
             {} };
}

void scene_paths::add_paths(size_t tx, size_t rx)
{
    const end& from = d_transmit[tx];
    const end& to = d_receive[rx];
    const bool itself = from.node == to.node;
    const bool all = d_params.paths == "all";
    if (itself && d_params.self_interference == "leakage" && leakage_gain(tx) > 0)
        d_paths.push_back({ tx, rx, LEAKAGE, nullptr, NO_SECTION, 0, {}, {} });
    const bool counts =
        to.node ? from.user >= 0 : from.object >= 0 || from.user == to.user;
    if (!itself && (all || counts))
        d_paths.push_back({ tx, rx, DIRECT, nullptr, NO_SECTION, 0, {}, {} });
    for (size_t i = 0; i < d_params.scene->num_objects(); i++) {
        const int object = static_cast<int>(i);
        if (all || (to.node && from.object == object && to.object == object))
            add_echo(tx, rx, i);
    }
}

void scene_paths::add_echo(size_t tx, size_t rx, size_t object)
{
    const end& from = d_transmit[tx];
    const end& to = d_receive[rx];
    const target::sptr& body = d_params.scene->params().objects[object].body;
    const auto same =
        std::find_if(d_sections.begin(), d_sections.end(), [&](const section& s) {
            return s.drawn.owner() == body &&
                   ((s.one == from.path && s.other == to.path) ||
                    (s.one == to.path && s.other == from.path));
        });
    const size_t index = same - d_sections.begin();
    if (same == d_sections.end())
        d_sections.push_back({ from.path, to.path, cross_section(body) });
    d_paths.push_back(
        { tx, rx, static_cast<int>(object), body->path().get(), index, 0, {}, {} });
}

double scene_paths::within(double time) const
{
    const auto& p = d_params.scene->params();
    return std::clamp(time, p.first_time, p.last_time);
}

bool scene_paths::plays(double time) const { return within(time) == time; }

void scene_paths::point(end& e, bool sends, double time) const
{
    const vector3 place = e.path->position(time);
    if (!e.node) {
        e.formed = { place };
        return;
    }
    const size_t columns = !e.split ? e.node->array.columns()
                           : sends  ? e.node->tx_columns()
                                    : e.node->rx_columns();
    e.formed = beam_toward(*e.node, columns, *e.aim, time);
}

void scene_paths::begin_frame(double middle)
{
    const double time = within(middle);
    for (end& e : d_transmit)
        point(e, true, time);
    for (end& e : d_receive)
        point(e, false, time);
    for (section& s : d_sections)
        s.drawn.draw(d_params.dwell_frames, d_engine);
    for (path& p : d_paths) {
        if (d_params.fading == "rician") {
            p.out = draw_scatter();
            p.back = draw_scatter();
        }
        p.gain = gain_of(p, time);
    }
}

std::complex<double> scene_paths::draw_scatter()
{
    boost::random::normal_distribution<double> normal(0, std::sqrt(0.5));
    const double real = normal(d_engine);
    return { real, normal(d_engine) };
}

// A node's streams share what it hears of itself.
double scene_paths::leakage_gain(size_t tx) const
{
    const size_t node = d_transmit[tx].index;
    const auto streams =
        std::count_if(d_params.transmit.begin(),
                      d_params.transmit.end(),
                      [&](const stream& s) { return s.at == d_params.transmit[tx].at; });
    const isac::scene& s = *d_params.scene;
    return s.self_interference(node) / s.power(node) / streams;
}

double scene_paths::gain_of(const path& p, double time) const
{
    if (p.target == LEAKAGE)
        return leakage_gain(p.tx);
    const beam& from = d_transmit[p.tx].formed;
    const beam& to = d_receive[p.rx].formed;
    const bool fades = d_params.fading == "rician";
    const std::complex<double>* const out = fades ? &p.out : nullptr;
    const std::complex<double>* const back = fades ? &p.back : nullptr;
    if (p.target == DIRECT)
        return direct_gain(*d_params.scene, from, to, out);
    const cross_section& drawn = d_sections[p.section].drawn;
    return echo_gain(*d_params.scene, time, from, p.target, to, out, back) *
           drawn.rcs_m2() / drawn.owner()->rcs_m2();
}

double scene_paths::delay(size_t path_index, double time) const
{
    const path& p = d_paths[path_index];
    if (p.target == LEAKAGE)
        return 0;
    const double at = within(time);
    const trajectory& from = *d_transmit[p.tx].path;
    const trajectory& to = *d_receive[p.rx].path;
    const double length = p.over ? distance(from, *p.over, at) + distance(*p.over, to, at)
                                 : distance(from, to, at);
    return length / SPEED_OF_LIGHT;
}

double scene_paths::doppler(size_t path_index, double time) const
{
    const path& p = d_paths[path_index];
    if (p.target == LEAKAGE || !plays(time))
        return 0;
    const trajectory& from = *d_transmit[p.tx].path;
    const trajectory& to = *d_receive[p.rx].path;
    const double rate =
        p.over ? distance_rate(from, *p.over, time) + distance_rate(*p.over, to, time)
               : distance_rate(from, to, time);
    return -rate / SPEED_OF_LIGHT * carrier_frequency();
}

double scene_paths::carrier_frequency() const
{
    return d_params.scene->params().carrier_frequency;
}

double scene_paths::noise(size_t receiver) const
{
    if (!d_params.noise_enabled)
        return 0;
    const end& e = d_receive[receiver];
    return e.node ? d_params.scene->noise(e.index) : d_params.scene->user_noise(e.index);
}

double scene_paths::residual(size_t receiver) const
{
    const end& e = d_receive[receiver];
    return e.split && d_params.self_interference == "residual"
               ? d_params.scene->self_interference(e.index)
               : 0;
}

double scene_paths::white_power(size_t receiver, double) const
{
    return (noise(receiver) + residual(receiver)) / d_params.occupied_share;
}

} // namespace isac
} // namespace gr
