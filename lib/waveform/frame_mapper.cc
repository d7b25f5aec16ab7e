/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "prefetch.h"
#include <gnuradio/isac/waveform/frame_mapper.h>
#include <algorithm>
#include <cstring>

namespace gr {
namespace isac {

namespace {

// Values are moved as many at a time, and beyond a run's end where the row goes on: what
// they overwrite there comes later.
constexpr size_t WIDE = 4;

size_t widened(size_t count) { return (count + WIDE - 1) / WIDE * WIDE; }

void move(const gr_complex* from, size_t count, gr_complex* to, bool beyond)
{
    if (!beyond) {
        std::copy_n(from, count, to);
        return;
    }
    for (size_t i = 0; i < count; i += WIDE)
        std::memcpy(to + i, from + i, WIDE * sizeof(gr_complex));
}

} // namespace

frame_mapper::frame_mapper(ofdm_grid::sptr grid)
    : d_grid(std::move(grid)),
      d_constellation(d_grid->params().modulation),
      d_values(d_grid->num_subcarriers() + WIDE)
{
    const size_t n = d_grid->num_subcarriers();
    size_t first_data = 0, first_pilot = 0;
    const auto add = [](std::vector<run>& runs, uint32_t k) {
        if (runs.empty() || runs.back().first + runs.back().count < k)
            runs.push_back({ k, 0 });
        runs.back().count++;
    };
    for (size_t m = 0; m < d_grid->num_symbols(); m++) {
        layout where;
        size_t num_data = 0;
        for (uint32_t k = 0; k < n; k++)
            switch (d_grid->elements()[m * n + k]) {
            case ofdm_grid::element::data:
                add(where.data, k);
                num_data++;
                break;
            case ofdm_grid::element::pilot:
                where.pilots.push_back(k);
                break;
            default:
                add(where.empty, k);
            }
        const auto placed = d_layouts.insert(std::move(where)).first;
        d_rows.push_back({ &*placed, num_data, first_data, first_pilot });
        first_data += num_data;
        first_pilot += placed->pilots.size();
    }
    for (const uint32_t i : d_grid->pilot_indices())
        d_pilots.push_back(d_grid->pilots()[i]);
}

void frame_mapper::map(size_t symbol, const uint8_t* bits, gr_complex* row)
{
    const auto& place = d_rows[symbol];
    const size_t n = d_grid->num_subcarriers();
    prefetch_to_write(row, n);
    d_constellation.map(bits,
                        place.first_data * d_constellation.bits_per_symbol(),
                        d_values.data(),
                        place.num_data);
    const gr_complex* values = d_values.data();
    for (const auto& r : place.where->data) {
        move(values, r.count, row + r.first, r.first + widened(r.count) <= n);
        values += r.count;
    }
    for (const auto& r : place.where->empty)
        std::fill_n(row + r.first, r.count, gr_complex(0, 0));
    const gr_complex* pilot = d_pilots.data() + place.first_pilot;
    for (const uint32_t k : place.where->pilots)
        std::memcpy(row + k, pilot++, sizeof(gr_complex));
}

void frame_mapper::demap(size_t symbol, const gr_complex* row, uint8_t* bits)
{
    const auto& place = d_rows[symbol];
    const size_t n = d_grid->num_subcarriers();
    gr_complex* values = d_values.data();
    for (const auto& r : place.where->data) {
        move(row + r.first, r.count, values, r.first + widened(r.count) <= n);
        values += r.count;
    }
    d_constellation.demap(d_values.data(),
                          place.num_data,
                          bits,
                          place.first_data * d_constellation.bits_per_symbol());
}

} // namespace isac
} // namespace gr
