/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_MAP_MATCHER_H
#define INCLUDED_ISAC_SENSING_MAP_MATCHER_H

#include "fault_log.h"
#include "frame_follower.h"
#include <gnuradio/isac/api.h>
#include <volk/volk_alloc.hh>
#include <deque>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Maps of several inputs, matched by the numbers of their frames.
 *
 * An input that runs ahead has its maps kept, and its oldest dropped when there are too
 * many; so has one whose partner was lost, as soon as a later frame is complete. Both are
 * counted as "unmatched". Numbers may begin anew: only that they are the same counts.
 */
class ISAC_API map_matcher
{
public:
    /*!
     * \param cells  of a map
     * \param most   maps of an input that are kept
     */
    map_matcher(size_t inputs, size_t cells, size_t most, fault_log& faults);

    map_matcher(const map_matcher&) = delete;
    map_matcher& operator=(const map_matcher&) = delete;

    //! Where the next map of an input is to be written, row by row.
    float* next(size_t input) { return d_inputs[input].next.data(); }
    //! That map is whole.
    void put(size_t input, const frame_stamp& stamp);

    //! Whether a frame is there of every input; what came before it is dropped.
    bool match();
    //! Its maps and stamp, until pop().
    const std::vector<const float*>& maps() const { return d_matched; }
    const frame_stamp& stamp() const { return d_inputs.front().waiting.front().stamp; }
    void pop();

    //! Whether no map of an input waits for others.
    bool empty(size_t input) const { return d_inputs[input].waiting.empty(); }
    //! Forgets all that waits.
    void clear();

private:
    using map = volk::vector<float>;
    struct entry {
        frame_stamp stamp;
        map powers;
    };
    struct input {
        map next;
        std::deque<entry> waiting;
    };

    bool has(const input& in, uint64_t frame, size_t& before) const;
    void drop(input& in);
    void release(input& in);

    size_t d_cells, d_most;
    fault_log& d_faults;
    std::vector<input> d_inputs;
    std::vector<map> d_spare;
    std::vector<const float*> d_matched;
    std::vector<size_t> d_before; // the matching map of each input
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_MAP_MATCHER_H */
