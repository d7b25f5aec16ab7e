/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WORKER_TEAM_H
#define INCLUDED_ISAC_WORKER_TEAM_H

#include <gnuradio/isac/api.h>
#include <condition_variable>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Threads that share a loop with the one that calls. After their work they look for more
 * for a moment, and then sleep.
 *
 * A member begins with the same share from call to call, so that it finds in its caches
 * what it left there. Whoever is through takes portions of those who are not: their
 * processor may be slower, or busy. Portions grow smaller towards a share's end, so that
 * all are through at nearly the same time.
 */
class ISAC_API worker_team
{
public:
    //! \param members  at least 1: the calling thread is one of them
    explicit worker_team(size_t members);
    ~worker_team();
    worker_team(const worker_team&) = delete;
    worker_team& operator=(const worker_team&) = delete;

    size_t members() const { return d_threads.size() + 1; }

    /*!
     * Calls work(member, first, last) for portions of the items, one after the other for
     * each member, and returns when all are done. Nothing is allocated.
     *
     * \param items  that are shared out
     * \param work   must not throw
     */
    template <typename Work>
    void share(size_t items, const Work& work)
    {
        const auto call =
            [](const void* context, size_t member, size_t first, size_t last) {
                (*static_cast<const Work*>(context))(member, first, last);
            };
        run({ call, &work, items });
    }

private:
    struct job {
        void (*call)(const void* context, size_t member, size_t first, size_t last);
        const void* context;
        size_t items;
    };
    // What of a member's share nobody has taken, on a cache line of its own.
    struct alignas(64) share_left {
        std::atomic<size_t> next;
        size_t end;
        //! Takes the next portion. \returns whether there was one
        bool take(size_t& first, size_t& last);
    };

    void run(const job& j);
    void do_portions(const job& j, size_t member);
    void work(size_t member);

    std::vector<std::thread> d_threads;
    std::vector<share_left> d_shares; // of each member
    std::mutex d_mutex;
    std::condition_variable d_begun, d_ended;
    job d_job{};
    // Changed under the mutex, looked at without.
    std::atomic<size_t> d_round{ 0 };   // counts jobs
    std::atomic<size_t> d_working{ 0 }; // threads that have not ended this one
    std::atomic<bool> d_over{ false };
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WORKER_TEAM_H */
