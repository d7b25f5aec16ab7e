/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_TESTS_SUPPORT_ONE_ECHO_H
#define INCLUDED_ISAC_TESTS_SUPPORT_ONE_ECHO_H

#include <gnuradio/isac/channel/gaussian_noise.h>
#include <gnuradio/isac/sensing/echo_fit.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/theory/fisher.h>
#include <complex>
#include <random>
#include <vector>

namespace gr {
namespace isac {
namespace test {

//! Frames of one echo, uniform between cells, of the grid's pilots in white noise: fast
//! enough for thousands of them.
class one_echo_frames
{
public:
    one_echo_frames(ofdm_grid::sptr grid, uint32_t seed)
        : d_grid(grid),
          d_pattern(*grid, true),
          d_noise(seed),
          d_engine(seed),
          d_rows(grid->elements().size())
    {
        matched_frame pilots(grid, d_pattern, true);
        pilots.load(grid->pilots().data(), nullptr);
        echo_fit fit(grid, d_pattern);
        fit.load(pilots);
        d_moments = fit.moments();
    }

    //! Anywhere in the middle 60% of the unambiguous delays, and at any Doppler: errors
    //! that pass a border would be told as errors of a whole axis.
    const echo& draw(double snr)
    {
        std::uniform_real_distribution<double> delay(0.2, 0.8), any(-0.5, 0.5);
        place({ delay(d_engine) * longest_delay(),
                any(d_engine) * doppler_span(),
                std::polar(std::sqrt(snr), 2 * PI * any(d_engine)) });
        return d_truth;
    }

    //! An echo of one's own choice.
    void place(const echo& e)
    {
        d_truth = e;
        make();
    }

    //! The same echo in another frame: of another phase, in other noise.
    void draw_again()
    {
        std::uniform_real_distribution<double> any(-0.5, 0.5);
        d_truth.amplitude *= std::polar(1.0, 2 * PI * any(d_engine));
        make();
    }

    const gr_complex* rows() const { return d_rows.data(); }

    //! Errors of an estimate, modulo the ambiguities, over the roots of their bounds.
    std::pair<double, double> errors(double delay, double doppler) const
    {
        const auto bound = theory::bound(d_moments, std::norm(d_truth.amplitude));
        return { std::remainder(delay - d_truth.delay, longest_delay()) /
                     std::sqrt(bound.var_delay),
                 std::remainder(doppler - d_truth.doppler, doppler_span()) /
                     std::sqrt(bound.var_doppler) };
    }

    double longest_delay() const
    {
        return 1 / (d_pattern.subcarriers.spacing * d_grid->subcarrier_spacing());
    }
    double doppler_span() const
    {
        return 1 / (d_pattern.symbols.spacing * d_grid->symbol_duration());
    }
    const theory::pattern_moments& moments() const { return d_moments; }

private:
    void make()
    {
        const size_t n = d_grid->num_subcarriers();
        std::vector<gr_complex> ramp(n);
        for (size_t k = 0; k < n; k++)
            ramp[k] = gr_complex(std::polar(
                1.0,
                -2 * PI * (static_cast<double>(k) - static_cast<double>(n / 2)) *
                    d_grid->subcarrier_spacing() * d_truth.delay));
        for (size_t m = 0; m < d_grid->num_symbols(); m++) {
            const gr_complex turn(
                d_truth.amplitude *
                std::polar(1.0, 2 * PI * d_truth.doppler * d_grid->symbol_times()[m]));
            for (size_t k = 0; k < n; k++)
                d_rows[m * n + k] = d_grid->pilots()[m * n + k] * (turn * ramp[k]);
        }
        d_noise.add(d_rows.data(), d_rows.size(), 1.0);
    }

    ofdm_grid::sptr d_grid;
    element_pattern d_pattern;
    theory::pattern_moments d_moments;
    gaussian_noise d_noise;
    std::mt19937 d_engine;
    std::vector<gr_complex> d_rows;
    echo d_truth;
};

} // namespace test
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_TESTS_SUPPORT_ONE_ECHO_H */
