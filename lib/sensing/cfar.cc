/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/cfar.h>
#include <gnuradio/isac/sensing/cfar_threshold.h>
#include <gnuradio/isac/theory/constants.h>
#include <Eigen/Dense>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

namespace gr {
namespace isac {

namespace {

// Correlation below this moves no multiplier by a percent.
constexpr double NEGLIGIBLE = 0.02;
constexpr size_t MAX_LAGS = 64;
// Cells of which hardly ever one is detected.
constexpr size_t TESTED_TOGETHER = 64;

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

double at(const std::vector<double>& lags, long lag)
{
    const auto i = static_cast<size_t>(std::abs(lag));
    return i < lags.size() ? lags[i] : 0;
}

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

cfar::cfar(size_t doppler_cells,
           size_t range_cells,
           const parameters& p,
           const cell_correlation& correlation)
    : d_doppler_cells(doppler_cells),
      d_range_cells(range_cells),
      d_params(p),
      d_correlation(correlation),
      d_columns(range_cells),
      d_beside(range_cells),
      d_across(range_cells),
      d_levels(range_cells),
      d_scales(range_cells)
{
    require(p.kind == "ca" || p.kind == "os", "cfar: kind", p.kind, "must be ca or os");
    require(p.pfa > 0 && p.pfa < 1, "cfar: pfa", p.pfa, "must be above 0 and below 1");
    require_within("cfar: guard_delay", p.guard_delay, 0, 1024);
    require_within("cfar: guard_doppler", p.guard_doppler, 0, 1024);
    require_within("cfar: training_delay", p.training_delay, 0, 1024);
    require_within("cfar: training_doppler", p.training_doppler, 0, 1024);
    require(
        p.rank > 0 && p.rank <= 1, "cfar: os_rank", p.rank, "must be above 0 up to 1");
    fit_window();
    solve_columns();
    const size_t reach = p.guard_delay + p.training_delay;
    d_sums.resize(range_cells + (2 * reach + 1) * correlation.stride_delay);
    d_window.resize(d_sums.size());
    for (size_t r = 0; r < range_cells; r++)
        d_scales[r] = static_cast<float>(d_columns[r].multiplier / d_columns[r].training);
}

void cfar::fit_window()
{
    // A window that met itself around the Doppler axis would count cells twice.
    const size_t strides = d_doppler_cells / d_correlation.stride_doppler;
    const size_t fits = strides > 0 ? (strides - 1) / 2 : 0;
    d_guard_doppler = std::min<size_t>(d_params.guard_doppler, fits);
    d_reach_doppler =
        std::min<size_t>(d_params.guard_doppler + d_params.training_doppler, fits);
}

void cfar::solve_columns()
{
    const size_t stride = d_correlation.stride_delay;
    const size_t guard = d_params.guard_delay;
    const size_t reach = guard + d_params.training_delay;
    size_t most = 0;
    std::map<std::pair<size_t, size_t>, double> solved; // most columns are alike
    for (size_t r = 0; r < d_range_cells; r++) {
        column& c = d_columns[r];
        c.left = std::min(reach, r / stride);
        c.right = std::min(reach, (d_range_cells - 1 - r) / stride);
        c.guard_left = std::min(guard, c.left);
        c.guard_right = std::min(guard, c.right);
        c.training = (c.left + c.right + 1) * (2 * d_reach_doppler + 1) -
                     (c.guard_left + c.guard_right + 1) * (2 * d_guard_doppler + 1);
        require(c.training > 0,
                "cfar: training cells of a cell",
                c.training,
                "must be at least 1: the map is too small for these guard cells");
        c.rank = static_cast<size_t>(std::ceil(d_params.rank * c.training));
        const auto [known, is_new] = solved.emplace(std::minmax(c.left, c.right), 0.0);
        if (is_new)
            known->second = solve(c);
        c.multiplier = known->second;
        most = std::max(most, c.training);
    }
    d_training.resize(most);
}

double cfar::solve(const column& c) const
{
    if (d_params.kind == "os")
        return os_multiplier(c.training, c.rank, d_params.pfa);
    if (d_correlation.delay.size() == 1 && d_correlation.doppler.size() == 1)
        return ca_multiplier(c.training, d_params.pfa);

    std::vector<std::pair<long, long>> places; // Doppler, delay
    const long rows = d_reach_doppler, guard_rows = d_guard_doppler;
    const long left = c.left, right = c.right;
    const long guard_left = c.guard_left, guard_right = c.guard_right;
    for (long j = -rows; j <= rows; j++)
        for (long i = -left; i <= right; i++)
            if (std::abs(j) > guard_rows || i < -guard_left || i > guard_right)
                places.emplace_back(j, i);
    Eigen::MatrixXd covariance(places.size(), places.size());
    for (size_t a = 0; a < places.size(); a++)
        for (size_t b = 0; b < places.size(); b++)
            covariance(a, b) =
                at(d_correlation.doppler, places[a].first - places[b].first) *
                at(d_correlation.delay, places[a].second - places[b].second);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance,
                                                                Eigen::EigenvaluesOnly);
    std::vector<double> eigenvalues(places.size());
    for (size_t a = 0; a < places.size(); a++)
        eigenvalues[a] = std::max(solver.eigenvalues()[a], 0.0);
    return ca_multiplier(eigenvalues, d_params.pfa);
}

size_t cfar::wrapped(size_t row, long strides) const
{
    const long rows = d_doppler_cells;
    const long moved = static_cast<long>(row) +
                       strides * static_cast<long>(d_correlation.stride_doppler);
    return static_cast<size_t>(((moved % rows) + rows) % rows);
}

void cfar::process(const float* map, std::vector<map_cell>& detected, float* thresholds)
{
    detected.clear();
    if (d_params.kind == "ca")
        average(map, detected, thresholds);
    else
        order(map, detected, thresholds);
}

// In double precision: a target 100 dB above the noise leaves the running sums exact.
void cfar::start_rows(const float* map, size_t row)
{
    std::fill(d_beside.begin(), d_beside.end(), 0.0);
    std::fill(d_across.begin(), d_across.end(), 0.0);
    const long reach = d_reach_doppler, guard = d_guard_doppler;
    for (long j = -reach; j <= reach; j++) {
        const float* values = map + wrapped(row, j) * d_range_cells;
        double* sums = std::abs(j) <= guard ? d_across.data() : d_beside.data();
        for (size_t r = 0; r < d_range_cells; r++)
            sums[r] += values[r];
    }
}

// Rows a stride apart share their sums but for the rows that enter, leave, or change
// between the two.
void cfar::advance_rows(const float* map, size_t row)
{
    const long reach = d_reach_doppler, guard = d_guard_doppler;
    const auto at_row = [&](long j) { return map + wrapped(row, j) * d_range_cells; };
    const float* first = at_row(reach);
    const float* to_across = at_row(guard);
    const float* from_across = at_row(-guard - 1);
    const float* last = at_row(-reach - 1);
    double* beside = d_beside.data();
    double* across = d_across.data();
    for (size_t r = 0; r < d_range_cells; r++) {
        const double change = static_cast<double>(to_across[r]) - from_across[r];
        across[r] += change;
        beside[r] += static_cast<double>(first[r]) - last[r] - change;
    }
}

// Sums of \p length values a stride apart, from d_sums[r] on, by doubling. The zeros at
// both ends cut the window at the map's borders; no sum takes anything away again, so
// that single precision serves.
void cfar::slide(size_t length, float* out)
{
    const size_t stride = d_correlation.stride_delay;
    const size_t size = d_sums.size();
    size_t offset = 0;
    std::fill_n(out, size, 0.0f);
    for (size_t width = 1; width <= length; width *= 2) {
        if (length & width) {
            volk_32f_x2_add_32f(out, out, d_sums.data() + offset, size - offset);
            offset += width * stride;
        }
        const size_t step = width * stride;
        if (2 * width <= length)
            volk_32f_x2_add_32f(
                d_sums.data(), d_sums.data(), d_sums.data() + step, size - step);
    }
}

void cfar::set_thresholds(float* thresholds)
{
    const size_t stride = d_correlation.stride_delay;
    const size_t training = d_params.training_delay;
    const size_t reach = d_params.guard_delay + training;
    const size_t lead = reach * stride;
    const auto load = [&](const std::vector<double>& sums) {
        std::fill_n(d_sums.begin(), lead, 0.0f);
        for (size_t r = 0; r < d_range_cells; r++)
            d_sums[lead + r] = static_cast<float>(sums[r]);
        std::fill(d_sums.begin() + lead + d_range_cells, d_sums.end(), 0.0f);
    };
    const auto length = static_cast<unsigned int>(d_range_cells);
    load(d_beside);
    slide(2 * reach + 1, d_window.data());
    volk_32f_x2_multiply_32f(thresholds, d_window.data(), d_scales.data(), length);
    if (training == 0)
        return;
    load(d_across);
    slide(training, d_window.data());
    const size_t right = (reach + d_params.guard_delay + 1) * stride;
    volk_32f_x2_add_32f(
        d_window.data(), d_window.data(), d_window.data() + right, length);
    volk_32f_x2_multiply_32f(d_window.data(), d_window.data(), d_scales.data(), length);
    volk_32f_x2_add_32f(thresholds, thresholds, d_window.data(), length);
}

void cfar::average(const float* map, std::vector<map_cell>& detected, float* thresholds)
{
    const size_t stride = d_correlation.stride_doppler;
    for (size_t start = 0; start < std::min(stride, d_doppler_cells); start++) {
        for (size_t row = start; row < d_doppler_cells; row += stride) {
            if (row == start)
                start_rows(map, row);
            else
                advance_rows(map, row);
            float* levels =
                thresholds ? thresholds + row * d_range_cells : d_levels.data();
            set_thresholds(levels);
            const float* values = map + row * d_range_cells;
            for (size_t first = 0; first < d_range_cells; first += TESTED_TOGETHER) {
                const size_t last = std::min(first + TESTED_TOGETHER, d_range_cells);
                int above = 0;
                for (size_t r = first; r < last; r++)
                    above += values[r] > levels[r];
                for (size_t r = first; above > 0 && r < last; r++)
                    if (values[r] > levels[r])
                        detected.push_back({ row, r, values[r], levels[r] });
            }
        }
    }
    if (stride > 1)
        std::sort(detected.begin(), detected.end(), [](const auto& a, const auto& b) {
            return std::tie(a.doppler, a.range) < std::tie(b.doppler, b.range);
        });
}

// The cell exceeds the multiple of the order statistic when rank training cells lie below
// the cell over the multiplier: counting needs no sort, and most cells fail early.
bool cfar::exceeds(const float* map, size_t row, size_t range) const
{
    const column& c = d_columns[range];
    const auto stride = static_cast<long>(d_correlation.stride_delay);
    const auto level =
        static_cast<float>(map[row * d_range_cells + range] / c.multiplier);
    const long reach = d_reach_doppler, guard = d_guard_doppler;
    const size_t allowed = c.training - c.rank;
    const auto not_below = [&](const float* centre, long first, long last) {
        size_t count = 0;
        for (long i = first; i <= last; i++)
            count += centre[i * stride] >= level;
        return count;
    };
    const long left = c.left, right = c.right;
    size_t above = 0;
    for (long j = -reach; j <= reach && above <= allowed; j++) {
        const float* centre = map + wrapped(row, j) * d_range_cells + range;
        if (std::abs(j) > guard) {
            above += not_below(centre, -left, right);
        } else {
            above += not_below(centre, -left, -static_cast<long>(c.guard_left) - 1);
            above += not_below(centre, static_cast<long>(c.guard_right) + 1, right);
        }
    }
    return above <= allowed;
}

size_t cfar::gather(const float* map, size_t row, size_t range)
{
    const column& c = d_columns[range];
    const auto stride = static_cast<long>(d_correlation.stride_delay);
    const long reach = d_reach_doppler, guard = d_guard_doppler;
    const long left = c.left, right = c.right;
    const long guard_left = c.guard_left, guard_right = c.guard_right;
    size_t count = 0;
    for (long j = -reach; j <= reach; j++) {
        const float* centre = map + wrapped(row, j) * d_range_cells + range;
        for (long i = -left; i <= right; i++)
            if (std::abs(j) > guard || i < -guard_left || i > guard_right)
                d_training[count++] = centre[i * stride];
    }
    return count;
}

void cfar::order(const float* map, std::vector<map_cell>& detected, float* thresholds)
{
    for (size_t row = 0; row < d_doppler_cells; row++) {
        for (size_t r = 0; r < d_range_cells; r++) {
            const bool above = exceeds(map, row, r);
            if (!above && !thresholds)
                continue;
            const size_t count = gather(map, row, r);
            const auto nth = d_training.begin() + (d_columns[r].rank - 1);
            std::nth_element(d_training.begin(), nth, d_training.begin() + count);
            const auto threshold = static_cast<float>(*nth * d_columns[r].multiplier);
            const size_t index = row * d_range_cells + r;
            if (thresholds)
                thresholds[index] = threshold;
            if (above)
                detected.push_back({ row, r, map[index], threshold });
        }
    }
}

bool cfar::test(const float* map, size_t row, size_t range, map_cell& cell)
{
    const size_t count = gather(map, row, range);
    const auto end = d_training.begin() + count;
    double level = 0;
    if (d_params.kind == "ca") {
        level = std::accumulate(d_training.begin(), end, 0.0) / count;
    } else {
        const auto nth = d_training.begin() + (d_columns[range].rank - 1);
        std::nth_element(d_training.begin(), nth, end);
        level = *nth;
    }
    const float power = map[row * d_range_cells + range];
    cell = { row, range, power, static_cast<float>(level * multiplier(range)) };
    return power > cell.threshold;
}

void cfar::keep_peaks(const float* map, std::vector<map_cell>& detected) const
{
    const long rows = d_doppler_cells, columns = d_range_cells;
    const long reach_rows = std::min<long>(d_correlation.stride_doppler, (rows - 1) / 2);
    const long reach_columns =
        std::min<long>(d_correlation.stride_delay, (columns - 1) / 2);
    const auto topped = [&](const map_cell& cell) {
        const long here = cell.doppler * columns + cell.range;
        for (long j = -reach_rows; j <= reach_rows; j++) {
            for (long i = -reach_columns; i <= reach_columns; i++) {
                const long row = (static_cast<long>(cell.doppler) + j + rows) % rows;
                const long range =
                    (static_cast<long>(cell.range) + i + columns) % columns;
                const long there = row * columns + range;
                // Of equal neighbours the first one stays.
                if (map[there] > cell.power || (map[there] == cell.power && there < here))
                    return true;
            }
        }
        return false;
    };
    detected.erase(std::remove_if(detected.begin(), detected.end(), topped),
                   detected.end());
}

} // namespace isac
} // namespace gr
