/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "handover_decider_impl.h"
#include "listen.h"
#include "report_codec.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>
#include <limits>

namespace gr {
namespace isac {

namespace {

constexpr double MISSING = std::numeric_limits<double>::quiet_NaN();

const std::vector<int64_t>& checked_cells(const std::vector<int64_t>& cells)
{
    require(!cells.empty(), "handover: number of cells", 0, "must be at least 1");
    for (size_t i = 0; i < cells.size(); i++) {
        require(cells[i] >= 0, "handover: cells", cells[i], "must not be negative");
        require(std::find(cells.begin(), cells.begin() + i, cells[i]) ==
                    cells.begin() + i,
                "handover: cells",
                cells[i],
                "must be listed once");
    }
    return cells;
}

// The kernel counts cells from 0, the messages name nodes.
handover_parameters with_index(handover_parameters p, const std::vector<int64_t>& cells)
{
    if (p.initial_cell == handover_machine::NO_CELL)
        return p;
    const auto cell = std::find(cells.begin(), cells.end(), p.initial_cell);
    require(cell != cells.end(),
            "handover: initial_cell",
            p.initial_cell,
            "must be -1 or one of the cells");
    p.initial_cell = static_cast<int>(cell - cells.begin());
    return p;
}

double checked_tolerance(double tolerance)
{
    require_not_negative("handover: tolerance", tolerance);
    return tolerance;
}

double checked_patience(double patience)
{
    require_not_negative("handover: patience", patience);
    return patience;
}

} // namespace

handover_decider::sptr handover_decider::make(const std::vector<int64_t>& cells,
                                              const handover_parameters& parameters,
                                              double tolerance,
                                              double patience)
{
    return gnuradio::make_block_sptr<handover_decider_impl>(
        cells, parameters, tolerance, patience);
}

handover_decider_impl::reports::reports(size_t cells)
    : rsrp_dbm(cells, MISSING),
      sinr_db(cells, MISSING),
      distance_m(cells, MISSING),
      distance_variance(cells, MISSING),
      has_link(cells, false),
      has_detections(cells, false)
{
}

handover_decider_impl::handover_decider_impl(const std::vector<int64_t>& cells,
                                             const handover_parameters& parameters,
                                             double tolerance,
                                             double patience)
    : gr::block("handover_decider",
                gr::io_signature::make(0, 0, 0),
                gr::io_signature::make(0, 0, 0)),
      d_cells(checked_cells(cells)),
      d_nothing(cells.size()),
      d_faults(d_logger),
      d_linger(*this, [this] { finish(); }),
      d_machine(cells.size(), with_index(parameters, cells)),
      d_gatherer(
          2 * cells.size(), checked_tolerance(tolerance), checked_patience(patience))
{
    listen(*this, message_ports::link(), &handover_decider_impl::handle_link);
    listen(*this, message_ports::detections(), &handover_decider_impl::handle_detections);
    message_port_register_out(message_ports::handover());
}

bool handover_decider_impl::start()
{
    d_linger.start();
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        d_gatherer.start();
    }
    return gr::block::start();
}

int handover_decider_impl::index_of(int64_t node) const
{
    const auto cell = std::find(d_cells.begin(), d_cells.end(), node);
    return cell == d_cells.end() ? -1 : static_cast<int>(cell - d_cells.begin());
}

bool handover_decider_impl::has(const reports& step, size_t source) const
{
    return source < d_cells.size()
               ? step.has_link[source] || !needs_link()
               : step.has_detections[source - d_cells.size()] || !needs_detections();
}

void handover_decider_impl::handle_link(const pmt::pmt_t& message)
{
    d_linger.message_came();
    link_report report;
    std::string error;
    if (!from_pmt(message, report, error))
        return d_faults.count("bad_link", error);
    const int cell = index_of(report.node);
    if (cell < 0)
        return d_faults.count("unknown_cell",
                              "link of node " + std::to_string(report.node));

    std::vector<handover_event> events;
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        reports* const step = d_gatherer.find(cell, report.scene_time, d_nothing);
        if (!step) {
            if (needs_link())
                d_faults.count("late_link",
                               "the step of " + std::to_string(report.scene_time) +
                                   " s is decided");
            return;
        }
        step->rsrp_dbm[cell] = report.rsrp_dbm;
        step->sinr_db[cell] = report.sinr_db;
        step->has_link[cell] = true;
        events = decide(false);
    }
    publish(events);
}

void handover_decider_impl::handle_detections(const pmt::pmt_t& message)
{
    d_linger.message_came();
    detections report;
    std::string error;
    if (!from_pmt(message, report, error))
        return d_faults.count("bad_detections", error);
    if (report.tx != report.rx)
        return d_faults.count("bistatic",
                              "detections of tx " + std::to_string(report.tx) + ", rx " +
                                  std::to_string(report.rx));
    const int cell = index_of(report.tx);
    if (cell < 0)
        return d_faults.count("unknown_cell",
                              "detections of node " + std::to_string(report.tx));

    std::vector<handover_event> events;
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        reports* const step =
            d_gatherer.find(d_cells.size() + cell, report.scene_time, d_nothing);
        if (!step) {
            if (needs_detections())
                d_faults.count("late_detections",
                               "the step of " + std::to_string(report.scene_time) +
                                   " s is decided");
            return;
        }
        if (report.size() > 0) {
            const size_t user = std::max_element(report.snr.begin(), report.snr.end()) -
                                report.snr.begin();
            step->distance_m[cell] = report.range[user];
            step->distance_variance[cell] =
                report.var_delay[user] * (SPEED_OF_LIGHT / 2) * (SPEED_OF_LIGHT / 2);
        }
        step->has_detections[cell] = true;
        events = decide(false);
    }
    publish(events);
}

std::vector<handover_event> handover_decider_impl::decide(bool all)
{
    std::vector<handover_event> events;
    step_gatherer<reports>::step step{ 0, d_nothing, {}, {} };
    while (d_gatherer.take(
        step, [&](const reports& r, size_t source) { return all || has(r, source); })) {
        handover_machine::measurement m;
        m.rsrp_dbm = step.slot.rsrp_dbm.data();
        m.sinr_db = step.slot.sinr_db.data();
        m.distance_m = step.slot.distance_m.data();
        m.distance_variance = step.slot.distance_variance.data();
        if (const auto event = d_machine.step(step.time, m))
            events.push_back({ event->time,
                               d_cells[event->from],
                               d_cells[event->to],
                               event->cause() });
    }
    return events;
}

void handover_decider_impl::finish()
{
    std::vector<handover_event> events;
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        events = decide(true);
    }
    publish(events);
}

void handover_decider_impl::publish(const std::vector<handover_event>& events)
{
    for (const handover_event& event : events)
        message_port_pub(message_ports::handover(), to_pmt(event));
}

void handover_decider_impl::set_parameters(const handover_parameters& parameters)
{
    std::lock_guard<std::mutex> lock(d_mutex);
    d_machine.set_parameters(with_index(parameters, d_cells));
}

void handover_decider_impl::set_tolerance(double tolerance)
{
    checked_tolerance(tolerance);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_gatherer.set_tolerance(tolerance);
}

void handover_decider_impl::set_patience(double patience)
{
    checked_patience(patience);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_gatherer.set_patience(patience);
}

handover_parameters handover_decider_impl::parameters() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    handover_parameters p = d_machine.parameters();
    p.initial_cell = static_cast<int>(node_of(p.initial_cell));
    return p;
}

int64_t handover_decider_impl::serving() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return node_of(d_machine.serving());
}

uint64_t handover_decider_impl::num_steps() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_machine.counts().steps;
}

uint64_t handover_decider_impl::num_handovers() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_machine.counts().handovers;
}

uint64_t handover_decider_impl::num_ping_pongs() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_machine.counts().ping_pongs;
}

double handover_decider_impl::outage() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_machine.counts().outage();
}

void handover_decider_impl::reset()
{
    std::lock_guard<std::mutex> lock(d_mutex);
    d_machine.reset();
    d_gatherer.clear();
}

} // namespace isac
} // namespace gr
