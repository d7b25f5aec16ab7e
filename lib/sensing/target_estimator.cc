/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "found_target.h"
#include "strongest_peaks.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/target_estimator.h>
#include <gnuradio/isac/theory/fisher.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace gr {
namespace isac {

namespace {

constexpr size_t CLUSTERS_A_TARGET = 4;

// Noise adds its mean to a peak's power, and half of it more for each of the two real
// values, delay and Doppler, over which the peak is a maximum.
constexpr double NOISE_IN_A_PEAK = 2;

// Over the noise: from here on the sidelobes and the skirts of a peak among a cell's
// training cells matter.
constexpr double MASKING = 300;

// Cells between two echoes that the elements' extent does not part: what stands closer is
// what the echo's model leaves of it, as by filters at the edges of the band.
constexpr double SPLIT = 1;

// Where a peak lies between its cells, in cells from the middle one. On an unpadded axis
// without a window a line's amplitudes fall as one over the distance; else they are
// nearly a bell's.
double offset_of_peak(double before, double peak, double after, bool bell)
{
    if (!(before > 0 && peak > 0 && after > 0))
        return 0;
    if (bell) {
        const double curvature = std::log(before) + std::log(after) - 2 * std::log(peak);
        return curvature < 0 ? 0.5 * (std::log(before) - std::log(after)) / curvature : 0;
    }
    const double side = std::sqrt(std::max(before, after));
    const double share = side / (side + std::sqrt(peak));
    return after > before ? share : -share;
}

// Where there is no detector a few strongest peaks are fitted. Between the map's cells an
// echo may keep 0.16 of its power, on the average more than 0.2.
constexpr float LIKELY_SHARE = 0.2f;
constexpr size_t LIKELY_PEAKS = 8;

// Noise tops its mean so often by ln(cells) that an echo between them may sink among its
// peaks, and by this much more once in 5e8 frames. Up to there the places are taken from
// a raster of half a cell, where an echo keeps 0.66, beside noise more than half.
constexpr double CERTAIN = 20;
constexpr int DOUBTFUL_PADDING = 2;
constexpr float DOUBTFUL_SHARE = 0.5f;

std::unique_ptr<cfar> make_detector(const cfar::parameters& p,
                                    const range_doppler_map& map)
{
    if (p.kind == "none")
        return nullptr;
    require(cfar::takes(p.kind),
            "target_estimator: cfar",
            p.kind,
            "must be ca, os, osgo or none");
    return std::make_unique<cfar>(
        map.doppler_cells(), map.range_cells(), p, cell_correlation::of_map(map));
}

range_doppler_map::parameters doubtful_map(const range_doppler_map::parameters& p)
{
    range_doppler_map::parameters fine;
    fine.pilots_only = p.pilots_only;
    fine.threads = p.threads;
    fine.pad_delay = fine.pad_doppler = DOUBTFUL_PADDING;
    return fine;
}

// Share of the noise that echoes may leave in a cell where they are searched behind.
constexpr double UNSEEN = 0.001;

// Single precision leaves this share of a frame's power where there is no noise.
constexpr double ROUNDING = 1e-11;

} // namespace

target_estimator::target_estimator(ofdm_grid::sptr grid, const parameters& p)
    : d_grid(grid),
      d_params(p),
      d_map(grid, p.map),
      d_detector(make_detector(p.detector, d_map)),
      d_fine_map(d_detector
                     ? nullptr
                     : std::make_unique<range_doppler_map>(grid, doubtful_map(p.map))),
      d_frame(grid, d_map.pattern(), true, static_cast<size_t>(p.map.threads)),
      d_motion(p.compensate_motion
                   ? std::make_unique<motion_compensator>(grid, d_map.pattern())
                   : nullptr),
      d_echoes(grid, d_map.pattern()),
      d_dynamic_range(static_cast<float>(std::pow(10, -0.1 * p.dynamic_range_db))),
      d_powers(d_map.doppler_cells() * d_map.range_cells()),
      d_fine_powers(d_fine_map ? d_fine_map->doppler_cells() * d_fine_map->range_cells()
                               : 0),
      d_left(p.max_passes > 1 ? d_powers.size() : 0)
{
    require(p.max_targets >= 1 && p.max_targets <= 1024,
            "target_estimator: max_targets",
            p.max_targets,
            "must be from 1 to 1024");
    require(p.max_passes >= 1 && p.max_passes <= 16,
            "target_estimator: max_passes",
            p.max_passes,
            "must be from 1 to 16");
    require(p.dynamic_range_db >= 10 && p.dynamic_range_db <= 140,
            "target_estimator: dynamic_range_db",
            p.dynamic_range_db,
            "must be from 10 to 140 dB");
    // The fine map and the compensation of motion work on the products.
    if (d_detector && !d_motion && d_map.holds_rows())
        d_frame.leave_products_to(d_map);
}

bool target_estimator::process(const gr_complex* rows,
                               const gr_complex* reference,
                               detections& report)
{
    if (d_motion) {
        d_motion->process(rows, reference, d_frame, d_map.idle_room());
        return estimate(d_map.process(d_frame, d_powers.data()), report);
    }
    take(rows, reference, 0, d_grid->num_symbols());
    return finish(report);
}

void target_estimator::take(const gr_complex* rows,
                            const gr_complex* reference,
                            size_t first,
                            size_t count)
{
    d_map.take(d_frame, rows, reference, first, count);
}

bool target_estimator::finish(detections& report)
{
    return estimate(d_map.finish(d_frame, d_powers.data()), report);
}

bool target_estimator::finite() const { return std::isfinite(d_frame.power()); }

// Of the frame that was matched and its map.
bool target_estimator::estimate(bool sent, detections& report)
{
    sent = sent && finite();
    d_found = false;
    d_weakest = 0;
    d_cells.clear();
    const bool strong = sent && d_detector && find_strongest();
    const range_doppler_map* likely = sent && !d_detector ? &find_likely() : nullptr;
    if (sent && d_detector && !strong)
        find(d_powers.data());
    if (!d_cells.empty()) {
        d_found = true;
        d_echoes.load(d_frame);
        d_residual = fitted().received_power();
        if (d_detector)
            fit_clusters(strong);
        else
            fit_likeliest(*likely);
    }
    write(report);
    return sent;
}

// Places of the one target; returns the map whose cells they are.
const range_doppler_map& target_estimator::find_likely()
{
    const size_t cells = d_powers.size();
    float sum = 0;
    uint32_t at = 0;
    volk_32f_accumulator_s32f(&sum, d_powers.data(), static_cast<unsigned int>(cells));
    volk_32f_index_max_32u(&at, d_powers.data(), static_cast<unsigned int>(cells));
    const double certain = std::log(static_cast<double>(cells)) + CERTAIN;
    const bool doubtful = d_powers[at] < certain * sum / static_cast<double>(cells);
    if (doubtful)
        d_fine_map->process(d_frame, d_fine_powers.data());
    const range_doppler_map& map = doubtful ? *d_fine_map : d_map;
    strongest_peaks(doubtful ? d_fine_powers.data() : d_powers.data(),
                    map.doppler_cells(),
                    map.range_cells(),
                    doubtful ? DOUBTFUL_SHARE : LIKELY_SHARE,
                    LIKELY_PEAKS,
                    d_cells);
    return map;
}

// The one target that is taken to be there.
void target_estimator::fit_likeliest(const range_doppler_map& map)
{
    d_new.clear();
    const auto zero = static_cast<double>(map.doppler_cells() / 2);
    echo best;
    for (const auto& cell : d_cells) {
        const echo e = d_echoes.refine(cell.range * map.delay_step(),
                                       (cell.doppler - zero) * map.doppler_step(),
                                       noise());
        if (std::norm(e.amplitude) > std::norm(best.amplitude))
            best = e;
    }
    // Once more from its place: the noise above held the echo itself, beside which what a
    // start half a cell away loses was small.
    take(d_echoes.refine(best.delay, best.doppler, noise()));
}

void target_estimator::fit_clusters(bool strong)
{
    bool found = fit();
    const int passes = d_params.max_passes + strong;
    for (int pass = 1; pass < passes && found && (hides() || (strong && pass == 1));
         pass++) {
        search_again();
        found = fit();
    }
}

// A cell that stands so far above the whole map that its sidelobes would have to be
// searched twice: it is taken away before the first search.
bool target_estimator::find_strongest()
{
    if (d_params.max_passes < 2 || d_params.max_targets < 2 || !d_map.pattern().separable)
        return false;
    const auto size = static_cast<unsigned int>(d_powers.size());
    uint32_t at = 0;
    float sum = 0;
    volk_32f_index_max_32u(&at, d_powers.data(), size);
    volk_32f_accumulator_s32f(&sum, d_powers.data(), size);
    map_cell cell;
    const size_t columns = d_map.range_cells();
    if (!(d_powers[at] > MASKING * sum / size) ||
        !d_detector->test(d_powers.data(), at / columns, at % columns, cell))
        return false;
    d_cells.assign(1, cell);
    d_searched = d_powers.data();
    d_weakest = cell.power * d_dynamic_range;
    return true;
}

// Clusters of detected cells, strongest first.
void target_estimator::find(const float* powers)
{
    d_searched = powers;
    d_detector->process(powers, d_cells);
    d_detector->keep_peaks(powers, d_cells);
    std::sort(d_cells.begin(), d_cells.end(), [](const auto& a, const auto& b) {
        return a.power > b.power;
    });
    if (d_weakest == 0 && !d_cells.empty())
        d_weakest = d_cells.front().power * d_dynamic_range;
    while (!d_cells.empty() && d_cells.back().power < d_weakest)
        d_cells.pop_back();
    const size_t most = CLUSTERS_A_TARGET * d_params.max_targets;
    if (d_cells.size() > most)
        d_cells.resize(most);
}

// What the echoes leave of the frame.
void target_estimator::search_again()
{
    if (d_echoes.separable()) {
        d_known.clear();
        for (size_t i = 0; i < d_echoes.size(); i++)
            d_known.push_back(d_echoes[i]);
        d_map.predict(d_known, fitted().element_energy());
        std::copy(d_powers.begin(), d_powers.end(), d_left.begin());
        d_map.process_less(d_left.data(), UNSEEN * noise());
    } else {
        d_echoes.subtract_all();
        d_map.process(d_frame, d_left.data());
    }
    find(d_left.data());
}

// Whether a cell may hold no more than sidelobes of the echoes that this search found:
// what hides behind them is seen when they are subtracted.
bool target_estimator::is_sidelobe(const map_cell& cell) const
{
    if (d_new.empty() || !d_map.pattern().separable)
        return false;
    const double other =
        std::sqrt(cell.power) - std::sqrt(d_map.predicted(cell.doppler, cell.range));
    return other * other < cell.threshold;
}

// The fit starts so near that it seldom has to rotate the frame twice.
echo target_estimator::refine(const map_cell& cell)
{
    const size_t columns = d_map.range_cells(), rows = d_map.doppler_cells();
    const bool windowed = d_params.map.window != "rectangular";
    const auto power = [&](size_t doppler, size_t range) {
        return d_searched[doppler % rows * columns + range];
    };
    const size_t d = cell.doppler, r = cell.range;
    double range = r, doppler = static_cast<double>(d) - static_cast<double>(rows / 2);
    if (r > 0 && r + 1 < columns)
        range += offset_of_peak(power(d, r - 1),
                                power(d, r),
                                power(d, r + 1),
                                windowed || d_params.map.pad_delay > 1);
    doppler += offset_of_peak(power(d + rows - 1, r),
                              power(d, r),
                              power(d + 1, r),
                              windowed || d_params.map.pad_doppler > 1);
    return d_echoes.refine(
        range * d_map.delay_step(), doppler * d_map.doppler_step(), noise());
}

// Fits the clusters; returns whether there was an echo among them.
bool target_estimator::fit()
{
    d_new.clear();
    d_passed_over = false;
    size_t predicted = 0;
    for (const auto& cell : d_cells) {
        if (d_echoes.size() == static_cast<size_t>(d_params.max_targets))
            break;
        // Only when there is a cell to ask about.
        if (d_map.pattern().separable && predicted < d_new.size())
            d_map.predict(d_new, fitted().element_energy(), predicted);
        predicted = d_new.size();
        if (is_sidelobe(cell)) {
            d_passed_over = true;
            continue;
        }
        const echo e = refine(cell);
        // What stands out of the map may be a sidelobe of what was found already.
        if (d_echoes.size() > 0 &&
            (splits(e) || power(e) <= d_detector->multiplier(cell.range) * noise()))
            continue;
        take(e);
    }
    if (d_new.empty())
        return false;
    relax();
    if (d_params.super_resolution)
        split();
    return true;
}

void target_estimator::take(const echo& e)
{
    d_echoes.add(e);
    d_new.push_back(e);
    // An amplitude of least squares takes just its own power away.
    d_residual = std::max(d_residual - power(e), 0.0);
}

// Whether the echoes that this search found may have hidden weaker ones from it.
bool target_estimator::hides() const
{
    double strongest = 0;
    for (const auto& e : d_new)
        strongest = std::max(strongest, power(e));
    return (d_passed_over || strongest > MASKING * noise()) &&
           d_echoes.size() < static_cast<size_t>(d_params.max_targets);
}

// Whether an echo is what another one left that was not yet fitted well.
bool target_estimator::splits(const echo& e) const
{
    for (size_t i = 0; i < d_echoes.size(); i++)
        if (std::abs(e.delay - d_echoes[i].delay) < SPLIT * fitted().delay_cell() &&
            std::abs(e.doppler - d_echoes[i].doppler) < SPLIT * fitted().doppler_cell())
            return true;
    return false;
}

void target_estimator::relax()
{
    // Echoes that shrink to noise beside their neighbours never were any.
    const double multiplier = d_detector->multiplier(d_map.range_cells() / 2);
    do {
        if (d_echoes.relax(noise()))
            d_residual = d_echoes.residual_power();
    } while (d_echoes.size() > 1 && d_echoes.drop_weak(multiplier * noise()));
}

void target_estimator::split()
{
    const double multiplier = d_detector->multiplier(d_map.range_cells() / 2);
    while (d_echoes.split(noise(), multiplier * noise(), d_params.max_targets))
        relax();
}

// After integration over the frame.
double target_estimator::power(const echo& e) const
{
    return std::norm(e.amplitude) * fitted().energy();
}

double target_estimator::noise() const
{
    // An echo takes four real values from the residual: two complex elements.
    const double elements = fitted().num_elements();
    return std::max(d_residual / std::max(elements - 2.0 * d_echoes.size(), 1.0),
                    ROUNDING * fitted().received_power() / elements);
}

void target_estimator::write(detections& report)
{
    clear_targets(report);
    if (!d_found)
        return;
    d_order.resize(d_echoes.size());
    std::iota(d_order.begin(), d_order.end(), size_t(0));
    std::sort(d_order.begin(), d_order.end(), [this](size_t a, size_t b) {
        return std::norm(d_echoes[a].amplitude) > std::norm(d_echoes[b].amplitude);
    });
    const auto moments = fitted().moments();
    const auto& inflations = d_echoes.inflations();
    const double elements = fitted().num_elements();
    // The mean of one over the noise estimate exceeds one over its mean.
    const double left = std::max(elements - 2.0 * d_echoes.size(), 2.0);
    for (const size_t i : d_order) {
        const auto& e = d_echoes[i];
        const double ratio = power(e) / noise() * (left - 1) / left;
        const double snr = std::max((ratio - NOISE_IN_A_PEAK) / elements, 0.0);
        const auto bound = theory::bound(moments, snr);
        add_target(report,
                   { e.delay,
                     e.doppler,
                     snr,
                     inflations[i].delay * bound.var_delay,
                     inflations[i].doppler * bound.var_doppler },
                   d_grid->wavelength());
    }
}

} // namespace isac
} // namespace gr
