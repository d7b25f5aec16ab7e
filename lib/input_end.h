/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_INPUT_END_H
#define INCLUDED_ISAC_INPUT_END_H

#include <gnuradio/block.h>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>

namespace gr {
namespace isac {

struct input_state {
    int available; // items
    bool done;     // nothing more comes than is there
};

inline input_state state_of_input(const gr::block& block, int port)
{
    const auto& reader = block.detail()->input(port);
    gr::thread::scoped_lock guard(*reader->mutex());
    return { reader->items_available(), reader->done() };
}

inline bool input_done(const gr::block& block, int port)
{
    return state_of_input(block, port).done;
}

//! Whether nothing more comes, and \p available items are all that is there.
inline bool holds_end_of_input(const gr::block& block, int port, int available)
{
    const auto state = state_of_input(block, port);
    return state.done && state.available <= available;
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_INPUT_END_H */
