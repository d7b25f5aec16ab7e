/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "strongest_peaks.h"
#include <volk/volk.h>
#include <algorithm>

namespace gr {
namespace isac {

namespace {

bool is_peak(const float* map, size_t rows, size_t columns, size_t row, size_t column)
{
    const float power = map[row * columns + column];
    for (size_t up = 0; up < 3; up++)
        for (size_t right = 0; right < 3; right++)
            if (map[(row + rows + up - 1) % rows * columns +
                    (column + columns + right - 1) % columns] > power)
                return false;
    return true;
}

} // namespace

void strongest_peaks(const float* map,
                     size_t doppler_cells,
                     size_t range_cells,
                     float share,
                     size_t most,
                     std::vector<map_cell>& peaks)
{
    peaks.clear();
    const size_t size = doppler_cells * range_cells;
    uint32_t at = 0;
    volk_32f_index_max_32u(&at, map, static_cast<unsigned int>(size));
    const float least = share * map[at];
    if (!(map[at] > 0))
        return;
    for (size_t i = 0; i < size; i++) {
        const size_t row = i / range_cells, column = i % range_cells;
        if (map[i] >= least && is_peak(map, doppler_cells, range_cells, row, column))
            peaks.push_back({ row, column, map[i], 0.0f });
    }
    std::sort(peaks.begin(), peaks.end(), [](const auto& a, const auto& b) {
        return a.power > b.power;
    });
    if (peaks.size() > most)
        peaks.resize(most);
}

} // namespace isac
} // namespace gr
