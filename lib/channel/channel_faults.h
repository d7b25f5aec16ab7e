/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_CHANNEL_FAULTS_H
#define INCLUDED_ISAC_CHANNEL_CHANNEL_FAULTS_H

#include "fault_log.h"
#include <gnuradio/isac/channel/echo_synthesizer.h>
#include <gnuradio/isac/ofdm_grid.h>

namespace gr {
namespace isac {

//! What goes wrong in a channel, whatever its paths are of.
class channel_faults
{
public:
    channel_faults(const ofdm_grid& grid, fault_log& faults)
        : d_grid(grid), d_faults(faults)
    {
    }

    //! Counts "beyond_grid" when paths begin to exceed the grid's cyclic prefix or
    //! ambiguity at scene time \p time (s).
    void compare_with_grid(const path_set& paths, double time);
    //! Counts "not_finite" samples and "path_too_long".
    void count(const echo_synthesizer::finding& found);

private:
    const ofdm_grid& d_grid;
    fault_log& d_faults;
    bool d_beyond_grid = false;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_CHANNEL_FAULTS_H */
