/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "report_codec.h"
#include "sensing_node_impl.h"
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

const sensing_resources& checked(const sensing_resources& resources)
{
    check(resources, "sensing_node");
    return resources;
}

double checked_release(double release_snr_db)
{
    require(!std::isnan(release_snr_db),
            "sensing_node: release_snr_db",
            release_snr_db,
            "must be a number, or infinite");
    return release_snr_db;
}

object_state to_state(const track_report& report)
{
    object_state state;
    state.time = report.scene_time;
    std::copy_n(report.position.begin(), 3, state.position.begin());
    std::copy_n(report.velocity_vector.begin(), 3, state.velocity.begin());
    std::copy_n(report.covariance.begin(), 36, state.covariance.begin());
    return state;
}

} // namespace

sensing_node::sptr sensing_node::make(int64_t node,
                                      const beam_search::parameters& beams,
                                      const sensing_resources& resources,
                                      double release_snr_db)
{
    return gnuradio::make_block_sptr<sensing_node_impl>(
        node, beams, resources, release_snr_db);
}

sensing_node_impl::sensing_node_impl(int64_t node,
                                     const beam_search::parameters& beams,
                                     const sensing_resources& resources,
                                     double release_snr_db)
    : gr::block("sensing_node",
                gr::io_signature::make(0, 0, 0),
                gr::io_signature::make(0, 0, 0)),
      d_node(checked_node(node)),
      d_faults(d_logger),
      d_linger(*this),
      d_search(beams),
      d_resources(checked(resources)),
      d_release_snr_db(checked_release(release_snr_db))
{
    message_port_register_in(message_ports::signalling());
    set_msg_handler(message_ports::signalling(),
                    [this](const pmt::pmt_t& message) { handle_signal(message); });
    message_port_register_in(message_ports::configuration());
    set_msg_handler(message_ports::configuration(),
                    [this](const pmt::pmt_t& message) { handle_configuration(message); });
    message_port_register_in(message_ports::tracks());
    set_msg_handler(message_ports::tracks(),
                    [this](const pmt::pmt_t& message) { handle_tracks(message); });
    message_port_register_in(message_ports::detections());
    set_msg_handler(message_ports::detections(),
                    [this](const pmt::pmt_t& message) { handle_detections(message); });
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
        answer(std::move(signal));
    else if (signal.kind == "assist")
        d_search.assist(to_state(signal.object));
    else
        d_faults.count("bad_signalling", signal.kind + " is from nodes");
}

void sensing_node_impl::answer(handover_signal&& request)
{
    const char* const lacking =
        shortage(d_resources,
                 { request.num_symbols, request.num_subcarriers, request.tx_power_dbm });
    handover_signal reply = std::move(request);
    reply.kind = lacking ? "refuse" : "accept";
    reply.cause = lacking ? lacking : "";
    lacking ? d_num_refused++ : d_num_accepted++;
    message_port_pub(message_ports::signalling(), to_pmt(reply));
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
    else if (!d_active)
        d_search.reset();
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
        d_search.assist(to_state(report));
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
        report.rx != d_configuration.rx || highest_snr_db(report) < d_release_snr_db)
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

void sensing_node_impl::set_resources(const sensing_resources& resources)
{
    checked(resources);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_resources = resources;
}

void sensing_node_impl::set_release_snr_db(double release_snr_db)
{
    checked_release(release_snr_db);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_release_snr_db = release_snr_db;
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
