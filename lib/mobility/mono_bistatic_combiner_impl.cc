/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "listen.h"
#include "mono_bistatic_combiner_impl.h"
#include "report_codec.h"
#include "track_states.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <gnuradio/isac/mobility/beam_search.h>
#include <gnuradio/isac/mobility/detection_combiner.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace gr {
namespace isac {

namespace {

using node_pair = mono_bistatic_combiner::node_pair;

constexpr double MISSING = std::numeric_limits<double>::quiet_NaN();
constexpr double INFINITE = std::numeric_limits<double>::infinity();
constexpr node_pair NO_NODES(-1, -1);

// Steps that the antennas of one pair may be apart.
constexpr size_t LOOKAHEAD = 256;

std::string text(const node_pair& pair)
{
    return "tx " + std::to_string(pair.first) + ", rx " + std::to_string(pair.second);
}

template <typename T>
bool is_first(const std::vector<T>& values, size_t i)
{
    return std::find(values.begin(), values.begin() + i, values[i]) == values.begin() + i;
}

const std::vector<node_pair>& checked(const std::vector<node_pair>& pairs)
{
    require(!pairs.empty(), "combiner: number of pairs", 0, "must be at least 1");
    for (size_t i = 0; i < pairs.size(); i++) {
        require(pairs[i].first >= 0 && pairs[i].second >= 0,
                "combiner: pairs",
                text(pairs[i]),
                "must not be negative");
        require(
            is_first(pairs, i), "combiner: pairs", text(pairs[i]), "must be listed once");
    }
    return pairs;
}

// But for what the kernels check themselves.
const combiner_parameters& checked(const combiner_parameters& p)
{
    for (size_t i = 0; i < p.users.size(); i++) {
        require(p.users[i] >= 0, "combiner: users", p.users[i], "must not be negative");
        require(
            is_first(p.users, i), "combiner: users", p.users[i], "must be listed once");
    }
    require(p.reports_per_pair >= 1,
            "combiner: reports_per_pair",
            p.reports_per_pair,
            "must be at least 1");
    require_not_negative("combiner: window", p.window);
    require_positive("combiner: gate", p.gate);
    require_not_negative("combiner: patience", p.patience);
    require_not_negative("combiner: reply_time", p.reply_time);
    require_positive("combiner: retry_time", p.retry_time);
    check(p.resources, "combiner");
    return p;
}

bool same(const position_solver::parameters& a, const position_solver::parameters& b)
{
    return std::tie(a.dimensions, a.height, a.side, a.gate, a.false_alarm) ==
           std::tie(b.dimensions, b.height, b.side, b.gate, b.false_alarm);
}

std::vector<int64_t> receivers_of(const std::vector<node_pair>& pairs)
{
    std::vector<int64_t> receivers;
    for (const node_pair& pair : pairs)
        receivers.push_back(pair.second);
    return receivers;
}

} // namespace

mono_bistatic_combiner::sptr
mono_bistatic_combiner::make(const std::vector<node_pair>& pairs,
                             const combiner_parameters& parameters)
{
    return gnuradio::make_block_sptr<mono_bistatic_combiner_impl>(pairs, parameters);
}

mono_bistatic_combiner_impl::mono_bistatic_combiner_impl(
    const std::vector<node_pair>& pairs, const combiner_parameters& parameters)
    : gr::block("mono_bistatic_combiner",
                gr::io_signature::make(0, 0, 0),
                gr::io_signature::make(0, 0, 0)),
      d_pairs(checked(pairs)),
      d_nothing{ std::vector<std::vector<detections>>(pairs.size()),
                 std::vector<double>(parameters.users.size(), MISSING) },
      d_faults(d_logger),
      d_linger(*this,
               [this] {
                   std::lock_guard<std::mutex> lock(d_mutex);
                   advance(true);
               }),
      d_params(checked(parameters)),
      d_selector(receivers_of(pairs), d_params.users, d_params.selection, d_params.qos),
      d_gatherer(pairs.size() + d_params.users.size(),
                 d_params.window,
                 d_params.patience,
                 d_params.reports_per_pair > 1 ? LOOKAHEAD : 1),
      d_locator(pairs, d_params.nodes, d_params.track),
      d_triggers(pairs, d_params.nodes, d_params.users, d_params.triggers),
      d_silent(pairs.size() + d_params.users.size(), false),
      d_told(NO_NODES, NO_NODES),
      d_alarm([this] {
          std::lock_guard<std::mutex> lock(d_mutex);
          advance(false);
      })
{
    listen(*this,
           message_ports::detections(),
           &mono_bistatic_combiner_impl::handle_detections);
    listen(*this, message_ports::link(), &mono_bistatic_combiner_impl::handle_link);
    listen(
        *this, message_ports::signalling(), &mono_bistatic_combiner_impl::handle_signal);
    listen(*this, message_ports::tracks(), &mono_bistatic_combiner_impl::handle_tracks);
    message_port_register_out(message_ports::detections());
    message_port_register_out(message_ports::configuration());
    message_port_register_out(message_ports::tracks());
    message_port_register_out(message_ports::signalling());
}

bool mono_bistatic_combiner_impl::start()
{
    d_linger.start();
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        d_gatherer.start();
    }
    d_alarm.start();
    return gr::block::start();
}

bool mono_bistatic_combiner_impl::stop()
{
    d_alarm.stop();
    return gr::block::stop();
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

    std::lock_guard<std::mutex> lock(d_mutex);
    const size_t index = pair - d_pairs.begin();
    reports* const step = d_gatherer.find(index, report.scene_time, d_nothing);
    if (!step)
        return d_faults.count("late_detections",
                              "the step of " + std::to_string(report.scene_time) +
                                  " s is decided");
    step->looks[index].push_back(std::move(report));
    advance(false);
}

void mono_bistatic_combiner_impl::handle_link(const pmt::pmt_t& message)
{
    d_linger.message_came();
    link_report report;
    std::string error;
    if (!from_pmt(message, report, error))
        return d_faults.count("bad_link", error);
    std::lock_guard<std::mutex> lock(d_mutex);
    const auto user =
        std::find(d_params.users.begin(), d_params.users.end(), report.node);
    if (user == d_params.users.end())
        return d_faults.count("unknown_user",
                              "link of node " + std::to_string(report.node));
    const size_t index = user - d_params.users.begin();
    reports* const step =
        d_gatherer.find(d_pairs.size() + index, report.scene_time, d_nothing);
    if (!step)
        return d_faults.count("late_link",
                              "the step of " + std::to_string(report.scene_time) +
                                  " s is decided");
    step->user_sinr_db[index] = report.sinr_db;
    advance(false);
}

void mono_bistatic_combiner_impl::handle_signal(const pmt::pmt_t& message)
{
    d_linger.message_came();
    handover_signal signal;
    std::string error;
    if (!from_pmt(message, signal, error))
        return d_faults.count("bad_signalling", error);
    std::lock_guard<std::mutex> lock(d_mutex);
    if (signal.kind == "accept" || signal.kind == "refuse") {
        handle_reply(signal);
    } else if (signal.kind == "release") {
        const node_pair target = pair_of(d_selector.selected());
        if (signal.node == target.first || signal.node == target.second)
            d_selector.end_soft();
    } else {
        d_faults.count("bad_signalling", signal.kind + " is for nodes");
    }
}

void mono_bistatic_combiner_impl::handle_reply(const handover_signal& reply)
{
    const node_pair selected = pair_of(d_selector.selected());
    const bool awaited = d_decision && reply.scene_time == d_decision->time &&
                         node_pair(reply.tx, reply.rx) == selected &&
                         d_decision->silent.erase(reply.node) > 0;
    const bool refuses = reply.kind == "refuse";
    const bool withdraws =
        refuses && !awaited &&
        (reply.node == selected.first || reply.node == selected.second);
    if (!awaited && !withdraws)
        return d_faults.count("late_reply",
                              reply.kind + " of node " + std::to_string(reply.node));
    if (refuses)
        d_faults.count("refused",
                       "node " + std::to_string(reply.node) + " lacks " + reply.cause);
    if (withdraws)
        d_triggers.withdraw(reply.node, reply.scene_time + d_params.retry_time);
    else if (refuses)
        d_decision->refusing.insert(reply.node);
    advance(false);
}

void mono_bistatic_combiner_impl::handle_tracks(const pmt::pmt_t& message)
{
    d_linger.message_came();
    track_report report;
    std::string error;
    if (!from_pmt(message, report, error))
        return d_faults.count("bad_tracks", error);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_others = to_states(report);
}

bool mono_bistatic_combiner_impl::has(const reports& gathered, size_t source) const
{
    return source < d_pairs.size()
               ? gathered.looks[source].size() >=
                     static_cast<size_t>(d_params.reports_per_pair)
               : !std::isnan(gathered.user_sinr_db[source - d_pairs.size()]);
}

void mono_bistatic_combiner_impl::advance(bool all)
{
    const auto enough = [this, all](const reports& gathered, size_t source) {
        return all || has(gathered, source);
    };
    while (d_decision || take(all)) {
        if (!settled(all)) {
            d_alarm.set(d_decision->deadline);
            return;
        }
        conclude();
        d_decision.reset();
    }
    d_alarm.set(d_gatherer.due(enough));
}

bool mono_bistatic_combiner_impl::take(bool all)
{
    step_gatherer<reports>::step step{ 0, d_nothing, {}, {} };
    if (!d_gatherer.take(step, [this, all](const reports& gathered, size_t source) {
            return all || has(gathered, source);
        }))
        return false;
    d_decision.emplace();
    decision& d = *d_decision;
    d.time = step.time;
    d.combined.resize(d_pairs.size());
    d.reported.resize(d_pairs.size());
    d.snr_db.assign(d_pairs.size(), MISSING);
    d.user_sinr_db = step.slot.user_sinr_db;
    for (size_t i = 0; i < d_pairs.size(); i++) {
        d.reported[i] = !step.slot.looks[i].empty();
        if (d.reported[i])
            d.combined[i] = combine(step.slot.looks[i]);
        else if (step.silent[i])
            d.snr_db[i] = -INFINITE;
        // Of a single look: more antennas must not make a pair look better.
        for (const detections& look : step.slot.looks[i])
            d.snr_db[i] = std::fmax(d.snr_db[i], highest_snr_db(look));
    }
    note_silence(step.silent);
    watch();
    select();
    return true;
}

void mono_bistatic_combiner_impl::note_silence(const std::vector<bool>& silent)
{
    for (size_t i = 0; i < silent.size(); i++) {
        if (!silent[i] || d_silent[i])
            continue;
        const std::string since =
            " has reported nothing for " + std::to_string(d_params.patience) + " s";
        if (i < d_pairs.size())
            d_faults.count("silent_pair", text(d_pairs[i]) + since);
        else
            d_faults.count("silent_user",
                           "the user of node " +
                               std::to_string(d_params.users[i - d_pairs.size()]) +
                               since);
    }
    d_silent = silent;
}

// What speaks against a pair, by what is known before this step's reports are located.
void mono_bistatic_combiner_impl::watch()
{
    decision& d = *d_decision;
    const std::optional<object_state> object = d_locator.predict(d.time);
    const auto forgotten = [&](const object_state& other) {
        return d.time - other.time > d_params.track.memory;
    };
    d_others.erase(std::remove_if(d_others.begin(), d_others.end(), forgotten),
                   d_others.end());
    d_triggers.step(d.time, object ? &*object : nullptr, d_others, d.snr_db.data());
    d.avoid.resize(d_pairs.size());
    for (size_t i = 0; i < d_pairs.size(); i++)
        d.avoid[i] = d_triggers.found(i) != sensing_trigger::none;
    // A source may sense on where it will soon see nothing, but not where it must not.
    const int source = d_selector.source();
    if (source == pair_selector::NO_PAIR)
        return;
    const sensing_trigger against = d_triggers.found(source);
    if (against == sensing_trigger::resources || against == sensing_trigger::beam ||
        against == sensing_trigger::interference)
        d_selector.end_soft();
}

void mono_bistatic_combiner_impl::select()
{
    decision& d = *d_decision;
    d.asked.clear();
    const int before = d_selector.selected();
    if (!d_selector.step(d.time, d.snr_db.data(), d.user_sinr_db.data(), d.avoid))
        return;
    if (before == pair_selector::NO_PAIR)
        d.cause = "first";
    else if (d_selector.for_users())
        d.cause = "users";
    else
        d.cause = d.avoid[before] ? to_string(d_triggers.found(before)) : "snr";
    if (d_params.handshake)
        ask(pair_of(before));
}

// Those that are to send or to receive and have not done so.
void mono_bistatic_combiner_impl::ask(const node_pair& before)
{
    decision& d = *d_decision;
    const auto [tx, rx] = pair_of(d_selector.selected());
    if (tx != before.first)
        d.asked.insert(tx);
    if (rx != before.second)
        d.asked.insert(rx);
    d.silent = d.asked;
    d.refusing.clear();
    d.deadline =
        alarm::clock::now() + std::chrono::duration_cast<alarm::clock::duration>(
                                  std::chrono::duration<double>(d_params.reply_time));
    for (int64_t node : d.asked) {
        handover_signal request;
        request.kind = "request";
        request.scene_time = d.time;
        request.node = node;
        request.tx = tx;
        request.rx = rx;
        request.num_symbols = d_params.resources.num_symbols;
        request.num_subcarriers = d_params.resources.num_subcarriers;
        request.tx_power_dbm = node == tx ? d_params.resources.tx_power_dbm : -INFINITE;
        message_port_pub(message_ports::signalling(), to_pmt(request));
    }
}

bool mono_bistatic_combiner_impl::settled(bool all)
{
    decision& d = *d_decision;
    while (!d.asked.empty()) {
        if (d.refusing.empty()) {
            if (d.silent.empty())
                return true;
            if (!all && alarm::clock::now() < d.deadline)
                return false;
            for (int64_t node : d.silent)
                d_faults.count("no_reply", "of node " + std::to_string(node));
            d.refusing.insert(d.silent.begin(), d.silent.end());
        }
        if (d.cause == "first") { // there is none to go back to
            for (int64_t node : d.refusing)
                d_triggers.withdraw(node, d.time + d_params.retry_time);
            return true;
        }
        d_selector.refuse(d.time + d_params.retry_time);
        select();
    }
    return true;
}

void mono_bistatic_combiner_impl::assist()
{
    const decision& d = *d_decision;
    const auto object = d_locator.predict(d.time);
    if (!object)
        return;
    handover_signal help;
    help.kind = "assist";
    help.scene_time = d.time;
    std::tie(help.tx, help.rx) = pair_of(d_selector.selected());
    help.object = to_report(*object);
    for (int64_t node : d.asked) {
        help.node = node;
        const direction beam = direction_to(d_params.nodes.at(node), object->position);
        help.azimuth = beam.azimuth;
        help.elevation = beam.elevation;
        message_port_pub(message_ports::signalling(), to_pmt(help));
    }
}

void mono_bistatic_combiner_impl::conclude()
{
    decision& d = *d_decision;
    d_num_steps++;
    const int selected = d_selector.selected();
    const int source = d_selector.source();
    // What a soft handover is for: the source sees what the selected pair does not.
    int shown = selected;
    if (source != pair_selector::NO_PAIR && d.combined[selected].size() == 0 &&
        d.combined[source].size() > 0)
        shown = source;
    position_estimate fix;
    std::vector<int> targets(d_pairs.size(), -1);
    if (!d_params.nodes.empty())
        fix = locate(targets);
    assist();
    if (selected != pair_selector::NO_PAIR)
        publish_configuration();
    if (shown == pair_selector::NO_PAIR || !d.reported[shown])
        return;
    if (d_params.nodes.empty())
        message_port_pub(message_ports::detections(), to_pmt(d.combined[shown]));
    else
        publish_located(std::move(d.combined[shown]), fix, targets[shown]);
}

void mono_bistatic_combiner_impl::publish_configuration()
{
    const node_pair selected = pair_of(d_selector.selected());
    const node_pair source = pair_of(d_selector.source());
    if (d_told == std::make_pair(selected, source))
        return;
    const bool soft_ended = d_told.first == selected;
    d_told = { selected, source };
    const auto [tx, rx] = selected;
    message_port_pub(
        message_ports::configuration(),
        to_pmt(configuration{ d_decision->time,
                              tx,
                              rx,
                              tx == rx ? "monostatic" : "bistatic",
                              source.first,
                              source.second,
                              soft_ended ? "soft_end" : d_decision->cause }));
}

// Where the object is, by what the pairs in use see; which of their detections it is,
// goes to targets.
position_estimate mono_bistatic_combiner_impl::locate(std::vector<int>& targets)
{
    const decision& d = *d_decision;
    std::vector<bool> used(d_pairs.size(), d_params.locate_by_all);
    for (int pair : { d_selector.selected(), d_selector.source() })
        if (pair != pair_selector::NO_PAIR)
            used[pair] = true;
    const position_estimate fix =
        d_locator.step(d.time, d.combined, used, d_params.gate, targets);
    track_report track;
    if (const auto object = d_locator.predict(d.time))
        track = to_report(*object);
    track.scene_time = d.time;
    message_port_pub(message_ports::tracks(), to_pmt(track));
    return fix;
}

void mono_bistatic_combiner_impl::publish_located(detections&& report,
                                                  const position_estimate& fix,
                                                  int target)
{
    fused_detections fused;
    static_cast<detections&>(fused) = std::move(report);
    fused.position_status = to_string(fix.status);
    fused.position.assign(3 * fused.size(), MISSING);
    fused.covariance.assign(9 * fused.size(), MISSING);
    if (target >= 0 && fix.status != position_estimate::state::none) {
        std::copy(fix.position.begin(),
                  fix.position.end(),
                  fused.position.begin() + 3 * target);
        std::copy(fix.covariance.begin(),
                  fix.covariance.end(),
                  fused.covariance.begin() + 9 * target);
    }
    message_port_pub(message_ports::detections(), to_pmt(fused));
}

node_pair mono_bistatic_combiner_impl::pair_of(int index) const
{
    return index == pair_selector::NO_PAIR ? NO_NODES : d_pairs[index];
}

detections
mono_bistatic_combiner_impl::combine(const std::vector<detections>& looks) const
{
    detections combined = looks.front();
    double time = combined.scene_time;
    for (size_t i = 1; i < looks.size(); i++) {
        combine_detections(combined, looks[i], d_params.gate);
        time += looks[i].scene_time;
    }
    combined.scene_time = time / looks.size();
    return combined;
}

void mono_bistatic_combiner_impl::set_parameters(const combiner_parameters& parameters)
{
    checked(parameters);
    std::lock_guard<std::mutex> lock(d_mutex);
    const bool fixed = parameters.users == d_params.users &&
                       parameters.nodes == d_params.nodes &&
                       same(parameters.track.solver, d_params.track.solver);
    require(fixed, "combiner: users, nodes or solver", "others", "must stay as made");
    object_track::check(parameters.track);
    d_selector.set_parameters(parameters.selection, parameters.qos);
    d_triggers.set_parameters(parameters.triggers);
    d_locator.set_motion(parameters.track);
    d_gatherer.set_tolerance(parameters.window);
    d_gatherer.set_patience(parameters.patience);
    d_params = parameters;
}

combiner_parameters mono_bistatic_combiner_impl::parameters() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_params;
}

mono_bistatic_combiner::node_pair mono_bistatic_combiner_impl::selected() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return pair_of(d_selector.selected());
}

mono_bistatic_combiner::node_pair mono_bistatic_combiner_impl::source() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return pair_of(d_selector.source());
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
