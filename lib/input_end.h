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

//! Whether nothing more comes into an input than is there.
inline bool input_done(const gr::block& block, int port)
{
    const auto& reader = block.detail()->input(port);
    gr::thread::scoped_lock guard(*reader->mutex());
    return reader->done();
}

//! Whether that is so, and \p available items are all that is there.
inline bool holds_end_of_input(const gr::block& block, int port, int available)
{
    const auto& reader = block.detail()->input(port);
    gr::thread::scoped_lock guard(*reader->mutex());
    return reader->done() && reader->items_available() <= available;
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_INPUT_END_H */
