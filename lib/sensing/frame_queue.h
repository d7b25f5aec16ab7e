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
 * The last few frames of rows of a stream, the newest of which is still on its way.
 *
 * Rows stay in the stream's buffer, where they are read, until they are stored here or
 * passed: those of a frame in their order. The memory that was let go last is the next to
 * be filled: it is in the cache still.
 */
class frame_queue
{
public:
    struct entry {
        uint64_t serial; // of all that were ever started
        frame_stamp stamp;
        uint64_t first;                  // absolute index of its first row in the stream
        size_t rows = 0;                 // that came
        size_t settled = 0;              // of these, stored or passed
        bool passed = false;             // whether some are gone
        volk::vector<gr_complex> values; // none before the first that was stored

        uint64_t first_left() const { return first + settled; } // in the stream
        uint64_t end() const { return first + rows; }
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

    //! A frame whose rows are to follow, from that one of the stream on. One that is not
    //! whole is torn and forgotten; a full queue forgets its oldest.
    void start(const frame_stamp& stamp, uint64_t first)
    {
        if (!empty() && !is_whole(newest())) {
            spare(d_entries.back());
            d_entries.pop_back();
        }
        if (full())
            pop();
        d_entries.push_back({ d_started++, stamp, first, 0, 0, false, {} });
    }

    //! The next rows of the newest frame.
    void come(size_t rows) { d_entries.back().rows += rows; }

    //! So many rows of a frame, of those left in the stream the first, need not be kept.
    void pass(const entry& of, size_t rows)
    {
        auto& e = changeable(of);
        e.settled += rows;
        e.passed = e.passed || rows > 0;
    }

    //! Stores what is left of all frames in the stream before a row of it.
    //! \param rows  of the stream, from the absolute index \p first on
    void store_before(uint64_t end, const gr_complex* rows, uint64_t first)
    {
        for (auto& e : d_entries)
            if (e.first_left() < std::min(e.end(), end))
                store(e,
                      rows + (e.first_left() - first) * d_width,
                      std::min(e.end(), end) - e.first_left());
    }

    //! Absolute index of the first row that is left in the stream, or \p end.
    uint64_t first_left(uint64_t end) const
    {
        for (const auto& e : d_entries)
            if (e.settled < e.rows)
                return e.first_left();
        return end;
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

    //! The oldest frame of that number of which no rows are gone, or nullptr.
    const entry* find(uint64_t frame) const
    {
        for (const auto& e : d_entries)
            if (e.stamp.frame == frame && !e.passed)
                return &e;
        return nullptr;
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
    entry& changeable(const entry& e)
    {
        return *std::find_if(
            d_entries.begin(), d_entries.end(), [&](auto& own) { return &own == &e; });
    }

    void store(entry& e, const gr_complex* rows, size_t count)
    {
        if (e.values.empty()) {
            if (d_spare.empty())
                d_spare.emplace_back(d_symbols * d_width);
            e.values.swap(d_spare.back());
            d_spare.pop_back();
        }
        std::copy_n(rows, count * d_width, e.values.data() + e.settled * d_width);
        e.settled += count;
    }

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
