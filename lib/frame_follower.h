/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_FRAME_FOLLOWER_H
#define INCLUDED_ISAC_FRAME_FOLLOWER_H

#include "fault_log.h"
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/tags.h>
#include <vector>

namespace gr {
namespace isac {

//! Which frame this is, and when its middle was.
struct frame_stamp {
    uint64_t frame = 0;
    double scene_time = 0; //!< middle of the frame, s
};

//! Rows that lie together in a stream, of one frame or of none.
struct frame_piece {
    size_t rows;
    size_t symbol; //!< of the frame, that they begin with: a new one starts at 0
    bool outside;  //!< whether they belong to no frame
};

/*!
 * Tells by the tags of a stream of rows which frame each row belongs to.
 *
 * A `frame` tag starts a frame. One that comes before the last frame is whole means lost
 * rows: the frame is torn, counted as "lost_rows". A frame number that does not follow
 * the last one is counted as "frame_jump", and the frame is used. Without tags frames
 * follow each other from the first row on. scene_time comes from the tag of that name,
 * else from rx_time, else from the frame number times the frame duration; where it jumps
 * is no fault.
 */
class ISAC_API frame_follower
{
public:
    frame_follower(ofdm_grid::sptr grid, fault_log& faults);

    frame_follower(const frame_follower&) = delete;
    frame_follower& operator=(const frame_follower&) = delete;

    /*!
     * Rows up to the end of a frame, or of those given, at most.
     *
     * \param count  rows that are there
     * \param first  absolute index of the first (nitems_read)
     * \param tags   tags of these rows, by ascending offset
     * \return the first of them; call again with the rest
     */
    frame_piece follow(size_t count, uint64_t first, const std::vector<gr::tag_t>& tags);

    //! Forgets what came.
    void reset();

    //! Of the frame that was started last.
    const frame_stamp& stamp() const { return d_stamp; }
    //! Whether its last row came.
    bool is_whole() const { return d_filled == d_symbols; }

private:
    void start(uint64_t row, const std::vector<gr::tag_t>& tags);

    ofdm_grid::sptr d_grid;
    fault_log& d_faults;
    size_t d_symbols;
    size_t d_filled; // rows of the frame so far
    bool d_started = false;
    bool d_tagged = false;
    frame_stamp d_stamp;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_FRAME_FOLLOWER_H */
