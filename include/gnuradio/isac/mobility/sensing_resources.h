/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_SENSING_RESOURCES_H
#define INCLUDED_ISAC_MOBILITY_SENSING_RESOURCES_H

#include <gnuradio/isac/api.h>
#include <cstdint>

namespace gr {
namespace isac {

//! What sensing takes of a node, or what a node has left for it.
struct sensing_resources {
    int64_t num_symbols = 0;     //!< of a frame, not negative
    int64_t num_subcarriers = 0; //!< not negative
    double tx_power_dbm = 0;     //!< of the sensing signal, where the node transmits it
};

/*!
 * \param owner  the name that an error begins with
 * \throws std::invalid_argument naming the parameter, its value and its limit
 */
ISAC_API void check(const sensing_resources& r, const char* owner);

/*!
 * What a node lacks for a request: "symbols", "subcarriers" or "power"; null: nothing.
 *
 * \param available  of the node
 * \param wanted     a node that only receives is asked for minus infinity dBm
 */
ISAC_API const char* shortage(const sensing_resources& available,
                              const sensing_resources& wanted);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_SENSING_RESOURCES_H */
