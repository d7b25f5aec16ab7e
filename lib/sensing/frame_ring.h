/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_FRAME_RING_H
#define INCLUDED_ISAC_SENSING_FRAME_RING_H

#include "frame_assembler.h"
#include <volk/volk_alloc.hh>
#include <vector>

namespace gr {
namespace isac {

//! The last few frames of rows, by their number. A slot is allocated when first used.
class frame_ring
{
public:
    struct slot {
        frame_stamp stamp;
        volk::vector<gr_complex> rows;
    };

    frame_ring(size_t frames, size_t elements) : d_slots(frames), d_elements(elements) {}
    frame_ring(const frame_ring&) = delete;
    frame_ring& operator=(const frame_ring&) = delete;

    bool empty() const { return d_count == 0; }
    bool full() const { return d_count == d_slots.size(); }
    size_t size() const { return d_count; }
    const slot& oldest() const { return d_slots[d_first]; }
    const slot& newest() const { return at(d_count - 1); }

    //! Takes a whole frame's rows; a full ring forgets its oldest.
    void push(frame_assembler& frame)
    {
        if (full())
            pop();
        slot& s = d_slots[(d_first + d_count++) % d_slots.size()];
        s.stamp = frame.stamp();
        s.rows.resize(d_elements);
        frame.swap_rows(s.rows);
    }

    void pop()
    {
        d_first = (d_first + 1) % d_slots.size();
        d_count--;
    }

    //! The newest frame of that number, or nullptr.
    const slot* find(uint64_t frame) const
    {
        for (size_t i = d_count; i-- > 0;)
            if (at(i).stamp.frame == frame)
                return &at(i);
        return nullptr;
    }

private:
    const slot& at(size_t i) const { return d_slots[(d_first + i) % d_slots.size()]; }

    std::vector<slot> d_slots;
    size_t d_elements;
    size_t d_first = 0;
    size_t d_count = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_FRAME_RING_H */
