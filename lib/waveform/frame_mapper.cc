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

constexpr size_t LINE = CACHE_LINE / sizeof(gr_complex);

// What is written is asked for so many values ahead, a line at a time: of a whole row at
// once each line waits for those before.
constexpr size_t AHEAD = 48 * LINE;

// Both parts at once, which an assignment moves one by one.
void move(const gr_complex* from, gr_complex* to)
{
    std::memcpy(to, from, sizeof(gr_complex));
}

// Copies the values that stand at some places.
void pick(const gr_complex* values, const std::vector<uint32_t>& places, gr_complex* to)
{
    const uint32_t* const from = places.data();
    const size_t count = places.size();
    size_t i = 0;
    for (; i + LINE <= count; i += LINE) {
        prefetch_to_write(to + std::min(i + AHEAD, count - 1));
        for (size_t lane = 0; lane < LINE; lane++)
            move(values + from[i + lane], to + i + lane);
    }
    for (; i < count; i++)
        move(values + from[i], to + i);
}

} // namespace

frame_mapper::frame_mapper(ofdm_grid::sptr grid)
    : d_grid(std::move(grid)),
      d_constellation(d_grid->params().modulation),
      d_values(d_grid->num_subcarriers() + 1)
{
    const size_t n = d_grid->num_subcarriers();
    size_t first_data = 0, first_pilot = 0;
    for (size_t m = 0; m < d_grid->num_symbols(); m++) {
        const auto where =
            d_layouts.insert(lay_out(d_grid->elements().data() + m * n)).first;
        d_rows.push_back({ &*where, first_data, first_pilot });
        first_data += where->data.size();
        first_pilot += where->num_pilots;
    }
    for (const uint32_t i : d_grid->pilot_indices())
        d_pilots.push_back(d_grid->pilots()[i]);
}

frame_mapper::layout frame_mapper::lay_out(const ofdm_grid::element* row) const
{
    const auto n = static_cast<uint32_t>(d_grid->num_subcarriers());
    const size_t num_data = std::count(row, row + n, ofdm_grid::element::data);
    layout where;
    where.values.assign(n, n); // the zero, where nothing stands
    for (uint32_t k = 0; k < n; k++) {
        if (row[k] == ofdm_grid::element::data) {
            where.values[k] = static_cast<uint32_t>(where.data.size());
            where.data.push_back(k);
        }
        if (row[k] == ofdm_grid::element::pilot)
            where.values[k] = static_cast<uint32_t>(num_data + where.num_pilots++);
    }
    return where;
}

void frame_mapper::map(size_t symbol, const uint8_t* bits, gr_complex* row)
{
    const auto& place = d_rows[symbol];
    const size_t n = d_grid->num_subcarriers();
    const size_t num_data = place.where->data.size();
    prefetch_to_write(row, std::min(n, AHEAD));
    gr_complex* const values = num_data == n ? row : d_values.data();
    d_constellation.map(
        bits, place.first_data * d_constellation.bits_per_symbol(), values, num_data);
    if (values == row)
        return;
    std::copy_n(
        d_pilots.data() + place.first_pilot, place.where->num_pilots, values + num_data);
    pick(values, place.where->values, row);
}

void frame_mapper::demap(size_t symbol, const gr_complex* row, uint8_t* bits)
{
    const auto& place = d_rows[symbol];
    const auto& data = place.where->data;
    if (data.empty())
        return;
    const gr_complex* values = row + data.front();
    const bool together = data.back() - data.front() < data.size();
    if (!together) {
        pick(row, data, d_values.data());
        values = d_values.data();
    }
    d_constellation.demap(
        values, data.size(), bits, place.first_data * d_constellation.bits_per_symbol());
}

} // namespace isac
} // namespace gr
