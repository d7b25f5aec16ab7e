/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_ORDER_QUADRATURE_H
#define INCLUDED_ISAC_SENSING_ORDER_QUADRATURE_H

#include <gnuradio/isac/sensing/cfar_probability.h>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

//! \throws std::invalid_argument unless 0 < rank <= count, and count >= 1
void require_rank(const ordered_cells& cells);

/*!
 * Mean of a function of the greatest of order statistics, each of cells of its own: noise
 * of unit mean power, the sum of \p looks maps.
 */
class order_quadrature
{
public:
    //! \throws std::invalid_argument without sectors, for a rank out of range, or looks
    //! below 1
    order_quadrature(const std::vector<ordered_cells>& sectors, size_t looks);

    template <typename F>
    double mean(F f) const
    {
        double sum = 0;
        for (const auto& p : d_points)
            sum += p.weight * f(p.statistic);
        return sum;
    }

    //! Of the probability that a cell without a target exceeds its multiple.
    double log_false_alarm(double multiplier) const;

private:
    struct point {
        double statistic, weight;
    };

    double d_looks;
    std::vector<point> d_points;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_ORDER_QUADRATURE_H */
