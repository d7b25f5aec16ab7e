/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_TESTS_SUPPORT_JOINT_BOUND_H
#define INCLUDED_ISAC_TESTS_SUPPORT_JOINT_BOUND_H

#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/sensing/echo.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/theory/fisher.h>
#include <Eigen/Dense>
#include <complex>
#include <vector>

namespace gr {
namespace isac {
namespace test {

/*!
 * Cramer-Rao bounds of echoes of one frame, all amplitudes, phases, delays and Dopplers
 * unknown, in noise of unit power: the inverse of the Fisher matrix by its definition.
 */
inline std::vector<theory::delay_doppler_bound>
joint_bounds(const ofdm_grid& grid,
             const std::vector<gr_complex>& sent,
             const std::vector<echo>& echoes)
{
    const size_t n = grid.num_subcarriers(), unknowns = 4 * echoes.size();
    // In units of the band and the frame, which condition the matrix.
    const double delay_unit = 1 / grid.sample_rate(),
                 doppler_unit = 1 / grid.frame_duration();
    // The model's slopes, an element a row, real and imaginary parts apart.
    Eigen::MatrixXd slopes = Eigen::MatrixXd::Zero(2 * sent.size(), unknowns);
    const std::complex<double> turn(0, 2 * PI);
    for (size_t i = 0; i < sent.size(); i++) {
        if (sent[i] == gr_complex(0, 0))
            continue;
        const double f = (double(i % n) - double(n / 2)) * grid.subcarrier_spacing();
        const double t = grid.symbol_times()[i / n];
        for (size_t e = 0; e < echoes.size(); e++) {
            const auto unit =
                std::complex<double>(sent[i]) *
                std::polar(1.0, 2 * PI * (t * echoes[e].doppler - f * echoes[e].delay));
            const std::complex<double> of[] = {
                unit,
                std::complex<double>(0, 1) * unit,
                -turn * f * delay_unit * echoes[e].amplitude * unit,
                turn * t * doppler_unit * echoes[e].amplitude * unit
            };
            for (int u = 0; u < 4; u++) {
                slopes(2 * i, 4 * e + u) = of[u].real();
                slopes(2 * i + 1, 4 * e + u) = of[u].imag();
            }
        }
    }
    const Eigen::MatrixXd whole = 2 * slopes.transpose() * slopes;
    const Eigen::MatrixXd inverse = whole.inverse();
    std::vector<theory::delay_doppler_bound> bounds;
    for (size_t e = 0; e < echoes.size(); e++) {
        const auto at = static_cast<Eigen::Index>(4 * e);
        bounds.push_back({ inverse(at + 2, at + 2) * delay_unit * delay_unit,
                           inverse(at + 3, at + 3) * doppler_unit * doppler_unit,
                           inverse(at + 2, at + 3) * delay_unit * doppler_unit });
    }
    return bounds;
}

} // namespace test
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_TESTS_SUPPORT_JOINT_BOUND_H */
