/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_OFDM_RECEIVER_IMPL_H
#define INCLUDED_ISAC_OFDM_RECEIVER_IMPL_H

#include "fault_log.h"
#include "frame_assembler.h"
#include <gnuradio/isac/ofdm_receiver.h>
#include <gnuradio/isac/waveform/frame_receiver.h>
#include <atomic>
#include <map>
#include <vector>

namespace gr {
namespace isac {

class ofdm_receiver_impl : public ofdm_receiver
{
public:
    ofdm_receiver_impl(ofdm_grid::sptr grid, int64_t node, const std::string& channel);

    uint64_t num_frames() const override { return d_frames; }
    uint64_t num_failed_crcs() const override { return d_failed; }
    std::map<std::string, uint64_t> faults() const override;

    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    void take_reference(const gr_complex* rows, size_t available);
    size_t
    take_rows(const gr_complex* rows, size_t available, size_t taken, bool has_stream);
    void finish_frame(bool has_stream);

    ofdm_grid::sptr d_grid;
    const int64_t d_node;
    frame_receiver d_receiver;
    fault_log d_faults, d_reference_faults;
    frame_assembler d_assembler, d_reference;

    // Data bits of the last reference frames, by frame number.
    std::map<uint64_t, std::vector<uint8_t>> d_sent;
    // Reference rows that were used but are still in the input's buffer, see
    // take_reference().
    size_t d_peeked = 0;

    std::vector<uint8_t> d_bytes; // payload that waits for room at output 0
    size_t d_bytes_out = 0;
    std::atomic<uint64_t> d_frames{ 0 }, d_failed{ 0 };
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_OFDM_RECEIVER_IMPL_H */
