/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "frame_follower.h"
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>
#include <string>

namespace gr {
namespace isac {

frame_follower::frame_follower(ofdm_grid::sptr grid, size_t length, fault_log& faults)
    : d_grid(std::move(grid)), d_length(length), d_faults(faults)
{
}

size_t
frame_follower::follow(size_t count, uint64_t first, const std::vector<gr::tag_t>& tags)
{
    const auto starts_from = [&](uint64_t item) {
        return std::find_if(tags.begin(), tags.end(), [&](const gr::tag_t& tag) {
            return pmt::eqv(tag.key, metadata_keys::frame()) && tag.offset >= item;
        });
    };
    const auto here = starts_from(first);
    const bool tagged = here != tags.end() && here->offset == first;
    if (tagged && !between() && d_filled > 0)
        d_faults.count("lost_rows",
                       "frame " + std::to_string(d_stamp.frame) + " has " +
                           std::to_string(d_filled) + " rows of " +
                           std::to_string(d_length));
    if (tagged || (between() && !d_tagged))
        start(first, tags);

    const auto next = starts_from(first + 1);
    size_t passed =
        next == tags.end() ? count : std::min<size_t>(count, next->offset - first);
    d_inside = !between();
    if (d_inside) {
        d_place = d_filled;
        passed = std::min(passed, d_length - d_filled);
        d_filled += passed;
    } else {
        d_faults.count("lost_rows", "rows stand outside any frame");
    }
    return passed;
}

void frame_follower::forget()
{
    if (between())
        return;
    d_filled = d_length;
    d_stamp.frame--; // its items come again
}

void frame_follower::start(uint64_t item, const std::vector<gr::tag_t>& tags)
{
    uint64_t number = d_started ? d_stamp.frame + 1 : 0;
    const gr::tag_t* time = nullptr;
    for (const auto& tag : tags) {
        if (tag.offset != item)
            continue;
        if (pmt::eqv(tag.key, metadata_keys::frame())) {
            if (!pmt::is_uint64(tag.value) && !pmt::is_integer(tag.value)) {
                d_faults.count("bad_tag", "the value of a frame tag is not a number");
                continue;
            }
            const uint64_t told = pmt::to_uint64(tag.value);
            if (d_started && told != number)
                d_faults.count("frame_jump",
                               "frame " + std::to_string(told) + " follows frame " +
                                   std::to_string(d_stamp.frame));
            number = told;
            d_tagged = true;
        } else if (pmt::eqv(tag.key, metadata_keys::scene_time())) {
            if (pmt::is_number(tag.value) && !pmt::is_complex(tag.value))
                time = &tag;
            else
                d_faults.count("bad_tag",
                               "the value of a scene_time tag is not a number");
        }
    }
    const double begin =
        time ? pmt::to_double(time->value) : number * d_grid->frame_duration();
    d_stamp = { number, begin + d_grid->middle_time() };
    d_started = true;
    d_filled = 0;
}

} // namespace isac
} // namespace gr
