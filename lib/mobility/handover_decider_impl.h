/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_HANDOVER_DECIDER_IMPL_H
#define INCLUDED_ISAC_HANDOVER_DECIDER_IMPL_H

#include "fault_log.h"
#include "message_linger.h"
#include "mobility/step_gatherer.h"
#include <gnuradio/isac/handover_decider.h>
#include <gnuradio/isac/reports.h>
#include <mutex>

namespace gr {
namespace isac {

class handover_decider_impl : public handover_decider
{
public:
    handover_decider_impl(const std::vector<int64_t>& cells,
                          const handover_parameters& parameters,
                          double tolerance,
                          double patience);

    bool start() override;

    void set_parameters(const handover_parameters& parameters) override;
    void set_tolerance(double tolerance) override;
    void set_patience(double patience) override;

    handover_parameters parameters() const override;
    int64_t serving() const override;
    uint64_t num_steps() const override;
    uint64_t num_handovers() const override;
    uint64_t num_ping_pongs() const override;
    double outage() const override;
    std::map<std::string, uint64_t> faults() const override { return d_faults.counts(); }
    void reset() override;

private:
    // What a step has gathered, one value a cell.
    struct reports {
        explicit reports(size_t cells);
        std::vector<double> rsrp_dbm, sinr_db, distance_m, distance_variance;
        std::vector<bool> has_link, has_detections;
    };

    int index_of(int64_t node) const;
    int64_t node_of(int index) const { return index < 0 ? NO_NODE : d_cells[index]; }
    bool needs_link() const { return d_machine.parameters().criterion != "distance"; }
    bool needs_detections() const { return d_machine.parameters().criterion != "rsrp"; }
    bool has(const reports& step, size_t source) const;
    void handle_link(const pmt::pmt_t& message);
    void handle_detections(const pmt::pmt_t& message);
    // Decides the steps that are over, at the end all that wait.
    std::vector<handover_event> decide(bool all);
    void finish();
    void publish(const std::vector<handover_event>& events);

    const std::vector<int64_t> d_cells;
    const reports d_nothing;
    fault_log d_faults;
    message_linger d_linger;
    mutable std::mutex d_mutex; // of the machine and the gatherer
    handover_machine d_machine;
    step_gatherer<reports> d_gatherer; // sources: the links, then the detections
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_HANDOVER_DECIDER_IMPL_H */
