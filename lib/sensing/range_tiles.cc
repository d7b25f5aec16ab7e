/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "prefetch.h"
#include "range_tiles.h"
#include "simd_clones.h"
#include <algorithm>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace gr {
namespace isac {

namespace {

constexpr size_t COLUMNS = range_tiles::COLUMNS;
// Keeps a row's places off each other's cache sets where the rows are a power of two.
constexpr size_t GAP = 64;

// What is larger than a core's share of the last cache has left it when it is read: it
// goes to memory past the caches, so that no line is read only to be overwritten.
constexpr size_t LARGEST_CACHED = size_t(8) << 20; // bytes

// A row's pieces, pitch values from one to the next.
ISAC_SIMD_CLONES
void put_pieces(
    const float* values, float weight, float* place, size_t pieces, size_t pitch)
{
    constexpr size_t LANES = 8;
    for (; pieces > 0; pieces--, values += 2 * COLUMNS, place += 2 * pitch)
        for (size_t i = 0; i < 2 * COLUMNS; i += LANES) {
            float8 v;
            load(v, values + i);
            store(place + i, v * weight);
        }
}

#if defined(__SSE__)
constexpr bool CAN_BYPASS = true;

void put_past_caches(
    const float* values, float weight, float* place, size_t pieces, size_t pitch)
{
    const __m128 factor = _mm_set1_ps(weight);
    for (; pieces > 0; pieces--, values += 2 * COLUMNS, place += 2 * pitch)
        for (size_t i = 0; i < 2 * COLUMNS; i += 4)
            _mm_stream_ps(place + i, _mm_mul_ps(_mm_loadu_ps(values + i), factor));
}

void fence() { _mm_sfence(); }
#else
constexpr bool CAN_BYPASS = false;

void put_past_caches(const float*, float, float*, size_t, size_t) {}
void fence() {}
#endif

} // namespace

range_tiles::range_tiles(size_t rows, size_t columns)
    : d_rows(rows),
      d_columns(columns),
      d_tiles((columns + COLUMNS - 1) / COLUMNS),
      d_pitch(rows * COLUMNS + GAP),
      d_bypasses(CAN_BYPASS && sizeof(gr_complex) * d_tiles * d_pitch > LARGEST_CACHED),
      d_values(d_tiles * d_pitch)
{
    std::fill(d_values.begin(), d_values.end(), gr_complex(0, 0));
}

void range_tiles::expect(size_t row) const
{
    if (d_bypasses)
        return;
    for (size_t i = 0; i < d_tiles; i++)
        prefetch_to_write(tile(i) + row * COLUMNS, COLUMNS);
}

void range_tiles::put(size_t row, const gr_complex* values, float weight)
{
    const auto put = d_bypasses ? put_past_caches : put_pieces;
    put(reinterpret_cast<const float*>(values),
        weight,
        reinterpret_cast<float*>(d_values.data() + row * COLUMNS),
        d_tiles,
        d_pitch);
}

void range_tiles::fetch(size_t i) const
{
    if (d_bypasses)
        prefetch_to_read(tile(i), d_rows * COLUMNS);
}

void range_tiles::settle() const
{
    if (d_bypasses)
        fence();
}

} // namespace isac
} // namespace gr
