/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "frame_clock.h"
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>
#include <string>

namespace gr {
namespace isac {

frame_clock::frame_clock(const ofdm_grid& grid, double start_time, fault_log& faults)
    : d_frame_samples(grid.frame_samples()),
      d_sample_rate(grid.sample_rate()),
      d_faults(faults),
      d_frame_start(start_time),
      d_origin_time(start_time)
{
}

bool frame_clock::restart(uint64_t first)
{
    if (first == d_next_sample)
        return false;
    d_origin_time = time_of(d_next_sample);
    d_origin_sample = first;
    d_next_sample = first;
    d_started = false;
    d_tagged = false;
    return true;
}

void frame_clock::read_marks(const std::vector<tag_t>& tags, uint64_t end)
{
    d_marks.clear();
    for (const auto& tag : tags) {
        if (!pmt::eqv(tag.key, metadata_keys::frame()))
            continue;
        if (pmt::is_uint64(tag.value))
            d_marks.push_back({ tag.offset, pmt::to_uint64(tag.value) });
        else if (pmt::is_integer(tag.value) && pmt::to_long(tag.value) >= 0)
            d_marks.push_back(
                { tag.offset, static_cast<uint64_t>(pmt::to_long(tag.value)) });
        else if (tag.offset < end)
            d_faults.count("bad_tag", "the value of a frame tag is not a frame number");
    }
}

const uint64_t* frame_clock::mark_at(uint64_t here) const
{
    const uint64_t* number = nullptr;
    for (const mark& m : d_marks)
        if (m.sample == here)
            number = &m.number;
    return number;
}

uint64_t frame_clock::piece_end(uint64_t here, uint64_t end) const
{
    for (const mark& m : d_marks)
        if (m.sample > here)
            end = std::min(end, m.sample);
    return in_frame() ? std::min(end, here + d_frame_samples - d_position) : end;
}

bool frame_clock::is_due(bool marked) const
{
    return marked || !d_started || (d_position == d_frame_samples && !d_tagged);
}

void frame_clock::start_frame(uint64_t here,
                              const uint64_t* number,
                              double revisit_interval)
{
    uint64_t steps = 1;
    if (d_started) {
        if (d_position != d_frame_samples)
            d_faults.count("lost_samples",
                           "frame " + std::to_string(d_frame) + " has " +
                               std::to_string(d_position) + " samples of " +
                               std::to_string(d_frame_samples));
        if (number && d_tagged && *number != d_frame + 1) {
            d_faults.count("frame_jump",
                           "frame " + std::to_string(*number) + " follows frame " +
                               std::to_string(d_frame));
            steps = *number > d_frame ? *number - d_frame : 1;
        }
    }
    if (revisit_interval > 0) {
        if (d_started)
            d_origin_time = d_frame_start + steps * revisit_interval;
        d_origin_sample = here;
    }
    d_frame = number ? *number : d_started ? d_frame + 1 : 0;
    d_tagged = d_tagged || number;
    d_frame_start = time_of(here);
    d_position = 0;
    d_started = true;
}

bool frame_clock::advance(uint64_t samples)
{
    const bool within = in_frame();
    d_position += samples;
    d_next_sample += samples;
    return within && !in_frame();
}

double frame_clock::time_of(uint64_t sample) const
{
    return d_origin_time + (sample - d_origin_sample) / d_sample_rate;
}

} // namespace isac
} // namespace gr
