/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_TESTS_SUPPORT_ECHO_FRAME_H
#define INCLUDED_ISAC_TESTS_SUPPORT_ECHO_FRAME_H

#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/sensing/echo_fit.h>
#include <gnuradio/isac/theory/constants.h>
#include <cmath>
#include <random>
#include <vector>

namespace gr {
namespace isac {
namespace test {

//! Frames of rows by the echo's definition, in double precision.
class frame_maker
{
public:
    explicit frame_maker(uint32_t seed) : d_engine(seed) {}

    //! White noise of unit power a resource element.
    std::vector<gr_complex> noise(const ofdm_grid& grid)
    {
        std::normal_distribution<float> part(0, std::sqrt(0.5f));
        std::vector<gr_complex> rows(grid.elements().size());
        for (auto& value : rows)
            value = gr_complex(part(d_engine), part(d_engine));
        return rows;
    }

    //! 16-QAM of unit mean power on every active element.
    std::vector<gr_complex> qam_reference(const ofdm_grid& grid)
    {
        std::uniform_int_distribution<int> level(0, 3);
        std::vector<gr_complex> rows(grid.elements().size());
        const float step = 1 / std::sqrt(10.0f);
        for (size_t i = 0; i < rows.size(); i++)
            if (grid.elements()[i] != ofdm_grid::element::null)
                rows[i] =
                    gr_complex(2 * level(d_engine) - 3, 2 * level(d_engine) - 3) * step;
        return rows;
    }

    double uniform(double lowest, double highest)
    {
        return std::uniform_real_distribution<double>(lowest, highest)(d_engine);
    }

    //! An amplitude of the given modulus and random phase.
    std::complex<double> phase(double modulus)
    {
        return std::polar(modulus, uniform(0, 2 * PI));
    }

    //! What the echoes make of the reference.
    std::vector<gr_complex> echoes(const ofdm_grid& grid,
                                   const std::vector<gr_complex>& reference,
                                   const std::vector<echo>& list)
    {
        const size_t n = grid.num_subcarriers();
        std::vector<std::complex<double>> sum(reference.size());
        std::vector<std::complex<double>> ramp(n);
        for (const auto& e : list) {
            for (size_t k = 0; k < n; k++) {
                const double f = (double(k) - double(n / 2)) * grid.subcarrier_spacing();
                ramp[k] = std::polar(1.0, -2 * PI * f * e.delay);
            }
            for (size_t m = 0; m < grid.num_symbols(); m++) {
                const auto turn =
                    e.amplitude *
                    std::polar(1.0, 2 * PI * e.doppler * grid.symbol_times()[m]);
                for (size_t k = 0; k < n; k++)
                    sum[m * n + k] +=
                        turn * ramp[k] * std::complex<double>(reference[m * n + k]);
            }
        }
        return std::vector<gr_complex>(sum.begin(), sum.end());
    }

private:
    std::mt19937 d_engine;
};

inline void add(std::vector<gr_complex>& to, const std::vector<gr_complex>& rows)
{
    for (size_t i = 0; i < to.size(); i++)
        to[i] += rows[i];
}

//! N x M elements without pilots, for references of data.
inline ofdm_grid::sptr data_grid(int64_t subcarriers, int64_t symbols)
{
    ofdm_grid::parameters p;
    p.fft_len = static_cast<int>(subcarriers);
    p.num_symbols = static_cast<int>(symbols);
    p.cp_len = { p.fft_len / 8 };
    p.pilots = "none";
    return ofdm_grid::make(p);
}

//! What was sent, 16-QAM, and what came back of it beside noise of unit power.
struct echo_frame {
    echo_frame(const ofdm_grid& grid, const std::vector<echo>& echoes)
    {
        frame_maker maker(1);
        sent = maker.qam_reference(grid);
        rows = maker.echoes(grid, sent, echoes);
        add(rows, maker.noise(grid));
    }
    std::vector<gr_complex> sent, rows;
};

} // namespace test
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_TESTS_SUPPORT_ECHO_FRAME_H */
