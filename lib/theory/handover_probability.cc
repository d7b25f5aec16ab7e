/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/handover_probability.h>
#include <cmath>

namespace gr {
namespace isac {
namespace theory {

namespace {

// Probability that a Gaussian of this standard deviation exceeds the margin.
double exceeds(double margin, double deviation)
{
    if (deviation == 0)
        return margin < 0 ? 1 : 0;
    return 0.5 * std::erfc(margin / (deviation * std::sqrt(2.0)));
}

// Without require_within's text, which costs more than all the rest when maps are drawn.
void require_share(const char* name, double value)
{
    require(value >= 0 && value <= 1, name, value, "must be from 0 to 1");
}

} // namespace

double handover_probability_rsrp(double path_loss_serving,
                                 double path_loss_target,
                                 double hysteresis,
                                 double shadowing_std)
{
    require_finite("handover_probability_rsrp: path_loss_serving", path_loss_serving);
    require_finite("handover_probability_rsrp: path_loss_target", path_loss_target);
    require_finite("handover_probability_rsrp: hysteresis", hysteresis);
    require_not_negative("handover_probability_rsrp: shadowing_std", shadowing_std);
    return exceeds(hysteresis + path_loss_target - path_loss_serving,
                   std::sqrt(2.0) * shadowing_std);
}

double handover_probability_distance(double distance_serving,
                                     double distance_target,
                                     double threshold,
                                     double variance_serving,
                                     double variance_target)
{
    require_not_negative("handover_probability_distance: distance_serving",
                         distance_serving);
    require_not_negative("handover_probability_distance: distance_target",
                         distance_target);
    require_finite("handover_probability_distance: threshold", threshold);
    const auto require_variance = [](const char* name, double value) {
        require(value >= 0, name, value, "must be zero or positive");
    };
    require_variance("handover_probability_distance: variance_serving", variance_serving);
    require_variance("handover_probability_distance: variance_target", variance_target);
    return exceeds(threshold + distance_target - distance_serving,
                   std::sqrt(variance_serving + variance_target));
}

double handover_probability_joint(double p_rsrp, double p_distance)
{
    require_share("handover_probability_joint: p_rsrp", p_rsrp);
    require_share("handover_probability_joint: p_distance", p_distance);
    return p_rsrp + p_distance - p_rsrp * p_distance;
}

} // namespace theory
} // namespace isac
} // namespace gr
