/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_STREAM_BUFFERS_H
#define INCLUDED_ISAC_STREAM_BUFFERS_H

#include <gnuradio/block.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <algorithm>

namespace gr {
namespace isac {

/*!
 * Asks for an output buffer of half a frame, at most 1 MiB, and of 128 KiB and four items
 * at least; or of several times that.
 *
 * GNU Radio's default of 32 KiB is three OFDM symbols of a usual grid, or one frame of a
 * small one: blocks would wake each other for every few of them, which costs as much as
 * their work. More than a frame of a usual grid would let blocks side by side run apart,
 * and live parameters come late.
 */
inline void ask_for_wide_buffer(gr::block& block,
                                int port,
                                const ofdm_grid& grid,
                                size_t complex_values_an_item,
                                size_t times = 1)
{
    constexpr size_t fewest = 1 << 14, most = 1 << 17;
    const size_t values = std::clamp(grid.frame_samples() / 2, fewest, most);
    const size_t items = std::max<size_t>(4, values / complex_values_an_item);
    block.set_min_output_buffer(port, static_cast<long>(times * items));
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_STREAM_BUFFERS_H */
