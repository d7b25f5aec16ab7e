/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "ofdm_receiver_impl.h"
#include "report_codec.h"
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>

namespace gr {
namespace isac {

namespace {

// Reference frames kept, as bits: what may be in flight between transmitter and receiver.
constexpr size_t kept_references = 64;

} // namespace

ofdm_receiver::sptr
ofdm_receiver::make(ofdm_grid::sptr grid, int64_t node, const std::string& channel)
{
    require(static_cast<bool>(grid), "ofdm_receiver: grid", "none", "must be given");
    return gnuradio::make_block_sptr<ofdm_receiver_impl>(grid, node, channel);
}

ofdm_receiver_impl::ofdm_receiver_impl(ofdm_grid::sptr grid,
                                       int64_t node,
                                       const std::string& channel)
    : gr::block(
          "ofdm_receiver",
          gr::io_signature::make(1, 2, grid->num_subcarriers() * sizeof(gr_complex)),
          gr::io_signature::make(0, 1, sizeof(uint8_t))),
      d_grid(std::move(grid)),
      d_node(node),
      d_receiver(d_grid, channel),
      d_faults(d_logger),
      d_reference_faults(d_logger),
      d_assembler(d_grid, d_faults),
      d_reference(d_grid, d_reference_faults)
{
    require(node >= 0, "ofdm_receiver: node", node, "must not be negative");
    message_port_register_out(message_ports::pdus());
    message_port_register_out(message_ports::link());
    set_tag_propagation_policy(TPP_DONT);
}

std::map<std::string, uint64_t> ofdm_receiver_impl::faults() const
{
    auto counts = d_faults.counts();
    for (const auto& [kind, count] : d_reference_faults.counts())
        counts["reference_" + kind] = count;
    return counts;
}

// Rows are asked for only when there is nothing else to do: the reference is taken up as
// it comes, or its transmitter would stall until the echo has arrived.
void ofdm_receiver_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    const bool has_reference = ninput_items_required.size() > 1;
    const bool new_reference =
        has_reference &&
        static_cast<size_t>(detail()->input(1)->items_available()) > d_peeked;
    const bool bytes_wait = d_bytes_out < d_bytes.size();
    ninput_items_required[0] = new_reference || bytes_wait ? 0 : 1;
    if (has_reference)
        ninput_items_required[1] = 0;
}

void ofdm_receiver_impl::take_reference(const gr_complex* rows, size_t available)
{
    if (available <= d_peeked)
        return;
    const size_t n = d_grid->num_subcarriers();
    const uint64_t first = nitems_read(1);
    std::vector<gr::tag_t> tags;
    get_tags_in_range(tags, 1, first + d_peeked, first + available);
    std::sort(tags.begin(), tags.end(), gr::tag_t::offset_compare);
    size_t taken = d_peeked;
    while (taken < available) {
        taken +=
            d_reference.push(rows + taken * n, available - taken, first + taken, tags);
        if (!d_reference.complete())
            continue;
        auto& bits = d_sent[d_reference.stamp().frame];
        bits.resize(d_receiver.frame_bytes());
        d_receiver.decide(d_reference.rows(), bits.data());
        if (d_sent.size() > kept_references)
            d_sent.erase(d_sent.begin());
    }
    // The last row stays in the buffer: a block without stream outputs is ended as soon
    // as one of its inputs has ended and is empty, though the other may hold frames.
    consume(1, available - 1);
    d_peeked = 1;
}

void ofdm_receiver_impl::finish_frame(bool has_stream)
{
    const frame_stamp& stamp = d_assembler.stamp();
    const auto sent = d_sent.find(stamp.frame);
    const received_frame& found = d_receiver.receive(
        d_assembler.rows(), sent == d_sent.end() ? nullptr : sent->second.data());
    if (sent != d_sent.end())
        d_sent.erase(d_sent.begin(), std::next(sent));

    link_report report;
    report.frame = stamp.frame;
    report.scene_time = stamp.scene_time;
    report.node = d_node;
    report.rsrp_dbm = found.rsrp_dbm;
    report.sinr_db = found.sinr_db;
    report.evm_db = found.evm_db;
    report.ber = found.ber;
    d_frames++;
    message_port_pub(message_ports::link(), to_pmt(report));

    const decoded_frame& payload = found.payload;
    if (!payload.ok && d_receiver.carries_payload())
        d_failed++;
    if (!payload.ok || payload.payload_bytes == 0) // an idle frame passes without
        return;
    pmt::pmt_t meta = pmt::make_dict();
    meta = pmt::dict_add(meta, metadata_keys::node(), pmt::from_long(d_node));
    meta = pmt::dict_add(meta, metadata_keys::frame(), pmt::from_uint64(stamp.frame));
    meta = pmt::dict_add(
        meta, metadata_keys::scene_time(), pmt::from_double(stamp.scene_time));
    message_port_pub(
        message_ports::pdus(),
        pmt::cons(meta, pmt::init_u8vector(payload.payload_bytes, payload.payload)));
    if (has_stream)
        d_bytes.assign(payload.payload, payload.payload + payload.payload_bytes);
    d_bytes_out = 0;
}

size_t ofdm_receiver_impl::take_rows(const gr_complex* rows,
                                     size_t available,
                                     size_t taken,
                                     bool has_stream)
{
    const uint64_t first = nitems_read(0);
    std::vector<gr::tag_t> tags;
    get_tags_in_range(tags, 0, first, first + available);
    std::sort(tags.begin(), tags.end(), gr::tag_t::offset_compare);
    while (taken < available && d_bytes_out == d_bytes.size()) {
        taken += d_assembler.push(rows + taken * d_grid->num_subcarriers(),
                                  available - taken,
                                  first + taken,
                                  tags);
        if (d_assembler.complete())
            finish_frame(has_stream);
    }
    return taken;
}

int ofdm_receiver_impl::general_work(int noutput_items,
                                     gr_vector_int& ninput_items,
                                     gr_vector_const_void_star& input_items,
                                     gr_vector_void_star& output_items)
{
    if (input_items.size() > 1)
        take_reference(static_cast<const gr_complex*>(input_items[1]), ninput_items[1]);

    const bool has_stream = !output_items.empty();
    const auto* rows = static_cast<const gr_complex*>(input_items[0]);
    const size_t available = ninput_items[0];
    size_t taken = 0;
    int written = 0;
    do {
        if (d_bytes_out < d_bytes.size()) {
            const size_t count =
                std::min<size_t>(d_bytes.size() - d_bytes_out, noutput_items - written);
            std::copy_n(d_bytes.data() + d_bytes_out,
                        count,
                        static_cast<uint8_t*>(output_items[0]) + written);
            d_bytes_out += count;
            written += static_cast<int>(count);
            if (d_bytes_out < d_bytes.size())
                break;
        }
        taken = take_rows(rows, available, taken, has_stream);
    } while (taken < available || d_bytes_out < d_bytes.size());
    consume(0, static_cast<int>(taken));
    return written;
}

} // namespace isac
} // namespace gr
