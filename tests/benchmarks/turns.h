/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef ISAC_BENCHMARKS_TURNS_H
#define ISAC_BENCHMARKS_TURNS_H

#include <algorithm>
#include <ctime>
#include <vector>

// What is to be compared takes turns, so that each sees the machine as the other does,
// and the least times are compared: what else a machine does adds time, and never takes
// any (Chen and Revels, Robust benchmarking in noisy environments, 2016).
constexpr int TURNS = 21;

inline double seconds(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double least(const std::vector<double>& values)
{
    return *std::min_element(values.begin(), values.end());
}

#endif
