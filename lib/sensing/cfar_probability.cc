/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "order_quadrature.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/cfar_probability.h>
#include <gnuradio/isac/theory/constants.h>
#include <boost/math/distributions/negative_binomial.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/laguerre.hpp>
#include <boost/math/tools/minima.hpp>
#include <algorithm>
#include <cmath>
#include <complex>

namespace gr {
namespace isac {

namespace {

constexpr double NEGLIGIBLE = 1e-13;
constexpr size_t MOST_TERMS = 1000000;

void check(double multiplier, size_t looks, const cell_target& target)
{
    require(multiplier > 0 && std::isfinite(multiplier),
            "cfar: multiplier",
            multiplier,
            "must be positive and finite");
    require(looks >= 1, "cfar: looks", looks, "must be at least 1");
    require_not_negative("cfar: snr", target.snr);
    require(target.swerling >= 0 && target.swerling <= 4,
            "cfar: swerling",
            target.swerling,
            "must be from 0 to 4");
}

void check_training(size_t num_training)
{
    require(num_training >= 1, "cfar: training cells", num_training, "must be >= 1");
}

void check_training(const std::vector<training_part>& training)
{
    require(!training.empty(), "cfar: training cells", 0, "must be >= 1");
    for (const auto& part : training) {
        require_not_negative("cfar: power of a training part", part.power);
        require_not_negative("cfar: count of a training part", part.count);
        require_not_negative("cfar: coupling of a training part", part.coupling);
    }
}

// A target adds a number of exponential variables to a cell's looks: Poisson distributed
// for a steady one, negative binomial for one that fluctuates. Probability of a cell,
// which is given for every number of variables and rises with it to 1.
template <typename F>
double with_target(size_t looks, const cell_target& target, F probability)
{
    if (target.snr == 0)
        return probability(looks);
    const double energy = target.snr * static_cast<double>(looks);
    const double degrees = (target.swerling > 2 ? 2.0 : 1.0) *
                           (target.swerling % 2 == 0 ? static_cast<double>(looks) : 1.0);
    const boost::math::poisson_distribution<double> steady(energy);
    const boost::math::negative_binomial_distribution<double> fluctuating(
        degrees, degrees / (degrees + energy));
    double sum = 0, weights = 0, p = 0;
    for (size_t k = 0; k < MOST_TERMS && 1 - p > NEGLIGIBLE && 1 - weights > NEGLIGIBLE;
         k++) {
        const double count = static_cast<double>(k);
        const double weight = target.swerling == 0 ? boost::math::pdf(steady, count)
                                                   : boost::math::pdf(fluctuating, count);
        p = probability(looks + k);
        sum += weight * p;
        weights += weight;
    }
    return sum + p * std::max(1 - weights, 0.0);
}

// The power of a cell less the multiple of the mean of its training cells, by its moment
// generating function.
class excess
{
public:
    excess(const std::vector<training_part>& training, double multiplier, size_t looks)
        : d_training(training),
          d_multiplier(multiplier),
          d_looks(static_cast<double>(looks))
    {
    }

    //! Of the probability that it is positive.
    double log_probability() const
    {
        // What is likelier than not is known from its opposite; where the cell depends on
        // its training cells, only the one side's pole is simple to find.
        if (d_multiplier >= 1 || is_coupled())
            return log_integral(find_pole());
        return std::log1p(-std::exp(log_integral(find_negative_pole())));
    }

private:
    // f(s)
    template <typename T>
    T cell(const T& s) const
    {
        T coupled = 0;
        for (const auto& part : d_training)
            if (part.coupling > 0)
                coupled += part.coupling / (1.0 + s * (d_multiplier * part.power));
        return 1.0 - s + s * s * d_multiplier * coupled;
    }

    // Of the generating function over abs(s).
    template <typename T>
    T log_integrand(const T& s, double side) const
    {
        using std::log;
        const T f = cell(s);
        T sum = -log(side * s) - d_looks * log(f);
        for (const auto& part : d_training)
            sum -= d_looks * part.count * log(1.0 + s * (d_multiplier * part.power));
        return sum;
    }

    bool is_coupled() const
    {
        return std::any_of(d_training.begin(), d_training.end(), [](const auto& part) {
            return part.coupling > 0;
        });
    }

    // Where the first of the factors 1 + s a p_i is zero.
    double find_negative_pole() const
    {
        double most = 0;
        for (const auto& part : d_training)
            most = std::max(most, part.power);
        return -1 / (d_multiplier * most);
    }

    // The first zero of f(s), a falling convex function: Newton's method climbs to it
    // without passing it.
    double find_pole() const
    {
        double s = 1;
        for (int i = 0; i < 100; i++) {
            double value = 1 - s, slope = -1;
            for (const auto& part : d_training) {
                const double q = d_multiplier * part.power;
                const double g = d_multiplier * part.coupling;
                value += s * s * g / (1 + s * q);
                slope += s * g * (2 + s * q) / ((1 + s * q) * (1 + s * q));
            }
            const double step = -value / slope;
            if (!(step > 1e-15 * s))
                break;
            s += step;
        }
        return s;
    }

    // The probability to be positive, for a pole that is, else to be negative: the
    // integrand has another pole at 0 and is least between the two.
    double log_integral(double pole) const
    {
        constexpr double FARTHEST = 25; // from the middle, as a logit
        const double side = pole > 0 ? 1 : -1;
        const auto at = [&](const auto& s) { return log_integrand(s, side); };
        uintmax_t iterations = 200;
        const double saddle =
            pole /
            (1 + std::exp(-boost::math::tools::brent_find_minima(
                               [&](double u) { return at(pole / (1 + std::exp(-u))); },
                               -FARTHEST,
                               FARTHEST,
                               24,
                               iterations)
                               .first));
        // Of the path of steepest descent: the integrand's standard deviation along it,
        // and its curvature, both by differences.
        const double h = 1e-2 * std::min(std::abs(saddle), std::abs(pole - saddle));
        const double least = at(saddle), before = at(saddle - h), after = at(saddle + h);
        const double second = (after - 2 * least + before) / (h * h);
        const double third =
            (at(saddle + 2 * h) - 2 * after + 2 * before - at(saddle - 2 * h)) /
            (2 * h * h * h);
        const double width = 1 / std::sqrt(second);
        const double bend = std::max(third / (6 * second), 0.0);
        // All singularities are on the real axis: away from it the path may bend to where
        // the integrand falls and does not turn, to the right only, where it falls to the
        // end.
        constexpr double STEP = 0.1;
        constexpr int MOST = 400;
        double sum = 0.5;
        for (int i = 1; i <= MOST; i++) {
            const double y = width * std::sinh(i * STEP);
            const std::complex<double> s(saddle + bend * y * y, y);
            const std::complex<double> value = std::exp(at(s) - least) *
                                               std::complex<double>(1, -2 * bend * y) *
                                               std::cosh(i * STEP);
            sum += value.real();
            if (std::abs(value) < NEGLIGIBLE)
                break;
        }
        return least + std::log(sum * STEP * width / PI);
    }

    const std::vector<training_part>& d_training;
    double d_multiplier, d_looks;
};

} // namespace

double ca_log_false_alarm(const std::vector<training_part>& training,
                          double multiplier,
                          size_t looks)
{
    check_training(training);
    check(multiplier, looks, {});
    return excess(training, multiplier, looks).log_probability();
}

double os_log_false_alarm(double num_training, double rank, double multiplier)
{
    require_rank({ num_training, rank });
    check(multiplier, 1, {});
    return boost::math::lgamma(num_training + 1) -
           boost::math::lgamma(num_training + 1 + multiplier) +
           boost::math::lgamma(num_training - rank + 1 + multiplier) -
           boost::math::lgamma(num_training - rank + 1);
}

double ca_probability(const std::vector<training_part>& training,
                      double multiplier,
                      size_t looks)
{
    return std::exp(ca_log_false_alarm(training, multiplier, looks));
}

double ca_probability(size_t num_training,
                      double multiplier,
                      size_t looks,
                      const cell_target& target)
{
    check_training(num_training);
    check(multiplier, looks, target);
    const double n = static_cast<double>(num_training);
    return with_target(looks, target, [&](size_t variables) {
        return boost::math::ibetac(
            static_cast<double>(variables), n * looks, multiplier / (n + multiplier));
    });
}

double os_probability(double num_training,
                      double rank,
                      double multiplier,
                      size_t looks,
                      const cell_target& target)
{
    if (looks == 1 && target.snr == 0)
        return std::exp(os_log_false_alarm(num_training, rank, multiplier));
    return osgo_probability({ { num_training, rank } }, multiplier, looks, target);
}

double osgo_probability(const std::vector<ordered_cells>& sectors,
                        double multiplier,
                        size_t looks,
                        const cell_target& target)
{
    check(multiplier, looks, target);
    return order_quadrature(sectors, looks).mean([&](double statistic) {
        const double level = multiplier * statistic;
        return with_target(looks, target, [&](size_t variables) {
            return boost::math::gamma_q(static_cast<double>(variables), level);
        });
    });
}

double os_effective(const std::vector<pair_correlation>& pairs,
                    size_t num_training,
                    double rank_share,
                    size_t looks)
{
    check_training(num_training);
    // A maximum counts as the statistic that half a cell is above.
    const double n = static_cast<double>(num_training);
    const double share = std::min(rank_share, 1 - 0.5 / n);
    const double shape = static_cast<double>(looks);
    const double level = boost::math::gamma_p_inv(shape, share);
    // Squared coefficients of "reaches the level" in Laguerre polynomials.
    constexpr unsigned ORDERS = 12;
    std::vector<double> weights;
    for (unsigned m = 1; m <= ORDERS; m++) {
        const double log_norm = boost::math::lgamma(m + shape) -
                                boost::math::lgamma(m + 1.0) - boost::math::lgamma(shape);
        const double integral =
            boost::math::laguerre(m - 1, static_cast<unsigned>(looks), level) / m *
            std::exp(shape * std::log(level) - level - boost::math::lgamma(shape));
        weights.push_back(integral * integral * std::exp(-log_norm) /
                          (share * (1 - share)));
    }
    double sum = n; // of each cell with itself
    for (const auto& pair : pairs) {
        double power = pair.squared;
        for (const double w : weights) {
            sum += pair.count * w * power;
            power *= pair.squared;
        }
    }
    return n * n / sum;
}

} // namespace isac
} // namespace gr
