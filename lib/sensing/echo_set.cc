/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "esprit.h"
#include "joint_fit.h"
#include "phasor.h"
#include <gnuradio/isac/sensing/echo_set.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace gr {
namespace isac {

namespace {

// Cells between neighbours that are fitted at once.
constexpr double NEAR = 2.5;
// Share of the noise in an echo's amplitude by which others may have moved it.
constexpr double SETTLED = 0.1;
// Values along delay from which two echoes are told, and cells that these may be off.
constexpr size_t MIN_SERIES = 6;
constexpr double SPLIT_REACH = 1;
// Cells that two which are tried in the place of one start from each other at least.
constexpr double SPLIT_START = 0.5;
// Nearer than this on both axes two echoes are one: the fit drives such a pair, whose
// amplitudes cancel but for what makes up the model's derivative, to no end.
constexpr double MERGED = 0.1;
// Fits of an echo, on the average, after which relaxation gives up.
constexpr size_t MAX_FITS = 12;
// Shares of the noise in an echo's amplitude: what blocks that are rotated to a place
// beside it may lose, and what another echo may leave in its blocks.
constexpr double LOST_IN_BLOCKS = 0.1;
constexpr double LEFT_IN_BLOCKS = 0.003;
// Noise that echoes of unequal energies may leave in sums, over the frame's.
constexpr double LEFT_IN_SUMS = 0.03;
// Share of a frame's power that sums over blocks know its residual to.
constexpr double SUMS_PRECISION = 1e-3;

double wrapped(double cells, double span)
{
    return std::abs(std::remainder(cells, span));
}

} // namespace

echo_set::echo_set(ofdm_grid::sptr grid, const element_pattern& pattern)
    : d_frame(std::move(grid), pattern),
      d_joint(std::make_unique<joint_fit>(d_frame)),
      d_residuals(joint_fit::MOST),
      d_sums_delay(d_frame.likelihood().width()),
      d_sums_doppler(d_frame.likelihood().height()),
      d_measured(std::make_unique<joint_measurement>())
{
}

echo_set::~echo_set() = default;

void echo_set::load(matched_frame& frame)
{
    d_frame.load(frame);
    d_size = 0;
    d_left_in_sums = 0;
    d_noise = d_frame.received_power() / d_frame.num_elements();
    d_version++;
}

// Blocks of the frame less the echoes that its products still hold, each a product of
// sums along the axes.
void echo_set::take_others(const echo_blocks& frame, echo_blocks& residual)
{
    residual = frame;
    const auto sum = [](const volk::vector<gr_complex>& echo,
                        const volk::vector<gr_complex>& rotation,
                        const std::vector<size_t>& edges,
                        std::vector<value>& sums) {
        for (size_t j = 0; j + 1 < edges.size(); j++) {
            lv_32fc_t s;
            volk_32fc_x2_conjugate_dot_prod_32fc(
                &s,
                echo.data() + edges[j],
                rotation.data() + edges[j],
                static_cast<unsigned int>(edges[j + 1] - edges[j]));
            sums[j] = value(s.real(), s.imag());
        }
    };
    const echo here{ frame.delay, frame.doppler, 0 };
    const double least = LEFT_IN_BLOCKS * amplitude_noise();
    bool steered = false;
    for (size_t e = 0; e < d_size; e++) {
        const auto& other = d_members[e];
        if (other.in_products ||
            std::abs(other.source.amplitude) * leak(other.source, here) < least)
            continue;
        if (!steered)
            d_frame.steer(frame.delay, frame.doppler, d_here);
        steered = true;
        sum(other.place.delay,
            d_here.delay,
            d_frame.likelihood().edges_delay(),
            d_sums_delay);
        sum(other.place.doppler,
            d_here.doppler,
            d_frame.likelihood().edges_doppler(),
            d_sums_doppler);
        const value scale = other.source.amplitude * d_frame.element_energy();
        auto block = residual.sums.begin();
        for (const auto& row : d_sums_doppler) {
            const value factor = multiply(scale, row);
            for (const auto& column : d_sums_delay)
                *block++ -= multiply(factor, column);
        }
    }
}

// Whether blocks rotated to a place lose too much of an echo.
bool echo_set::is_far(const echo_blocks& blocks, const echo& e) const
{
    const double cells = cells_apart({ blocks.delay, blocks.doppler, 0 }, e);
    return cells > 1 || std::abs(e.amplitude) * d_frame.likelihood().loss(cells) >
                            LOST_IN_BLOCKS * amplitude_noise();
}

echo echo_set::refine(double delay, double doppler, double noise)
{
    d_noise = noise;
    const auto& likelihood = d_frame.likelihood();
    double step_delay = 0, step_doppler = 0;
    const auto climb = [&] {
        const value* sums = d_left.sums.data();
        likelihood.climb(sums, step_delay, step_doppler);
        return echo{ d_left.delay + step_delay,
                     d_left.doppler + step_doppler,
                     likelihood.sum(sums, step_delay, step_doppler) / d_frame.energy() };
    };
    compress(delay, doppler);
    likelihood.search(d_left.sums.data(), step_delay, step_doppler);
    echo e = climb();
    if (is_far(d_left, e)) {
        compress(e.delay, e.doppler);
        step_delay = step_doppler = 0;
        e = climb();
    }
    return e;
}

// Blocks of what is left near a place.
void echo_set::compress(double delay, double doppler)
{
    d_frame.compress(delay, doppler, d_blocks);
    d_blocks_version = d_version;
    take_others(d_blocks, d_left);
}

// Of the noise in an echo's amplitude.
double echo_set::amplitude_noise() const { return std::sqrt(d_noise / d_frame.energy()); }

void echo_set::subtract_from_frame(const echo& e)
{
    d_frame.subtract(e);
    d_version++;
}

void echo_set::add(const echo& e)
{
    if (d_size == d_members.size())
        d_members.emplace_back();
    disturb(std::abs(e.amplitude), e, {});
    auto& m = d_members[d_size++];
    m.source = e;
    m.disturbed = std::abs(e.amplitude) *
                  d_frame.likelihood().loss(
                      cells_apart({ d_blocks.delay, d_blocks.doppler, 0 }, e));
    std::swap(m.frame, d_blocks);
    m.version = d_blocks_version;
    d_left_in_sums += std::norm(e.amplitude) * d_frame.element_energy() *
                      d_frame.matched().energy_spread();
    m.in_products =
        !d_frame.pattern().separable || d_left_in_sums > LEFT_IN_SUMS * d_noise;
    if (m.in_products)
        subtract_from_frame(e);
    else
        d_frame.steer(e.delay, e.doppler, m.place);
}

bool echo_set::separable() const
{
    return d_frame.pattern().separable &&
           std::none_of(d_members.begin(), d_members.begin() + d_size, [](const auto& m) {
               return m.in_products;
           });
}

void echo_set::subtract_all()
{
    for (size_t i = 0; i < d_size; i++)
        if (!d_members[i].in_products) {
            subtract_from_frame(d_members[i].source);
            d_members[i].in_products = true;
        }
}

// Largest share of an echo's amplitude that shows at the place of another, and of the
// slope there.
double echo_set::leak(const echo& a, const echo& b) const
{
    // Other patterns have lobes anywhere.
    if (!d_frame.pattern().separable)
        return 1;
    const auto share = [](double cells) { return std::min(1.0, 0.5 / cells); };
    const auto& pattern = d_frame.pattern();
    const double separable =
        share(wrapped((a.delay - b.delay) / d_frame.delay_cell(),
                      static_cast<double>(pattern.subcarriers.span))) *
        share(wrapped((a.doppler - b.doppler) / d_frame.doppler_cell(),
                      static_cast<double>(pattern.symbols.span)));
    return std::max(
        separable, std::sqrt(d_frame.matched().energy_spread() / d_frame.num_elements()));
}

double echo_set::cells_apart(const echo& a, const echo& b) const
{
    return std::max(std::abs(a.delay - b.delay) / d_frame.delay_cell(),
                    std::abs(a.doppler - b.doppler) / d_frame.doppler_cell());
}

// An echo has changed by an amplitude: what that does to the others.
void echo_set::disturb(double amplitude, const echo& e, const std::vector<size_t>& but)
{
    for (size_t i = 0; i < d_size; i++)
        if (std::find(but.begin(), but.end(), i) == but.end())
            d_members[i].disturbed += amplitude * leak(d_members[i].source, e);
}

// Blocks near an echo, of the frame without all echoes.
void echo_set::refresh(member& m, echo_blocks& residual)
{
    if (m.version != d_version || is_far(m.frame, m.source)) {
        d_frame.compress(m.source.delay, m.source.doppler, m.frame);
        m.version = d_version;
    }
    take_others(m.frame, residual);
}

// An echo and those within reach of it, and of these, up to a number.
void echo_set::gather_neighbours(size_t of)
{
    auto& group = d_group;
    group.assign(1, of);
    for (size_t next = 0; next < group.size(); next++)
        for (size_t i = 0; i < d_size && group.size() < joint_fit::MOST; i++)
            if (std::find(group.begin(), group.end(), i) == group.end() &&
                cells_apart(d_members[group[next]].source, d_members[i].source) < NEAR)
                group.push_back(i);
}

// Where a fit of the group starts from.
void echo_set::measure_group()
{
    d_measured->echoes.clear();
    d_measured->residuals.clear();
    for (const size_t i : d_group) {
        auto& residual = d_residuals[d_measured->echoes.size()];
        refresh(d_members[i], residual);
        d_measured->echoes.push_back(d_members[i].source);
        d_measured->residuals.push_back(&residual);
    }
    d_fitted = d_measured->echoes;
    d_fitted_of.resize(d_group.size());
    std::iota(d_fitted_of.begin(), d_fitted_of.end(), size_t(0));
}

void echo_set::fit_group()
{
    measure_group();
    const auto& group = d_group;
    const auto& echoes = d_fitted;
    d_joint->process(*d_measured, d_fitted, d_fitted_of);
    for (const size_t i : group)
        d_members[i].disturbed = 0;
    for (size_t e = 0; e < group.size(); e++) {
        auto& m = d_members[group[e]];
        const echo &before = m.source, after = echoes[e];
        const double change =
            std::abs(after.amplitude - before.amplitude) +
            PI * std::abs(after.amplitude) *
                (std::abs(after.delay - before.delay) / d_frame.delay_cell() +
                 std::abs(after.doppler - before.doppler) / d_frame.doppler_cell());
        disturb(change, after, group);
        // Of each other they knew but what blocks tell.
        const echo place{ m.frame.delay, m.frame.doppler, 0 };
        for (size_t o = 0; o < group.size(); o++)
            d_members[group[o]].disturbed +=
                change * d_frame.likelihood().loss(std::max(cells_apart(after, echoes[o]),
                                                            cells_apart(after, place)));
        move(m, after);
    }
}

// Makes one echo of two of the group that have come to the same place; what else has is
// seen when that one is fitted.
void echo_set::merge_in_group()
{
    for (const size_t i : d_group)
        for (const size_t other : d_group) {
            const echo a = d_members[i].source, b = d_members[other].source;
            if (i >= other || !(cells_apart(a, b) < MERGED))
                continue;
            const echo both{ 0.5 * (a.delay + b.delay),
                             0.5 * (a.doppler + b.doppler),
                             a.amplitude + b.amplitude };
            auto& m = d_members[i];
            move(m, both);
            // Beside it the pair was as strong as its derivative.
            const double change =
                std::abs(both.amplitude) + PI * std::abs(a.amplitude) * cells_apart(a, b);
            disturb(change, both, {});
            m.disturbed = std::max(change, m.disturbed);
            remove(other);
            return;
        }
}

// Forgets an echo: the last one takes its place.
void echo_set::remove(size_t i)
{
    const echo e = d_members[i].source;
    if (d_members[i].in_products)
        subtract_from_frame({ e.delay, e.doppler, -e.amplitude });
    std::swap(d_members[i], d_members[--d_size]);
}

void echo_set::move(member& m, const echo& to)
{
    if (m.in_products) {
        subtract_from_frame({ m.source.delay, m.source.doppler, -m.source.amplitude });
        subtract_from_frame(to);
    } else {
        d_frame.steer(to.delay, to.doppler, m.place);
    }
    m.source = to;
}

bool echo_set::relax(double noise)
{
    d_noise = noise;
    size_t fits = 0;
    for (; fits < MAX_FITS * d_size; fits++) {
        const auto worst = std::max_element(
            d_members.begin(),
            d_members.begin() + d_size,
            [](const auto& a, const auto& b) { return a.disturbed < b.disturbed; });
        if (!(worst->disturbed > SETTLED * amplitude_noise()))
            break;
        gather_neighbours(worst - d_members.begin());
        fit_group();
        merge_in_group();
    }
    return fits > 0;
}

// Delays of two in the place of one, from what all leave near it.
std::array<double, 2> echo_set::split_delays(const echo& e,
                                             const echo_blocks& residual) const
{
    const auto& likelihood = d_frame.likelihood();
    const auto sums = likelihood.along_delay(
        residual.sums.data(), e.delay - residual.delay, e.doppler - residual.doppler);
    const auto energies = likelihood.along_delay(d_frame.block_energies().data(), 0, 0);
    std::vector<value> series;
    for (size_t j = 0; j < sums.size(); j++)
        series.push_back(e.amplitude + sums[j] / energies[j]);
    const auto cycles = esprit(series, 2);
    const double apart = (cycles[1] - cycles[0]) / likelihood.spacing_delay();
    const double middle =
        e.delay - 0.5 * (cycles[0] + cycles[1]) / likelihood.spacing_delay();
    const double half =
        0.5 * std::max(std::abs(apart), SPLIT_START * d_frame.delay_cell());
    return { middle - half, middle + half };
}

bool echo_set::split(size_t i, double least)
{
    gather_neighbours(i);
    measure_group();
    auto& echoes = d_fitted;
    // The echo itself comes first in its group.
    const echo one = echoes.front();
    const auto delays = split_delays(one, d_residuals.front());
    echoes.front().delay = delays[0];
    echoes.push_back({ delays[1], one.doppler, one.amplitude });
    d_fitted_of.push_back(0);
    const auto strays = [&](const echo& e) {
        return !(cells_apart(e, one) < SPLIT_REACH);
    };
    if (strays(echoes.front()) || strays(echoes.back()))
        return false;
    const double gain = d_joint->process(*d_measured, echoes, d_fitted_of);
    if (!(gain > least) || strays(echoes.front()) || strays(echoes.back()) ||
        cells_apart(echoes.front(), echoes.back()) < MERGED)
        return false;
    auto& m = d_members[i];
    d_blocks = m.frame;
    d_blocks_version = m.version;
    move(m, echoes.front());
    add(echoes.back());
    return true;
}

bool echo_set::split(double noise, double least, size_t most)
{
    d_noise = noise;
    bool any = false;
    if (d_frame.likelihood().width() >= MIN_SERIES)
        for (size_t i = 0; i < d_size && d_size < most; i++)
            any = split(i, least) || any;
    return any;
}

bool echo_set::drop_weak(double least)
{
    const size_t before = d_size;
    for (size_t i = d_size; i-- > 0;) {
        const echo e = d_members[i].source;
        if (std::norm(e.amplitude) * d_frame.energy() > least)
            continue;
        remove(i);
        disturb(std::abs(e.amplitude), e, {});
    }
    return d_size < before;
}

double echo_set::residual_power()
{
    if (separable()) {
        // Of least squares: what each echo takes, by its match with the frame and with
        // what is left.
        double taken = 0;
        for (size_t i = 0; i < d_size; i++) {
            auto& m = d_members[i];
            auto& residual = d_residuals.front();
            refresh(m, residual);
            const double delay = m.source.delay - m.frame.delay;
            const double doppler = m.source.doppler - m.frame.doppler;
            const auto& likelihood = d_frame.likelihood();
            taken += std::real(std::conj(m.source.amplitude) *
                               (likelihood.sum(m.frame.sums.data(), delay, doppler) +
                                likelihood.sum(residual.sums.data(), delay, doppler)));
        }
        if (d_frame.received_power() - taken > SUMS_PRECISION * d_frame.received_power())
            return d_frame.received_power() - taken;
    }
    d_places.clear();
    d_amplitudes.clear();
    for (size_t i = 0; i < d_size; i++)
        if (!d_members[i].in_products) {
            d_places.push_back(&d_members[i].place);
            d_amplitudes.push_back(d_members[i].source.amplitude);
        }
    return d_frame.power_less(d_places, d_amplitudes);
}

const std::vector<echo_set::inflation>& echo_set::inflations()
{
    d_inflations.assign(d_size, {});
    d_inflated.assign(d_size, false);
    for (size_t i = 0; i < d_size; i++) {
        if (d_inflated[i])
            continue;
        gather_neighbours(i);
        d_fitted.clear();
        for (const size_t e : d_group)
            d_fitted.push_back(d_members[e].source);
        const auto& found = d_joint->inflations(d_fitted);
        for (size_t e = 0; e < d_group.size(); e++) {
            d_inflations[d_group[e]] = { found[e].delay, found[e].doppler };
            d_inflated[d_group[e]] = true;
        }
    }
    return d_inflations;
}

} // namespace isac
} // namespace gr
