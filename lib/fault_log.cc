/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "fault_log.h"

namespace gr {
namespace isac {

void fault_log::count(const std::string& kind, const std::string& detail, uint64_t times)
{
    bool first;
    {
        std::lock_guard<std::mutex> lock(d_mutex);
        uint64_t& count = d_counts[kind];
        first = count == 0;
        count += times;
    }
    if (first)
        d_logger->warn("{:s}: {:s}; further ones are counted only", kind, detail);
}

std::map<std::string, uint64_t> fault_log::counts() const
{
    std::lock_guard<std::mutex> lock(d_mutex);
    return d_counts;
}

} // namespace isac
} // namespace gr
