/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/scene_budget.h>
#include <gnuradio/isac/check.h>
#include <cmath>

namespace gr {
namespace isac {

namespace {

vector3 unit(const vector3& from, const vector3& to)
{
    vector3 way = to - from;
    const double length = norm(way);
    for (double& coordinate : way)
        coordinate /= length;
    return way;
}

void check_index(const char* name, size_t index, size_t count)
{
    if (index >= count)
        require(
            false, name, index, "must be below their number, " + std::to_string(count));
}

void check_pair(const scene& s, size_t tx, size_t rx, size_t object)
{
    check_index("scene: tx", tx, s.num_nodes());
    check_index("scene: rx", rx, s.num_nodes());
    check_index("scene: object", object, s.num_objects());
}

bool receives_while_it_sends(const scene& s, size_t tx, size_t rx)
{
    return tx == rx || s.num_served(rx) > 0;
}

const trajectory& path_of(const scene& s, size_t object)
{
    return *s.params().objects[object].body->path();
}

// What beams gain on a link: without line of sight the scattered share of the power comes
// from everywhere, where weights of unit norm gain nothing on average.
double with_scatter(const scene& s,
                    double beam_gain,
                    bool line_of_sight,
                    const std::complex<double>* scattered)
{
    if (line_of_sight)
        return beam_gain;
    const double kept = s.rician_k() * beam_gain;
    const double power = scattered ? std::norm(std::sqrt(kept) + *scattered) : kept + 1;
    return power / (s.rician_k() + 1);
}

} // namespace

double beam::gain(const vector3& toward) const
{
    return array ? array->gain(steered, unit(place, toward), columns) : 1;
}

beam beam_toward(const scene::node& n, size_t columns, const trajectory& aim, double time)
{
    const vector3 place = n.path->position(time);
    return { place, &n.array, columns, unit(place, aim.position(time)) };
}

beam transmit_beam(const scene& s, double time, size_t tx, size_t rx, size_t object)
{
    const auto& n = s.params().nodes[tx];
    const size_t columns = tx == rx ? n.tx_columns() : n.array.columns();
    return beam_toward(n, columns, path_of(s, object), time);
}

beam receive_beam(const scene& s, double time, size_t tx, size_t rx, size_t object)
{
    const auto& n = s.params().nodes[rx];
    const size_t columns =
        receives_while_it_sends(s, tx, rx) ? n.rx_columns() : n.array.columns();
    return beam_toward(n, columns, path_of(s, object), time);
}

beam downlink_beam(const scene& s, double time, size_t user, size_t rx)
{
    const auto& u = s.params().users[user];
    const auto& n = s.params().nodes[u.serving];
    const size_t columns = u.serving == rx ? n.tx_columns() : n.array.columns();
    return beam_toward(n, columns, *u.path, time);
}

double direct_gain(const scene& s,
                   const beam& from,
                   const beam& to,
                   const std::complex<double>* scattered)
{
    const bool visible = s.line_of_sight(from.place, to.place);
    return s.mean_gain(norm(to.place - from.place), visible) *
           with_scatter(s, from.gain(to.place) * to.gain(from.place), visible, scattered);
}

double echo_gain(const scene& s,
                 double time,
                 const beam& from,
                 size_t object,
                 const beam& to,
                 const std::complex<double>* scattered_out,
                 const std::complex<double>* scattered_back)
{
    const vector3 place = path_of(s, object).position(time);
    bool out = s.line_of_sight(from.place, place);
    bool back = s.line_of_sight(to.place, place);
    if (s.blocked_by_path())
        out = back = out && back;
    return s.mean_gain(norm(place - from.place), out) *
           with_scatter(s, from.gain(place), out, scattered_out) * s.reflection(object) *
           s.mean_gain(norm(place - to.place), back) *
           with_scatter(s, to.gain(place), back, scattered_back);
}

sensing_budget sense(const scene& s, double time, size_t tx, size_t rx, size_t object)
{
    check_pair(s, tx, rx, object);
    s.check_time(time);
    const auto& p = s.params();
    const beam out = transmit_beam(s, time, tx, rx, object);
    const beam in = receive_beam(s, time, tx, rx, object);
    sensing_budget b;
    b.echo = s.power(tx) * echo_gain(s, time, out, object, in);
    b.noise = s.noise(rx);
    b.self_interference =
        receives_while_it_sends(s, tx, rx) ? s.self_interference(rx) : 0;
    b.interference = 0;
    for (size_t user = 0; user < s.num_users(); user++) {
        const size_t serving = p.users[user].serving;
        if (serving != rx)
            b.interference += s.power(serving) / s.num_served(serving) *
                              direct_gain(s, downlink_beam(s, time, user, rx), in);
    }
    return b;
}

user_budget
serve(const scene& s, double time, size_t user, size_t tx, size_t rx, size_t object)
{
    check_pair(s, tx, rx, object);
    check_index("scene: user", user, s.num_users());
    s.check_time(time);
    const auto& p = s.params();
    const auto& u = p.users[user];
    const beam antenna = { u.path->position(time) };
    user_budget b;
    b.signal =
        s.power(u.serving) * direct_gain(s, downlink_beam(s, time, user, rx), antenna);
    b.noise = s.user_noise(user);
    b.interference =
        s.power(tx) * direct_gain(s, transmit_beam(s, time, tx, rx, object), antenna);
    return b;
}

} // namespace isac
} // namespace gr
