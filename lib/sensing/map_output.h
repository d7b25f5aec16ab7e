/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_MAP_OUTPUT_H
#define INCLUDED_ISAC_SENSING_MAP_OUTPUT_H

#include "frame_follower.h"
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

//! A map that goes out row by row, as the scheduler has room for it.
class map_output
{
public:
    //! Called with the absolute index of an item, and a tag's key and value.
    using tagger = std::function<void(
        uint64_t offset, const pmt::pmt_t& key, const pmt::pmt_t& value)>;

    map_output(size_t rows, size_t columns, tagger tag)
        : d_rows(rows), d_columns(columns), d_tag(std::move(tag))
    {
    }

    /*!
     * The room of a call of the scheduler's.
     *
     * \param outputs  the first of which takes maps; where there is none they are dropped
     * \param space    rows
     * \param written  absolute index of the first of them (nitems_written)
     */
    void offer(const std::vector<void*>& outputs, int space, uint64_t written)
    {
        d_connected = !outputs.empty();
        d_out = d_connected ? static_cast<float*>(outputs.front()) : nullptr;
        d_space = space;
        d_produced = 0;
        d_written = written;
        if (!d_connected)
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

    //! Puts rows as there is room; returns whether none of the map is left.
    bool put()
    {
        const size_t rows = std::min<size_t>(d_left, d_space - d_produced);
        const size_t first = d_rows - d_left;
        if (first == 0 && rows > 0) {
            const uint64_t offset = d_written + d_produced;
            d_tag(offset, metadata_keys::frame(), pmt::from_uint64(d_stamp.frame));
            d_tag(offset,
                  metadata_keys::scene_time(),
                  pmt::from_double(d_stamp.scene_time));
        }
        if (rows > 0)
            std::copy_n(d_powers + first * d_columns,
                        rows * d_columns,
                        d_out + d_produced * d_columns);
        d_left -= rows;
        d_produced += static_cast<int>(rows);
        return d_left == 0;
    }

    //! Rows that were put in this call.
    int produced() const { return d_produced; }

private:
    size_t d_rows, d_columns;
    tagger d_tag;
    float* d_out = nullptr;
    int d_space = 0, d_produced = 0;
    uint64_t d_written = 0;
    bool d_connected = false;
    const float* d_powers = nullptr;
    frame_stamp d_stamp;
    size_t d_left = 0; // rows not yet put out
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_MAP_OUTPUT_H */
