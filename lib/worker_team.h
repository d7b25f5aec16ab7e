/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WORKER_TEAM_H
#define INCLUDED_ISAC_WORKER_TEAM_H

#include <gnuradio/isac/api.h>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Threads that share a loop with the one that calls; they sleep in between.
 *
 * A member's work is the same from call to call, so that each finds in its caches what it
 * left there.
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
     * Calls work(member, first, last) once a member, each with its share of the items,
     * and returns when all are through. Nothing is allocated.
     *
     * \param items  that are shared out; members beyond them get none
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

    void run(const job& j);
    void do_share(const job& j, size_t member) const;
    void work(size_t member);

    std::vector<std::thread> d_threads;
    std::mutex d_mutex;
    std::condition_variable d_begun, d_ended;
    job d_job{};
    size_t d_round = 0;   // counts jobs
    size_t d_working = 0; // threads that have not ended this one
    bool d_over = false;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WORKER_TEAM_H */
