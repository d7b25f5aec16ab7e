/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_LISTEN_H
#define INCLUDED_ISAC_LISTEN_H

#include <gnuradio/block.h>

namespace gr {
namespace isac {

//! Gives a block an input of messages, which a member of it handles.
template <typename Block>
void listen(Block& block,
            const pmt::pmt_t& port,
            void (Block::*handle)(const pmt::pmt_t&))
{
    block.message_port_register_in(port);
    block.set_msg_handler(
        port, [&block, handle](const pmt::pmt_t& message) { (block.*handle)(message); });
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_LISTEN_H */
