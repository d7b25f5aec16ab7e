/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/cfar_threshold.h>
#include <cmath>

namespace gr {
namespace isac {

namespace {

void check_pfa(double pfa)
{
    require(pfa > 0 && pfa < 1, "cfar: pfa", pfa, "must be above 0 and below 1");
}

// The root of an increasing, concave function of a > 0 by Newton's method: from the left
// it climbs to the root without passing it.
template <typename F>
double climb(F value_and_slope)
{
    double a = 0;
    for (int i = 0; i < 200; i++) {
        const auto [value, slope] = value_and_slope(a);
        const double step = -value / slope;
        a += step;
        if (step <= 1e-12 * a)
            break;
    }
    return a;
}

} // namespace

double ca_multiplier(size_t num_training, double pfa)
{
    check_pfa(pfa);
    require(num_training >= 1, "cfar: training cells", num_training, "must be >= 1");
    const double n = static_cast<double>(num_training);
    return n * std::expm1(-std::log(pfa) / n);
}

double ca_multiplier(const std::vector<double>& eigenvalues, double pfa)
{
    check_pfa(pfa);
    require(
        !eigenvalues.empty(), "cfar: training cells", eigenvalues.size(), "must be >= 1");
    const double n = static_cast<double>(eigenvalues.size());
    const double goal = -std::log(pfa);
    return climb([&](double a) {
        double value = -goal, slope = 0;
        for (const double l : eigenvalues) {
            value += std::log1p(a * l / n);
            slope += l / (n + a * l);
        }
        return std::make_pair(value, slope);
    });
}

double os_multiplier(size_t num_training, size_t rank, double pfa)
{
    check_pfa(pfa);
    require(rank >= 1 && rank <= num_training,
            "cfar: rank",
            rank,
            "must be from 1 to the training cells = " + std::to_string(num_training));
    const double goal = -std::log(pfa);
    return climb([&](double a) {
        double value = -goal, slope = 0;
        for (size_t i = 0; i < rank; i++) {
            const double left = static_cast<double>(num_training - i);
            value += std::log1p(a / left);
            slope += 1 / (left + a);
        }
        return std::make_pair(value, slope);
    });
}

double os_mean(size_t num_training, size_t rank)
{
    double mean = 0;
    for (size_t i = 0; i < rank; i++)
        mean += 1.0 / static_cast<double>(num_training - i);
    return mean;
}

} // namespace isac
} // namespace gr
