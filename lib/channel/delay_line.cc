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

namespace gr {
namespace isac {

namespace {

constexpr size_t TILE_SAMPLES = 32;
constexpr size_t LANES = 8;
constexpr size_t VECTORS = TILE_SAMPLES / LANES;
constexpr size_t NUM_TAPS = fractional_delay::NUM_TAPS;

// The coefficients are those of the delay in multiples of this, samples, and renewed
// where it changes. What a tile of the fastest path that is promised -70 dB moves by
// itself is 1.3e-4.
constexpr double DELAY_STEP = 1.0 / (1 << 15);

// exp(j w n) over a tile, and its factor for the tile at hand.
struct rotation {
    float re[TILE_SAMPLES];
    float im[TILE_SAMPLES];
    float factor_re;
    float factor_im;
};

inline void put(float* to, const float8& v, bool adds)
{
    float8 sum = v;
    if (adds) {
        float8 before;
        load(before, to);
        sum += before;
    }
    store(to, sum);
}

// Real and imaginary parts apart keep all lanes of a register alike. The sums of a tile
// stay in registers over all taps.
ISAC_SIMD_CLONES
void add_tile(const float* re,
              const float* im,
              const float* taps,
              const rotation& turn,
              bool adds,
              float* sum_re,
              float* sum_im)
{
    float8 y_re[VECTORS] = {}, y_im[VECTORS] = {};
    for (size_t k = 0; k < NUM_TAPS; k++) {
        for (size_t v = 0; v < VECTORS; v++) {
            float8 x_re, x_im;
            load(x_re, re + k + v * LANES);
            load(x_im, im + k + v * LANES);
            y_re[v] += taps[k] * x_re;
            y_im[v] += taps[k] * x_im;
        }
    }
    for (size_t v = 0; v < VECTORS; v++) {
        float8 p_re, p_im;
        load(p_re, turn.re + v * LANES);
        load(p_im, turn.im + v * LANES);
        const float8 a_re = turn.factor_re * p_re - turn.factor_im * p_im;
        const float8 a_im = turn.factor_re * p_im + turn.factor_im * p_re;
        put(sum_re + v * LANES, a_re * y_re[v] - a_im * y_im[v], adds);
        put(sum_im + v * LANES, a_re * y_im[v] + a_im * y_re[v], adds);
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

delay_line::delay_line() : d_sum_re(LONGEST_STRETCH + 2 * TILE), d_sum_im(d_sum_re.size())
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
    volk::vector<float> re(size), im(size);
    std::fill(re.begin(), re.end(), 0.0f);
    std::fill(im.begin(), im.end(), 0.0f);
    const size_t kept = std::min(d_first, d_history);
    if (kept > 0) {
        std::copy_n(d_re.data() + d_first - kept, kept, re.data() + d_history - kept);
        std::copy_n(d_im.data() + d_first - kept, kept, im.data() + d_history - kept);
    }
    d_re.swap(re);
    d_im.swap(im);
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
    std::fill_n(d_re.begin(), d_first, 0.0f);
    std::fill_n(d_im.begin(), d_first, 0.0f);
}

void delay_line::make_room()
{
    d_first += d_count;
    if (d_first + LONGEST_STRETCH + AHEAD + 2 * TILE <= d_re.size())
        return;
    std::copy_n(d_re.data() + d_first - d_history, d_history, d_re.data());
    std::copy_n(d_im.data() + d_first - d_history, d_history, d_im.data());
    d_first = d_history;
}

delay_line::finding delay_line::write(const gr_complex* in, size_t count, size_t ahead)
{
    make_room();
    d_count = count;
    float* re = d_re.data() + d_first;
    float* im = d_im.data() + d_first;
    volk_32fc_deinterleave_32f_x2(re, im, in, count + ahead);
    // Past the end a tile reads on; the values do not matter, but must be finite.
    std::fill_n(re + count + ahead, AHEAD - ahead + TILE, 0.0f);
    std::fill_n(im + count + ahead, AHEAD - ahead + TILE, 0.0f);

    finding found = { 0, 0 };
    const auto measure = [&] {
        float energy_re, energy_im;
        volk_32f_x2_dot_prod_32f(&energy_re, re, re, count);
        volk_32f_x2_dot_prod_32f(&energy_im, im, im, count);
        found.energy = static_cast<double>(energy_re) + energy_im;
    };
    measure();
    if (!std::isfinite(found.energy) ||
        !std::all_of(in + count, in + count + ahead, finite)) {
        for (size_t i = 0; i < count + ahead; i++) {
            if (finite(in[i]))
                continue;
            re[i] = im[i] = 0;
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
        turn.re[n] = static_cast<float>(place.real());
        turn.im[n] = static_cast<float>(place.imag());
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
        const double delay = std::max(std::round(middle / DELAY_STEP) * DELAY_STEP, 0.0);
        if (delay != taps_delay) {
            whole = static_cast<size_t>(delay);
            d_bank.coefficients(delay - whole, taps);
            taps_delay = delay;
        }
        turn.factor_re = static_cast<float>(factor.real());
        turn.factor_im = static_cast<float>(factor.imag());
        const size_t from = d_first + tile - offset - whole - fractional_delay::BEHIND;
        add_tile(d_re.data() + from,
                 d_im.data() + from,
                 taps,
                 turn,
                 !d_empty,
                 d_sum_re.data() + TILE + tile - offset,
                 d_sum_im.data() + TILE + tile - offset);
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
    volk_32f_x2_interleave_32fc(
        out, d_sum_re.data() + TILE, d_sum_im.data() + TILE, d_count);
    d_empty = true;
}

} // namespace isac
} // namespace gr
