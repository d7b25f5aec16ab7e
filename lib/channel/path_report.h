/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_PATH_REPORT_H
#define INCLUDED_ISAC_CHANNEL_PATH_REPORT_H

#include "frame_clock.h"
#include <gnuradio/isac/channel/path_set.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/reports.h>

namespace gr {
namespace isac {

//! Of the frame at hand, without paths; noise and interference in mW a resource element.
ground_truth begin_truth(const frame_clock& clock,
                         const ofdm_grid& grid,
                         int64_t tx,
                         int64_t rx,
                         double noise,
                         double interference);

/*!
 * Tells of a path in a report whose scene_time is set.
 *
 * \param power       received over it, mW a resource element
 * \param disturbance noise and interference, mW a resource element
 * \param wavelength  m
 */
void add_path(ground_truth& truth,
              const path_set& paths,
              size_t path,
              double power,
              double disturbance,
              double wavelength);

//! Mean power of an active resource element of a frame of that energy, mW.
double element_power(double energy, const ofdm_grid& grid);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_PATH_REPORT_H */
