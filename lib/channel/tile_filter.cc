/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "simd_clones.h"
#include "tile_filter.h"

namespace gr {
namespace isac {

namespace {

template <typename Floats>
constexpr size_t lanes_of = sizeof(Floats) / sizeof(float);

// What registers of eight and of sixteen floats do each in their way. The compiler would
// fetch the wide ones anew for each product: it is told to keep them.
inline void exchange(float8& v) { v = ISAC_SHUFFLE(v, v, 1, 0, 3, 2, 5, 4, 7, 6); }
inline void keep(float8&) {}
#ifdef ISAC_SIMD_512
inline void exchange(float16& v)
{
    v = __builtin_shuffle(
        v, lanes16{ 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14 });
}
inline __attribute__((always_inline)) void keep(float16& v) { asm("" : "+v"(v)); }
#endif

// Adds samples times others, of which re and im are those of a rotation.
template <typename Floats>
inline void add_product(Floats& to, const Floats& v, const Floats& re, const Floats& im)
{
    Floats other = v;
    exchange(other);
    to += v * re;
    to += other * im;
}

// Adds what some taps a register apart make of their samples. They meet the same
// registers of samples: each is loaded once for all of them.
template <size_t TAPS, size_t VECTORS, typename Floats>
inline __attribute__((always_inline)) void
add_taps(const float* x, const float* taps, Floats* y)
{
#pragma GCC unroll 16
    for (size_t i = 0; i < VECTORS + TAPS - 1; i++) {
        Floats v;
        load(v, x + i * lanes_of<Floats>);
        keep(v);
#pragma GCC unroll 8
        for (size_t tap = 0; tap < TAPS; tap++)
            if (tap <= i && i - tap < VECTORS)
                y[i - tap] += taps[tap * lanes_of<Floats> / 2] * v;
    }
}

// So many tiles, whose sums stay in registers, put behind some others.
template <typename Floats, size_t TILES>
inline __attribute__((always_inline)) void
pass_some(const float* x, const float* taps, const tile_output& to, size_t behind)
{
    constexpr size_t SAMPLES = lanes_of<Floats> / 2;
    constexpr size_t VECTORS = tile_run::FLOATS / lanes_of<Floats>;
    // Taps are a register apart; where they do not fill the last there is one more in
    // some places.
    constexpr size_t NUM_TAPS = fractional_delay::NUM_TAPS;
    constexpr size_t TAPS = NUM_TAPS / SAMPLES, MORE = NUM_TAPS % SAMPLES;
    Floats y[TILES * VECTORS] = {};
#pragma GCC unroll 1
    for (size_t place = 0; place < MORE; place++)
        add_taps<TAPS + 1, TILES * VECTORS>(x + 2 * place, taps + place, y);
#pragma GCC unroll 1
    for (size_t place = MORE; place < SAMPLES; place++)
        add_taps<TAPS, TILES * VECTORS>(x + 2 * place, taps + place, y);

    Floats one, sign;
    for (size_t lane = 0; lane < lanes_of<Floats>; lane++) {
        one[lane] = 1;
        sign[lane] = lane % 2 ? 1 : -1;
    }
    for (size_t tile = 0; tile < TILES; tile++) {
        const auto& factor = to.factors[behind + tile];
        const Floats factor_re = one * static_cast<float>(factor.real());
        const Floats factor_im = sign * static_cast<float>(factor.imag());
        float* const out = to.out + (behind + tile) * tile_run::FLOATS;
        for (size_t v = 0; v < VECTORS; v++) {
            Floats re, im, turned = {}, sum = {};
            load(re, to.turn.re + v * lanes_of<Floats>);
            load(im, to.turn.im + v * lanes_of<Floats>);
            if (to.adds)
                load(sum, out + v * lanes_of<Floats>);
            add_product(turned, y[tile * VECTORS + v], re, im);
            add_product(sum, turned, factor_re, factor_im);
            store(out + v * lanes_of<Floats>, sum);
        }
    }
}

// The tiles of a run from one on, as many at a time as said, the last ones fewer.
template <typename Floats, size_t TOGETHER>
inline __attribute__((always_inline)) void
pass_run(const tile_run& run, size_t tile, const tile_output& to, size_t behind)
{
    for (; tile + TOGETHER <= run.tiles; tile += TOGETHER)
        pass_some<Floats, TOGETHER>(
            run.x + tile * tile_run::FLOATS, run.taps, to, behind + tile);
    if constexpr (TOGETHER > 1)
        pass_run<Floats, TOGETHER - 1>(run, tile, to, behind);
}

// All runs, as many tiles at a time as registers hold.
template <typename Floats, size_t TOGETHER>
inline __attribute__((always_inline)) void
pass_all(const tile_run* runs, size_t count, const tile_output& to)
{
    size_t behind = 0;
    for (size_t i = 0; i < count; i++) {
        pass_run<Floats, TOGETHER>(runs[i], 0, to, behind);
        behind += runs[i].tiles;
    }
}

#ifdef ISAC_SIMD_512
ISAC_SIMD_512 void pass_runs(const tile_run* runs, size_t count, const tile_output& to)
{
    pass_all<float16, 3>(runs, count, to);
}
ISAC_SIMD_256 void pass_runs(const tile_run* runs, size_t count, const tile_output& to)
{
    pass_all<float8, 1>(runs, count, to);
}
#endif
ISAC_SIMD_BASE void pass_runs(const tile_run* runs, size_t count, const tile_output& to)
{
    pass_all<float8, 1>(runs, count, to);
}

} // namespace

void pass_tiles(const tile_run* runs, size_t count, const tile_output& to)
{
    pass_runs(runs, count, to);
}

} // namespace isac
} // namespace gr
