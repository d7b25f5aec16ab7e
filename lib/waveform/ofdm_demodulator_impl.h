/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_OFDM_DEMODULATOR_IMPL_H
#define INCLUDED_ISAC_OFDM_DEMODULATOR_IMPL_H

#include "fault_log.h"
#include "receive_clock.h"
#include <gnuradio/isac/ofdm_demodulator.h>
#include <gnuradio/isac/waveform/ofdm_transform.h>
#include <vector>

namespace gr {
namespace isac {

class ofdm_demodulator_impl : public ofdm_demodulator
{
public:
    ofdm_demodulator_impl(ofdm_grid::sptr grid, int timing_advance);

    std::map<std::string, uint64_t> faults() const override { return d_faults.counts(); }

    bool start() override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    // Tags of one sample.
    struct tags_here {
        std::vector<gr::tag_t>::const_iterator first, last;

        const auto& begin() const { return first; }
        const auto& end() const { return last; }
    };

    void read_clock(const tags_here& tags, uint64_t sample);
    void start_frame(const tags_here& tags, uint64_t sample, bool tagged);
    size_t samples_to_frame(uint64_t sample) const;
    size_t take(const gr_complex* samples, size_t count, gr_complex* row, bool& row_done);

    ofdm_grid::sptr d_grid;
    ofdm_transform d_transform;
    fault_log d_faults;

    bool d_tagged = false; // a frame tag was seen: only tags start frames
    bool d_in_frame = false;
    bool d_torn = false;     // the rest of a frame that lost samples follows
    bool d_has_time = false; // a scene_time tag was seen: the receiver's clock is not
    receive_clock d_clock;
    uint64_t d_lost = 0;   // samples that the receiver told of
    size_t d_position = 0; // of the next sample in its frame
    size_t d_symbol = 0;   // whose window comes next
    size_t d_gathered = 0; // samples of it that wait in d_window
    volk::vector<gr_complex> d_window;
    std::vector<gr::tag_t> d_frame_tags; // for the frame's first row
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_OFDM_DEMODULATOR_IMPL_H */
