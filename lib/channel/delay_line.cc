/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "simd_clones.h"
#include <gnuradio/isac/channel/delay_line.h>
#include <gnuradio/isac/theory/constants.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>

namespace gr {
namespace isac {

namespace {

constexpr size_t TILE_SAMPLES = 32;
constexpr size_t TILE_FLOATS = 2 * TILE_SAMPLES;
constexpr size_t LANES = 8;
constexpr size_t SAMPLES = LANES / 2; // of a register
constexpr size_t VECTORS = TILE_FLOATS / LANES;
constexpr size_t NUM_TAPS = fractional_delay::NUM_TAPS;
constexpr size_t STEPS = NUM_TAPS / SAMPLES; // from register to register
static_assert(NUM_TAPS % SAMPLES == 0, "as many taps of each place in a register");

// The coefficients are those of the delay in multiples of this, samples, and renewed
// where it changes. What a tile of the fastest path that is promised -70 dB moves by
// itself is 1.3e-4.
constexpr double DELAY_STEP = 1.0 / (1 << 15);

// exp(j w n) over a tile, each part twice, as it meets both parts of a sample; and its
// factor for the tile at hand.
struct rotation {
    float re[TILE_FLOATS];
    float im[TILE_FLOATS];
    float factor_re;
    float factor_im;
};

// Taps a register apart meet the same registers of samples: each is loaded once for all
// of them, and the sums of a tile stay in registers.
ISAC_SIMD_CLONES
void add_tile(
    const float* x, const float* taps, const rotation& turn, bool adds, float* sum)
{
    float8 y[VECTORS] = {};
    for (size_t place = 0; place < SAMPLES; place++) {
        const float* from = x + 2 * place;
#pragma GCC unroll 16
        for (size_t i = 0; i < VECTORS + STEPS - 1; i++) {
            float8 v;
            load(v, from + i * LANES);
#pragma GCC unroll 8
            for (size_t step = 0; step < STEPS; step++)
                if (step <= i && i - step < VECTORS)
                    y[i - step] += taps[place + step * SAMPLES] * v;
        }
    }
    const float8 sign = { -1, 1, -1, 1, -1, 1, -1, 1 };
    const float8 cross_re = sign * turn.factor_re, cross_im = sign * turn.factor_im;
    for (size_t v = 0; v < VECTORS; v++) {
        float8 re, im, to = {};
        load(re, turn.re + v * LANES);
        load(im, turn.im + v * LANES);
        if (adds)
            load(to, sum + v * LANES);
        const float8 swapped = ISAC_SHUFFLE(y[v], y[v], 1, 0, 3, 2, 5, 4, 7, 6);
        to += y[v] * (turn.factor_re * re - turn.factor_im * im);
        to += swapped * (cross_re * im + cross_im * re);
        store(sum + v * LANES, to);
    }
}

// std::complex's own product looks for infinities first.
std::complex<double> product(std::complex<double> a, std::complex<double> b)
{
    return { a.real() * b.real() - a.imag() * b.imag(),
             a.real() * b.imag() + a.imag() * b.real() };
}

bool finite(gr_complex x) { return std::isfinite(x.real()) && std::isfinite(x.imag()); }

} // namespace

delay_line::delay_line() : d_sum(LONGEST_STRETCH + 2 * TILE)
{
    static_assert(TILE == TILE_SAMPLES, "one tile");
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
    std::copy_n(in, known, samples);
    // Past the end a tile reads on; the values do not matter, but must be finite.
    std::fill_n(samples + known, AHEAD - ahead + TILE, gr_complex(0, 0));

    finding found = { 0, 0 };
    const auto measure = [&] {
        const auto* values = reinterpret_cast<const float*>(samples);
        float energy;
        volk_32f_x2_dot_prod_32f(
            &energy, values, values, static_cast<unsigned int>(2 * count));
        found.energy = energy;
    };
    measure();
    if (!std::isfinite(found.energy) ||
        !std::all_of(samples + count, samples + known, finite)) {
        for (size_t i = 0; i < known; i++) {
            if (finite(samples[i]))
                continue;
            samples[i] = 0;
            found.not_finite += i < count;
        }
        measure();
    }
    d_empty = true;
    return found;
}

bool delay_line::add(const path& p, size_t offset)
{
    const size_t end = offset + d_count;
    const double last_delay = p.delay + p.delay_rate * end;
    const double longest = std::max(p.delay, last_delay);
    if (!(longest <= d_longest_delay && std::min(p.delay, last_delay) >= 0))
        return false;

    rotation turn;
    const std::complex<double> step = std::polar(1.0, p.phase_rate);
    std::complex<double> place = 1;
    for (size_t n = 0; n < TILE; n++) {
        turn.re[2 * n] = turn.re[2 * n + 1] = static_cast<float>(place.real());
        turn.im[2 * n] = turn.im[2 * n + 1] = static_cast<float>(place.imag());
        place = product(place, step);
    }
    const std::complex<double> tile_step = place;
    std::complex<double> factor = std::polar(p.amplitude, p.phase);

    // Tiles are counted from the start of the stretch, so that a piece that begins or
    // ends within one gives the same samples as the whole. Before the piece stand the
    // samples of the last one, and the sum has room for them.
    float taps[NUM_TAPS];
    double taps_delay = -1;
    size_t whole = 0;
    for (size_t tile = 0; tile < end; tile += TILE, factor = product(factor, tile_step)) {
        if (tile + TILE <= offset)
            continue;
        const double middle = p.delay + p.delay_rate * (tile + 0.5 * TILE);
        const auto steps = static_cast<int64_t>(std::max(middle, 0.0) / DELAY_STEP + 0.5);
        const double delay = static_cast<double>(steps) * DELAY_STEP;
        if (delay != taps_delay) {
            whole = static_cast<size_t>(delay);
            d_bank.coefficients(delay - whole, taps);
            taps_delay = delay;
        }
        turn.factor_re = static_cast<float>(factor.real());
        turn.factor_im = static_cast<float>(factor.imag());
        const size_t from = d_first + tile - offset - whole - fractional_delay::BEHIND;
        add_tile(reinterpret_cast<const float*>(d_samples.data() + from),
                 taps,
                 turn,
                 !d_empty,
                 reinterpret_cast<float*>(d_sum.data() + TILE + tile - offset));
    }
    d_empty = false;
    return true;
}

void delay_line::read(gr_complex* out)
{
    if (d_empty) {
        std::fill_n(out, d_count, gr_complex(0, 0));
        return;
    }
    std::copy_n(d_sum.data() + TILE, d_count, out);
    d_empty = true;
}

} // namespace isac
} // namespace gr
