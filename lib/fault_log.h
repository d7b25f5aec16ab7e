/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_FAULT_LOG_H
#define INCLUDED_ISAC_FAULT_LOG_H

#include <gnuradio/isac/api.h>
#include <gnuradio/logger.h>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace gr {
namespace isac {

/*!
 * Counts what a block had to drop, by kind, and warns of the first of each kind through
 * the block's logger: wrong input is told once and never floods the log.
 */
class ISAC_API fault_log
{
public:
    explicit fault_log(gr::logger_ptr logger) : d_logger(std::move(logger)) {}

    /*!
     * \param kind    a fixed name that a user can look up in faults(): "nan_frame"
     * \param detail  what was wrong with this one
     * \param times   how many of them
     */
    void count(const std::string& kind, const std::string& detail, uint64_t times = 1);

    //! How often each kind occurred since start.
    std::map<std::string, uint64_t> counts() const;

private:
    gr::logger_ptr d_logger;
    mutable std::mutex d_mutex;
    std::map<std::string, uint64_t> d_counts;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_FAULT_LOG_H */
