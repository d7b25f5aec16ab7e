/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/echo_scene.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/theory/link_budget.h>
#include <boost/random/normal_distribution.hpp>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

double from_db(double db) { return std::pow(10.0, db / 10); }

void check_one_of(const char* name,
                  const std::string& value,
                  const std::vector<std::string>& known)
{
    std::string limit = "must be";
    for (size_t i = 0; i < known.size(); i++)
        limit += (i == 0 ? " " : i + 1 == known.size() ? " or " : ", ") + known[i];
    require(
        std::find(known.begin(), known.end(), value) != known.end(), name, value, limit);
}

one_way_loss loss_of(const echo_scene::parameters& p)
{
    return one_way_loss(
        p.path_loss, p.carrier_frequency, p.path_loss_exponent, p.reference_loss_db);
}

bool is_monostatic(const echo_scene::parameters& p)
{
    return !p.receiver || p.receiver == p.transmitter || *p.receiver == *p.transmitter;
}

} // namespace

void echo_scene::check(const parameters& p)
{
    require(p.transmitter != nullptr,
            "echo_scene: transmitter",
            "none",
            "must be given: a trajectory");
    for (const auto& t : p.targets)
        require(t != nullptr, "echo_scene: targets", "none", "must be targets");
    loss_of(p);
    require(!p.direct_path || !is_monostatic(p),
            "echo_scene: direct_path",
            "true",
            "needs a receiver that is apart from the transmitter");
    require_finite("echo_scene: tx_gain_db", p.tx_gain_db);
    require_finite("echo_scene: rx_gain_db", p.rx_gain_db);
    require_not_negative("echo_scene: shadowing_std_db", p.shadowing_std_db);
    require_not_negative("echo_scene: shadowing_correlation_m",
                         p.shadowing_correlation_m);
    require(p.dwell_frames >= 1,
            "echo_scene: dwell_frames",
            p.dwell_frames,
            "must be at least 1");
    check_one_of("echo_scene: self_interference",
                 p.self_interference,
                 { "none", "leakage", "residual" });
    require_finite("echo_scene: leakage_gain_db", p.leakage_gain_db);
    require_not_negative("echo_scene: leakage_delay", p.leakage_delay);
    require_finite("echo_scene: residual_dbm", p.residual_dbm);
    require_not_negative("echo_scene: noise_figure_db", p.noise_figure_db);
}

echo_scene::echo_scene(const parameters& p)
    : d_loss(loss_of(p)), d_engine(static_cast<uint32_t>(p.seed ^ (p.seed >> 32)))
{
    reconfigure(p);
}

void echo_scene::reconfigure(const parameters& p)
{
    check(p);
    const std::vector<link> known_links = std::move(d_links);
    const std::vector<cross_section> known_sections = std::move(d_cross_sections);
    d_params = p;
    d_loss = loss_of(p);
    d_monostatic = is_monostatic(p);
    d_links.clear();
    d_paths.clear();
    d_cross_sections.clear();

    const trajectory::sptr& tx = d_params.transmitter;
    const trajectory::sptr& rx = d_monostatic ? tx : d_params.receiver;
    if (p.self_interference == "leakage")
        d_paths.push_back({ LEAKAGE, NO_LINK, NO_LINK });
    if (p.direct_path)
        d_paths.push_back({ DIRECT, add_link(known_links, tx, rx), NO_LINK });
    for (size_t i = 0; i < p.targets.size(); i++) {
        const auto& object = p.targets[i];
        const size_t out = add_link(known_links, tx, object->path());
        const size_t back =
            d_monostatic ? out : add_link(known_links, rx, object->path());
        d_paths.push_back({ static_cast<int>(i), out, back });

        const auto same =
            std::find_if(known_sections.begin(),
                         known_sections.end(),
                         [&](const auto& c) { return c.owner() == object; });
        d_cross_sections.push_back(same != known_sections.end() ? *same
                                                                : cross_section(object));
    }
}

size_t echo_scene::add_link(const std::vector<link>& known,
                            const trajectory::sptr& a,
                            const trajectory::sptr& b)
{
    const auto same = std::find_if(
        known.begin(), known.end(), [&](const link& l) { return l.a == a && l.b == b; });
    d_links.push_back(same != known.end() ? *same : link{ a, b });
    return d_links.size() - 1;
}

void echo_scene::draw_shadowing(link& l, double time)
{
    boost::random::normal_distribution<double> normal;
    const vector3 separation = l.a->position(time) - l.b->position(time);
    double kept = 0;
    if (l.drawn && d_params.shadowing_correlation_m > 0)
        kept =
            std::exp(-norm(separation - l.separation) / d_params.shadowing_correlation_m);
    l.shadowing = kept * l.shadowing + std::sqrt(1 - kept * kept) * normal(d_engine);
    l.separation = separation;
    l.drawn = true;
}

void echo_scene::begin_frame(double middle)
{
    for (auto& l : d_links)
        draw_shadowing(l, middle);
    for (auto& c : d_cross_sections)
        c.draw(d_params.dwell_frames, d_engine);
    for (auto& p : d_paths)
        p.gain = gain_at(p, middle);
}

double echo_scene::loss_db(size_t link_index, double time) const
{
    const link& l = d_links[link_index];
    return d_loss.db(distance(*l.a, *l.b, time)) +
           d_params.shadowing_std_db * l.shadowing;
}

double echo_scene::gain_at(const path& p, double time) const
{
    if (p.target == LEAKAGE)
        return from_db(d_params.leakage_gain_db);
    const double antennas = d_params.tx_gain_db + d_params.rx_gain_db;
    if (p.target == DIRECT)
        return from_db(antennas - loss_db(p.out, time));
    return from_db(antennas - theory::bistatic_echo_loss(
                                  loss_db(p.out, time),
                                  loss_db(p.back, time),
                                  d_cross_sections[p.target].rcs_m2(),
                                  SPEED_OF_LIGHT / d_params.carrier_frequency));
}

double echo_scene::delay(size_t path_index, double time) const
{
    const path& p = d_paths[path_index];
    if (p.target == LEAKAGE)
        return d_params.leakage_delay;
    double length = distance(*d_links[p.out].a, *d_links[p.out].b, time);
    if (p.back == p.out)
        length *= 2;
    else if (p.back != NO_LINK)
        length += distance(*d_links[p.back].a, *d_links[p.back].b, time);
    return length / SPEED_OF_LIGHT;
}

double echo_scene::doppler(size_t path_index, double time) const
{
    const path& p = d_paths[path_index];
    if (p.target == LEAKAGE)
        return 0;
    double rate = distance_rate(*d_links[p.out].a, *d_links[p.out].b, time);
    if (p.back == p.out)
        rate *= 2;
    else if (p.back != NO_LINK)
        rate += distance_rate(*d_links[p.back].a, *d_links[p.back].b, time);
    return -rate / SPEED_OF_LIGHT * d_params.carrier_frequency;
}

double echo_scene::noise_power(double bandwidth) const
{
    if (!d_params.noise_enabled)
        return 0;
    return THERMAL_NOISE_MW_PER_HZ * bandwidth * from_db(d_params.noise_figure_db);
}

double echo_scene::residual_power() const
{
    return d_params.self_interference == "residual" ? from_db(d_params.residual_dbm) : 0;
}

} // namespace isac
} // namespace gr
