/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "mobility/object_locator.h"
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

object_locator::object_locator(const std::vector<node_pair>& pairs,
                               const std::map<int64_t, vector3>& nodes,
                               const object_track::parameters& p)
    : d_pairs(pairs), d_nodes(nodes), d_track(p), d_solver(p.solver)
{
}

void object_locator::set_motion(const object_track::parameters& p)
{
    d_track.set_motion(p.acceleration, p.speed, p.memory);
}

std::optional<object_state> object_locator::predict(double time) const
{
    if (!d_track.active(time))
        return std::nullopt;
    return d_track.predict(time);
}

position_estimate object_locator::step(double time,
                                       const std::vector<detections>& seen,
                                       const std::vector<bool>& used,
                                       double gate,
                                       std::vector<int>& targets)
{
    std::vector<sighting> found = strongest(seen, used);
    if (d_track.active(time)) {
        std::vector<sighting> expected = nearest(seen, used, time, gate);
        if (elsewhere(found, expected.size()))
            d_track.reset();
        else
            found = std::move(expected);
    }
    targets.assign(d_pairs.size(), -1);
    std::vector<path_look> looks;
    for (const sighting& s : found) {
        looks.push_back(s.look);
        targets[s.pair] = s.target;
    }
    const position_estimate fix = d_track.step(time, looks.data(), looks.size());
    if (fix.outlier)
        targets[found[*fix.outlier].pair] = -1;
    return fix;
}

std::vector<object_locator::sighting>
object_locator::strongest(const std::vector<detections>& seen,
                          const std::vector<bool>& used)
{
    std::vector<sighting> found;
    for (size_t i = 0; i < d_pairs.size(); i++) {
        const std::vector<double>& snr = seen[i].snr;
        if (used[i] && !snr.empty())
            found.push_back(look_at(
                i, std::max_element(snr.begin(), snr.end()) - snr.begin(), seen[i]));
    }
    return found;
}

std::vector<object_locator::sighting>
object_locator::nearest(const std::vector<detections>& seen,
                        const std::vector<bool>& used,
                        double time,
                        double gate)
{
    std::vector<sighting> found;
    for (size_t i = 0; i < d_pairs.size(); i++) {
        if (!used[i])
            continue;
        const std::vector<range_sum> ranges = ranges_of(i, seen[i]);
        if (const auto target = d_track.pick(ranges.data(), ranges.size(), time, gate))
            found.push_back(look_at(i, *target, seen[i]));
    }
    return found;
}

std::vector<range_sum> object_locator::ranges_of(size_t pair,
                                                 const detections& seen) const
{
    std::vector<range_sum> ranges(seen.size());
    for (size_t k = 0; k < seen.size(); k++)
        ranges[k] = { d_nodes.at(d_pairs[pair].first),
                      d_nodes.at(d_pairs[pair].second),
                      SPEED_OF_LIGHT * seen.delay[k],
                      SPEED_OF_LIGHT * SPEED_OF_LIGHT * seen.var_delay[k] };
    return ranges;
}

object_locator::sighting
object_locator::look_at(size_t pair, size_t target, const detections& seen)
{
    path_look look;
    static_cast<range_sum&>(look) = ranges_of(pair, seen)[target];
    look.rate = 2 * seen.velocity[target];
    // velocity is -doppler * wavelength / 2.
    if (seen.doppler[target] != 0)
        d_wavelength = 2 * std::abs(seen.velocity[target] / seen.doppler[target]);
    look.rate_variance = d_wavelength * d_wavelength * seen.var_doppler[target];
    return { pair, static_cast<int>(target), look };
}

// Whether more pairs than see the object where it is predicted agree that it is somewhere
// else; a spare one has to confirm it.
bool object_locator::elsewhere(const std::vector<sighting>& found, size_t num_predicted)
{
    if (found.size() <= num_predicted)
        return false;
    std::vector<range_sum> ranges;
    for (const sighting& s : found)
        ranges.push_back(s.look);
    const position_estimate fix = d_solver.solve(ranges.data(), ranges.size());
    return fix.status == position_estimate::state::unique && fix.degrees_of_freedom > 0 &&
           fix.num_used > num_predicted;
}

} // namespace isac
} // namespace gr
