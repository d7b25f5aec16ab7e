/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crlb_monitor_impl.h"
#include "report_codec.h"
#include <gnuradio/block_detail.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/tpb_detail.h>
#include <type_traits>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// Reports that wait for their counterpart, and points that nobody reads.
constexpr size_t MAX_WAITING = 64;
constexpr size_t MAX_POINTS = 65536;
// The scheduler hands over messages between two calls of work() only.
constexpr int IDLE_MS = 50;

} // namespace

crlb_monitor::sptr crlb_monitor::make(ofdm_grid::sptr grid,
                                      const std::string& reference,
                                      const std::string& model,
                                      double gate_delay,
                                      double gate_doppler,
                                      int window)
{
    require(grid != nullptr, "crlb_monitor: grid", "none", "must be given");
    require(reference == "pilots" || reference == "rows",
            "crlb_monitor: reference",
            reference,
            "must be pilots or rows");
    accuracy_monitor::parameters p;
    p.pilots_only = reference == "pilots";
    p.model = model;
    p.gate_delay = gate_delay;
    p.gate_doppler = gate_doppler;
    p.window = window;
    return gnuradio::make_block_sptr<crlb_monitor_impl>(grid, p);
}

crlb_monitor_impl::crlb_monitor_impl(ofdm_grid::sptr grid,
                                     const accuracy_monitor::parameters& p)
    : gr::sync_block("crlb_monitor",
                     gr::io_signature::make(0, 0, 0),
                     gr::io_signature::make(0, 4, sizeof(float))),
      d_grid(grid),
      d_faults(d_logger),
      d_linger(*this),
      d_monitor(grid, p)
{
    message_port_register_in(message_ports::detections());
    set_msg_handler(message_ports::detections(), [this](const pmt::pmt_t& message) {
        take(message, "detections", d_found, d_truth);
    });
    message_port_register_in(message_ports::ground_truth());
    set_msg_handler(message_ports::ground_truth(), [this](const pmt::pmt_t& message) {
        take(message, "ground_truth", d_truth, d_found);
    });
    message_port_register_out(message_ports::bounds());
}

bool crlb_monitor_impl::start()
{
    d_linger.start();
    return gr::sync_block::start();
}

bool crlb_monitor_impl::check_topology(int, int noutputs)
{
    d_has_streams = noutputs > 0;
    return true;
}

void crlb_monitor_impl::reset()
{
    std::lock_guard<std::mutex> lock(d_mutex);
    d_monitor.reset();
}

void crlb_monitor_impl::set_gate(double gate_delay, double gate_doppler)
{
    std::lock_guard<std::mutex> lock(d_mutex);
    d_monitor.set_gate(gate_delay, gate_doppler);
}

void crlb_monitor_impl::set_model(const std::string& model)
{
    std::lock_guard<std::mutex> lock(d_mutex);
    d_monitor.set_model(model);
}

template <typename Report, typename Other>
void crlb_monitor_impl::take(const pmt::pmt_t& message,
                             const char* name,
                             std::map<key, Report>& own,
                             std::map<key, Other>& others)
{
    d_linger.message_came();
    Report report;
    std::string error;
    if (!from_pmt(message, report, error)) {
        d_faults.count("bad_message", std::string(name) + ": " + error);
        return;
    }
    const key place(report.frame, report.tx, report.rx);
    const auto other = others.find(place);
    if (other != others.end()) {
        if constexpr (std::is_same_v<Report, detections>)
            join(report, other->second);
        else
            join(other->second, report);
        others.erase(other);
        return;
    }
    own[place] = std::move(report);
    if (own.size() > MAX_WAITING) {
        d_faults.count("unmatched",
                       std::string(name) + " of frame " +
                           std::to_string(std::get<0>(own.begin()->first)) +
                           " met no counterpart");
        own.erase(own.begin());
    }
}

void crlb_monitor_impl::join(const detections& found, const ground_truth& truth)
{
    bounds_report report;
    double crlb_delay, crlb_doppler;
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        d_monitor.update(found, truth, report);
        crlb_delay = d_monitor.mean_crlb_delay();
        crlb_doppler = d_monitor.mean_crlb_doppler();
    }
    message_port_pub(message_ports::bounds(), to_pmt(report));
    if (!d_has_streams || d_points.size() >= MAX_POINTS)
        return;
    const double metres = 0.5 * SPEED_OF_LIGHT;
    const double metres_a_second = 0.5 * d_grid->wavelength();
    d_points.push_back({ static_cast<float>(metres * report.rmse_delay),
                         static_cast<float>(metres * std::sqrt(crlb_delay)),
                         static_cast<float>(metres_a_second * report.rmse_doppler),
                         static_cast<float>(metres_a_second * std::sqrt(crlb_doppler)) });
}

int crlb_monitor_impl::work(int noutput_items,
                            gr_vector_const_void_star&,
                            gr_vector_void_star& output_items)
{
    if (d_points.empty()) {
        // Sleep until the next message: a source without items would else be called over
        // and over. stop() interrupts the wait.
        auto& tpb = detail()->d_tpb;
        gr::thread::scoped_lock lock(tpb.mutex);
        if (!tpb.input_changed && !finished())
            tpb.input_cond.timed_wait(lock, boost::posix_time::milliseconds(IDLE_MS));
        return 0;
    }
    const int count = static_cast<int>(
        std::min<size_t>(d_points.size(), static_cast<size_t>(noutput_items)));
    for (size_t port = 0; port < output_items.size(); port++) {
        auto* out = static_cast<float*>(output_items[port]);
        for (int i = 0; i < count; i++)
            out[i] = d_points[i][port];
    }
    d_points.erase(d_points.begin(), d_points.begin() + count);
    return count;
}

} // namespace isac
} // namespace gr
