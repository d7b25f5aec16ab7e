/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_STRONGEST_PEAKS_H
#define INCLUDED_ISAC_SENSING_STRONGEST_PEAKS_H

#include <gnuradio/isac/sensing/cfar.h>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Cells of a map that no neighbour tops (both axes wrap), strongest first.
 *
 * \param map    doppler_cells x range_cells powers
 * \param share  of the strongest cell's power that the others must have
 * \param most   that are kept
 * \param peaks  is filled, with no thresholds; empty for a map of zeros
 */
void strongest_peaks(const float* map,
                     size_t doppler_cells,
                     size_t range_cells,
                     float share,
                     size_t most,
                     std::vector<map_cell>& peaks);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_STRONGEST_PEAKS_H */
