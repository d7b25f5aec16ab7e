/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "path_report.h"
#include <gnuradio/isac/theory/constants.h>
#include <cmath>

namespace gr {
namespace isac {

namespace {

double to_db(double power) { return 10 * std::log10(power); }

} // namespace

ground_truth begin_truth(const frame_clock& clock,
                         const ofdm_grid& grid,
                         int64_t tx,
                         int64_t rx,
                         double noise,
                         double interference)
{
    ground_truth truth;
    truth.frame = clock.frame();
    truth.scene_time = clock.frame_start() + grid.middle_time();
    truth.tx = tx;
    truth.rx = rx;
    truth.noise_dbm = to_db(noise);
    truth.interference_dbm = to_db(interference);
    return truth;
}

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
    truth.power_dbm.push_back(to_db(power));
}

double element_power(double energy, const ofdm_grid& grid)
{
    return energy / grid.frame_samples() * grid.num_symbols() / grid.num_active();
}

} // namespace isac
} // namespace gr
