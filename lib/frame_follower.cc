/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "frame_follower.h"
#include "receive_clock.h"
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>

namespace gr {
namespace isac {

namespace {

bool is_frame_tag(const gr::tag_t& tag)
{
    return pmt::eqv(tag.key, metadata_keys::frame());
}

} // namespace

frame_follower::frame_follower(ofdm_grid::sptr grid, fault_log& faults, size_t rows)
    : d_grid(std::move(grid)),
      d_faults(faults),
      d_symbols(rows > 0 ? rows : d_grid->num_symbols()),
      d_filled(d_symbols)
{
}

void frame_follower::reset()
{
    d_filled = d_symbols;
    d_started = d_tagged = false;
}

void frame_follower::start(uint64_t row, const std::vector<gr::tag_t>& tags)
{
    uint64_t expected = d_started ? d_stamp.frame + 1 : 0;
    double tagged_start = 0;
    receive_time received_start{ 0, 0 };
    bool has_scene_time = false, has_rx_time = false, numbered = false;
    for (const auto& tag : tags) {
        if (tag.offset != row)
            continue;
        if (is_frame_tag(tag)) {
            if (!pmt::is_uint64(tag.value) && !pmt::is_integer(tag.value)) {
                d_faults.count("bad_tag", "the value of a frame tag is not a number");
                continue;
            }
            const uint64_t number = pmt::to_uint64(tag.value);
            if (d_started && number != expected)
                d_faults.count("frame_jump",
                               "frame " + std::to_string(number) + " follows frame " +
                                   std::to_string(d_stamp.frame));
            expected = number;
            numbered = true;
        } else if (pmt::eqv(tag.key, metadata_keys::scene_time())) {
            has_scene_time = pmt::is_number(tag.value) && !pmt::is_complex(tag.value);
            if (has_scene_time)
                tagged_start = pmt::to_double(tag.value);
            else
                d_faults.count("bad_tag",
                               "the value of a scene_time tag is not a number");
        } else if (pmt::eqv(tag.key, metadata_keys::rx_time())) {
            has_rx_time = receive_time::read(tag.value, received_start);
            if (!has_rx_time)
                d_faults.count("bad_tag",
                               "rx_time is not a tuple of seconds and fraction");
        }
    }
    const double start_time = has_scene_time ? tagged_start
                              : has_rx_time  ? received_start.seconds()
                                             : expected * d_grid->frame_duration();
    d_stamp = { expected, start_time + d_grid->middle_time() };
    d_started = true;
    d_tagged = d_tagged || numbered;
    d_filled = 0;
}

frame_piece
frame_follower::follow(size_t count, uint64_t first, const std::vector<gr::tag_t>& tags)
{
    // Rows to the next frame tag, or to the end.
    const auto rows_untagged = [&](size_t from) {
        const auto next = std::find_if(tags.begin(), tags.end(), [&](const auto& tag) {
            return is_frame_tag(tag) && tag.offset >= first + from;
        });
        return next == tags.end() ? count : std::min<size_t>(next->offset - first, count);
    };
    const bool tag_here = rows_untagged(0) == 0;
    if (is_whole() && d_tagged && !tag_here) {
        d_faults.count("lost_rows", "rows stand outside any frame");
        return { rows_untagged(0), 0, true };
    }
    if (tag_here || is_whole()) {
        if (!is_whole())
            d_faults.count("lost_rows",
                           "frame " + std::to_string(d_stamp.frame) + " has " +
                               std::to_string(d_filled) + " rows of " +
                               std::to_string(d_symbols));
        start(first, tags);
    }
    const frame_piece piece{ std::min(rows_untagged(1), d_symbols - d_filled),
                             d_filled,
                             false };
    d_filled += piece.rows;
    return piece;
}

} // namespace isac
} // namespace gr
