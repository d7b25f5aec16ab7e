/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "fault_log.h"

namespace gr {
namespace isac {

void fault_log::count(const std::string& kind, const std::string& detail)
{
    bool first;
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        first = ++d_counts[kind] == 1;
    }
    if (first)
        d_logger->warn(
            "{:s}: {:s}; dropped, further ones are counted only", kind, detail);
}

std::map<std::string, uint64_t> fault_log::counts() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_counts;
}

} // namespace isac
} // namespace gr
