/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_FRAME_FOLLOWER_H
#define INCLUDED_ISAC_FRAME_FOLLOWER_H

#include "fault_log.h"
#include "frame_assembler.h"
#include <gnuradio/tags.h>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Tells which frame the items of a stream belong to, by their tags.
 *
 * A `frame` tag starts a frame. One that comes before the last frame is whole means lost
 * rows: the torn frame is dropped and counted as "lost_rows". A frame number that does
 * not follow the last one is counted as "frame_jump", and the frame is used. Without tags
 * frames follow each other from the first item on. scene_time comes from the tag of that
 * name, else from the frame number times the frame duration.
 */
class ISAC_API frame_follower
{
public:
    /*!
     * \param length  items a frame
     */
    frame_follower(ofdm_grid::sptr grid, size_t length, fault_log& faults);

    /*!
     * Passes over items up to the end of a frame at most.
     *
     * \param count  of the items, 1 or more
     * \param first  absolute index of the first
     * \param tags   of these items, by ascending offset
     * \return how many were passed over; all of them go on from place() in the frame, or
     *         stand outside any frame where inside() does not hold
     */
    size_t follow(size_t count, uint64_t first, const std::vector<gr::tag_t>& tags);

    //! An unfinished frame: the next item starts another.
    void forget();

    bool inside() const { return d_inside; }
    //! Of the first of the items that were followed last.
    size_t place() const { return d_place; }
    //! Whether the frame ends with the last of them.
    bool whole() const { return d_inside && d_filled == d_length; }
    const frame_stamp& stamp() const { return d_stamp; }

private:
    bool between() const { return !d_started || d_filled == d_length; }
    void start(uint64_t item, const std::vector<gr::tag_t>& tags);

    ofdm_grid::sptr d_grid;
    size_t d_length;
    fault_log& d_faults;
    bool d_started = false;
    bool d_tagged = false;
    bool d_inside = false;
    size_t d_place = 0, d_filled = 0;
    frame_stamp d_stamp;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_FRAME_FOLLOWER_H */
