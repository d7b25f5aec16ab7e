/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "listen.h"
#include "report_codec.h"
#include "sensing_node_impl.h"
#include "track_states.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <gnuradio/isac/mobility/detection_combiner.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

int64_t checked_node(int64_t node)
{
    require(node >= 0, "sensing_node: node", node, "must not be negative");
    return node;
}

const sensing_node_parameters& checked(const sensing_node_parameters& p)
{
    beam_search(p.beams);
    check(p.resources, "sensing_node");
    require(!std::isnan(p.release_snr_db),
            "sensing_node: release_snr_db",
            p.release_snr_db,
            "must be a number, or infinite");
    return p;
}

} // namespace

sensing_node::sptr sensing_node::make(int64_t node,
                                      const sensing_node_parameters& parameters)
{
    return gnuradio::make_block_sptr<sensing_node_impl>(node, parameters);
}

sensing_node_impl::sensing_node_impl(int64_t node,
                                     const sensing_node_parameters& parameters)
    : gr::block("sensing_node",
                gr::io_signature::make(0, 0, 0),
                gr::io_signature::make(0, 0, 0)),
      d_node(checked_node(node)),
      d_faults(d_logger),
      d_linger(*this),
      d_search(checked(parameters).beams),
      d_params(parameters)
{
    listen(*this, message_ports::signalling(), &sensing_node_impl::handle_signal);
    listen(
        *this, message_ports::configuration(), &sensing_node_impl::handle_configuration);
    listen(*this, message_ports::tracks(), &sensing_node_impl::handle_tracks);
    listen(*this, message_ports::detections(), &sensing_node_impl::handle_detections);
    message_port_register_out(message_ports::signalling());
    message_port_register_out(message_ports::beam());
}

bool sensing_node_impl::start()
{
    d_linger.start();
    return gr::block::start();
}

void sensing_node_impl::handle_signal(const pmt::pmt_t& message)
{
    d_linger.message_came();
    handover_signal signal;
    std::string error;
    if (!from_pmt(message, signal, error))
        return d_faults.count("bad_signalling", error);
    if (signal.node != d_node)
        return;
    std::lock_guard<std::mutex> lock(d_mutex);
    if (signal.kind == "request")
        answer(signal);
    else if (signal.kind == "assist")
        assist(signal);
    else
        d_faults.count("bad_signalling", signal.kind + " is from nodes");
}

void sensing_node_impl::answer(const handover_signal& request)
{
    d_accepted.reset();
    if (refuse(request))
        return;
    d_accepted = request;
    d_num_accepted++;
    handover_signal reply = request;
    reply.kind = "accept";
    message_port_pub(message_ports::signalling(), to_pmt(reply));
}

// If there is not what it asks for.
bool sensing_node_impl::refuse(const handover_signal& request)
{
    const char* const lacking =
        shortage(d_params.resources,
                 { request.num_symbols, request.num_subcarriers, request.tx_power_dbm });
    if (!lacking)
        return false;
    d_num_refused++;
    handover_signal reply = request;
    reply.kind = "refuse";
    reply.cause = lacking;
    message_port_pub(message_ports::signalling(), to_pmt(reply));
    return true;
}

// It may come before or after the configuration that it is for.
void sensing_node_impl::assist(const handover_signal& help)
{
    d_search.assist(to_states(help.object).front());
    if (d_active)
        point(help.scene_time);
}

bool sensing_node_impl::is_target() const
{
    return d_node == d_configuration.tx || d_node == d_configuration.rx;
}

void sensing_node_impl::handle_configuration(const pmt::pmt_t& message)
{
    d_linger.message_came();
    configuration report;
    std::string error;
    if (!from_pmt(message, report, error))
        return d_faults.count("bad_configuration", error);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_configuration = report;
    d_released = false;
    const bool was_active = d_active;
    d_active = is_target() || d_node == report.source_tx || d_node == report.source_rx;
    if (d_active && !was_active)
        point(report.scene_time);
    if (!d_active)
        d_search.reset();
    if (!is_target())
        d_accepted.reset();
}

void sensing_node_impl::handle_tracks(const pmt::pmt_t& message)
{
    d_linger.message_came();
    track_report report;
    std::string error;
    if (!from_pmt(message, report, error))
        return d_faults.count("bad_tracks", error);
    std::lock_guard<std::mutex> lock(d_mutex);
    if (d_active && report.size() > 0)
        d_search.assist(to_states(report).front());
}

void sensing_node_impl::handle_detections(const pmt::pmt_t& message)
{
    d_linger.message_came();
    detections report;
    std::string error;
    if (!from_pmt(message, report, error))
        return d_faults.count("bad_detections", error);
    std::lock_guard<std::mutex> lock(d_mutex);
    if (!d_active || (report.tx != d_node && report.rx != d_node))
        return;
    d_search.look(report.size() > 0);
    point(report.scene_time);
    release_source(report);
}

void sensing_node_impl::point(double time)
{
    const direction to = d_search.point(time);
    message_port_pub(
        message_ports::beam(),
        to_pmt(beam_report{
            time, d_node, to.azimuth, to.elevation, d_search.params().beamwidth }));
}

void sensing_node_impl::release_source(const detections& report)
{
    const bool helped = is_target() && d_configuration.source_rx >= 0;
    if (!helped || d_released || report.tx != d_configuration.tx ||
        report.rx != d_configuration.rx ||
        highest_snr_db(report) < d_params.release_snr_db)
        return;
    d_released = true;
    handover_signal release;
    release.kind = "release";
    release.scene_time = report.scene_time;
    release.node = d_node;
    release.tx = report.tx;
    release.rx = report.rx;
    message_port_pub(message_ports::signalling(), to_pmt(release));
}

void sensing_node_impl::set_parameters(const sensing_node_parameters& parameters)
{
    checked(parameters);
    std::lock_guard<std::mutex> lock(d_mutex);
    require(parameters.beams == d_params.beams,
            "sensing_node: beams",
            "others",
            "must stay as made");
    d_params = parameters;
    if (d_accepted && refuse(*d_accepted))
        d_accepted.reset();
}

sensing_node_parameters sensing_node_impl::parameters() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_params;
}

bool sensing_node_impl::active() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_active;
}

uint64_t sensing_node_impl::num_accepted() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_num_accepted;
}

uint64_t sensing_node_impl::num_refused() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_num_refused;
}

} // namespace isac
} // namespace gr
