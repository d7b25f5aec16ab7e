/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/theory/link_budget.h>
#include <cmath>

namespace gr {
namespace isac {
namespace theory {

double path_loss_uma_av(double distance, double carrier_frequency)
{
    require_positive("path_loss_uma_av: distance", distance);
    require_positive("path_loss_uma_av: carrier_frequency", carrier_frequency);
    return 28 + 22 * std::log10(distance) + 20 * std::log10(carrier_frequency / 1e9);
}

double path_loss_log_distance(double distance, double exponent, double reference_loss)
{
    require_positive("path_loss_log_distance: distance", distance);
    require_not_negative("path_loss_log_distance: exponent", exponent);
    require_finite("path_loss_log_distance: reference_loss", reference_loss);
    return reference_loss + 10 * exponent * std::log10(distance);
}

double free_space_path_loss(double distance, double carrier_frequency)
{
    require_positive("free_space_path_loss: distance", distance);
    require_positive("free_space_path_loss: carrier_frequency", carrier_frequency);
    return 20 * std::log10(4 * PI * distance * carrier_frequency / SPEED_OF_LIGHT);
}

double echo_loss(double path_loss, double rcs, double wavelength)
{
    return bistatic_echo_loss(path_loss, path_loss, rcs, wavelength);
}

double bistatic_echo_loss(double path_loss_tx,
                          double path_loss_rx,
                          double rcs,
                          double wavelength)
{
    require_finite("echo_loss: path_loss", path_loss_tx);
    require_finite("echo_loss: path_loss", path_loss_rx);
    require_not_negative("echo_loss: rcs", rcs);
    require_positive("echo_loss: wavelength", wavelength);
    return path_loss_tx + path_loss_rx - 10 * std::log10(rcs) +
           10 * std::log10(wavelength * wavelength / (4 * PI));
}

double thermal_noise_dbm(double bandwidth, double noise_figure_db)
{
    require_positive("thermal_noise_dbm: bandwidth", bandwidth);
    require_finite("thermal_noise_dbm: noise_figure_db", noise_figure_db);
    return 10 * std::log10(THERMAL_NOISE_MW_PER_HZ * bandwidth) + noise_figure_db;
}

double shadowing_std_uma_av(double height)
{
    require_not_negative("shadowing_std_uma_av: height", height);
    return 4.64 * std::exp(-0.0066 * height);
}

} // namespace theory
} // namespace isac
} // namespace gr
