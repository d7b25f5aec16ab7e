/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/configuration_selector.h>
#include <cmath>

namespace gr {
namespace isac {

namespace {

handover_parameters event_a3(const selection_parameters& p)
{
    require_not_negative("configuration: hysteresis_db", p.hysteresis_db);
    require_not_negative("configuration: time_to_trigger", p.time_to_trigger);
    require_not_negative("configuration: silence_time", p.silence_time);
    handover_parameters a3;
    a3.criterion = "rsrp";
    a3.hysteresis_db = p.hysteresis_db;
    a3.time_to_trigger = p.time_to_trigger;
    a3.measurement_hold = p.silence_time;
    return a3;
}

} // namespace

configuration_selector::configuration_selector(size_t num_pairs,
                                               const selection_parameters& p)
    : d_params(p),
      d_machine(num_pairs, event_a3(p)),
      d_last_report(num_pairs, -std::numeric_limits<double>::infinity()),
      d_snr_db(num_pairs)
{
}

void configuration_selector::set_parameters(const selection_parameters& p)
{
    d_machine.set_parameters(event_a3(p));
    d_params = p;
}

bool configuration_selector::step(double time, const double* snr_db)
{
    for (size_t i = 0; i < num_pairs(); i++) {
        d_snr_db[i] = snr_db[i];
        if (!std::isnan(snr_db[i]))
            d_last_report[i] = time;
        else if (time - d_last_report[i] > d_params.silence_time)
            d_snr_db[i] = -std::numeric_limits<double>::infinity();
    }
    const int before = selected();
    handover_machine::measurement m;
    m.rsrp_dbm = d_snr_db.data();
    d_machine.step(time, m);
    return selected() != before;
}

} // namespace isac
} // namespace gr
