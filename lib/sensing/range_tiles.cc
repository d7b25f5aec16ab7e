/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "conjugate_sum.h"
#include "past_caches.h"
#include "range_tiles.h"
#include <algorithm>

namespace gr {
namespace isac {

namespace {

constexpr size_t COLUMNS = range_tiles::COLUMNS;
// Keeps a row's places off each other's cache sets where the rows are a power of two.
constexpr size_t GAP = 64;
constexpr size_t LANES = 8;

// A row's pieces, pitch values from one to the next.
ISAC_SIMD_CLONES
void put_pieces(const float* values,
                float weight,
                float* place,
                size_t pieces,
                size_t pitch,
                bool past_caches)
{
    for (; pieces > 0; pieces--, values += 2 * COLUMNS, place += 2 * pitch)
        for (size_t i = 0; i < 2 * COLUMNS; i += LANES) {
            float8 v;
            load(v, values + i);
            v *= weight;
            if (past_caches)
                store_past_caches(place + i, v);
            else
                store(place + i, v);
        }
}

// Sums over rows of a tile of conj(cell) turn, as many at a time as registers hold. What
// is summed next lies a tile further: the machine cannot guess that.
ISAC_SIMD_CLONES
void sum_tile(const float* cells,
              const gr_complex* turns,
              size_t rows,
              float* sums,
              lines_ahead ahead)
{
    constexpr size_t VECTORS = 4;
    constexpr size_t LINES = VECTORS * LANES * sizeof(float) / CACHE_LINE;
    const float8 one = { 1, 1, 1, 1, 1, 1, 1, 1 };
    for (size_t i = 0; i < 2 * COLUMNS; i += VECTORS * LANES) {
        conjugate_sum added[VECTORS];
        for (size_t row = 0; row < rows; row++) {
            const float8 re = one * turns[row].real();
            const float8 im = one * turns[row].imag();
            for (size_t v = 0; v < VECTORS; v++) {
                float8 x;
                load(x, cells + row * 2 * COLUMNS + i + v * LANES);
                added[v].add(x, re, im);
            }
            ahead.ask(LINES);
        }
        for (const auto& sum : added) {
            float8 all = {};
            sum.add_to(all);
            store(sums + i + (&sum - added) * LANES, all);
        }
    }
}

} // namespace

range_tiles::range_tiles(size_t rows, size_t columns)
    : d_rows(rows),
      d_columns(columns),
      d_tiles((columns + COLUMNS - 1) / COLUMNS),
      d_pitch(rows * COLUMNS + GAP),
      d_past_caches(sizeof(gr_complex) * d_tiles * d_pitch > LARGEST_CACHED),
      d_values(d_tiles * d_pitch)
{
    std::fill(d_values.begin(), d_values.end(), gr_complex(0, 0));
}

void range_tiles::expect(size_t row) const
{
    if (d_past_caches)
        return;
    for (size_t i = 0; i < d_tiles; i++)
        prefetch_to_write(tile(i) + row * COLUMNS, COLUMNS);
}

void range_tiles::put(size_t row, const gr_complex* values, float weight)
{
    put_pieces(reinterpret_cast<const float*>(values),
               weight,
               reinterpret_cast<float*>(d_values.data() + row * COLUMNS),
               d_tiles,
               d_pitch,
               d_past_caches);
}

void range_tiles::sum_conjugates(size_t first,
                                 size_t last,
                                 const gr_complex* turns,
                                 gr_complex* sums) const
{
    const auto piece = [&](size_t i) { return tile(i) + first * COLUMNS; };
    for (size_t i = 0; i < d_tiles; i++)
        sum_tile(reinterpret_cast<const float*>(piece(i)),
                 turns + first,
                 last - first,
                 reinterpret_cast<float*>(sums + i * COLUMNS),
                 lines_ahead(piece((i + 1) % d_tiles), (last - first) * COLUMNS));
}

void range_tiles::settle() const
{
    if (d_past_caches)
        settle_past_caches();
}

lines_ahead range_tiles::ahead_of(size_t i) const
{
    return d_past_caches ? lines_ahead(tile(i), d_rows * COLUMNS) : lines_ahead();
}

} // namespace isac
} // namespace gr
