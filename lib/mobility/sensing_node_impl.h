/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_NODE_IMPL_H
#define INCLUDED_ISAC_SENSING_NODE_IMPL_H

#include "fault_log.h"
#include "message_linger.h"
#include <gnuradio/isac/reports.h>
#include <gnuradio/isac/sensing_node.h>
#include <mutex>
#include <optional>

namespace gr {
namespace isac {

class sensing_node_impl : public sensing_node
{
public:
    sensing_node_impl(int64_t node, const sensing_node_parameters& parameters);

    bool start() override;

    void set_parameters(const sensing_node_parameters& parameters) override;
    sensing_node_parameters parameters() const override;
    bool active() const override;
    uint64_t num_accepted() const override;
    uint64_t num_refused() const override;
    std::map<std::string, uint64_t> faults() const override { return d_faults.counts(); }

private:
    void handle_signal(const pmt::pmt_t& message);
    void handle_configuration(const pmt::pmt_t& message);
    void handle_tracks(const pmt::pmt_t& message);
    void handle_detections(const pmt::pmt_t& message);

    // With d_mutex held.
    bool is_target() const;
    void answer(const handover_signal& request);
    void assist(const handover_signal& help);
    bool refuse(const handover_signal& request);
    void point(double time);
    void release_source(const detections& report);

    const int64_t d_node;
    fault_log d_faults;
    message_linger d_linger;
    mutable std::mutex d_mutex; // of all below
    beam_search d_search;
    sensing_node_parameters d_params;
    bool d_active = false;
    configuration d_configuration;
    std::optional<handover_signal> d_accepted; // the request
    bool d_released = false;                   // the source of this configuration
    uint64_t d_num_accepted = 0;
    uint64_t d_num_refused = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_NODE_IMPL_H */
