/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MONO_BISTATIC_COMBINER_IMPL_H
#define INCLUDED_ISAC_MONO_BISTATIC_COMBINER_IMPL_H

#include "alarm.h"
#include "fault_log.h"
#include "message_linger.h"
#include "mobility/pair_selector.h"
#include "mobility/step_gatherer.h"
#include <gnuradio/isac/mono_bistatic_combiner.h>
#include <gnuradio/isac/reports.h>
#include <limits>
#include <mutex>
#include <optional>
#include <set>

namespace gr {
namespace isac {

class mono_bistatic_combiner_impl : public mono_bistatic_combiner
{
public:
    mono_bistatic_combiner_impl(const std::vector<node_pair>& pairs,
                                const combiner_parameters& parameters);

    bool start() override;
    bool stop() override;

    void set_parameters(const combiner_parameters& parameters) override;
    combiner_parameters parameters() const override;
    node_pair selected() const override;
    node_pair source() const override;
    uint64_t num_steps() const override;
    uint64_t num_changes() const override;
    std::map<std::string, uint64_t> faults() const override { return d_faults.counts(); }

private:
    // What a step has gathered: the reports of each pair, the SINR of each user.
    struct reports {
        std::vector<std::vector<detections>> looks;
        std::vector<double> user_sinr_db;
    };

    // A step that is being decided.
    struct decision {
        double time;
        std::vector<detections> combined; // one a pair
        std::vector<bool> reported;       // a pair
        std::vector<double> snr_db;       // of a pair
        std::vector<double> user_sinr_db;
        std::vector<bool> avoid;    // a pair
        std::string cause = "first"; // of a change
        std::set<int64_t> asked;    // nodes that are to take part
        std::set<int64_t> silent;   // of these, who have not answered
        std::set<int64_t> refusing; // or silent for too long
        alarm::clock::time_point deadline;
    };

    // A detection that may be the object.
    struct sighting {
        size_t pair;
        int target; // its index
        path_look look;
    };

    bool has(const reports& gathered, size_t source) const;
    void handle_detections(const pmt::pmt_t& message);
    void handle_link(const pmt::pmt_t& message);
    void handle_signal(const pmt::pmt_t& message);
    void handle_reply(const handover_signal& reply);
    void handle_tracks(const pmt::pmt_t& message);

    // All below with d_mutex held.
    // Decides the steps that are over, at the end all that wait.
    void advance(bool all);
    bool take(bool all);
    void note_silence(const std::vector<bool>& silent);
    void watch();
    void select();
    void ask(const node_pair& before);
    bool settled(bool all);
    void conclude();
    void assist();
    void publish_configuration();
    position_estimate locate(std::vector<int>& targets);
    std::vector<sighting> sightings(bool predicted);
    bool lost(size_t num_predicted);
    void publish_located(detections&& report, const position_estimate& fix, int target);

    node_pair pair_of(int index) const;
    detections combine(const std::vector<detections>& looks) const;

    const std::vector<node_pair> d_pairs;
    const reports d_nothing;
    fault_log d_faults;
    message_linger d_linger;
    mutable std::mutex d_mutex; // of all below but the alarm
    combiner_parameters d_params;
    pair_selector d_selector;
    step_gatherer<reports> d_gatherer; // sources: the pairs, then the users
    object_track d_track;
    position_solver d_solver; // without the track
    sensing_triggers d_triggers;
    std::vector<object_state> d_others; // objects
    std::optional<decision> d_decision;
    double d_wavelength = std::numeric_limits<double>::infinity(); // m, unknown
    std::vector<bool> d_silent;             // a source, in the step before
    std::pair<node_pair, node_pair> d_told; // selected and source, as published
    uint64_t d_num_steps = 0;
    alarm d_alarm;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MONO_BISTATIC_COMBINER_IMPL_H */
