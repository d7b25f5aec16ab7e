/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/detection_combiner.h>
#include <algorithm>
#include <cmath>
#include <limits>

namespace gr {
namespace isac {

namespace {

// Squared distance in units of the variance of the difference.
double deviation(double a, double b, double var_a, double var_b)
{
    const double difference = a - b;
    return difference == 0 ? 0 : difference * difference / (var_a + var_b);
}

// Weight of the second of two values in their mean; equal or unknown variances weigh the
// same.
double share(double var_first, double var_second)
{
    if (var_first == var_second)
        return 0.5;
    return std::isinf(var_first) ? 1 : var_first / (var_first + var_second);
}

double variance_of_mean(double var_first, double var_second)
{
    if (std::isinf(var_first) || std::isinf(var_second))
        return std::min(var_first, var_second);
    const double sum = var_first + var_second;
    return sum > 0 ? var_first * (var_second / sum) : 0;
}

void approach(double& value, double other, double weight)
{
    value += weight * (other - value);
}

void append(detections& to, const detections& from, size_t i)
{
    to.delay.push_back(from.delay[i]);
    to.doppler.push_back(from.doppler[i]);
    to.range.push_back(from.range[i]);
    to.velocity.push_back(from.velocity[i]);
    to.snr.push_back(from.snr[i]);
    to.var_delay.push_back(from.var_delay[i]);
    to.var_doppler.push_back(from.var_doppler[i]);
}

void merge(detections& to, size_t k, const detections& from, size_t i)
{
    const double by_delay = share(to.var_delay[k], from.var_delay[i]);
    approach(to.delay[k], from.delay[i], by_delay);
    approach(to.range[k], from.range[i], by_delay);
    const double by_doppler = share(to.var_doppler[k], from.var_doppler[i]);
    approach(to.doppler[k], from.doppler[i], by_doppler);
    approach(to.velocity[k], from.velocity[i], by_doppler);
    to.var_delay[k] = variance_of_mean(to.var_delay[k], from.var_delay[i]);
    to.var_doppler[k] = variance_of_mean(to.var_doppler[k], from.var_doppler[i]);
    to.snr[k] += from.snr[i];
}

} // namespace

void combine_detections(detections& combined, const detections& other, double gate)
{
    require_positive("combine_detections: gate", gate);
    const double limit = gate * gate;
    std::vector<bool> joined(combined.size(), false);
    for (size_t i = 0; i < other.size(); i++) {
        size_t nearest = joined.size();
        double smallest = std::numeric_limits<double>::infinity();
        for (size_t k = 0; k < joined.size(); k++) {
            const double delay = deviation(combined.delay[k],
                                           other.delay[i],
                                           combined.var_delay[k],
                                           other.var_delay[i]);
            const double doppler = deviation(combined.doppler[k],
                                             other.doppler[i],
                                             combined.var_doppler[k],
                                             other.var_doppler[i]);
            if (!joined[k] && delay <= limit && doppler <= limit &&
                delay + doppler < smallest) {
                nearest = k;
                smallest = delay + doppler;
            }
        }
        if (nearest == joined.size()) {
            append(combined, other, i);
        } else {
            merge(combined, nearest, other, i);
            joined[nearest] = true;
        }
    }
}

double highest_snr_db(const detections& report)
{
    const auto highest = std::max_element(report.snr.begin(), report.snr.end());
    return highest == report.snr.end() || !(*highest > 0)
               ? -std::numeric_limits<double>::infinity()
               : 10 * std::log10(*highest);
}

} // namespace isac
} // namespace gr
