/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/accuracy_monitor.h>
#include <gnuradio/isac/sensing/element_pattern.h>
#include <algorithm>
#include <cmath>
#include <limits>

namespace gr {
namespace isac {

namespace {

constexpr double NONE = std::numeric_limits<double>::quiet_NaN();

theory::pattern_moments moments_of(const ofdm_grid& grid, const element_pattern& pattern)
{
    std::vector<float> weights;
    for (size_t i = 0; i < pattern.symbols.span; i++)
        for (size_t k = 0; k < pattern.subcarriers.span; k++)
            weights.push_back(
                pattern.used(grid,
                             pattern.symbols.place(i) * grid.num_subcarriers() +
                                 pattern.subcarriers.place(k)));
    return theory::moments_of_rows(weights.data(),
                                   pattern.frequencies.data(),
                                   pattern.frequencies.size(),
                                   pattern.times.data(),
                                   pattern.times.size());
}

} // namespace

accuracy_monitor::accuracy_monitor(ofdm_grid::sptr grid, const parameters& p)
    : d_params(p)
{
    require(p.window >= 0 && p.window <= 1000000,
            "crlb_monitor: window",
            p.window,
            "must be from 0 to 1000000");
    set_gate(p.gate_delay, p.gate_doppler);
    set_model(p.model);
    const element_pattern pattern(*grid, p.pilots_only);
    d_moments = moments_of(*grid, pattern);
    d_delay_cell = 1 / (pattern.subcarriers.span * pattern.subcarriers.spacing *
                        grid->subcarrier_spacing());
    d_doppler_cell =
        1 / (pattern.symbols.span * pattern.symbols.spacing * grid->symbol_duration());
    d_frames.resize(p.window);
}

void accuracy_monitor::set_gate(double gate_delay, double gate_doppler)
{
    require_positive("crlb_monitor: gate_delay", gate_delay);
    require_positive("crlb_monitor: gate_doppler", gate_doppler);
    d_params.gate_delay = gate_delay;
    d_params.gate_doppler = gate_doppler;
}

void accuracy_monitor::set_model(const std::string& model)
{
    d_model = theory::phase_model_of(model);
    d_params.model = model;
}

void accuracy_monitor::reset()
{
    std::fill(d_frames.begin(), d_frames.end(), sums());
    d_total = sums();
    d_misses = d_ghosts = 0;
}

accuracy_monitor::sums& accuracy_monitor::sums::operator+=(const sums& s)
{
    count += s.count;
    error_delay += s.error_delay;
    error_doppler += s.error_doppler;
    crlb_delay += s.crlb_delay;
    crlb_doppler += s.crlb_doppler;
    return *this;
}

theory::delay_doppler_bound accuracy_monitor::bound(double snr) const
{
    if (std::isinf(snr)) // a scene without noise
        return { 0, 0, 0 };
    return theory::bound(d_moments, std::max(snr, 0.0), d_model);
}

void accuracy_monitor::associate(const detections& found, const ground_truth& truth)
{
    d_pairs.clear();
    for (size_t i = 0; i < truth.size(); i++)
        for (size_t j = 0; j < found.size(); j++) {
            const double x = (found.delay[j] - truth.delay[i]) / gate_delay();
            const double y = (found.doppler[j] - truth.doppler[i]) / gate_doppler();
            if (std::abs(x) <= 1 && std::abs(y) <= 1)
                d_pairs.push_back({ x * x + y * y, { i, j } });
        }
    std::sort(d_pairs.begin(), d_pairs.end());
    d_match.assign(truth.size(), -1);
    d_taken.assign(found.size(), false);
    for (const auto& [distance, pair] : d_pairs) {
        const auto [i, j] = pair;
        if (d_match[i] >= 0 || d_taken[j])
            continue;
        d_match[i] = static_cast<long>(j);
        d_taken[j] = true;
    }
}

void accuracy_monitor::keep(const sums& frame)
{
    if (d_frames.empty()) {
        d_total += frame;
        return;
    }
    d_frames[d_next] = frame;
    d_next = (d_next + 1) % d_frames.size();
    d_total = sums();
    for (const auto& f : d_frames)
        d_total += f;
}

double accuracy_monitor::mean_crlb_delay() const
{
    return d_total.count > 0 ? d_total.crlb_delay / d_total.count : NONE;
}

double accuracy_monitor::mean_crlb_doppler() const
{
    return d_total.count > 0 ? d_total.crlb_doppler / d_total.count : NONE;
}

void accuracy_monitor::update(const detections& found,
                              const ground_truth& truth,
                              bounds_report& report)
{
    associate(found, truth);
    report = bounds_report();
    report.frame = truth.frame;
    report.scene_time = truth.scene_time;
    report.tx = truth.tx;
    report.rx = truth.rx;
    sums frame;
    for (size_t i = 0; i < truth.size(); i++) {
        if (truth.target[i] < 0)
            continue;
        const auto at_truth = bound(truth.snr[i]);
        theory::delay_doppler_bound measured = { NONE, NONE, NONE };
        double error_delay = NONE, error_doppler = NONE;
        if (d_match[i] >= 0) {
            const auto j = static_cast<size_t>(d_match[i]);
            measured = bound(found.snr[j]);
            error_delay = found.delay[j] - truth.delay[i];
            error_doppler = found.doppler[j] - truth.doppler[i];
            frame += { 1,
                       error_delay * error_delay,
                       error_doppler * error_doppler,
                       at_truth.var_delay,
                       at_truth.var_doppler };
        } else {
            d_misses++;
        }
        report.target.push_back(truth.target[i]);
        report.crlb_delay.push_back(at_truth.var_delay);
        report.crlb_doppler.push_back(at_truth.var_doppler);
        report.crlb_delay_measured.push_back(measured.var_delay);
        report.crlb_doppler_measured.push_back(measured.var_doppler);
        report.error_delay.push_back(error_delay);
        report.error_doppler.push_back(error_doppler);
    }
    d_ghosts += std::count(d_taken.begin(), d_taken.end(), false);
    keep(frame);
    if (d_total.count > 0) {
        report.rmse_delay = std::sqrt(d_total.error_delay / d_total.count);
        report.rmse_doppler = std::sqrt(d_total.error_doppler / d_total.count);
        report.efficiency_delay = d_total.crlb_delay / d_total.error_delay;
        report.efficiency_doppler = d_total.crlb_doppler / d_total.error_doppler;
    }
    report.misses = d_misses;
    report.ghosts = d_ghosts;
}

} // namespace isac
} // namespace gr
