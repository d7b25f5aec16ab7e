/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_TRACK_STATES_H
#define INCLUDED_ISAC_MOBILITY_TRACK_STATES_H

#include <gnuradio/isac/mobility/object_track.h>
#include <gnuradio/isac/reports.h>
#include <algorithm>
#include <vector>

namespace gr {
namespace isac {

//! A report of one object, from a kernel's state.
inline track_report to_report(const object_state& state)
{
    track_report report;
    report.scene_time = state.time;
    report.position.assign(state.position.begin(), state.position.end());
    report.velocity_vector.assign(state.velocity.begin(), state.velocity.end());
    report.covariance.assign(state.covariance.begin(), state.covariance.end());
    return report;
}

//! And back, of all its objects.
inline std::vector<object_state> to_states(const track_report& report)
{
    std::vector<object_state> states(report.size());
    for (size_t i = 0; i < states.size(); i++) {
        states[i].time = report.scene_time;
        std::copy_n(report.position.begin() + 3 * i, 3, states[i].position.begin());
        std::copy_n(
            report.velocity_vector.begin() + 3 * i, 3, states[i].velocity.begin());
        std::copy_n(report.covariance.begin() + 36 * i, 36, states[i].covariance.begin());
    }
    return states;
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_TRACK_STATES_H */
