/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef ISAC_BENCHMARKS_TURNS_H
#define ISAC_BENCHMARKS_TURNS_H

#include <algorithm>
#include <ctime>
#include <vector>

// What is to be compared takes turns, so that each sees the machine as the other does.
constexpr int TURNS = 21;

inline double seconds(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double median(std::vector<double> values)
{
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

#endif
