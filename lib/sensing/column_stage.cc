/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "column_pitch.h"
#include "column_stage.h"
#include "past_caches.h"
#include "prefetch.h"
#include "volk_compat.h"
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gr {
namespace isac {

namespace {

constexpr size_t COLUMNS = range_tiles::COLUMNS;
constexpr size_t LANES = 8;
// Two registers of powers are a cache line of the map.
constexpr size_t LINE = 2 * LANES;
static_assert(LINE * sizeof(float) == CACHE_LINE, "a line");
// Lines of the next tile for every line of the map, of which a tile's row makes two.
constexpr size_t AHEAD = 2;

// Whether an echo shows in a tile's columns.
bool reaches(const echo_response& e, size_t first, size_t count, float least)
{
    for (size_t c = first; c < first + count; c++)
        if (std::abs(e.row[c]) * e.envelope.front() > least)
            return true;
    return false;
}

// Powers of eight values of each of eight columns, transposed. With the order that the
// pairs of real and imaginary parts come in, row i of the result is that of ROW_OF[i],
// and that of row i in its place ROW_OF[i].
constexpr size_t ROW_OF[LANES] = { 0, 1, 4, 5, 2, 3, 6, 7 };

inline void
transpose_powers(const float* columns, size_t pitch, float scale, float8* rows)
{
    float8 p[LANES], q[LANES], r[LANES];
    for (size_t c = 0; c < LANES; c++) {
        float8 a, b;
        load(a, columns + 2 * c * pitch);
        load(b, columns + 2 * c * pitch + LANES);
        a *= a;
        b *= b;
        p[c] = scale * (ISAC_SHUFFLE(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
                        ISAC_SHUFFLE(a, b, 1, 3, 9, 11, 5, 7, 13, 15));
    }
    for (size_t i = 0; i < LANES; i += 2) {
        q[i] = ISAC_SHUFFLE(p[i], p[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        q[i + 1] = ISAC_SHUFFLE(p[i], p[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (size_t i = 0; i < LANES; i += 4) {
        r[i] = ISAC_SHUFFLE(q[i], q[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        r[i + 1] = ISAC_SHUFFLE(q[i], q[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        r[i + 2] = ISAC_SHUFFLE(q[i + 1], q[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
        r[i + 3] = ISAC_SHUFFLE(q[i + 1], q[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    for (size_t i = 0; i < LANES / 2; i++) {
        rows[i] = ISAC_SHUFFLE(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        rows[i + 4] = ISAC_SHUFFLE(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

// A line of powers for each of count rows; returns how many it left.
ISAC_SIMD_CLONES
size_t put_lines(const float* columns,
                 size_t pitch,
                 size_t count,
                 float scale,
                 float* map,
                 size_t to,
                 bool past_caches,
                 lines_ahead& ahead)
{
    lines_ahead next = ahead;
    for (; count >= LANES; count -= LANES) {
        float8 low[LANES], high[LANES];
        transpose_powers(columns, pitch, scale, low);
        transpose_powers(columns + 2 * LANES * pitch, pitch, scale, high);
        for (size_t row = 0; row < LANES; row++, map += to) {
            const size_t i = ROW_OF[row];
            if (past_caches) {
                store_past_caches(map, low[i]);
                store_past_caches(map + LANES, high[i]);
            } else {
                store(map, low[i]);
                store(map + LANES, high[i]);
            }
            next.ask(AHEAD);
        }
        columns += 2 * LANES;
    }
    ahead = next;
    return count;
}

// Whether a map is written past the caches, where its lines allow it.
bool goes_past_caches(const power_map& map, size_t rows, size_t columns)
{
    return sizeof(float) * rows * columns > LARGEST_CACHED &&
           reinterpret_cast<uintptr_t>(map.powers) % ALIGNMENT_PAST_CACHES == 0 &&
           sizeof(float) * columns % ALIGNMENT_PAST_CACHES == 0;
}

} // namespace

column_stage::column_stage(size_t rows, size_t length)
    : d_rows(rows),
      d_length(length),
      d_pitch(column_pitch(length)),
      d_longer(length > rows ? length * COLUMNS : 0),
      d_columns(d_pitch * COLUMNS)
{
    volk::vector<gr_complex> tile(length * COLUMNS);
    d_fft = std::make_unique<fft_plan>(length,
                                       COLUMNS,
                                       FFTW_FORWARD,
                                       fft_layout{ tile.data(), COLUMNS, 1 },
                                       fft_layout{ d_columns.data(), 1, d_pitch },
                                       FFTW_PATIENT);
    d_single_fft = std::make_unique<fft_plan>(
        length, FFTW_FORWARD, d_columns.data(), d_columns.data() + d_pitch);
    std::fill(d_longer.begin(), d_longer.end(), gr_complex(0, 0));
}

void column_stage::process(const range_tiles& tiles,
                           const power_map& map,
                           size_t first,
                           size_t last)
{
    const auto every = [](size_t) { return true; };
    process(tiles, map, first, last, every, [](size_t) {});
}

void column_stage::process_less(const range_tiles& tiles,
                                const power_map& map,
                                size_t first,
                                size_t last,
                                const echo_response* echoes,
                                size_t num_echoes,
                                float least)
{
    const auto columns_of = [&](size_t tile) {
        return std::min(COLUMNS, tiles.columns() - tile * COLUMNS);
    };
    const auto reached = [&](size_t tile) {
        return std::any_of(echoes, echoes + num_echoes, [&](const auto& e) {
            return reaches(e, tile * COLUMNS, columns_of(tile), least);
        });
    };
    process(tiles, map, first, last, reached, [&](size_t tile) {
        for (size_t e = 0; e < num_echoes; e++)
            take_echo(echoes[e], tile * COLUMNS, columns_of(tile), least);
    });
}

// Of the tiles those that are wanted, changed between their transform and their powers.
template <typename Wanted, typename Change>
void column_stage::process(const range_tiles& tiles,
                           const power_map& map,
                           size_t first,
                           size_t last,
                           Wanted wanted,
                           Change change)
{
    const auto next_of = [&](size_t tile) {
        while (tile < tiles.tiles() && !wanted(tile))
            tile++;
        return tile;
    };
    for (size_t tile = next_of(first), next; tile < last; tile = next) {
        next = next_of(tile + 1);
        transform(tiles.tile(tile));
        change(tile);
        // The next tile comes while this one's powers go, beyond the last too: the caller
        // often goes on there.
        put_powers(tiles.columns(),
                   map,
                   tile,
                   next < tiles.tiles() ? tiles.ahead_of(next) : lines_ahead());
    }
    settle_past_caches();
}

void column_stage::transform(const gr_complex* tile)
{
    if (!d_longer.empty()) {
        std::copy_n(tile, d_rows * COLUMNS, d_longer.data());
        tile = d_longer.data();
    }
    d_fft->execute(tile, d_columns.data());
}

// From columns that were transformed, in the rows that it reaches.
void column_stage::take_echo(const echo_response& e,
                             size_t first,
                             size_t count,
                             float least)
{
    for (size_t c = 0; c < count; c++) {
        const gr_complex factor = -e.row[first + c];
        const float level = least / std::abs(factor);
        const size_t reach = std::partition_point(e.envelope.begin(),
                                                  e.envelope.end(),
                                                  [=](float v) { return v > level; }) -
                             e.envelope.begin();
        if (reach == 0)
            continue;
        gr_complex* column = d_columns.data() + c * d_pitch;
        const auto subtract = [&](size_t from, size_t rows) {
            multiply_conjugate_add(
                column + from, column + from, e.column.data() + from, factor, rows);
        };
        // The rows less than reach from the peak, which may wrap.
        const size_t rows = std::min(2 * reach - 1, d_length);
        const size_t from = (e.peak + d_length - (reach - 1)) % d_length;
        subtract(from, std::min(rows, d_length - from));
        if (rows > d_length - from)
            subtract(0, rows - (d_length - from));
    }
}

// Doppler 0 moves from the first row to the middle.
void column_stage::put_powers(size_t pitch,
                              const power_map& map,
                              size_t tile,
                              lines_ahead ahead) const
{
    const bool past_caches = goes_past_caches(map, d_length, pitch);
    const size_t first = tile * COLUMNS;
    const size_t columns = std::min(COLUMNS, pitch - first);
    const size_t half = d_length / 2;
    const struct {
        size_t from, to, count;
    } sides[] = { { 0, half, d_length - half }, { d_length - half, 0, half } };
    for (const auto& side : sides) {
        for (size_t c = 0; c < columns; c += LINE) {
            const gr_complex* from = d_columns.data() + c * d_pitch + side.from;
            float* to = map.powers + side.to * pitch + first + c;
            const size_t width = std::min(LINE, columns - c);
            size_t left = side.count;
            if (width == LINE)
                left = put_lines(reinterpret_cast<const float*>(from),
                                 d_pitch,
                                 left,
                                 map.scale,
                                 to,
                                 pitch,
                                 past_caches,
                                 ahead);
            for (size_t d = side.count - left; d < side.count; d++)
                for (size_t k = 0; k < width; k++)
                    to[d * pitch + k] = map.scale * std::norm(from[k * d_pitch + d]);
        }
    }
}

void column_stage::transform_turns(const std::vector<gr_complex>& turns, echo_response& e)
{
    std::copy(turns.begin(), turns.end(), d_columns.begin());
    std::fill_n(d_columns.begin() + d_rows, d_length - d_rows, gr_complex(0, 0));
    e.column.resize(d_length);
    d_single_fft->execute(d_columns.data(), d_columns.data() + d_pitch);
    const auto length = static_cast<unsigned int>(d_length);
    volk_32fc_conjugate_32fc(e.column.data(), d_columns.data() + d_pitch, length);

    uint32_t peak;
    volk_32fc_index_max_32u(&peak, e.column.data(), length);
    e.peak = peak;
    e.envelope.resize(d_length / 2 + 1);
    float highest = 0;
    for (size_t away = e.envelope.size(); away-- > 0;) {
        highest = std::max({ highest,
                             std::abs(e.column[(peak + away) % d_length]),
                             std::abs(e.column[(peak + d_length - away) % d_length]) });
        e.envelope[away] = highest;
    }
}

gr_complex echo_response::at(size_t doppler, size_t range) const
{
    const size_t rows = column.size();
    return row[range] * std::conj(column[(doppler + rows - rows / 2) % rows]);
}

} // namespace isac
} // namespace gr
