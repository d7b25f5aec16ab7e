/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_MAP_OUTPUT_H
#define INCLUDED_ISAC_SENSING_MAP_OUTPUT_H

#include "frame_follower.h"
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>
#include <cstddef>

namespace gr {
namespace isac {

//! A map that goes out row by row, as the scheduler has room for it.
class map_output
{
public:
    map_output(size_t rows, size_t columns) : d_rows(rows), d_columns(columns) {}

    //! Whether anyone takes maps; else they are dropped.
    void set_connected(bool connected)
    {
        d_connected = connected;
        if (!connected)
            d_left = 0;
    }

    /*!
     * \param powers  of the map, that stay until it is out
     * \param stamp   of its frame, but with the time of the frame's start
     */
    void start(const float* powers, const frame_stamp& stamp)
    {
        d_powers = powers;
        d_stamp = stamp;
        d_left = d_connected ? d_rows : 0;
    }

    void reset() { d_left = 0; }
    //! Whether rows are still to go out.
    bool is_busy() const { return d_left > 0; }

    /*!
     * \param out     room for \p space rows
     * \param offset  absolute index of the first of them (nitems_written)
     * \param tag     called with offset, key and value of each tag
     * \return rows that were put
     */
    template <typename Tag>
    int put(float* out, int space, uint64_t offset, Tag tag)
    {
        const size_t rows = std::min<size_t>(d_left, space);
        const size_t first = d_rows - d_left;
        if (first == 0 && rows > 0) {
            tag(offset, metadata_keys::frame(), pmt::from_uint64(d_stamp.frame));
            tag(offset,
                metadata_keys::scene_time(),
                pmt::from_double(d_stamp.scene_time));
        }
        std::copy_n(d_powers + first * d_columns, rows * d_columns, out);
        d_left -= rows;
        return static_cast<int>(rows);
    }

private:
    size_t d_rows, d_columns;
    bool d_connected = false;
    const float* d_powers = nullptr;
    frame_stamp d_stamp;
    size_t d_left = 0; // rows not yet put out
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_MAP_OUTPUT_H */
