/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "order_quadrature.h"
#include <gnuradio/isac/check.h>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace gr {
namespace isac {

namespace {

// Rare alarms come of a statistic far below its mean.
constexpr double RAREST = 1e-30;
constexpr int PIECES = 8;
using rule = boost::math::quadrature::gauss_kronrod<double, 31>;

// Of one sector, in shares of the cells below.
class order_statistic
{
public:
    explicit order_statistic(const ordered_cells& s)
        : d_below(s.rank),
          d_above(s.count - s.rank + 1),
          d_log_norm(boost::math::lgamma(s.count + 1) - boost::math::lgamma(d_below) -
                     boost::math::lgamma(d_above))
    {
    }

    //! At a share, given with what is beyond it.
    double density(double below, double beyond) const
    {
        return std::exp(d_log_norm + (d_below - 1) * std::log(below) +
                        (d_above - 1) * std::log(beyond));
    }
    double probability(double below, double beyond) const
    {
        return below < 0.5 ? boost::math::ibeta(d_below, d_above, below)
                           : boost::math::ibetac(d_above, d_below, beyond);
    }

    //! Shares that it is below, and beyond, next to never.
    double least() const
    {
        return std::max(boost::math::ibeta_inv(d_below, d_above, RAREST),
                        std::numeric_limits<double>::min());
    }
    double least_beyond() const
    {
        return std::max(boost::math::ibeta_inv(d_above, d_below, RAREST),
                        std::numeric_limits<double>::min());
    }

private:
    double d_below, d_above, d_log_norm;
};

} // namespace

void require_rank(const ordered_cells& cells)
{
    require(cells.count >= 1, "cfar: training cells", cells.count, "must be >= 1");
    require(cells.rank > 0 && cells.rank <= cells.count,
            "cfar: rank",
            cells.rank,
            "must be above 0 up to the training cells = " + std::to_string(cells.count));
}

order_quadrature::order_quadrature(const std::vector<ordered_cells>& sectors,
                                   size_t looks)
    : d_looks(static_cast<double>(looks))
{
    require(!sectors.empty(), "cfar: sectors", 0, "must be >= 1");
    require(looks >= 1, "cfar: looks", looks, "must be at least 1");
    for (const auto& s : sectors)
        require_rank(s);
    const double shape = d_looks;
    std::vector<order_statistic> statistics;
    double least = 0, least_beyond = 1;
    for (const auto& s : sectors) {
        statistics.emplace_back(s);
        least = std::max(least, statistics.back().least());
        least_beyond = std::min(least_beyond, statistics.back().least_beyond());
    }
    const double lowest = std::log(boost::math::gamma_p_inv(shape, least));
    const double highest = std::log(boost::math::gamma_q_inv(shape, least_beyond));
    const double half = 0.5 * (highest - lowest) / PIECES;
    const auto add = [&](double log_x, double weight) {
        const double x = std::exp(log_x);
        const double below = boost::math::gamma_p(shape, x);
        const double beyond = boost::math::gamma_q(shape, x);
        if (below <= 0 || beyond <= 0)
            return;
        // The density of a product of distributions.
        double product = 1, density = 0;
        for (const auto& s : statistics) {
            const double p = s.probability(below, beyond);
            density = density * p + product * s.density(below, beyond);
            product *= p;
        }
        const double cell =
            std::exp(shape * log_x - x - boost::math::lgamma(shape)); // a log_x
        d_points.push_back({ x, weight * density * cell });
    };
    const auto& places = rule::abscissa();
    const auto& weights = rule::weights();
    for (int i = 0; i < PIECES; i++) {
        const double middle = lowest + (2 * i + 1) * half;
        for (size_t k = 0; k < places.size(); k++) {
            add(middle + half * places[k], half * weights[k]);
            if (places[k] > 0)
                add(middle - half * places[k], half * weights[k]);
        }
    }
}

double order_quadrature::log_false_alarm(double multiplier) const
{
    return std::log(std::max(mean([&](double statistic) {
                                 return boost::math::gamma_q(d_looks,
                                                             multiplier * statistic);
                             }),
                             std::numeric_limits<double>::min()));
}

} // namespace isac
} // namespace gr
