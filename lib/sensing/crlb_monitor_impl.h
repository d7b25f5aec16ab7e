/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CRLB_MONITOR_IMPL_H
#define INCLUDED_ISAC_CRLB_MONITOR_IMPL_H

#include "fault_log.h"
#include "message_linger.h"
#include <gnuradio/isac/crlb_monitor.h>
#include <gnuradio/isac/sensing/accuracy_monitor.h>
#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <tuple>

namespace gr {
namespace isac {

class crlb_monitor_impl : public crlb_monitor
{
public:
    crlb_monitor_impl(ofdm_grid::sptr grid, const accuracy_monitor::parameters& p);

    void reset() override;
    void set_gate(double gate_delay, double gate_doppler) override;
    void set_model(const std::string& model) override;
    std::map<std::string, uint64_t> faults() const override { return d_faults.counts(); }

    bool start() override;
    bool check_topology(int ninputs, int noutputs) override;
    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    using key = std::tuple<uint64_t, int64_t, int64_t>; // frame, tx, rx

    template <typename Report, typename Other>
    void take(const pmt::pmt_t& message,
              const char* name,
              std::map<key, Report>& own,
              std::map<key, Other>& others);
    void join(const detections& found, const ground_truth& truth);

    ofdm_grid::sptr d_grid;
    fault_log d_faults;
    message_linger d_linger;
    accuracy_monitor d_monitor;
    std::map<key, detections> d_found;
    std::map<key, ground_truth> d_truth;
    std::deque<std::array<float, 4>> d_points; // not yet put out
    bool d_has_streams = false;

    std::mutex d_mutex; // guards d_monitor against setters
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CRLB_MONITOR_IMPL_H */
