/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "message_linger.h"
#include <boost/date_time/posix_time/posix_time_types.hpp>
#include <boost/thread/thread.hpp>
#include <algorithm>
#include <utility>

namespace gr {
namespace isac {

namespace {

constexpr std::chrono::milliseconds SHORTEST_WAIT(500);
constexpr std::chrono::seconds LONGEST_WAIT(10);
constexpr int POLL_MS = 1;

} // namespace

message_linger::message_linger(gr::block& block, std::function<void()> at_end)
    : d_block(block), d_at_end(std::move(at_end)), d_port(pmt::mp("system"))
{
    d_block.set_msg_handler(d_port, [this](const pmt::pmt_t& done) { linger(done); });
    start();
}

void message_linger::start()
{
    d_done = pmt::PMT_NIL;
    d_heard = d_ended = false;
    d_last = clock::now();
    d_longest_pause = {};
}

void message_linger::message_came()
{
    const auto now = clock::now();
    if (d_heard)
        d_longest_pause = std::max(d_longest_pause, now - d_last);
    d_heard = true;
    d_last = now;
    if (!pmt::is_null(d_done)) {
        // Go on waiting, once the queues are empty again.
        d_block._post(d_port, d_done);
        d_done = pmt::PMT_NIL;
    }
}

bool message_linger::quiet() const
{
    const auto wait =
        std::clamp<clock::duration>(2 * d_longest_pause, SHORTEST_WAIT, LONGEST_WAIT);
    return clock::now() - d_last >= wait;
}

bool message_linger::messages_wait() const
{
    const pmt::pmt_t ports = d_block.message_ports_in();
    for (size_t i = 0; i < pmt::length(ports); i++) {
        const pmt::pmt_t port = pmt::vector_ref(ports, i);
        if (!pmt::eqv(port, d_port) && d_block.nmsgs(port) > 0)
            return true;
    }
    return false;
}

void message_linger::linger(const pmt::pmt_t& done)
{
    if (d_ended)
        return;
    d_last = clock::now();
    while (!quiet()) {
        if (messages_wait()) {
            // The scheduler empties this port before it turns to another: give way, and
            // come back by message_came().
            d_done = done;
            return;
        }
        // Interrupted when the flowgraph is stopped.
        boost::this_thread::sleep(boost::posix_time::milliseconds(POLL_MS));
    }
    d_ended = true;
    d_at_end();
    d_block.system_handler(done);
}

} // namespace isac
} // namespace gr
