/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_ALARM_H
#define INCLUDED_ISAC_ALARM_H

#include <gnuradio/isac/api.h>
#include <condition_variable>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

namespace gr {
namespace isac {

/*!
 * Calls a function in a thread of its own once a moment has come: a message block wakes
 * up for messages only, and what it waits for in vain sends none.
 */
class ISAC_API alarm
{
public:
    using clock = std::chrono::steady_clock;

    explicit alarm(std::function<void()> ring);
    ~alarm();

    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;

    //! To be called in the block's start() and stop(); stop() waits for a call that is
    //! under way.
    void start();
    void stop();

    //! Sets the moment, instead of the one before.
    void set(clock::time_point moment);
    void clear();

private:
    void wait();

    const std::function<void()> d_ring;
    std::mutex d_mutex; // of all below but the thread
    std::condition_variable d_changed;
    clock::time_point d_moment = clock::time_point::max();
    bool d_ended = false;
    std::thread d_thread;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_ALARM_H */
