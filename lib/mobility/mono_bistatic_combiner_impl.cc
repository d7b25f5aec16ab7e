/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "mono_bistatic_combiner_impl.h"
#include "report_codec.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <gnuradio/isac/mobility/detection_combiner.h>
#include <algorithm>
#include <limits>

namespace gr {
namespace isac {

namespace {

using node_pair = mono_bistatic_combiner::node_pair;

// Steps that the antennas of one pair may be apart.
constexpr size_t LOOKAHEAD = 256;

std::string text(const node_pair& pair)
{
    return "tx " + std::to_string(pair.first) + ", rx " + std::to_string(pair.second);
}

const std::vector<node_pair>& checked_pairs(const std::vector<node_pair>& pairs)
{
    require(!pairs.empty(), "combiner: number of pairs", 0, "must be at least 1");
    for (size_t i = 0; i < pairs.size(); i++) {
        require(pairs[i].first >= 0 && pairs[i].second >= 0,
                "combiner: pairs",
                text(pairs[i]),
                "must not be negative");
        require(std::find(pairs.begin(), pairs.begin() + i, pairs[i]) ==
                    pairs.begin() + i,
                "combiner: pairs",
                text(pairs[i]),
                "must be listed once");
    }
    return pairs;
}

size_t checked_reports(int reports_per_pair)
{
    require(reports_per_pair >= 1,
            "combiner: reports_per_pair",
            reports_per_pair,
            "must be at least 1");
    return reports_per_pair;
}

double checked_patience(double patience)
{
    require_not_negative("combiner: patience", patience);
    return patience;
}

double checked_window(double window)
{
    require_not_negative("combiner: window", window);
    return window;
}

double checked_gate(double gate)
{
    require_positive("combiner: gate", gate);
    return gate;
}

} // namespace

mono_bistatic_combiner::sptr
mono_bistatic_combiner::make(const std::vector<node_pair>& pairs,
                             const selection_parameters& parameters,
                             int reports_per_pair,
                             double window,
                             double gate,
                             double patience)
{
    return gnuradio::make_block_sptr<mono_bistatic_combiner_impl>(
        pairs, parameters, reports_per_pair, window, gate, patience);
}

mono_bistatic_combiner_impl::mono_bistatic_combiner_impl(
    const std::vector<node_pair>& pairs,
    const selection_parameters& parameters,
    int reports_per_pair,
    double window,
    double gate,
    double patience)
    : gr::block("mono_bistatic_combiner",
                gr::io_signature::make(0, 0, 0),
                gr::io_signature::make(0, 0, 0)),
      d_pairs(checked_pairs(pairs)),
      d_nothing(pairs.size()),
      d_faults(d_logger),
      d_linger(*this, [this] { finish(); }),
      d_selector(pairs.size(), parameters),
      d_gatherer(pairs.size(),
                 checked_window(window),
                 checked_patience(patience),
                 reports_per_pair > 1 ? LOOKAHEAD : 1),
      d_reports_per_pair(checked_reports(reports_per_pair)),
      d_gate(checked_gate(gate))
{
    message_port_register_in(message_ports::detections());
    set_msg_handler(message_ports::detections(),
                    [this](const pmt::pmt_t& message) { handle_detections(message); });
    message_port_register_out(message_ports::detections());
    message_port_register_out(message_ports::configuration());
}

bool mono_bistatic_combiner_impl::start()
{
    d_linger.start();
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        d_gatherer.start();
    }
    return gr::block::start();
}

void mono_bistatic_combiner_impl::handle_detections(const pmt::pmt_t& message)
{
    d_linger.message_came();
    detections report;
    std::string error;
    if (!from_pmt(message, report, error))
        return d_faults.count("bad_detections", error);
    const node_pair nodes(report.tx, report.rx);
    const auto pair = std::find(d_pairs.begin(), d_pairs.end(), nodes);
    if (pair == d_pairs.end())
        return d_faults.count("unknown_pair", "detections of " + text(nodes));

    messages decided;
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        const size_t source = pair - d_pairs.begin();
        reports* const step = d_gatherer.find(source, report.scene_time, d_nothing);
        if (!step)
            return d_faults.count("late_detections",
                                  "the step of " + std::to_string(report.scene_time) +
                                      " s is decided");
        (*step)[source].push_back(std::move(report));
        decided = decide(false);
    }
    publish(decided);
}

void mono_bistatic_combiner_impl::finish()
{
    messages decided;
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        decided = decide(true);
    }
    publish(decided);
}

void mono_bistatic_combiner_impl::publish(const messages& decided)
{
    for (const auto& [port, content] : decided)
        message_port_pub(port, content);
}

mono_bistatic_combiner_impl::messages mono_bistatic_combiner_impl::decide(bool all)
{
    messages out;
    step_gatherer<reports>::step step{ 0, d_nothing, {} };
    const auto has = [this, all](const reports& pairs, size_t pair) {
        return all || pairs[pair].size() >= d_reports_per_pair;
    };
    while (d_gatherer.take(step, has)) {
        std::vector<detections> combined(d_pairs.size());
        std::vector<double> snr_db(d_pairs.size(),
                                   std::numeric_limits<double>::quiet_NaN());
        for (size_t i = 0; i < d_pairs.size(); i++) {
            if (step.slot[i].empty())
                continue;
            combined[i] = combine(step.slot[i]);
            // Of a single look: more antennas must not make a pair look better.
            for (const detections& look : step.slot[i])
                snr_db[i] = std::fmax(snr_db[i], highest_snr_db(look));
        }
        d_num_steps++;
        const bool changed = d_selector.step(step.time, snr_db.data());
        const int selected = d_selector.selected();
        if (selected < 0)
            continue;
        const auto& [tx, rx] = d_pairs[selected];
        if (changed)
            out.emplace_back(
                message_ports::configuration(),
                to_pmt(configuration{
                    step.time, tx, rx, tx == rx ? "monostatic" : "bistatic" }));
        if (!step.slot[selected].empty())
            out.emplace_back(message_ports::detections(), to_pmt(combined[selected]));
    }
    return out;
}

detections
mono_bistatic_combiner_impl::combine(const std::vector<detections>& looks) const
{
    detections combined = looks.front();
    double time = combined.scene_time;
    for (size_t i = 1; i < looks.size(); i++) {
        combine_detections(combined, looks[i], d_gate);
        time += looks[i].scene_time;
    }
    combined.scene_time = time / looks.size();
    return combined;
}

void mono_bistatic_combiner_impl::change(double selection_parameters::*member,
                                         double value)
{
    std::lock_guard<std::mutex> lock(d_mutex);
    selection_parameters p = d_selector.parameters();
    p.*member = value;
    d_selector.set_parameters(p);
}

void mono_bistatic_combiner_impl::set_hysteresis_db(double hysteresis_db)
{
    change(&selection_parameters::hysteresis_db, hysteresis_db);
}

void mono_bistatic_combiner_impl::set_time_to_trigger(double time_to_trigger)
{
    change(&selection_parameters::time_to_trigger, time_to_trigger);
}

void mono_bistatic_combiner_impl::set_silence_time(double silence_time)
{
    change(&selection_parameters::silence_time, silence_time);
}

void mono_bistatic_combiner_impl::set_reports_per_pair(int reports_per_pair)
{
    const size_t count = checked_reports(reports_per_pair);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_reports_per_pair = count;
}

void mono_bistatic_combiner_impl::set_window(double window)
{
    checked_window(window);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_gatherer.set_tolerance(window);
}

void mono_bistatic_combiner_impl::set_gate(double gate)
{
    checked_gate(gate);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_gate = gate;
}

void mono_bistatic_combiner_impl::set_patience(double patience)
{
    checked_patience(patience);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_gatherer.set_patience(patience);
}

selection_parameters mono_bistatic_combiner_impl::parameters() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_selector.parameters();
}

mono_bistatic_combiner::node_pair mono_bistatic_combiner_impl::selected() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    const int selected = d_selector.selected();
    return selected < 0 ? node_pair(-1, -1) : d_pairs[selected];
}

uint64_t mono_bistatic_combiner_impl::num_steps() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_num_steps;
}

uint64_t mono_bistatic_combiner_impl::num_changes() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_selector.num_changes();
}

} // namespace isac
} // namespace gr
