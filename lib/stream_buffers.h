/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_STREAM_BUFFERS_H
#define INCLUDED_ISAC_STREAM_BUFFERS_H

#include <gnuradio/block.h>
#include <gnuradio/gr_complex.h>
#include <algorithm>

namespace gr {
namespace isac {

/*!
 * Asks for an output buffer of 1 MiB, or of four items where those are larger.
 *
 * GNU Radio's default of 32 KiB is three OFDM symbols of a usual grid: blocks would wake
 * each other for every few of them, which costs as much as their work.
 */
inline void ask_for_wide_buffer(gr::block& block, int port, size_t complex_values_an_item)
{
    constexpr size_t complex_values = 1 << 17;
    block.set_min_output_buffer(
        port,
        static_cast<long>(std::max<size_t>(4, complex_values / complex_values_an_item)));
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_STREAM_BUFFERS_H */
