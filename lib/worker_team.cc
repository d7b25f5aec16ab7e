/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "worker_team.h"

namespace gr {
namespace isac {

worker_team::worker_team(size_t members)
{
    for (size_t member = 1; member < members; member++)
        d_threads.emplace_back([this, member] { work(member); });
}

worker_team::~worker_team()
{
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        d_over = true;
    }
    d_begun.notify_all();
    for (auto& thread : d_threads)
        thread.join();
}

void worker_team::do_share(const job& j, size_t member) const
{
    const size_t all = d_threads.size() + 1;
    const size_t first = j.items * member / all, last = j.items * (member + 1) / all;
    if (first < last)
        j.call(j.context, member, first, last);
}

void worker_team::run(const job& j)
{
    if (d_threads.empty())
        return do_share(j, 0);
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        d_job = j;
        d_round++;
        d_working = d_threads.size();
    }
    d_begun.notify_all();
    do_share(j, 0);
    std::unique_lock<std::mutex> lock(d_mutex);
    d_ended.wait(lock, [this] { return d_working == 0; });
}

void worker_team::work(size_t member)
{
    size_t done = 0;
    std::unique_lock<std::mutex> lock(d_mutex);
    while (true) {
        d_begun.wait(lock, [&] { return d_over || d_round != done; });
        if (d_over)
            return;
        done = d_round;
        const job j = d_job;
        lock.unlock();
        do_share(j, member);
        lock.lock();
        if (--d_working == 0)
            d_ended.notify_one();
    }
}

} // namespace isac
} // namespace gr
