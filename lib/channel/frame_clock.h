/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_FRAME_CLOCK_H
#define INCLUDED_ISAC_CHANNEL_FRAME_CLOCK_H

#include "fault_log.h"
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/tags.h>
#include <cstdint>
#include <optional>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Where a channel stands in its frames, and when that is in the scene.
 *
 * Frame tags start frames; until one has come, frames follow each other from the first
 * sample on. Scene time counts samples from an origin, so that it does not drift; with a
 * revisit interval every frame is an origin.
 */
class frame_clock
{
public:
    struct mark {
        uint64_t sample;
        uint64_t number;
    };

    frame_clock(const ofdm_grid& grid, double start_time, fault_log& faults);

    /*!
     * A flowgraph that is run again counts its samples from zero; the scene goes on.
     *
     * \param first  sample that comes next
     * \return whether it is another than the one expected
     */
    bool restart(uint64_t first);

    //! The frames that tags start, by sample; those that tell no number are counted
    //! where they are below \p end, and so in turn.
    void read_marks(const std::vector<tag_t>& tags, uint64_t end);
    //! Number of the frame that a mark starts at \p here; null: none does.
    const uint64_t* mark_at(uint64_t here) const;
    //! Up to where samples from \p here on belong together, at most \p end: to the next
    //! mark, and to the frame's end from within.
    uint64_t piece_end(uint64_t here, uint64_t end) const;

    //! Whether a frame starts, given whether there is a mark.
    bool is_due(bool marked) const;
    //! \param revisit_interval  s; 0: the scene goes on as the samples do
    void start_frame(uint64_t here, const uint64_t* number, double revisit_interval);
    //! \return whether a whole frame has passed now
    bool advance(uint64_t samples);

    double time_of(uint64_t sample) const;
    uint64_t frame() const { return d_frame; }
    double frame_start() const { return d_frame_start; }
    //! Samples since the frame's start.
    uint64_t position() const { return d_position; }
    bool in_frame() const { return d_position < d_frame_samples; }
    uint64_t frame_samples() const { return d_frame_samples; }

private:
    const uint64_t d_frame_samples;
    const double d_sample_rate;
    fault_log& d_faults;

    std::vector<mark> d_marks;
    bool d_tagged = false;
    bool d_started = false;
    uint64_t d_frame = 0;
    uint64_t d_position = 0;
    double d_frame_start; // s
    double d_origin_time; // s
    uint64_t d_origin_sample = 0;
    uint64_t d_next_sample = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_FRAME_CLOCK_H */
