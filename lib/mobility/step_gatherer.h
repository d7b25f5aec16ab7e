/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_STEP_GATHERER_H
#define INCLUDED_ISAC_MOBILITY_STEP_GATHERER_H

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Sorts reports of several sources into steps of one scene time each, oldest first.
 *
 * Slot holds what a step has gathered. The sources may run far ahead of each other, as
 * simulations do, but each reports in the order of time: a step waits for a source until
 * it has reported this time or a later one. A source that has not reported at all for \p
 * patience seconds of the clock is silent and is not waited for.
 */
template <typename Slot>
class step_gatherer
{
public:
    struct step {
        double time;
        Slot slot;
    };

    /*!
     * \param sources    that report
     * \param tolerance  reports this near to a step's first belong to it, s
     * \param patience   s of the clock
     */
    step_gatherer(size_t sources, double tolerance, double patience)
        : d_tolerance(tolerance), d_patience(patience), d_sources(sources)
    {
    }

    void set_tolerance(double tolerance) { d_tolerance = tolerance; }
    void set_patience(double patience) { d_patience = patience; }

    //! No source is silent from now on until its patience is over.
    void start()
    {
        for (source& s : d_sources)
            s.heard = clock::now();
    }

    /*!
     * The step of a report, made from \p empty if there is none; nullptr if it is over.
     */
    Slot* find(size_t source, double time, const Slot& empty)
    {
        d_sources[source].heard = clock::now();
        d_sources[source].latest = std::max(d_sources[source].latest, time);
        if (time <= d_over + d_tolerance)
            return nullptr;
        const auto later =
            std::find_if(d_steps.begin(), d_steps.end(), [&](const step& s) {
                return s.time >= time - d_tolerance;
            });
        if (later != d_steps.end() && later->time <= time + d_tolerance)
            return &later->slot;
        return &d_steps.insert(later, step{ time, empty })->slot;
    }

    /*!
     * Takes out the oldest step if it is over.
     *
     * \param has  whether a Slot waits for nothing more of a source
     */
    template <typename Has>
    bool take(step& oldest, Has has)
    {
        if (d_steps.empty())
            return false;
        const step& front = d_steps.front();
        const auto now = clock::now();
        for (size_t i = 0; i < d_sources.size(); i++)
            if (!has(front.slot, i) && d_sources[i].latest <= front.time + d_tolerance &&
                now - d_sources[i].heard <= std::chrono::duration<double>(d_patience))
                return false;
        oldest = std::move(d_steps.front());
        d_steps.pop_front();
        d_over = oldest.time;
        return true;
    }

    //! Forgets all steps and times.
    void clear()
    {
        d_steps.clear();
        d_over = NEVER;
        d_sources.assign(d_sources.size(), source());
    }

private:
    using clock = std::chrono::steady_clock;
    static constexpr double NEVER = -std::numeric_limits<double>::infinity();

    struct source {
        double latest = NEVER;
        clock::time_point heard = clock::now();
    };

    double d_tolerance;
    double d_patience;
    double d_over = NEVER;
    std::vector<source> d_sources;
    std::deque<step> d_steps;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_STEP_GATHERER_H */
