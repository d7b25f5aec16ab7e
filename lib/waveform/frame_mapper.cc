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

// Eight bytes at once: by assignment the compiler moves real and imaginary parts apart.
void gather(const gr_complex* __restrict from,
            const std::vector<uint32_t>& places,
            gr_complex* __restrict to)
{
    const uint32_t* const which = places.data();
    const size_t count = places.size();
    for (size_t i = 0; i < count; i++)
        std::memcpy(to + i, from + which[i], sizeof(gr_complex));
}

void scatter(const gr_complex* __restrict from,
             const std::vector<uint32_t>& places,
             gr_complex* __restrict to)
{
    const uint32_t* const which = places.data();
    const size_t count = places.size();
    for (size_t i = 0; i < count; i++)
        std::memcpy(to + which[i], from + i, sizeof(gr_complex));
}

} // namespace

frame_mapper::frame_mapper(ofdm_grid::sptr grid)
    : d_grid(std::move(grid)),
      d_constellation(d_grid->params().modulation),
      d_values(d_grid->num_subcarriers())
{
    const size_t n = d_grid->num_subcarriers();
    const auto& data = d_grid->data_indices();
    const auto& pilots = d_grid->pilot_indices();
    const auto take_row =
        [n](const std::vector<uint32_t>& indices, size_t first, size_t row) {
            std::vector<uint32_t> taken;
            for (size_t i = first; i < indices.size() && indices[i] < (row + 1) * n; i++)
                taken.push_back(static_cast<uint32_t>(indices[i] - row * n));
            return taken;
        };
    size_t first_data = 0, first_pilot = 0;
    for (size_t m = 0; m < d_grid->num_symbols(); m++) {
        const auto where = d_layouts.insert(
            { take_row(data, first_data, m), take_row(pilots, first_pilot, m) });
        d_rows.push_back({ &*where.first, first_data, first_pilot });
        first_data += where.first->data.size();
        first_pilot += where.first->pilots.size();
    }
    for (const uint32_t i : pilots)
        d_pilots.push_back(d_grid->pilots()[i]);
}

void frame_mapper::map(size_t symbol, const uint8_t* bits, gr_complex* row)
{
    const auto& place = d_rows[symbol];
    const size_t num_data = place.where->data.size();
    const size_t n = d_grid->num_subcarriers();
    prefetch_to_write(row, n);
    d_constellation.map(bits,
                        place.first_data * d_constellation.bits_per_symbol(),
                        d_values.data(),
                        num_data);
    if (num_data + place.where->pilots.size() < n)
        std::fill_n(row, n, gr_complex(0, 0));
    scatter(d_values.data(), place.where->data, row);
    scatter(d_pilots.data() + place.first_pilot, place.where->pilots, row);
}

void frame_mapper::demap(size_t symbol, const gr_complex* row, uint8_t* bits)
{
    const auto& place = d_rows[symbol];
    const auto& data = place.where->data;
    gather(row, data, d_values.data());
    d_constellation.demap(d_values.data(),
                          data.size(),
                          bits,
                          place.first_data * d_constellation.bits_per_symbol());
}

} // namespace isac
} // namespace gr
