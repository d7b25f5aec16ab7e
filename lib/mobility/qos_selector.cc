/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/qos_selector.h>
#include <algorithm>
#include <cmath>
#include <limits>

namespace gr {
namespace isac {

namespace {

constexpr double INFINITE = std::numeric_limits<double>::infinity();

// Times and levels are rounded: what differs by no more is equal.
constexpr double TOLERANCE = 1e-9;

void check(const qos_parameters& p)
{
    require_finite("qos: needed_sinr_db", p.needed_sinr_db);
    require_not_negative("qos: prohibit_time", p.prohibit_time);
}

} // namespace

qos_selector::qos_selector(const std::vector<int64_t>& receivers,
                           const std::vector<int64_t>& servers,
                           size_t initial,
                           const qos_parameters& p)
    : d_receivers(receivers),
      d_servers(servers),
      d_params(p),
      d_selected(initial),
      d_time(-INFINITE),
      d_last_trigger(servers.size(), -INFINITE),
      d_triggered(servers.size(), false),
      d_refused(receivers.size(), -INFINITE),
      d_before_trigger(servers.size())
{
    require(!receivers.empty(), "qos: number of pairs", 0, "must be at least 1");
    require(initial < receivers.size(),
            "qos: initial",
            initial,
            "must be one of the " + std::to_string(receivers.size()) + " pairs");
    check(p);
}

void qos_selector::set_parameters(const qos_parameters& p)
{
    check(p);
    d_params = p;
}

bool qos_selector::relieves(size_t pair) const
{
    for (size_t user = 0; user < num_users(); user++)
        if (d_triggered[user] && d_servers[user] == d_receivers[pair])
            return false;
    return true;
}

bool qos_selector::step(double time, const double* sensing_db, const double* user_sinr_db)
{
    if (!(time >= d_time) || std::isinf(time))
        return false;
    d_time = time;
    d_changed = false;
    d_before_trigger = d_last_trigger;
    bool any = false;
    for (size_t user = 0; user < num_users(); user++) {
        d_triggered[user] =
            user_sinr_db[user] < d_params.needed_sinr_db &&
            time - d_last_trigger[user] >= d_params.prohibit_time - TOLERANCE;
        if (d_triggered[user]) {
            d_last_trigger[user] = time;
            any = true;
        }
    }
    if (!any)
        return false;

    size_t best = d_selected;
    double best_db = -INFINITE;
    for (size_t pair = 0; pair < num_pairs(); pair++) {
        if (relieves(pair) && time >= d_refused[pair] - TOLERANCE &&
            sensing_db[pair] > best_db + TOLERANCE) {
            best = pair;
            best_db = sensing_db[pair];
        }
    }
    if (best == d_selected)
        return false;
    d_before_selected = d_selected;
    d_selected = best;
    d_num_changes++;
    d_changed = true;
    return true;
}

void qos_selector::refuse(double until)
{
    if (!d_changed)
        return;
    d_changed = false;
    d_refused[d_selected] = until;
    d_selected = d_before_selected;
    d_num_changes--;
    d_last_trigger = d_before_trigger;
}

} // namespace isac
} // namespace gr
