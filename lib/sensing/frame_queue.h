/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_FRAME_QUEUE_H
#define INCLUDED_ISAC_SENSING_FRAME_QUEUE_H

#include "frame_assembler.h"
#include <volk/volk_alloc.hh>
#include <deque>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

/*!
 * The last few frames of rows, by their number.
 *
 * The buffer that was let go last is the next to be filled: it is in the cache still.
 */
class frame_queue
{
public:
    struct entry {
        frame_stamp stamp;
        volk::vector<gr_complex> rows;
    };

    frame_queue(size_t frames, size_t elements) : d_most(frames), d_elements(elements) {}
    frame_queue(const frame_queue&) = delete;
    frame_queue& operator=(const frame_queue&) = delete;

    bool empty() const { return d_entries.empty(); }
    bool full() const { return d_entries.size() == d_most; }
    const entry& oldest() const { return d_entries.front(); }
    const entry& newest() const { return d_entries.back(); }

    //! Takes a whole frame's rows; a full queue forgets its oldest.
    void push(frame_assembler& frame)
    {
        if (full())
            pop();
        if (d_spare.empty())
            d_spare.emplace_back(d_elements);
        d_entries.push_back({ frame.stamp(), std::move(d_spare.back()) });
        d_spare.pop_back();
        frame.hand_over(d_entries.back().rows);
    }

    void pop()
    {
        d_spare.push_back(std::move(d_entries.front().rows));
        d_entries.pop_front();
    }

    //! The newest frame of that number, or nullptr.
    const entry* find(uint64_t frame) const
    {
        for (auto e = d_entries.rbegin(); e != d_entries.rend(); ++e)
            if (e->stamp.frame == frame)
                return &*e;
        return nullptr;
    }

    //! Forgets what came before one of them.
    void pop_before(const entry& kept)
    {
        while (&d_entries.front() != &kept)
            pop();
    }

private:
    size_t d_most;
    size_t d_elements;
    std::deque<entry> d_entries;
    std::vector<volk::vector<gr_complex>> d_spare;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_FRAME_QUEUE_H */
