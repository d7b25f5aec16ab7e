/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_FRAME_ASSEMBLER_H
#define INCLUDED_ISAC_FRAME_ASSEMBLER_H

#include "fault_log.h"
#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/tags.h>
#include <volk/volk_alloc.hh>
#include <vector>

namespace gr {
namespace isac {

//! Which frame this is, and when its middle was.
struct frame_stamp {
    uint64_t frame = 0;
    double scene_time = 0; //!< middle of the frame, s
};

/*!
 * Gathers a stream of rows into whole frames by their tags.
 *
 * A `frame` tag starts a frame. One that comes before the last frame is whole means lost
 * rows: the torn frame is dropped and counted as "lost_rows". A frame number that does
 * not follow the last one is counted as "frame_jump", and the frame is used. A frame with
 * a NaN or an infinity is dropped and counted as "not_finite". Without tags frames follow
 * each other from the first row on. scene_time comes from the tag of that name, else from
 * rx_time, else from the frame number times the frame duration; where it jumps is no
 * fault.
 */
class ISAC_API frame_assembler
{
public:
    frame_assembler(ofdm_grid::sptr grid, fault_log& faults);

    frame_assembler(const frame_assembler&) = delete;
    frame_assembler& operator=(const frame_assembler&) = delete;

    /*!
     * Whether rows are left where they are instead of copied: then those of an unfinished
     * frame, rows_held(), are to stand directly before the next that are pushed. An
     * unfinished frame is forgotten.
     */
    void set_in_place(bool in_place);

    /*!
     * Takes rows up to the end of a frame at most.
     *
     * \param rows   \p count rows of num_subcarriers() values
     * \param first  absolute index of the first row (nitems_read)
     * \param tags   tags of these rows, by ascending offset
     * \return rows taken; call again with the rest after the frame was used
     */
    size_t push(const gr_complex* rows,
                size_t count,
                uint64_t first,
                const std::vector<gr::tag_t>& tags);

    //! Whether a whole, finite frame is there; the next push() starts another.
    bool complete() const { return d_complete; }
    //! M x N values of the whole frame.
    const gr_complex* rows() const { return d_whole_frame; }
    //! Puts them into a buffer of that size; rows() is no more.
    void hand_over(volk::vector<gr_complex>& buffer);
    const frame_stamp& stamp() const { return d_stamp; }
    //! Rows of an unfinished frame that have to stay where they are.
    size_t rows_held() const;
    //! Rows to the end of this frame, or of the next where this one is whole.
    size_t rows_missing() const;

private:
    void take(const gr_complex* rows, size_t count);
    bool is_whole() const;
    void start(uint64_t row, const std::vector<gr::tag_t>& tags);

    ofdm_grid::sptr d_grid;
    fault_log& d_faults;
    bool d_in_place = false;
    volk::vector<gr_complex> d_rows; // unless in place
    const gr_complex* d_whole_frame = nullptr;
    size_t d_filled = 0;
    bool d_finite = true; // so far
    bool d_complete = false;
    bool d_started = false;
    bool d_tagged = false;
    frame_stamp d_stamp;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_FRAME_ASSEMBLER_H */
