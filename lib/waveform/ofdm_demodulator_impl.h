/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_OFDM_DEMODULATOR_IMPL_H
#define INCLUDED_ISAC_OFDM_DEMODULATOR_IMPL_H

#include "fault_log.h"
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

    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    void start_frame(const std::vector<gr::tag_t>& tags, uint64_t sample, bool tagged);
    size_t take(const gr_complex* samples, size_t count, gr_complex* row, bool& row_done);

    ofdm_grid::sptr d_grid;
    ofdm_transform d_transform;
    fault_log d_faults;

    bool d_tagged = false; // a frame tag was seen: only tags start frames
    bool d_in_frame = false;
    size_t d_position = 0; // of the next sample in its frame
    size_t d_symbol = 0;   // whose window comes next
    size_t d_gathered = 0; // samples of it that wait in d_window
    volk::vector<gr_complex> d_window;
    std::vector<gr::tag_t> d_frame_tags; // for the frame's first row
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_OFDM_DEMODULATOR_IMPL_H */
