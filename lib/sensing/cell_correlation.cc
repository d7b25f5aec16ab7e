/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/cell_correlation.h>
#include <gnuradio/isac/theory/constants.h>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// Correlation below this moves no multiplier by a percent.
constexpr double NEGLIGIBLE = 0.02;
constexpr size_t MAX_LAGS = 64;

// Values at 0, 1, ... strides, up to the last that matters.
template <typename F>
std::vector<double> correlation_lags(F correlation)
{
    std::vector<double> lags;
    size_t last = 0;
    for (size_t i = 0; i < MAX_LAGS; i++) {
        lags.push_back(correlation(i));
        if (std::abs(lags[i]) > NEGLIGIBLE)
            last = i;
    }
    lags.resize(last + 1);
    return lags;
}

double sinc(double x) { return x == 0 ? 1 : std::sin(PI * x) / (PI * x); }

} // namespace

cell_correlation cell_correlation::of_map(const range_doppler_map& map)
{
    cell_correlation c;
    c.stride_delay = map.stride_delay();
    c.stride_doppler = map.stride_doppler();
    c.delay = correlation_lags(
        [&](size_t i) { return map.correlation_delay(i * c.stride_delay); });
    c.doppler = correlation_lags(
        [&](size_t i) { return map.correlation_doppler(i * c.stride_doppler); });
    return c;
}

cell_correlation cell_correlation::of_lengths(double delay, double doppler)
{
    require(delay >= 1 && std::isfinite(delay),
            "cfar: correlation in delay",
            delay,
            "must be at least 1 cell");
    require(doppler >= 1 && std::isfinite(doppler),
            "cfar: correlation in Doppler",
            doppler,
            "must be at least 1 cell");
    cell_correlation c;
    c.stride_delay = static_cast<size_t>(std::lround(delay));
    c.stride_doppler = static_cast<size_t>(std::lround(doppler));
    c.delay =
        correlation_lags([&](size_t i) { return sinc(i * c.stride_delay / delay); });
    c.doppler =
        correlation_lags([&](size_t i) { return sinc(i * c.stride_doppler / doppler); });
    return c;
}

} // namespace isac
} // namespace gr
