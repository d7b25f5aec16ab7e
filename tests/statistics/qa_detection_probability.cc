/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include <gnuradio/isac/channel/gaussian_noise.h>
#include <gnuradio/isac/sensing/cfar.h>
#include <gnuradio/isac/sensing/cfar_threshold.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

constexpr int FRAMES = 3000;
constexpr double PFA = 1e-4;

// Power of a target over its mean, drawn anew for a look or for all of them.
double fluctuation(int swerling, std::mt19937& engine)
{
    const int degrees = swerling == 0 ? 0 : swerling > 2 ? 2 : 1;
    return degrees > 0 ? std::gamma_distribution<double>(degrees, 1.0 / degrees)(engine)
                       : 1.0;
}

// Share of the targets found, on the centre of a cell: of maps whose powers are added.
struct found {
    double ca, os, osgo;
};

found detect(double snr_processed, int swerling, int looks, uint32_t seed)
{
    ofdm_grid::parameters g;
    g.fft_len = 64;
    g.num_symbols = 32;
    g.cp_len = { 4 };
    g.pilots = "all";
    const auto grid = ofdm_grid::make(g);
    range_doppler_map map(grid, {});
    const size_t columns = map.range_cells(), rows = map.doppler_cells();
    cfar::parameters p;
    p.pfa = PFA;
    p.looks = looks;
    cfar ca(rows, columns, p, cell_correlation::of_map(map));
    p.kind = "os";
    cfar os(rows, columns, p, cell_correlation::of_map(map));
    p.kind = "osgo";
    cfar osgo(rows, columns, p, cell_correlation::of_map(map));

    // The same place in every frame: what fluctuates is noise and amplitude.
    const size_t row = 21, range = 30;
    frame_maker maker(seed);
    const double amplitude = std::sqrt(snr_processed / double(grid->elements().size()));
    const auto echo = maker.echoes(*grid,
                                   grid->pilots(),
                                   { { double(range) * map.delay_step(),
                                       (double(row) - 16) * map.doppler_step(),
                                       amplitude } });
    std::mt19937 engine(seed);
    gaussian_noise noise(seed);
    volk::vector<gr_complex> received(echo.size());
    volk::vector<float> powers(rows * columns), sum(rows * columns);
    found share = { 0, 0, 0 };
    map_cell cell;
    for (int frame = 0; frame < FRAMES; frame++) {
        std::fill(sum.begin(), sum.end(), 0.0f);
        double power = fluctuation(swerling, engine);
        for (int look = 0; look < looks; look++) {
            if (look > 0 && swerling % 2 == 0)
                power = fluctuation(swerling, engine);
            const auto scale = gr_complex(maker.phase(std::sqrt(power)));
            for (size_t i = 0; i < echo.size(); i++)
                received[i] = scale * echo[i];
            noise.add(received.data(), received.size(), 1);
            map.process(received.data(), nullptr, powers.data());
            for (size_t i = 0; i < sum.size(); i++)
                sum[i] += powers[i];
        }
        share.ca += ca.test(sum.data(), row, range, cell) / double(FRAMES);
        share.os += os.test(sum.data(), row, range, cell) / double(FRAMES);
        share.osgo += osgo.test(sum.data(), row, range, cell) / double(FRAMES);
    }
    return share;
}

} // namespace

// 3000 draws know a probability to 0.9% at worst: 4% is more than four standard errors,
// and a tenth of a dB of threshold in the steepest place would be 3% alone.
BOOST_AUTO_TEST_CASE(targets_are_found_as_often_as_the_closed_forms_say)
{
    const size_t n = 17 * 13 - 25, rank = 177;
    const std::vector<ordered_cells> quadrants = {
        { 50, 45 }, { 48, 44 }, { 50, 45 }, { 48, 44 }
    };
    for (const int swerling : { 0, 1, 2, 3, 4 })
        for (const int looks : { 1, 4 })
            for (const double snr_db : { 7.0, 11.0, 15.0 }) {
                const double snr = std::pow(10, 0.1 * snr_db) / std::sqrt(looks);
                const cell_target target = { snr, swerling };
                const auto measured = detect(snr, swerling, looks, 31);
                const double ca =
                    ca_probability(n, ca_multiplier(n, PFA, looks), looks, target);
                const double os = os_probability(
                    n, rank, os_multiplier(n, rank, PFA, looks), looks, target);
                const double osgo = osgo_probability(
                    quadrants, osgo_multiplier(quadrants, PFA, looks), looks, target);
                BOOST_TEST_MESSAGE("Swerling " << swerling << ", " << looks << " looks, "
                                               << snr_db << " dB: CA " << measured.ca
                                               << " (" << ca << "), OS " << measured.os
                                               << " (" << os << "), OSGO "
                                               << measured.osgo << " (" << osgo << ")");
                BOOST_TEST(std::abs(measured.ca - ca) < 0.04);
                BOOST_TEST(std::abs(measured.os - os) < 0.04);
                BOOST_TEST(std::abs(measured.osgo - osgo) < 0.04);
            }
}
