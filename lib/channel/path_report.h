/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_PATH_REPORT_H
#define INCLUDED_ISAC_CHANNEL_PATH_REPORT_H

#include <gnuradio/isac/channel/path_set.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/reports.h>
#include <string>

namespace gr {
namespace isac {

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

//! How paths exceed the grid's cyclic prefix or ambiguity at scene time \p time (s);
//! empty: they do not.
std::string beyond_grid(const path_set& paths, const ofdm_grid& grid, double time);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_PATH_REPORT_H */
