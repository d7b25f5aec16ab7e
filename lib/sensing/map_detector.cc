/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "found_target.h"
#include "map_axis.h"
#include "phasor.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/map_detector.h>
#include <gnuradio/isac/sensing/window.h>
#include <boost/math/special_functions/gamma.hpp>
#include <algorithm>
#include <cmath>
#include <limits>

namespace gr {
namespace isac {

namespace {

// As many tell the noise to a percent.
constexpr size_t NOISE_CELLS = 16384;

// Clusters that are looked at, strongest first: most may be sidelobes.
constexpr size_t CLUSTERS_A_TARGET = 4;

std::vector<float> window_of(const range_doppler_map& map, const pattern_axis& axis)
{
    const auto& p = map.params();
    return make_window(p.window, axis.span, p.window_parameter);
}

// By symbol and subcarrier of the pattern, zero where an element is not used.
std::vector<float> weights_of(const range_doppler_map& map, bool windowed)
{
    const auto& pattern = map.pattern();
    const auto delay = window_of(map, pattern.subcarriers);
    const auto doppler = window_of(map, pattern.symbols);
    std::vector<float> weights;
    for (size_t i = 0; i < pattern.symbols.span; i++)
        for (size_t k = 0; k < pattern.subcarriers.span; k++) {
            const bool used =
                pattern.used(map.grid(),
                             pattern.symbols.place(i) * map.grid().num_subcarriers() +
                                 pattern.subcarriers.place(k));
            weights.push_back(used ? (windowed ? doppler[i] * delay[k] : 1) : 0);
        }
    return weights;
}

theory::pattern_moments moments_of(const range_doppler_map& map)
{
    const auto& pattern = map.pattern();
    const auto weights = weights_of(map, false);
    return theory::moments_of_rows(weights.data(),
                                   pattern.frequencies.data(),
                                   pattern.frequencies.size(),
                                   pattern.times.data(),
                                   pattern.times.size());
}

std::unique_ptr<map_axis>
axis_of(const range_doppler_map& map, const pattern_axis& axis, size_t cells)
{
    return std::make_unique<map_axis>(window_of(map, axis), cells);
}

// Of the greatest of three values beside the middle one, in their spacings.
double offset_of_parabola(double before, double peak, double after)
{
    const double curvature = before + after - 2 * peak;
    return curvature < 0 ? 0.5 * (before - after) / curvature : 0;
}

} // namespace

// Powers about a peak, by Doppler and delay: of the cells, and between them.
struct map_detector::work {
    work(const map_axis& doppler, const map_axis& delay)
        : cells(doppler.weights().cols(), delay.weights().cols()),
          half(doppler.weights().rows(), delay.weights().cols()),
          between(doppler.weights().rows(), delay.weights().rows())
    {
    }
    Eigen::MatrixXd cells, half, between;
};

map_detector::map_detector(ofdm_grid::sptr grid, const parameters& p)
    : map_detector(grid, p, range_doppler_map(grid, p.map))
{
}

map_detector::map_detector(ofdm_grid::sptr grid,
                           const parameters& p,
                           const range_doppler_map& map)
    : d_grid(std::move(grid)),
      d_params(p),
      d_doppler_cells(map.doppler_cells()),
      d_range_cells(map.range_cells()),
      d_delay_step(map.delay_step()),
      d_doppler_step(map.doppler_step()),
      d_detector(
          d_doppler_cells, d_range_cells, p.detector, cell_correlation::of_map(map)),
      d_delay(axis_of(map, map.pattern().subcarriers, d_range_cells)),
      d_doppler(axis_of(map, map.pattern().symbols, d_doppler_cells)),
      d_work(std::make_unique<work>(*d_doppler, *d_delay)),
      d_elements(map.pattern().separable ? std::vector<float>{} : weights_of(map, true)),
      d_moments(moments_of(map)),
      d_gain(static_cast<double>(map.pattern().num_elements) * d_delay->gain() *
             d_doppler->gain()),
      d_median(boost::math::gamma_p_inv(static_cast<double>(p.detector.looks), 0.5) /
               p.detector.looks),
      // Odd: it passes through all columns where their number is a power of two.
      d_sample_step((d_doppler_cells * d_range_cells / NOISE_CELLS) | 1)
{
    require(p.max_targets >= 1 && p.max_targets <= 1024,
            "map_detector: max_targets",
            p.max_targets,
            "must be from 1 to 1024");
    d_sample.reserve(d_doppler_cells * d_range_cells / d_sample_step + 1);
}

map_detector::~map_detector() = default;

void map_detector::process(const float* mean, detections& report)
{
    clear_targets(report);
    d_peaks.clear();
    d_detector.process(mean, d_cells);
    if (d_cells.empty())
        return;
    d_detector.keep_peaks(mean, d_cells);
    std::sort(d_cells.begin(), d_cells.end(), [](const auto& a, const auto& b) {
        return a.power > b.power;
    });
    const size_t most = CLUSTERS_A_TARGET * d_params.max_targets;
    if (d_cells.size() > most)
        d_cells.resize(most);
    const double noise = noise_of(mean);
    for (const auto& cell : d_cells) {
        if (d_peaks.size() == static_cast<size_t>(d_params.max_targets))
            break;
        if (is_sidelobe(cell, noise))
            continue;
        d_peaks.push_back(find(mean, cell, noise));
    }
    std::sort(d_peaks.begin(), d_peaks.end(), [](const auto& a, const auto& b) {
        return a.power > b.power;
    });
    for (const auto& found : d_peaks)
        write(found, report);
}

// The median does not heed the few cells that hold targets and their sidelobes.
double map_detector::noise_of(const float* mean)
{
    d_sample.clear();
    for (size_t i = 0; i < d_doppler_cells * d_range_cells; i += d_sample_step)
        d_sample.push_back(mean[i]);
    const auto middle =
        d_sample.begin() + static_cast<std::ptrdiff_t>(d_sample.size() / 2);
    std::nth_element(d_sample.begin(), middle, d_sample.end());
    return std::max<double>(*middle, std::numeric_limits<float>::min()) / d_median;
}

map_detector::peak
map_detector::find(const float* mean, const map_cell& cell, double noise)
{
    auto& w = *d_work;
    for (Eigen::Index i = 0; i < w.cells.rows(); i++)
        for (Eigen::Index j = 0; j < w.cells.cols(); j++)
            w.cells(i, j) = mean[d_doppler->neighbour(cell.doppler, i) * d_range_cells +
                                 d_delay->neighbour(cell.range, j)];
    w.half.noalias() = d_doppler->weights() * w.cells;
    w.between.noalias() = w.half * d_delay->weights().transpose();
    Eigen::Index row, column;
    double power = w.between.maxCoeff(&row, &column) / noise - 1;

    const auto along = [&](const map_axis& axis, Eigen::Index at, auto value) {
        if (at == 0 || at + 1 >= axis.weights().rows())
            return axis.place(static_cast<double>(at));
        return axis.place(static_cast<double>(at) +
                          offset_of_parabola(value(at - 1), value(at), value(at + 1)));
    };
    double doppler = along(*d_doppler, row, [&](auto i) { return w.between(i, column); });
    double range = along(*d_delay, column, [&](auto i) { return w.between(row, i); });

    // Where the maximum cannot be seen between the cells, they tell where it must be.
    const auto beside = [&](size_t d, size_t r) {
        return mean[d * d_range_cells + r] / noise;
    };
    const size_t d = cell.doppler, r = cell.range;
    const double top = beside(d, r);
    if (!d_doppler->dense()) {
        doppler =
            d_doppler->place_of(beside((d + d_doppler_cells - 1) % d_doppler_cells, r),
                                top,
                                beside((d + 1) % d_doppler_cells, r));
        power /= d_doppler->response(doppler);
    }
    if (!d_delay->dense()) {
        range = d_delay->place_of(beside(d, (r + d_range_cells - 1) % d_range_cells),
                                  top,
                                  beside(d, (r + 1) % d_range_cells));
        power /= d_delay->response(range);
    }
    return { static_cast<double>(d) + doppler, static_cast<double>(r) + range, power };
}

// Power of an echo so many cells away beside that in its own place. Symbols with
// different subcarriers have grating lobes beside the sidelobes of each axis.
double map_detector::response(double doppler, double range) const
{
    if (d_elements.empty())
        return d_doppler->response(doppler) * d_delay->response(range);
    const auto turn = phasor(range / static_cast<double>(d_range_cells));
    const auto turn_row = phasor(-doppler / static_cast<double>(d_doppler_cells));
    const size_t span = d_delay->span();
    std::complex<double> sum = 0; // by Horner's rule, backwards
    double whole = 0;
    for (const float* row = d_elements.data() + d_elements.size();
         row != d_elements.data();) {
        row -= span;
        std::complex<double> of_row = 0;
        for (size_t k = span; k-- > 0;) {
            of_row = multiply(of_row, turn) + static_cast<double>(row[k]);
            whole += row[k];
        }
        sum = multiply(sum, turn_row) + of_row;
    }
    return std::norm(sum) / (whole * whole);
}

bool map_detector::is_sidelobe(const map_cell& cell, double noise) const
{
    double others = 0;
    for (const auto& p : d_peaks)
        others += std::sqrt(noise * std::max(p.power, 0.0) *
                            response(static_cast<double>(cell.doppler) - p.doppler,
                                     static_cast<double>(cell.range) - p.range));
    const double own = std::sqrt(cell.power) - others;
    return others > 0 && (own <= 0 || own * own < cell.threshold);
}

void map_detector::write(const peak& found, detections& report) const
{
    const double looks = d_params.detector.looks;
    // Noise adds half of its mean, over the looks, for each of delay and Doppler over
    // which the peak is a maximum.
    const double power = std::max(found.power - 1 / looks, 0.0);
    const double snr = power / d_gain;
    const auto bound = theory::bound(d_moments, snr);
    const double share = (1 + 1 / power) / looks;
    const double zero = static_cast<double>(d_doppler_cells / 2);
    add_target(report,
               { found.range * d_delay_step,
                 (found.doppler - zero) * d_doppler_step,
                 snr,
                 share * bound.var_delay,
                 share * bound.var_doppler },
               d_grid->wavelength());
}

} // namespace isac
} // namespace gr
