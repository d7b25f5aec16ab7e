/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_FRAME_ASSEMBLER_H
#define INCLUDED_ISAC_FRAME_ASSEMBLER_H

#include "fault_log.h"
#include "frame_follower.h"
#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/tags.h>
#include <volk/volk_alloc.hh>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Gathers a stream of rows into whole frames, see frame_follower.
 *
 * A torn frame is dropped; one with a NaN or an infinity as well, counted as
 * "not_finite".
 */
class ISAC_API frame_assembler
{
public:
    frame_assembler(ofdm_grid::sptr grid, fault_log& faults);

    frame_assembler(const frame_assembler&) = delete;
    frame_assembler& operator=(const frame_assembler&) = delete;

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
    const gr_complex* rows() const { return d_rows.data(); }
    const frame_stamp& stamp() const { return d_follower.stamp(); }

private:
    fault_log& d_faults;
    frame_follower d_follower;
    size_t d_width;                  // of a row
    volk::vector<gr_complex> d_rows; // so far
    bool d_finite = true;            // so far
    bool d_complete = false;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_FRAME_ASSEMBLER_H */
