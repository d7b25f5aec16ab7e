/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_STEP_GATHERER_H
#define INCLUDED_ISAC_MOBILITY_STEP_GATHERER_H

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <limits>
#include <utility>

namespace gr {
namespace isac {

/*!
 * Sorts reports of several sources into steps of one scene time each, oldest first.
 *
 * Slot holds what a step has gathered. A step is over when it is complete, or when more
 * than \p patience newer ones have begun: what is missing then will not come.
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
     * \param tolerance  reports this near to a step's first belong to it, s
     * \param patience   newer steps that an incomplete one waits for, at least 1
     */
    step_gatherer(double tolerance, size_t patience)
        : d_tolerance(tolerance), d_patience(patience)
    {
    }

    void set_tolerance(double tolerance) { d_tolerance = tolerance; }
    void set_patience(size_t patience) { d_patience = patience; }

    /*!
     * The step of this time, made from \p empty if there is none; nullptr if it is over.
     */
    Slot* find(double time, const Slot& empty)
    {
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
     * \param complete  predicate over a Slot
     */
    template <typename Complete>
    bool take(step& oldest, Complete complete)
    {
        if (d_steps.empty() ||
            !(complete(d_steps.front().slot) || d_steps.size() > d_patience))
            return false;
        oldest = std::move(d_steps.front());
        d_steps.pop_front();
        d_over = oldest.time;
        return true;
    }

    //! Steps that still wait.
    size_t waiting() const { return d_steps.size(); }

    void clear()
    {
        d_steps.clear();
        d_over = -std::numeric_limits<double>::infinity();
    }

private:
    double d_tolerance;
    size_t d_patience;
    double d_over = -std::numeric_limits<double>::infinity();
    std::deque<step> d_steps;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_STEP_GATHERER_H */
