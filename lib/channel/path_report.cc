/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "path_report.h"
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

void add_path(ground_truth& truth,
              const path_set& paths,
              size_t path,
              double power,
              double disturbance,
              double wavelength)
{
    const double delay = paths.delay(path, truth.scene_time);
    const double doppler = paths.doppler(path, truth.scene_time);
    truth.delay.push_back(delay);
    truth.doppler.push_back(doppler);
    truth.range.push_back(SPEED_OF_LIGHT * delay / 2);
    truth.velocity.push_back(-doppler * wavelength / 2);
    truth.snr.push_back(power > 0 ? power / disturbance : 0);
    truth.var_delay.push_back(0);
    truth.var_doppler.push_back(0);
    truth.target.push_back(paths.target_index(path));
    truth.power_dbm.push_back(10 * std::log10(power));
}

std::string beyond_grid(const path_set& paths, const ofdm_grid& grid, double time)
{
    double farthest = 0, fastest = 0;
    for (size_t i = 0; i < paths.num_paths(); i++) {
        farthest = std::max(farthest, SPEED_OF_LIGHT * paths.delay(i, time) / 2);
        fastest =
            std::max(fastest, std::abs(paths.doppler(i, time)) * grid.wavelength() / 2);
    }
    std::string all;
    for (const auto& line : grid.warnings(farthest, fastest))
        all += (all.empty() ? "" : "; ") + line;
    return all;
}

} // namespace isac
} // namespace gr
