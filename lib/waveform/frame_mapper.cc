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
    const auto& indices = d_grid->data_indices();
    for (size_t m = 0; m <= d_grid->num_symbols(); m++)
        d_row_begin.push_back(std::lower_bound(indices.begin(),
                                               indices.end(),
                                               m * d_grid->num_subcarriers()) -
                              indices.begin());
}

void frame_mapper::map(size_t symbol, const uint8_t* bits, gr_complex* row)
{
    const size_t n = d_grid->num_subcarriers();
    const size_t begin = d_row_begin[symbol];
    const size_t count = d_row_begin[symbol + 1] - begin;
    std::copy_n(d_grid->pilots().data() + symbol * n, n, row);
    d_constellation.map(
        bits, begin * d_constellation.bits_per_symbol(), d_symbols.data(), count);
    const uint32_t* index = d_grid->data_indices().data() + begin;
    const size_t first = symbol * n;
    for (size_t i = 0; i < count; i++)
        row[index[i] - first] = d_symbols[i];
}

void frame_mapper::demap(size_t symbol, const gr_complex* row, uint8_t* bits)
{
    const size_t begin = d_row_begin[symbol];
    const size_t count = d_row_begin[symbol + 1] - begin;
    const uint32_t* index = d_grid->data_indices().data() + begin;
    const size_t first = symbol * d_grid->num_subcarriers();
    for (size_t i = 0; i < count; i++)
        d_symbols[i] = row[index[i] - first];
    d_constellation.demap(
        d_symbols.data(), count, bits, begin * d_constellation.bits_per_symbol());
}

} // namespace isac
} // namespace gr
