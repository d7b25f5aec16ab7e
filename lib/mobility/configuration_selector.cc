/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/configuration_selector.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

constexpr double INFINITE = std::numeric_limits<double>::infinity();

// A window of ten steps is over at the tenth, whatever the rounding of their times.
constexpr double TIME_TOLERANCE = 1e-9;

handover_parameters event_a3(const selection_parameters& p, bool at_once)
{
    require_not_negative("configuration: hysteresis_db", p.hysteresis_db);
    require_not_negative("configuration: time_to_trigger", p.time_to_trigger);
    require_not_negative("configuration: silence_time", p.silence_time);
    require(!std::isnan(p.needed_below_db),
            "configuration: needed_below_db",
            p.needed_below_db,
            "must be a number, or infinite");
    require_not_negative("configuration: soft_window", p.soft_window);
    require(!std::isnan(p.soft_end_db),
            "configuration: soft_end_db",
            p.soft_end_db,
            "must be a number, or minus infinity");
    require(p.l3_coefficient > 0 && p.l3_coefficient <= 1,
            "configuration: l3_coefficient",
            p.l3_coefficient,
            "must be above 0 and at most 1");
    handover_parameters a3;
    a3.criterion = "rsrp";
    a3.hysteresis_db = p.hysteresis_db;
    a3.time_to_trigger = at_once ? 0 : p.time_to_trigger;
    a3.measurement_hold = p.silence_time;
    return a3;
}

} // namespace

configuration_selector::configuration_selector(size_t num_pairs,
                                               const selection_parameters& p)
    : d_params(p),
      d_machine(num_pairs, event_a3(p, false)),
      d_last_report(num_pairs, -INFINITE),
      d_snr_db(num_pairs, -INFINITE),
      d_filtered(num_pairs, -INFINITE),
      d_compared(num_pairs),
      d_refused(num_pairs, -INFINITE)
{
}

void configuration_selector::set_parameters(const selection_parameters& p)
{
    d_machine.set_parameters(event_a3(p, d_leaving));
    d_params = p;
}

void configuration_selector::reset()
{
    d_machine.reset();
    d_time = -INFINITE;
    std::fill(d_last_report.begin(), d_last_report.end(), -INFINITE);
    std::fill(d_snr_db.begin(), d_snr_db.end(), -INFINITE);
    std::fill(d_filtered.begin(), d_filtered.end(), -INFINITE);
    std::fill(d_refused.begin(), d_refused.end(), -INFINITE);
    d_changed = d_undone = false;
    end_soft();
}

// Whether it may be selected, but for what the parameter `avoid` says.
bool configuration_selector::usable(size_t pair) const
{
    return static_cast<int>(pair) == selected() ||
           d_time >= d_refused[pair] - TIME_TOLERANCE;
}

// What pairs are compared by; minus infinity for those that shall not be selected.
void configuration_selector::compare(int before, const std::vector<bool>& avoid)
{
    bool any = false; // that sees something and need not be avoided
    for (size_t i = 0; i < num_pairs(); i++) {
        d_compared[i] = std::isnan(d_snr_db[i]) ? d_snr_db[i] : d_filtered[i];
        if (!usable(i))
            d_compared[i] = -INFINITE;
        any = any || (i < avoid.size() && !avoid[i] && std::isfinite(d_compared[i]));
    }
    for (size_t i = 0; any && i < num_pairs(); i++)
        if (avoid[i])
            d_compared[i] = -INFINITE;
    const bool leave = any && before != NO_PAIR && avoid[before];
    if (leave != d_leaving)
        d_machine.set_parameters(event_a3(d_params, leave));
    d_leaving = leave;
    // While the selected pair sees enough, no other one is stronger.
    if (before != NO_PAIR && d_compared[before] >= d_params.needed_below_db)
        for (size_t i = 0; i < num_pairs(); i++)
            if (static_cast<int>(i) != before)
                d_compared[i] = -INFINITE;
}

bool configuration_selector::step(double time,
                                  const double* snr_db,
                                  const std::vector<bool>& avoid)
{
    if (!(time >= d_time) || std::isinf(time))
        return false;
    // What was refused is decided anew with the same measurements.
    const bool again = d_undone && time == d_time;
    d_undone = false;
    d_time = time;
    for (size_t i = 0; i < num_pairs(); i++) {
        if (!std::isnan(snr_db[i]))
            d_last_report[i] = time;
        const bool silent = time - d_last_report[i] > d_params.silence_time;
        d_snr_db[i] = silent ? -INFINITE : snr_db[i];
        // Anew after nothing was seen: an average with minus infinity would never end.
        const bool goes_on = std::isfinite(d_filtered[i]) && std::isfinite(d_snr_db[i]);
        if (goes_on && again)
            continue;
        if (goes_on)
            d_filtered[i] += d_params.l3_coefficient * (d_snr_db[i] - d_filtered[i]);
        else if (!std::isnan(d_snr_db[i]))
            d_filtered[i] = d_snr_db[i];
    }

    const int before = selected();
    compare(before, avoid);
    handover_machine::measurement m;
    m.rsrp_dbm = d_compared.data();
    d_machine.step(time, m);

    d_changed = selected() != before && before != NO_PAIR;
    if (selected() != before) {
        d_before_source = d_source;
        d_before_soft_end = d_soft_end;
        d_source = before;
        d_soft_end = time + d_params.soft_window;
    }
    if (d_source != NO_PAIR &&
        (time >= d_soft_end - TIME_TOLERANCE || d_snr_db[d_source] == -INFINITE ||
         d_snr_db[d_source] < d_params.soft_end_db))
        end_soft();
    return selected() != before;
}

void configuration_selector::refuse(double until)
{
    if (!d_changed)
        return;
    d_changed = false;
    d_undone = true;
    d_refused[selected()] = until;
    d_machine.undo();
    d_source = d_before_source;
    d_soft_end = d_before_soft_end;
}

double configuration_selector::snr_db() const
{
    if (selected() == NO_PAIR)
        return -INFINITE;
    const double own = d_snr_db[selected()];
    if (d_source == NO_PAIR || std::isnan(d_snr_db[d_source]))
        return own;
    if (std::isnan(own))
        return d_snr_db[d_source];
    return 10 *
           std::log10(std::pow(10.0, own / 10) + std::pow(10.0, d_snr_db[d_source] / 10));
}

} // namespace isac
} // namespace gr
