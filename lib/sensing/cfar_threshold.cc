/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "order_quadrature.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/cfar_threshold.h>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>

namespace gr {
namespace isac {

namespace {

void check_pfa(double pfa)
{
    require(pfa > 0 && pfa < 1, "cfar: pfa", pfa, "must be above 0 and below 1");
}

// The multiplier whose false alarms, a falling function given by its logarithm, are pfa.
template <typename F>
double solve(double pfa, F log_false_alarm)
{
    const double goal = std::log(pfa);
    uintmax_t iterations = 200;
    const auto root = boost::math::tools::bracket_and_solve_root(
        [&](double a) { return log_false_alarm(a) - goal; },
        1.0 - goal,
        2.0,
        false,
        boost::math::tools::eps_tolerance<double>(40),
        iterations);
    return 0.5 * (root.first + root.second);
}

} // namespace

double ca_multiplier(size_t num_training, double pfa, size_t looks)
{
    check_pfa(pfa);
    require(num_training >= 1, "cfar: training cells", num_training, "must be >= 1");
    const double n = static_cast<double>(num_training);
    if (looks == 1)
        return n * std::expm1(-std::log(pfa) / n);
    return ca_multiplier({ { 1 / n, n } }, pfa, looks);
}

double ca_multiplier(const std::vector<training_part>& training, double pfa, size_t looks)
{
    check_pfa(pfa);
    return solve(pfa, [&](double a) { return ca_log_false_alarm(training, a, looks); });
}

double os_multiplier(double num_training, double rank, double pfa, size_t looks)
{
    check_pfa(pfa);
    if (looks != 1)
        return osgo_multiplier({ { num_training, rank } }, pfa, looks);
    return solve(pfa,
                 [&](double a) { return os_log_false_alarm(num_training, rank, a); });
}

double
osgo_multiplier(const std::vector<ordered_cells>& sectors, double pfa, size_t looks)
{
    check_pfa(pfa);
    const order_quadrature greatest(sectors, looks);
    return solve(pfa, [&](double a) { return greatest.log_false_alarm(a); });
}

} // namespace isac
} // namespace gr
