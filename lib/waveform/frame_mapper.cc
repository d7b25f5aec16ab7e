/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/waveform/frame_mapper.h>
#include <algorithm>

namespace gr {
namespace isac {

frame_mapper::frame_mapper(ofdm_grid::sptr grid)
    : d_grid(std::move(grid)),
      d_constellation(d_grid->params().modulation),
      d_symbols(d_grid->num_subcarriers())
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
    const auto& data = place.where->data;
    const auto& pilots = place.where->pilots;
    const size_t n = d_grid->num_subcarriers();
    if (data.size() + pilots.size() < n)
        std::fill_n(row, n, gr_complex(0, 0));
    for (size_t i = 0; i < pilots.size(); i++)
        row[pilots[i]] = d_pilots[place.first_pilot + i];
    d_constellation.map(bits,
                        place.first_data * d_constellation.bits_per_symbol(),
                        d_symbols.data(),
                        data.size());
    for (size_t i = 0; i < data.size(); i++)
        row[data[i]] = d_symbols[i];
}

void frame_mapper::demap(size_t symbol, const gr_complex* row, uint8_t* bits)
{
    const auto& place = d_rows[symbol];
    const auto& data = place.where->data;
    for (size_t i = 0; i < data.size(); i++)
        d_symbols[i] = row[data[i]];
    d_constellation.demap(d_symbols.data(),
                          data.size(),
                          bits,
                          place.first_data * d_constellation.bits_per_symbol());
}

} // namespace isac
} // namespace gr
