/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MESSAGE_LINGER_H
#define INCLUDED_ISAC_MESSAGE_LINGER_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <chrono>
#include <functional>

namespace gr {
namespace isac {

/*!
 * Lets a block without stream ports live until its messages have ended.
 *
 * GNU Radio ends such a block as soon as the first of its upstream blocks is done, and
 * what the others still publish is lost. With this member the block goes on until no
 * message came for a while (half a second, and twice the longest pause between messages
 * so far, at most ten seconds) after one was done. Then the block may publish what it
 * still holds, which its downstream receives before it is told the end. Stopping the
 * flowgraph ends it at once.
 */
class ISAC_API message_linger
{
public:
    /*!
     * Takes over the system port of \p block, whose member it is.
     *
     * \param at_end  called once, in the block's thread, when the messages have ended
     */
    explicit message_linger(
        gr::block& block, std::function<void()> at_end = [] {});

    message_linger(const message_linger&) = delete;
    message_linger& operator=(const message_linger&) = delete;

    //! To be called in the block's start().
    void start();
    //! To be called at every message, in its handler.
    void message_came();

private:
    using clock = std::chrono::steady_clock;

    void linger(const pmt::pmt_t& done);
    bool quiet() const;
    bool messages_wait() const;

    gr::block& d_block;
    const std::function<void()> d_at_end;
    const pmt::pmt_t d_port;
    pmt::pmt_t d_done; // to be taken up again after the next message
    bool d_heard = false;
    bool d_ended = false;
    clock::time_point d_last;
    clock::duration d_longest_pause{};
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MESSAGE_LINGER_H */
