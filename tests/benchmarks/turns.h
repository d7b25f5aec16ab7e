/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef ISAC_BENCHMARKS_TURNS_H
#define ISAC_BENCHMARKS_TURNS_H

#include <algorithm>
#include <ctime>
#include <functional>
#include <vector>

// What is to be compared takes turns, so that each sees the machine as the other does.
constexpr int TURNS = 21;

inline double seconds(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// What else a machine does adds time, and never takes any (Chen and Revels, Robust
// benchmarking in noisy environments, 2016).
inline double least(const std::vector<double>& values)
{
    return *std::min_element(values.begin(), values.end());
}

// How many times as long the first takes, turn by turn: what slows both leaves that as it
// is.
inline double median_ratio(const std::vector<double>& first,
                           const std::vector<double>& second)
{
    std::vector<double> ratios(first.size());
    std::transform(first.begin(),
                   first.end(),
                   second.begin(),
                   ratios.begin(),
                   std::divides<double>());
    const auto middle = ratios.begin() + static_cast<long>(ratios.size() / 2);
    std::nth_element(ratios.begin(), middle, ratios.end());
    return *middle;
}

#endif
