/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "alarm.h"
#include <utility>

namespace gr {
namespace isac {

alarm::alarm(std::function<void()> ring) : d_ring(std::move(ring)) {}

alarm::~alarm() { stop(); }

void alarm::start()
{
    stop();
    d_ended = false;
    d_moment = clock::time_point::max();
    d_thread = std::thread([this] { wait(); });
}

void alarm::stop()
{
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        d_ended = true;
    }
    d_changed.notify_all();
    if (d_thread.joinable())
        d_thread.join();
}

void alarm::set(clock::time_point moment)
{
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        if (d_moment == moment)
            return;
        d_moment = moment;
    }
    d_changed.notify_all();
}

void alarm::clear() { set(clock::time_point::max()); }

void alarm::wait()
{
    std::unique_lock<std::mutex> lock(d_mutex);
    while (!d_ended) {
        if (d_moment == clock::time_point::max()) {
            d_changed.wait(lock);
        } else if (clock::now() < d_moment) {
            d_changed.wait_until(lock, clock::time_point(d_moment));
        } else {
            d_moment = clock::time_point::max();
            // It may set the next moment itself.
            lock.unlock();
            d_ring();
            lock.lock();
        }
    }
}

} // namespace isac
} // namespace gr
