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
 * it has given all, or has given all to a later step, or something to \p lookahead later
 * ones. A source that has not reported at all for \p patience seconds of the clock is
 * silent and is not waited for.
 */
template <typename Slot>
class step_gatherer
{
public:
    struct step {
        double time;
        Slot slot;
        std::vector<bool> heard;  // a source
        std::vector<bool> silent; // a source that was waited for in vain
    };
    using clock = std::chrono::steady_clock;

    /*!
     * \param sources    that report
     * \param tolerance  reports this near to a step's first belong to it, s
     * \param patience   s of the clock
     * \param lookahead  1 where a source reports once a step; more where it is several
     *                   that run apart, at most so many steps
     */
    step_gatherer(size_t sources, double tolerance, double patience, size_t lookahead = 1)
        : d_tolerance(tolerance),
          d_patience(patience),
          d_lookahead(lookahead),
          d_latest(sources, NEVER),
          d_last_heard(sources, clock::now())
    {
    }

    void set_tolerance(double tolerance) { d_tolerance = tolerance; }
    void set_patience(double patience) { d_patience = patience; }

    //! No source is silent from the first report on until its patience is over.
    void start() { d_begun = false; }

    /*!
     * The step of a report, made from \p empty if there is none; nullptr if it is over.
     */
    Slot* find(size_t source, double time, const Slot& empty)
    {
        // The others may need as long as this one did until they can report.
        if (!d_begun)
            std::fill(d_last_heard.begin(), d_last_heard.end(), clock::now());
        d_begun = true;
        d_last_heard[source] = clock::now();
        d_latest[source] = std::max(d_latest[source], time);
        if (time <= d_over + d_tolerance)
            return nullptr;
        auto place = std::lower_bound(d_steps.begin(),
                                      d_steps.end(),
                                      time - d_tolerance,
                                      [](const step& s, double t) { return s.time < t; });
        if (place == d_steps.end() || place->time > time + d_tolerance)
            place = d_steps.insert(place, step{ time, empty, none(), none() });
        place->heard[source] = true;
        return &place->slot;
    }

    /*!
     * Takes out the oldest step if it is over.
     *
     * \param has  whether a Slot waits for nothing more of a source
     */
    template <typename Has>
    bool take(step& oldest, Has has)
    {
        if (clock::now() < due(has))
            return false;
        oldest = std::move(d_steps.front());
        d_steps.pop_front();
        d_over = oldest.time;
        return true;
    }

    /*!
     * When the oldest step is over if nothing more is reported, never if there is none.
     * Notes in it which sources have been silent.
     */
    template <typename Has>
    clock::time_point due(Has has)
    {
        if (d_steps.empty())
            return clock::time_point::max();
        const auto now = clock::now();
        clock::time_point latest = clock::time_point::min();
        for (size_t i = 0; i < d_last_heard.size(); i++) {
            if (has(d_steps.front().slot, i) || passed(i, has))
                continue;
            const auto until = d_last_heard[i] + patience();
            d_steps.front().silent[i] = until <= now;
            latest = std::max(latest, until);
        }
        return latest;
    }

    //! Forgets all steps and times.
    void clear()
    {
        d_steps.clear();
        d_over = NEVER;
        d_latest.assign(d_latest.size(), NEVER);
        start();
    }

private:
    static constexpr double NEVER = -std::numeric_limits<double>::infinity();

    std::vector<bool> none() const { return std::vector<bool>(d_last_heard.size()); }

    clock::duration patience() const
    {
        // What the clock cannot count is for ever, as far as a run is concerned.
        constexpr double LONGEST = 1e9;
        return std::chrono::duration_cast<clock::duration>(
            std::chrono::duration<double>(std::min(d_patience, LONGEST)));
    }

    // Whether a source went on to steps behind the oldest.
    template <typename Has>
    bool passed(size_t source, Has has) const
    {
        if (d_latest[source] <= d_steps.front().time + d_tolerance)
            return false;
        size_t later = 0;
        for (auto s = d_steps.begin() + 1; s != d_steps.end() && later < d_lookahead;
             ++s) {
            if (has(s->slot, source))
                return true;
            later += s->heard[source];
        }
        return later >= d_lookahead;
    }

    double d_tolerance;
    double d_patience;
    double d_over = NEVER;
    size_t d_lookahead;
    std::vector<double> d_latest;
    std::vector<clock::time_point> d_last_heard;
    bool d_begun = false;
    std::deque<step> d_steps;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_STEP_GATHERER_H */
