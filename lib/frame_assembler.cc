/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "frame_assembler.h"
#include <gnuradio/isac/metadata_keys.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

bool is_frame_tag(const gr::tag_t& tag)
{
    return pmt::eqv(tag.key, metadata_keys::frame());
}

bool seconds_of(const pmt::pmt_t& time, double& seconds)
{
    if (!pmt::is_tuple(time) || pmt::length(time) != 2 ||
        !pmt::is_uint64(pmt::tuple_ref(time, 0)) ||
        !pmt::is_real(pmt::tuple_ref(time, 1)))
        return false;
    seconds = static_cast<double>(pmt::to_uint64(pmt::tuple_ref(time, 0))) +
              pmt::to_double(pmt::tuple_ref(time, 1));
    return true;
}

} // namespace

frame_assembler::frame_assembler(ofdm_grid::sptr grid, fault_log& faults)
    : d_grid(std::move(grid)),
      d_faults(faults),
      d_rows(d_grid->num_symbols() * d_grid->num_subcarriers())
{
}

void frame_assembler::set_in_place(bool in_place)
{
    if (!in_place && !d_in_place)
        return;
    if (d_started && !is_whole())
        d_stamp.frame--; // the rows of this one come again
    d_in_place = in_place;
    if (in_place)
        d_rows = {};
    else
        d_rows.resize(d_grid->elements().size());
    d_filled = d_grid->num_symbols();
    d_complete = false;
}

bool frame_assembler::is_whole() const { return d_filled == d_grid->num_symbols(); }

size_t frame_assembler::rows_held() const
{
    return d_in_place && !is_whole() ? d_filled : 0;
}

size_t frame_assembler::rows_missing() const
{
    return d_grid->num_symbols() - (is_whole() ? 0 : d_filled);
}

void frame_assembler::hand_over(volk::vector<gr_complex>& buffer)
{
    if (d_in_place)
        std::copy_n(d_whole_frame, buffer.size(), buffer.data());
    else
        d_rows.swap(buffer);
}

void frame_assembler::start(uint64_t row, const std::vector<gr::tag_t>& tags)
{
    uint64_t expected = d_started ? d_stamp.frame + 1 : 0;
    double tagged_start = 0, received_start = 0;
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
            has_rx_time = seconds_of(tag.value, received_start);
            if (!has_rx_time)
                d_faults.count("bad_tag",
                               "rx_time is not a tuple of seconds and fraction");
        }
    }
    const double start_time = has_scene_time ? tagged_start
                              : has_rx_time  ? received_start
                                             : expected * d_grid->frame_duration();
    d_stamp = { expected, start_time + d_grid->middle_time() };
    d_started = true;
    d_tagged = d_tagged || numbered;
    d_filled = 0;
    d_finite = true;
}

void frame_assembler::take(const gr_complex* rows, size_t count)
{
    const size_t n = d_grid->num_subcarriers();
    for (size_t i = 0; i < count; i++, d_filled++) {
        // One NaN or infinity makes the sum of squares not finite.
        const auto* row = reinterpret_cast<const float*>(rows + i * n);
        float energy;
        volk_32f_x2_dot_prod_32f(&energy, row, row, static_cast<unsigned int>(2 * n));
        if (!d_in_place)
            std::copy_n(rows + i * n, n, d_rows.data() + d_filled * n);
        d_finite = d_finite && std::isfinite(energy);
    }
}

size_t frame_assembler::push(const gr_complex* rows,
                             size_t count,
                             uint64_t first,
                             const std::vector<gr::tag_t>& tags)
{
    const size_t n = d_grid->num_subcarriers();
    const size_t m = d_grid->num_symbols();
    d_complete = false;
    size_t taken = 0;
    while (taken < count && !d_complete) {
        const uint64_t here = first + taken;
        const bool whole = is_whole() || !d_started;
        const auto tagged = [&](const gr::tag_t& tag) {
            return is_frame_tag(tag) && tag.offset >= here;
        };
        const auto next = std::find_if(tags.begin(), tags.end(), tagged);
        const bool tag_here = next != tags.end() && next->offset == here;

        if (tag_here || (whole && !d_tagged)) {
            if (tag_here && !whole && d_filled > 0)
                d_faults.count("lost_rows",
                               "frame " + std::to_string(d_stamp.frame) + " has " +
                                   std::to_string(d_filled) + " rows of " +
                                   std::to_string(m));
            start(here, tags);
        }

        size_t chunk = count - taken;
        const auto following =
            std::find_if(tags.begin(), tags.end(), [&](const gr::tag_t& t) {
                return is_frame_tag(t) && t.offset > here;
            });
        if (following != tags.end())
            chunk = std::min<size_t>(chunk, following->offset - here);
        if (is_whole() || !d_started) { // rows between frames: wait for the next tag
            d_faults.count("lost_rows", "rows stand outside any frame");
            taken += chunk;
            continue;
        }
        chunk = std::min(chunk, m - d_filled);
        take(rows + taken * n, chunk);
        taken += chunk;
        if (is_whole()) {
            d_complete = d_finite;
            d_whole_frame = d_in_place ? rows + taken * n - m * n : d_rows.data();
            if (!d_complete)
                d_faults.count("not_finite",
                               "frame " + std::to_string(d_stamp.frame) +
                                   " holds a NaN or an infinity");
        }
    }
    return taken;
}

} // namespace isac
} // namespace gr
