/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "simd_clones.h"
#include "tile_filter.h"
#include <gnuradio/isac/channel/delay_line.h>
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>

namespace gr {
namespace isac {

namespace {

constexpr size_t LANES = 8;

// The coefficients are those of the delay in multiples of this, samples, and renewed
// where it changes. What a tile of the fastest path that is promised -70 dB moves by
// itself is 1.3e-4.
constexpr double DELAY_STEP = 1.0 / (1 << 15);

// Copies values and returns the sum of their squares.
ISAC_SIMD_CLONES
float copy_measured(const float* from, size_t count, float* to)
{
    float8 sums[4] = {};
    size_t i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES)
        for (size_t k = 0; k < 4; k++) {
            float8 v;
            load(v, from + i + k * LANES);
            store(to + i + k * LANES, v);
            sums[k] += v * v;
        }
    const float8 all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    float sum = 0;
    for (size_t lane = 0; lane < LANES; lane++)
        sum += all[lane];
    for (; i < count; i++) {
        to[i] = from[i];
        sum += from[i] * from[i];
    }
    return sum;
}

// std::complex's own product looks for infinities first.
std::complex<double> product(std::complex<double> a, std::complex<double> b)
{
    return { a.real() * b.real() - a.imag() * b.imag(),
             a.real() * b.imag() + a.imag() * b.real() };
}

// first step^i, in chains that do not wait for each other's products.
void progression(std::complex<double> first,
                 std::complex<double> step,
                 size_t count,
                 std::complex<double>* values)
{
    constexpr size_t CHAINS = 8;
    values[0] = first;
    for (size_t i = 1; i < std::min(count, CHAINS); i++)
        values[i] = product(values[i - 1], step);
    for (size_t steps = 1; steps < CHAINS; steps *= 2)
        step = product(step, step);
    for (size_t i = CHAINS; i < count; i++)
        values[i] = product(values[i - CHAINS], step);
}

// Over the places of a tile.
tile_rotation rotation_of(const std::complex<double>* places)
{
    tile_rotation turn;
    for (size_t n = 0; n < tile_run::SAMPLES; n++) {
        turn.re[2 * n] = turn.re[2 * n + 1] = static_cast<float>(places[n].real());
        turn.im[2 * n + 1] = static_cast<float>(places[n].imag());
        turn.im[2 * n] = -turn.im[2 * n + 1];
    }
    return turn;
}

bool finite(gr_complex x) { return std::isfinite(x.real()) && std::isfinite(x.imag()); }

} // namespace

delay_line::delay_line()
{
    static_assert(TILE == tile_run::SAMPLES, "one tile");
    allocate(LONGEST_STRETCH);
}

void delay_line::allocate(size_t longest_delay)
{
    d_longest_delay = longest_delay;
    d_history = longest_delay + fractional_delay::BEHIND + 1 + TILE;
    // As much again before the history has to move to the front.
    const size_t size =
        d_history + std::max(d_history, 8 * LONGEST_STRETCH) + AHEAD + 2 * TILE;
    volk::vector<gr_complex> samples(size);
    std::fill(samples.begin(), samples.end(), gr_complex(0, 0));
    const size_t kept = std::min(d_first, d_history);
    if (kept > 0)
        std::copy_n(
            d_samples.data() + d_first - kept, kept, samples.data() + d_history - kept);
    d_samples.swap(samples);
    d_first = d_history;
}

void delay_line::reserve(size_t longest_delay)
{
    if (longest_delay <= d_longest_delay)
        return;
    d_first += d_count;
    d_count = 0;
    allocate(longest_delay);
}

void delay_line::clear()
{
    d_first = d_history;
    d_count = 0;
    std::fill_n(d_samples.begin(), d_first, gr_complex(0, 0));
}

void delay_line::make_room()
{
    d_first += d_count;
    if (d_first + LONGEST_STRETCH + AHEAD + 2 * TILE <= d_samples.size())
        return;
    std::copy_n(d_samples.data() + d_first - d_history, d_history, d_samples.data());
    d_first = d_history;
}

delay_line::finding delay_line::write(const gr_complex* in, size_t count, size_t ahead)
{
    make_room();
    d_count = count;
    gr_complex* const samples = d_samples.data() + d_first;
    const size_t known = count + ahead;
    const auto measured = [&](const gr_complex* from) {
        return copy_measured(reinterpret_cast<const float*>(from),
                             2 * count,
                             reinterpret_cast<float*>(samples));
    };
    finding found = { measured(in), 0 };
    std::copy_n(in + count, ahead, samples + count);
    // Past the end a tile reads on; the values do not matter, but must be finite.
    std::fill_n(samples + known, AHEAD - ahead + TILE, gr_complex(0, 0));
    if (!std::isfinite(found.energy) ||
        !std::all_of(samples + count, samples + known, finite)) {
        for (size_t i = 0; i < known; i++) {
            if (finite(samples[i]))
                continue;
            samples[i] = 0;
            found.not_finite += i < count;
        }
        found.energy = measured(samples);
    }
    return found;
}

// The coefficients of all runs are found before the first one passes: those of each would
// hold up the tiles that wait for them.
size_t delay_line::find_runs(
    const path& p, size_t offset, size_t tile, size_t end, tile_run* runs) const
{
    size_t count = 0;
    int64_t last = -1;
    for (; tile < end; tile++) {
        const double middle = p.delay + p.delay_rate * ((tile + 0.5) * TILE);
        const auto steps = static_cast<int64_t>(std::max(middle, 0.0) / DELAY_STEP + 0.5);
        if (steps != last) {
            last = steps;
            const double delay = static_cast<double>(steps) * DELAY_STEP;
            const auto whole = static_cast<size_t>(delay);
            const size_t first =
                d_first + tile * TILE - offset - whole - fractional_delay::BEHIND;
            tile_run& run = runs[count++];
            run.x = reinterpret_cast<const float*>(d_samples.data() + first);
            run.tiles = 0;
            d_bank.coefficients(delay - whole, run.taps);
        }
        runs[count - 1].tiles++;
    }
    return count;
}

// Tiles are counted from the start of the stretch, and one that the piece cuts is worked
// out whole and aside: the same samples come out however a stretch is cut.
bool delay_line::pass(const path& p, gr_complex* out, size_t offset, bool adds)
{
    const size_t end = offset + d_count;
    const double last_delay = p.delay + p.delay_rate * end;
    const double longest = std::max(p.delay, last_delay);
    if (!(longest <= d_longest_delay && std::min(p.delay, last_delay) >= 0))
        return false;

    std::complex<double> places[TILE + 1];
    progression(1, std::polar(1.0, p.phase_rate), TILE + 1, places);
    const tile_rotation turn = rotation_of(places);
    std::complex<double> factors[2 * LONGEST_STRETCH / TILE];
    progression(
        std::polar(p.amplitude, p.phase), places[TILE], (end + TILE - 1) / TILE, factors);

    const auto pass_whole = [&](size_t first, size_t last, gr_complex* to) {
        tile_run runs[LONGEST_STRETCH / TILE];
        const size_t count = find_runs(p, offset, first, last, runs);
        pass_tiles(
            runs, count, { turn, factors + first, adds, reinterpret_cast<float*>(to) });
    };
    const auto pass_cut = [&](size_t tile) {
        const size_t from = std::max(tile * TILE, offset);
        const size_t to = std::min((tile + 1) * TILE, end);
        gr_complex aside[TILE] = {};
        if (adds)
            std::copy_n(out + from - offset, to - from, aside + from % TILE);
        pass_whole(tile, tile + 1, aside);
        std::copy_n(aside + from % TILE, to - from, out + from - offset);
    };
    size_t first = offset / TILE;
    const size_t last = end / TILE;
    if (offset % TILE != 0)
        pass_cut(first++);
    if (first < last)
        pass_whole(first, last, out + first * TILE - offset);
    if (first <= last && end % TILE != 0)
        pass_cut(last);
    return true;
}

} // namespace isac
} // namespace gr
