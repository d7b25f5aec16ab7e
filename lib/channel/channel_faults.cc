/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "channel_faults.h"
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>
#include <cmath>
#include <string>

namespace gr {
namespace isac {

void channel_faults::compare_with_grid(const path_set& paths, double time)
{
    double farthest = 0, fastest = 0;
    for (size_t i = 0; i < paths.num_paths(); i++) {
        farthest = std::max(farthest, SPEED_OF_LIGHT * paths.delay(i, time) / 2);
        fastest =
            std::max(fastest, std::abs(paths.doppler(i, time)) * d_grid.wavelength() / 2);
    }
    std::string all;
    for (const auto& line : d_grid.warnings(farthest, fastest))
        all += (all.empty() ? "" : "; ") + line;
    if (!all.empty() && !d_beyond_grid)
        d_faults.count("beyond_grid", all);
    d_beyond_grid = !all.empty();
}

void channel_faults::count(const echo_synthesizer::finding& found)
{
    if (found.not_finite > 0)
        d_faults.count("not_finite",
                       "samples with a NaN or an infinity, taken as zero",
                       found.not_finite);
    if (found.too_long > 0)
        d_faults.count("path_too_long", "a path outgrew the delay line, left out");
}

} // namespace isac
} // namespace gr
