/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_OFDM_MODULATOR_IMPL_H
#define INCLUDED_ISAC_OFDM_MODULATOR_IMPL_H

#include "fault_log.h"
#include <gnuradio/isac/ofdm_modulator.h>
#include <gnuradio/isac/waveform/frame_codec.h>
#include <gnuradio/isac/waveform/frame_mapper.h>
#include <gnuradio/isac/waveform/ofdm_transform.h>
#include <deque>
#include <mutex>
#include <vector>

namespace gr {
namespace isac {

class ofdm_modulator_impl : public ofdm_modulator
{
public:
    ofdm_modulator_impl(ofdm_grid::sptr grid,
                        double tx_power_dbm,
                        const std::string& input,
                        bool repeat_frame,
                        uint64_t num_frames,
                        const std::string& when_starved);

    size_t capacity() const override { return d_codec.capacity(); }
    uint64_t frames_sent() const override;
    std::map<std::string, uint64_t> faults() const override { return d_faults.counts(); }
    double tx_power_dbm() const override;
    void set_tx_power_dbm(double tx_power_dbm) override;

    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    void handle_pdu(const pmt::pmt_t& pdu);
    bool needs_payload() const;
    bool stream_read(size_t consumed) const;
    bool start_frame(bool ended);
    size_t block_samples(size_t block) const;
    void write_block(gr_complex* samples, gr_complex* row);
    size_t room(size_t port) const;

    ofdm_grid::sptr d_grid;
    frame_codec d_codec;
    frame_mapper d_mapper;
    ofdm_transform d_transform;
    fault_log d_faults;
    const bool d_streams, d_takes_pdus, d_repeats, d_waits;
    const uint64_t d_num_frames;

    mutable std::mutex d_mutex; // of the three below
    double d_power_dbm;
    std::deque<pmt::pmt_t> d_pdus;
    uint64_t d_frames = 0;

    std::vector<uint8_t> d_payload; // gathered from the stream
    size_t d_payload_bytes = 0;
    std::vector<uint8_t> d_bits;
    volk::vector<gr_complex> d_row;
    float d_scale = 1;

    // Blocks of the frame: the preamble where there is one, then the symbols. What does
    // not fit the output waits in d_samples.
    size_t d_num_blocks, d_next_block;
    volk::vector<gr_complex> d_samples;
    size_t d_waiting = 0, d_waiting_from = 0;
    volk::vector<gr_complex> d_repeated; // the frame's samples at unit power
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_OFDM_MODULATOR_IMPL_H */
