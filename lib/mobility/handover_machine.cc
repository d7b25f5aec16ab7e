/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/handover_machine.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

constexpr double INFINITE = std::numeric_limits<double>::infinity();
constexpr double MISSING = std::numeric_limits<double>::quiet_NaN();

// Times are sums of steps: a time-to-trigger of ten steps is over at the tenth, whatever
// the rounding.
constexpr double TIME_TOLERANCE = 1e-9;

// Neither do levels and distances differ by the rounding of what they were computed from.
constexpr double LEVEL_TOLERANCE = 1e-9;

double value_of(const double* values, size_t cell)
{
    return values ? values[cell] : MISSING;
}

} // namespace

const char* handover_machine::event::cause() const
{
    if (by_rsrp && by_distance)
        return "rsrp+distance";
    return by_rsrp ? "rsrp" : "distance";
}

handover_machine::criterion handover_machine::criterion_of(const std::string& name)
{
    if (name == "rsrp")
        return criterion::rsrp;
    if (name == "distance")
        return criterion::distance;
    if (name == "joint_or")
        return criterion::joint_or;
    if (name == "joint_and")
        return criterion::joint_and;
    require(name == "joint_veto",
            "handover: criterion",
            name,
            "must be rsrp, distance, joint_or, joint_and or joint_veto");
    return criterion::joint_veto;
}

void handover_machine::check(const handover_parameters& p) const
{
    require_not_negative("handover: hysteresis_db", p.hysteresis_db);
    require(p.l3_coefficient > 0 && p.l3_coefficient <= 1,
            "handover: l3_coefficient",
            p.l3_coefficient,
            "must be above 0 and at most 1");
    require_not_negative("handover: l3_period", p.l3_period);
    require_not_negative("handover: time_to_trigger", p.time_to_trigger);
    require_not_negative("handover: distance_threshold_m", p.distance_threshold_m);
    require_not_negative("handover: distance_confidence", p.distance_confidence);
    require_not_negative("handover: distance_acceleration", p.distance_acceleration);
    require_positive("handover: distance_gate", p.distance_gate);
    require_not_negative("handover: prohibit_time", p.prohibit_time);
    require_not_negative("handover: return_hysteresis_db", p.return_hysteresis_db);
    require_not_negative("handover: return_time", p.return_time);
    require_not_negative("handover: ping_pong_window", p.ping_pong_window);
    require_finite("handover: outage_sinr_db", p.outage_sinr_db);
    require_not_negative("handover: measurement_hold", p.measurement_hold);
    require(p.initial_cell >= NO_CELL && p.initial_cell < static_cast<int>(num_cells()),
            "handover: initial_cell",
            p.initial_cell,
            "must be -1 or one of the " + std::to_string(num_cells()) + " cells");
}

handover_machine::handover_machine(size_t num_cells, const handover_parameters& p)
    : d_params(p), d_criterion(criterion_of(p.criterion))
{
    require(num_cells >= 1 && num_cells <= 65536,
            "handover: num_cells",
            num_cells,
            "must be from 1 to 65536");
    d_cells.resize(num_cells);
    d_before.cells.resize(num_cells);
    check(p);
    d_serving = p.initial_cell;
}

void handover_machine::set_parameters(const handover_parameters& p)
{
    const criterion named = criterion_of(p.criterion);
    check(p);
    d_criterion = named;
    d_params = p;
}

void handover_machine::reset()
{
    std::fill(d_cells.begin(), d_cells.end(), cell());
    d_serving = d_params.initial_cell;
    d_previous = NO_CELL;
    d_time = d_last_handover = -INFINITE;
    d_counts = counters();
    d_decided = false;
}

void handover_machine::undo()
{
    if (!d_decided)
        return;
    d_decided = false;
    d_cells = d_before.cells;
    d_serving = d_before.serving;
    d_previous = d_before.previous;
    d_last_handover = d_before.last_handover;
    d_counts = d_before.counts;
}

std::optional<handover_machine::event> handover_machine::step(double time,
                                                              const measurement& m)
{
    if (!(time >= d_time) || std::isinf(time)) {
        d_counts.refused++;
        return std::nullopt;
    }
    d_time = time;
    d_decided = false;
    d_counts.steps++;
    filter(time, m);
    range(time, m);
    if (d_serving == NO_CELL)
        choose_first(m);
    if (d_serving == NO_CELL)
        return std::nullopt;
    count_outage(m);
    compare(time);
    if (time - d_last_handover < d_params.prohibit_time - TIME_TOLERANCE)
        return std::nullopt;

    int best = NO_CELL;
    double best_rank = 0;
    event decided{ time, static_cast<size_t>(d_serving), 0, false, false };
    for (size_t i = 0; i < num_cells(); i++) {
        bool by_rsrp, by_distance;
        if (!moves(d_cells[i], time, by_rsrp, by_distance))
            continue;
        double rank = d_criterion == criterion::distance ? -d_cells[i].range.distance
                                                         : d_cells[i].rsrp;
        if (std::isnan(rank))
            rank = -INFINITE;
        if (best == NO_CELL || rank > best_rank + LEVEL_TOLERANCE) {
            best = static_cast<int>(i);
            best_rank = rank;
            decided.to = i;
            decided.by_rsrp = by_rsrp;
            decided.by_distance = by_distance;
        }
    }
    if (best == NO_CELL)
        return std::nullopt;

    d_before.cells = d_cells;
    d_before.serving = d_serving;
    d_before.previous = d_previous;
    d_before.last_handover = d_last_handover;
    d_before.counts = d_counts;
    d_decided = true;
    d_counts.handovers++;
    if (best == d_previous &&
        time - d_last_handover <= d_params.ping_pong_window + TIME_TOLERANCE)
        d_counts.ping_pongs++;
    d_previous = d_serving;
    d_serving = best;
    d_last_handover = time;
    // That the new cell is nearer is that the old one is farther: the veto knows it
    // before the next distance.
    const timer nearer = d_cells[best].nearer;
    forget_comparisons();
    d_cells[d_previous].farther = nearer;
    return decided;
}

void handover_machine::filter(double time, const measurement& m)
{
    for (cell& c : d_cells)
        c.heard = false;
    if (!m.rsrp_dbm)
        return;
    double weakest = INFINITE;
    if (d_params.bound_missing)
        for (size_t i = 0; i < num_cells(); i++)
            if (std::isfinite(m.rsrp_dbm[i]))
                weakest = std::min(weakest, m.rsrp_dbm[i]);

    for (size_t i = 0; i < num_cells(); i++) {
        cell& c = d_cells[i];
        double measured = m.rsrp_dbm[i];
        if (std::isnan(measured) && std::isfinite(weakest) && !std::isnan(c.rsrp))
            measured = std::min(c.rsrp, weakest);
        if (std::isnan(measured))
            continue;
        double a = d_params.l3_coefficient;
        if (d_params.l3_period > 0 && a < 1)
            a = 1 - std::pow(1 - a, (time - c.filtered) / d_params.l3_period);
        c.filtered = time;
        c.heard = true;
        // Starts with the first measurement, and anew after a cell was not heard: an
        // average with minus infinity would never end.
        if (std::isfinite(c.rsrp) && std::isfinite(measured))
            c.rsrp += a * (measured - c.rsrp);
        else
            c.rsrp = measured;
    }
}

void handover_machine::range(double time, const measurement& m)
{
    const distance_filter::parameters p = { d_params.distance_acceleration,
                                            d_params.distance_gate,
                                            d_params.measurement_hold };
    for (size_t i = 0; i < num_cells(); i++) {
        cell& c = d_cells[i];
        c.range = { value_of(m.distance_m, i), value_of(m.distance_variance, i) };
        if (p.acceleration > 0)
            c.range = c.filter.update(time, c.range.distance, c.range.variance, p);
    }
}

void handover_machine::choose_first(const measurement& m)
{
    const bool nearest = d_criterion == criterion::distance;
    double best = -INFINITE;
    for (size_t i = 0; i < num_cells(); i++) {
        const double value =
            nearest ? -d_cells[i].range.distance : value_of(m.rsrp_dbm, i);
        if (value > best + LEVEL_TOLERANCE) {
            best = value;
            d_serving = static_cast<int>(i);
        }
    }
}

void handover_machine::count_outage(const measurement& m)
{
    const double sinr = value_of(m.sinr_db, d_serving);
    if (std::isnan(sinr))
        return;
    d_counts.sinr_steps++;
    if (sinr < d_params.outage_sinr_db)
        d_counts.outage_steps++;
}

void handover_machine::compare(double time)
{
    const double serving_rsrp = d_cells[d_serving].rsrp;
    const distance_filter::estimate& serving = d_cells[d_serving].range;
    for (size_t i = 0; i < num_cells(); i++) {
        if (i == static_cast<size_t>(d_serving))
            continue;
        cell& c = d_cells[i];
        double margin = MISSING;
        if (d_cells[d_serving].heard && c.heard)
            // Two cells that are not heard are equally strong.
            margin = (c.rsrp == serving_rsrp ? 0 : c.rsrp - serving_rsrp) -
                     hysteresis(i, time);
        update(c.stronger, time, margin);

        const double nearer_by = serving.distance - c.range.distance;
        double threshold = d_params.distance_threshold_m;
        if (d_params.distance_confidence > 0)
            threshold += d_params.distance_confidence *
                         std::sqrt(serving.variance + c.range.variance);
        update(c.nearer, time, nearer_by - threshold);
        update(c.farther, time, -nearer_by - threshold);
    }
}

double handover_machine::hysteresis(size_t target, double time) const
{
    const bool returns = static_cast<int>(target) == d_previous &&
                         time - d_last_handover <= d_params.return_time + TIME_TOLERANCE;
    return d_params.hysteresis_db + (returns ? d_params.return_hysteresis_db : 0);
}

void handover_machine::update(timer& t, double time, double margin) const
{
    t.holds = margin > LEVEL_TOLERANCE;
    if (std::isnan(margin)) {
        if (time - t.seen > d_params.measurement_hold)
            t.since = INFINITE;
        return;
    }
    t.seen = time;
    t.since = t.holds ? std::min(t.since, time) : INFINITE;
}

bool handover_machine::triggered(const timer& t, double time) const
{
    return t.holds && time - t.since >= d_params.time_to_trigger - TIME_TOLERANCE;
}

bool handover_machine::moves(const cell& c,
                             double time,
                             bool& by_rsrp,
                             bool& by_distance) const
{
    by_rsrp = triggered(c.stronger, time);
    by_distance = triggered(c.nearer, time);
    switch (d_criterion) {
    case criterion::rsrp:
        by_distance = false;
        return by_rsrp;
    case criterion::distance:
        by_rsrp = false;
        return by_distance;
    case criterion::joint_and:
        return by_rsrp && by_distance;
    case criterion::joint_veto:
        // A single missed echo does not lift the veto, the hold does.
        if (by_rsrp && !by_distance && c.farther.since <= time)
            return false;
        break;
    case criterion::joint_or:
        break;
    }
    return by_rsrp || by_distance;
}

void handover_machine::forget_comparisons()
{
    // They were with another serving cell.
    for (cell& c : d_cells)
        c.stronger = c.nearer = c.farther = timer();
}

} // namespace isac
} // namespace gr
