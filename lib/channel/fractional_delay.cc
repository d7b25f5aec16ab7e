/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "simd_clones.h"
#include <gnuradio/isac/channel/fractional_delay.h>
#include <gnuradio/isac/theory/constants.h>
#include <Eigen/Dense>
#include <boost/math/special_functions/sinc.hpp>
#include <algorithm>

namespace gr {
namespace isac {

namespace {

// Mean of exp(j w x) over the design band.
double band_mean(double x)
{
    return boost::math::sinc_pi(PI * fractional_delay::BAND * x);
}

// Taps between those of two phases, one after the other in the bank.
ISAC_SIMD_CLONES
void interpolate(const float* low, float share, float* taps)
{
    constexpr size_t NUM_TAPS = fractional_delay::NUM_TAPS, LANES = 8;
    const float* const high = low + NUM_TAPS;
    size_t k = 0;
    for (; k + LANES <= NUM_TAPS; k += LANES) {
        float8 a, b;
        load(a, low + k);
        load(b, high + k);
        store(taps + k, a + share * (b - a));
    }
    for (; k < NUM_TAPS; k++)
        taps[k] = low[k] + share * (high[k] - low[k]);
}

} // namespace

fractional_delay::fractional_delay() : d_bank((NUM_PHASES + 1) * NUM_TAPS)
{
    // Normal equations of the squared error; oversampling makes them nearly singular,
    // which the rank-revealing factorisation in double precision carries.
    Eigen::MatrixXd products(NUM_TAPS, NUM_TAPS);
    for (size_t i = 0; i < NUM_TAPS; i++)
        for (size_t k = 0; k < NUM_TAPS; k++)
            products(i, k) = band_mean(static_cast<double>(i) - static_cast<double>(k));
    const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> solver(products);

    for (size_t phase = 0; phase <= NUM_PHASES; phase++) {
        const double place = BEHIND - static_cast<double>(phase) / NUM_PHASES;
        Eigen::VectorXd wanted(NUM_TAPS);
        for (size_t k = 0; k < NUM_TAPS; k++)
            wanted(k) = band_mean(k - place);
        const Eigen::VectorXd taps = solver.solve(wanted);
        for (size_t k = 0; k < NUM_TAPS; k++)
            d_bank[phase * NUM_TAPS + k] = static_cast<float>(taps(k));
    }
}

void fractional_delay::coefficients(double mu, float* taps) const
{
    const double place = mu * NUM_PHASES;
    const size_t phase = std::min(static_cast<size_t>(place), NUM_PHASES - 1);
    const float share = static_cast<float>(place - phase);
    interpolate(d_bank.data() + phase * NUM_TAPS, share, taps);
}

} // namespace isac
} // namespace gr
