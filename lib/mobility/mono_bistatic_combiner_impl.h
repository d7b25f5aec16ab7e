/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MONO_BISTATIC_COMBINER_IMPL_H
#define INCLUDED_ISAC_MONO_BISTATIC_COMBINER_IMPL_H

#include "fault_log.h"
#include "message_linger.h"
#include "mobility/step_gatherer.h"
#include <gnuradio/isac/mono_bistatic_combiner.h>
#include <gnuradio/isac/reports.h>
#include <mutex>

namespace gr {
namespace isac {

class mono_bistatic_combiner_impl : public mono_bistatic_combiner
{
public:
    mono_bistatic_combiner_impl(const std::vector<node_pair>& pairs,
                                const selection_parameters& parameters,
                                int reports_per_pair,
                                double window,
                                double gate,
                                double patience);

    bool start() override;

    void set_hysteresis_db(double hysteresis_db) override;
    void set_time_to_trigger(double time_to_trigger) override;
    void set_silence_time(double silence_time) override;
    void set_reports_per_pair(int reports_per_pair) override;
    void set_window(double window) override;
    void set_gate(double gate) override;
    void set_patience(double patience) override;

    selection_parameters parameters() const override;
    node_pair selected() const override;
    uint64_t num_steps() const override;
    uint64_t num_changes() const override;
    std::map<std::string, uint64_t> faults() const override { return d_faults.counts(); }

private:
    // The reports of each pair in one step.
    using reports = std::vector<std::vector<detections>>;
    using messages = std::vector<std::pair<pmt::pmt_t, pmt::pmt_t>>; // port, message

    void handle_detections(const pmt::pmt_t& message);
    // Decides the steps that are over, at the end all that wait.
    messages decide(bool all);
    void finish();
    void publish(const messages& decided);
    detections combine(const std::vector<detections>& looks) const;
    void change(double selection_parameters::*member, double value);

    const std::vector<node_pair> d_pairs;
    const reports d_nothing;
    fault_log d_faults;
    message_linger d_linger;
    mutable std::mutex d_mutex; // of all below
    configuration_selector d_selector;
    step_gatherer<reports> d_gatherer;
    size_t d_reports_per_pair;
    double d_gate;
    uint64_t d_num_steps = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MONO_BISTATIC_COMBINER_IMPL_H */
