/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "input_end.h"
#include "listen.h"
#include "ofdm_modulator_impl.h"
#include "stream_buffers.h"
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <volk/volk.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace gr {
namespace isac {

namespace {

void check_power(double tx_power_dbm)
{
    require_within("ofdm_modulator: tx_power_dbm", tx_power_dbm, -200, 100);
}

void check_choice(const char* name,
                  const std::string& value,
                  std::initializer_list<const char*> choices,
                  const char* limit)
{
    require(std::find(choices.begin(), choices.end(), value) != choices.end(),
            name,
            value,
            limit);
}

} // namespace

ofdm_modulator::sptr ofdm_modulator::make(ofdm_grid::sptr grid,
                                          double tx_power_dbm,
                                          const std::string& input,
                                          bool repeat_frame,
                                          uint64_t num_frames,
                                          const std::string& when_starved)
{
    require(static_cast<bool>(grid), "ofdm_modulator: grid", "none", "must be given");
    return gnuradio::make_block_sptr<ofdm_modulator_impl>(
        grid, tx_power_dbm, input, repeat_frame, num_frames, when_starved);
}

ofdm_modulator_impl::ofdm_modulator_impl(ofdm_grid::sptr grid,
                                         double tx_power_dbm,
                                         const std::string& input,
                                         bool repeat_frame,
                                         uint64_t num_frames,
                                         const std::string& when_starved)
    : gr::block(
          "ofdm_modulator",
          input == "stream" ? gr::io_signature::make(1, 1, sizeof(uint8_t))
                            : gr::io_signature::make(0, 0, 0),
          gr::io_signature::make2(
              1, 2, sizeof(gr_complex), grid->num_subcarriers() * sizeof(gr_complex))),
      d_grid(std::move(grid)),
      d_codec(*d_grid),
      d_mapper(d_grid),
      d_transform(d_grid),
      d_faults(d_logger),
      d_streams(input == "stream"),
      d_takes_pdus(input == "pdu"),
      d_repeats(repeat_frame),
      // A frame that is repeated for ever should not be an idle one by chance.
      d_waits(when_starved == "wait" || (repeat_frame && input != "none")),
      d_num_frames(num_frames),
      d_power_dbm(tx_power_dbm),
      d_payload(d_codec.capacity()),
      d_bits(d_codec.frame_bytes()),
      d_row(d_grid->num_subcarriers()),
      d_num_blocks(d_grid->num_symbols() + (d_grid->preamble_samples() > 0 ? 1 : 0)),
      d_next_block(d_num_blocks)
{
    check_power(tx_power_dbm);
    check_choice("ofdm_modulator: input",
                 input,
                 { "stream", "pdu", "none" },
                 "must be stream, pdu or none");
    check_choice("ofdm_modulator: when_starved",
                 when_starved,
                 { "idle", "wait" },
                 "must be idle or wait");
    require(input == "none" || d_codec.capacity() > 0,
            "ofdm_modulator: payload capacity of the grid, bytes",
            d_codec.capacity(),
            "must be at least 1; with fewer data elements set input to none");
    require(input != "none" || when_starved == "idle",
            "ofdm_modulator: when_starved",
            when_starved,
            "must be idle when input is none: there is nothing to wait for");

    const auto& cps = d_grid->cp_lens();
    d_samples.resize(*std::max_element(cps.begin(), cps.end()) +
                     d_grid->num_subcarriers());
    if (d_repeats)
        d_repeated.resize(d_grid->frame_samples());
    set_tag_propagation_policy(TPP_DONT);
    ask_for_wide_buffer(*this, 0, *d_grid, 1);
    // References lie there while their echoes come through other buffers.
    ask_for_wide_buffer(*this, 1, *d_grid, d_grid->num_subcarriers(), 2);
    set_relative_rate(d_grid->frame_samples(), std::max<size_t>(1, capacity()));
    if (d_takes_pdus) {
        listen(*this, message_ports::pdus(), &ofdm_modulator_impl::handle_pdu);
    }
}

uint64_t ofdm_modulator_impl::frames_sent() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_frames;
}

double ofdm_modulator_impl::tx_power_dbm() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_power_dbm;
}

void ofdm_modulator_impl::set_tx_power_dbm(double tx_power_dbm)
{
    check_power(tx_power_dbm);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_power_dbm = tx_power_dbm;
}

void ofdm_modulator_impl::handle_pdu(const pmt::pmt_t& pdu)
{
    if (!pmt::is_pair(pdu) || !pmt::is_u8vector(pmt::cdr(pdu))) {
        d_faults.count("bad_pdu", "a message is not a pair of metadata and u8vector");
        return;
    }
    const size_t bytes = pmt::length(pmt::cdr(pdu));
    if (bytes > capacity()) {
        d_faults.count("oversize_pdu",
                       "a PDU of " + std::to_string(bytes) +
                           " bytes exceeds a frame's capacity of " +
                           std::to_string(capacity()));
        return;
    }
    std::lock_guard<std::mutex> lock(d_mutex);
    d_pdus.push_back(pmt::cdr(pdu));
}

// Whether the next thing to do is to gather payload.
bool ofdm_modulator_impl::needs_payload() const
{
    const bool repeating = d_repeats && frames_sent() > 0;
    const bool finished = d_num_frames > 0 && frames_sent() == d_num_frames;
    return d_waiting == 0 && d_next_block == d_num_blocks && !repeating && !finished &&
           d_payload_bytes < capacity();
}

void ofdm_modulator_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    if (d_streams)
        ninput_items_required[0] =
            d_waits && needs_payload() && !input_done(*this, 0) ? 1 : 0;
}

// Begins the next frame, unless its payload has to be waited for.
bool ofdm_modulator_impl::start_frame(bool ended)
{
    const uint64_t frame = frames_sent();
    if (!d_repeats || frame == 0) {
        if (d_takes_pdus) {
            std::lock_guard<std::mutex> lock(d_mutex);
            if (!d_pdus.empty()) {
                const auto bytes = pmt::u8vector_elements(d_pdus.front());
                std::copy(bytes.begin(), bytes.end(), d_payload.begin());
                d_payload_bytes = bytes.size();
                d_pdus.pop_front();
            } else if (d_waits) {
                return false;
            }
        } else if (d_streams && d_waits && d_payload_bytes < capacity() && !ended) {
            return false;
        }
        d_codec.encode(frame, d_payload.data(), d_payload_bytes, d_bits.data());
        d_payload_bytes = 0;
    }
    std::lock_guard<std::mutex> lock(d_mutex);
    if (d_repeats)
        d_pdus.clear();
    d_scale = std::pow(10.0, d_power_dbm / 20);
    d_frames++;
    d_next_block = 0;
    return true;
}

size_t ofdm_modulator_impl::block_samples(size_t block) const
{
    const size_t symbol = block + d_grid->num_symbols() - d_num_blocks;
    const bool is_preamble = block < d_num_blocks - d_grid->num_symbols();
    return is_preamble ? d_grid->preamble_samples()
                       : d_grid->cp_len(symbol) + d_grid->num_subcarriers();
}

void ofdm_modulator_impl::write_block(gr_complex* samples, gr_complex* row)
{
    const size_t preambles = d_num_blocks - d_grid->num_symbols();
    const bool is_preamble = d_next_block < preambles;
    const size_t symbol = d_next_block - preambles;
    const size_t count = block_samples(d_next_block);
    if (!is_preamble && row)
        d_mapper.map(symbol, d_bits.data(), row);

    gr_complex* out = samples;
    float scale = d_grid->amplitude() * d_scale;
    const bool repeated = d_repeats && frames_sent() > 1;
    if (d_repeats) {
        const size_t start =
            is_preamble ? 0 : d_grid->symbol_start(symbol) - d_grid->cp_len(symbol);
        out = d_repeated.data() + start;
        scale = d_grid->amplitude();
    }
    if (!repeated) {
        if (is_preamble) {
            d_transform.modulate_preamble(out, scale);
        } else {
            if (!row)
                d_mapper.map(symbol, d_bits.data(), d_row.data());
            d_transform.modulate(symbol, row ? row : d_row.data(), out, scale);
        }
    }
    if (d_repeats)
        volk_32f_s32f_multiply_32f(reinterpret_cast<float*>(samples),
                                   reinterpret_cast<const float*>(out),
                                   d_scale,
                                   2 * count);
    d_next_block++;
}

// Room of one output, which general_work() is not told: noutput_items is the least of
// all, in rows here and in samples there.
size_t ofdm_modulator_impl::room(size_t port) const
{
    return detail()->output(port)->space_available();
}

int ofdm_modulator_impl::general_work(int,
                                      gr_vector_int& ninput_items,
                                      gr_vector_const_void_star& input_items,
                                      gr_vector_void_star& output_items)
{
    auto* samples = static_cast<gr_complex*>(output_items[0]);
    const bool has_rows = output_items.size() > 1;
    auto* rows = has_rows ? static_cast<gr_complex*>(output_items[1]) : nullptr;
    const size_t sample_room = room(0);
    const size_t row_room = has_rows ? room(1) : 0;
    const size_t preambles = d_num_blocks - d_grid->num_symbols();
    size_t num_samples = 0, num_rows = 0, consumed = 0;
    const bool ended = d_streams && input_done(*this, 0);

    while (num_samples < sample_room) {
        if (d_streams) { // also while a frame goes out: the next is then full in time
            const auto* bytes = static_cast<const uint8_t*>(input_items[0]);
            const size_t taken = std::min<size_t>(ninput_items[0] - consumed,
                                                  capacity() - d_payload_bytes);
            std::copy_n(bytes + consumed, taken, d_payload.begin() + d_payload_bytes);
            d_payload_bytes += taken;
            consumed += taken;
        }
        if (d_waiting > 0) {
            const size_t count = std::min(d_waiting, sample_room - num_samples);
            std::copy_n(d_samples.data() + d_waiting_from, count, samples + num_samples);
            d_waiting -= count;
            d_waiting_from += count;
            num_samples += count;
            continue;
        }
        if (d_next_block == d_num_blocks) {
            const bool limit = d_num_frames > 0 && frames_sent() == d_num_frames;
            const bool exhausted = d_waits && ended && d_payload_bytes == 0 &&
                                   !(d_repeats && frames_sent() > 0) &&
                                   stream_read(consumed);
            if (limit || exhausted) {
                if (num_samples == 0 && num_rows == 0)
                    return WORK_DONE;
                break;
            }
            if (!start_frame(ended && stream_read(consumed)))
                break;
            add_item_tag(0,
                         nitems_written(0) + num_samples,
                         metadata_keys::frame(),
                         pmt::from_uint64(frames_sent() - 1));
        }
        const bool is_symbol = d_next_block >= preambles;
        if (is_symbol && has_rows && num_rows == row_room)
            break;
        if (d_next_block == preambles && has_rows)
            add_item_tag(1,
                         nitems_written(1) + num_rows,
                         metadata_keys::frame(),
                         pmt::from_uint64(frames_sent() - 1));
        gr_complex* row = nullptr;
        if (is_symbol && has_rows)
            row = rows + num_rows++ * d_grid->num_subcarriers();
        const size_t count = block_samples(d_next_block);
        if (sample_room - num_samples >= count) {
            write_block(samples + num_samples, row);
            num_samples += count;
        } else {
            write_block(d_samples.data(), row);
            d_waiting = count;
            d_waiting_from = 0;
        }
    }

    if (d_streams)
        consume(0, consumed);
    produce(0, num_samples);
    if (has_rows)
        produce(1, num_rows);
    if (num_samples == 0 && !d_streams) // a source is called again at once: wait for PDUs
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return WORK_CALLED_PRODUCE;
}

// Whether the ended stream holds no more than what this call has taken of it.
bool ofdm_modulator_impl::stream_read(size_t consumed) const
{
    return static_cast<size_t>(detail()->input(0)->items_available()) <= consumed;
}

} // namespace isac
} // namespace gr
