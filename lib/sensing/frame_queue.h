/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_FRAME_QUEUE_H
#define INCLUDED_ISAC_SENSING_FRAME_QUEUE_H

#include "frame_follower.h"
#include <gnuradio/gr_complex.h>
#include <volk/volk_alloc.hh>
#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

/*!
 * The last few frames of rows, the newest of which is still on its way.
 *
 * The buffer that was let go last is the next to be filled: it is in the cache still.
 */
class frame_queue
{
public:
    struct entry {
        uint64_t serial; // of all that were ever started
        frame_stamp stamp;
        size_t rows = 0;                 // that came
        volk::vector<gr_complex> values; // none before the first that was stored
    };

    //! \param frames  kept at most
    frame_queue(size_t frames, const ofdm_grid& grid)
        : d_most(frames), d_symbols(grid.num_symbols()), d_width(grid.num_subcarriers())
    {
    }
    frame_queue(const frame_queue&) = delete;
    frame_queue& operator=(const frame_queue&) = delete;

    bool empty() const { return d_entries.empty(); }
    bool full() const { return d_entries.size() == d_most; }
    bool is_whole(const entry& e) const { return e.rows == d_symbols; }
    const entry& oldest() const { return d_entries.front(); }
    const entry& newest() const { return d_entries.back(); }

    //! A frame whose rows are to follow. One that is not whole is torn and forgotten; a
    //! full queue forgets its oldest.
    void start(const frame_stamp& stamp)
    {
        if (!empty() && !is_whole(newest())) {
            spare(d_entries.back());
            d_entries.pop_back();
        }
        if (full())
            pop();
        d_entries.push_back({ d_started++, stamp, 0, {} });
    }

    //! Rows of the newest frame that need not be kept.
    void pass(size_t count) { d_entries.back().rows += count; }

    //! The next rows of the newest frame.
    void store(const gr_complex* rows, size_t count)
    {
        auto& e = d_entries.back();
        if (e.values.empty() && count > 0) {
            if (d_spare.empty())
                d_spare.emplace_back(d_symbols * d_width);
            e.values.swap(d_spare.back());
            d_spare.pop_back();
        }
        std::copy_n(rows, count * d_width, e.values.data() + e.rows * d_width);
        e.rows += count;
    }

    void pop()
    {
        spare(d_entries.front());
        d_entries.pop_front();
    }

    void clear()
    {
        while (!empty())
            pop();
    }

    //! The newest whole frame of that number, else the one on its way, else nullptr.
    const entry* find(uint64_t frame) const
    {
        const entry* found = nullptr;
        for (const auto& e : d_entries)
            if (e.stamp.frame == frame && (is_whole(e) || !found))
                found = &e;
        return found;
    }

    //! The one of that serial number, or nullptr.
    const entry* with_serial(uint64_t serial) const
    {
        for (const auto& e : d_entries)
            if (e.serial == serial)
                return &e;
        return nullptr;
    }

    //! Forgets what came before one of them.
    void pop_before(const entry& kept)
    {
        while (&d_entries.front() != &kept)
            pop();
    }

private:
    void spare(entry& e)
    {
        if (!e.values.empty())
            d_spare.push_back(std::move(e.values));
    }

    size_t d_most, d_symbols, d_width;
    uint64_t d_started = 0;
    std::deque<entry> d_entries;
    std::vector<volk::vector<gr_complex>> d_spare;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_FRAME_QUEUE_H */
