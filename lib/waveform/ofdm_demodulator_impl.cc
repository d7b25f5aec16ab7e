/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "ofdm_demodulator_impl.h"
#include "stream_buffers.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>
#include <functional>

namespace gr {
namespace isac {

namespace {

bool is_frame_tag(const gr::tag_t& tag)
{
    return pmt::eqv(tag.key, metadata_keys::frame());
}

bool is_rx_time(const gr::tag_t& tag)
{
    return pmt::eqv(tag.key, metadata_keys::rx_time());
}

bool is_scene_time(const gr::tag_t& tag)
{
    return pmt::eqv(tag.key, metadata_keys::scene_time());
}

bool is_forwarded(const gr::tag_t& tag)
{
    return is_frame_tag(tag) || is_scene_time(tag) || is_rx_time(tag) ||
           pmt::eqv(tag.key, metadata_keys::rx_rate()) ||
           pmt::eqv(tag.key, metadata_keys::rx_freq());
}

} // namespace

ofdm_demodulator::sptr ofdm_demodulator::make(ofdm_grid::sptr grid, int timing_advance)
{
    require(static_cast<bool>(grid), "ofdm_demodulator: grid", "none", "must be given");
    return gnuradio::make_block_sptr<ofdm_demodulator_impl>(grid, timing_advance);
}

ofdm_demodulator_impl::ofdm_demodulator_impl(ofdm_grid::sptr grid, int timing_advance)
    : gr::block(
          "ofdm_demodulator",
          gr::io_signature::make(1, 1, sizeof(gr_complex)),
          gr::io_signature::make(1, 1, grid->num_subcarriers() * sizeof(gr_complex))),
      d_grid(std::move(grid)),
      d_transform(d_grid, timing_advance),
      d_faults(d_logger),
      d_clock(d_grid->sample_rate()),
      d_window(d_grid->num_subcarriers())
{
    set_tag_propagation_policy(TPP_DONT);
    ask_for_wide_buffer(*this, 0, *d_grid, d_grid->num_subcarriers());
    set_relative_rate(d_grid->num_symbols(), d_grid->frame_samples());
}

bool ofdm_demodulator_impl::start()
{
    // Else the flowgraph was reconfigured, and its buffers are as they were.
    if (nitems_read(0) == 0) {
        d_tagged = d_in_frame = d_torn = d_has_time = false;
        d_clock = receive_clock(d_grid->sample_rate());
        d_lost = 0;
    }
    return gr::block::start();
}

// A symbol may be longer than the input buffer: it is gathered, and never waited for.
void ofdm_demodulator_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    ninput_items_required[0] = 1;
}

// Samples that the receiver lost tear the frame that they belonged to.
void ofdm_demodulator_impl::read_clock(const tags_here& tags, uint64_t sample)
{
    for (const auto& tag : tags) {
        if (pmt::eqv(tag.key, metadata_keys::rx_rate()) && pmt::is_real(tag.value))
            d_clock.set_sample_rate(pmt::to_double(tag.value));
        if (!is_rx_time(tag))
            continue;
        receive_time time;
        if (!receive_time::read(tag.value, time)) {
            d_faults.count("bad_tag", "rx_time is not a tuple of seconds and fraction");
            continue;
        }
        const uint64_t lost = d_clock.set(sample, time);
        if (lost == 0)
            continue;
        d_faults.count("lost_samples",
                       "the receiver lost " + std::to_string(lost) + " samples");
        d_lost += lost;
        d_torn = true;
        d_in_frame = false;
    }
}

// Of a stream without frame tags: its frames follow each other from the first sample on,
// those that were lost included.
size_t ofdm_demodulator_impl::samples_to_frame(uint64_t sample) const
{
    const size_t length = d_grid->frame_samples();
    return (length - (sample + d_lost) % length) % length;
}

void ofdm_demodulator_impl::start_frame(const tags_here& tags,
                                        uint64_t sample,
                                        bool tagged)
{
    if (tagged && d_in_frame)
        d_faults.count("lost_samples",
                       "a frame has " + std::to_string(d_position) + " samples of " +
                           std::to_string(d_grid->frame_samples()));
    d_tagged = d_tagged || tagged;
    d_in_frame = true;
    d_torn = false;
    d_position = d_symbol = d_gathered = 0;
    d_frame_tags.assign(tags.begin(), tags.end());
    const auto has = [&](auto is) {
        return std::any_of(d_frame_tags.begin(), d_frame_tags.end(), is);
    };
    d_has_time = d_has_time || has(is_scene_time);
    if (!d_clock.is_set())
        return;
    const auto add = [&](const pmt::pmt_t& key, const pmt::pmt_t& value) {
        d_frame_tags.push_back({});
        d_frame_tags.back().key = key;
        d_frame_tags.back().value = value;
    };
    if (!tagged)
        add(metadata_keys::frame(),
            pmt::from_uint64((sample + d_lost) / d_grid->frame_samples()));
    if (!d_has_time && !has(is_rx_time))
        add(metadata_keys::scene_time(), pmt::from_double(d_clock.time_of(sample)));
}

// Takes samples of the frame up to the end of the next window at most.
size_t ofdm_demodulator_impl::take(const gr_complex* samples,
                                   size_t count,
                                   gr_complex* row,
                                   bool& row_done)
{
    row_done = false;
    const size_t n = d_grid->num_subcarriers();
    if (d_symbol == d_grid->num_symbols()) // what a timing advance leaves at the end
        return std::min(count, d_grid->frame_samples() - d_position);
    const size_t start = d_grid->symbol_start(d_symbol) - d_transform.timing_advance();
    if (d_position < start)
        return std::min(count, start - d_position);
    if (d_gathered == 0 && count >= n) {
        d_transform.demodulate(samples, row);
        row_done = true;
        return n;
    }
    const size_t taken = std::min(count, n - d_gathered);
    std::copy_n(samples, taken, d_window.data() + d_gathered);
    d_gathered += taken;
    if (d_gathered == n) {
        d_transform.demodulate(d_window.data(), row);
        row_done = true;
    }
    return taken;
}

int ofdm_demodulator_impl::general_work(int noutput_items,
                                        gr_vector_int& ninput_items,
                                        gr_vector_const_void_star& input_items,
                                        gr_vector_void_star& output_items)
{
    const auto* samples = static_cast<const gr_complex*>(input_items[0]);
    auto* rows = static_cast<gr_complex*>(output_items[0]);
    const size_t n = d_grid->num_subcarriers();
    const size_t available = ninput_items[0];
    const uint64_t first = nitems_read(0);
    std::vector<gr::tag_t> tags;
    get_tags_in_range(tags, 0, first, first + available);
    tags.erase(std::remove_if(tags.begin(), tags.end(), std::not_fn(is_forwarded)),
               tags.end());
    std::sort(tags.begin(), tags.end(), gr::tag_t::offset_compare);

    size_t read = 0;
    int written = 0;
    auto next = tags.cbegin();
    while (read < available && written < noutput_items) {
        const uint64_t here = first + read;
        const auto later = std::find_if(
            next, tags.cend(), [=](const gr::tag_t& t) { return t.offset > here; });
        const tags_here here_tags{ next, later };
        next = later;
        const size_t chunk = std::min<size_t>(
            available - read, later == tags.cend() ? available : later->offset - here);

        read_clock(here_tags, here);
        const bool tagged = std::any_of(here_tags.begin(), here_tags.end(), is_frame_tag);
        if (tagged || (!d_in_frame && !d_tagged && samples_to_frame(here) == 0))
            start_frame(here_tags, here, tagged);
        if (!d_in_frame) {
            if (!d_torn)
                d_faults.count("lost_samples",
                               "samples follow a frame's end without a tag");
            read += d_tagged ? chunk : std::min(chunk, samples_to_frame(here));
            continue;
        }
        bool row_done;
        const size_t taken = take(samples + read, chunk, rows + written * n, row_done);
        read += taken;
        d_position += taken;
        if (row_done) {
            if (d_symbol == 0)
                for (const auto& tag : d_frame_tags)
                    add_item_tag(0, nitems_written(0) + written, tag.key, tag.value);
            d_gathered = 0;
            d_symbol++;
            written++;
        }
        d_in_frame = d_position < d_grid->frame_samples();
    }
    consume(0, read);
    return written;
}

} // namespace isac
} // namespace gr
