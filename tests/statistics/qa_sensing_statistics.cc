/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include <gnuradio/isac/sensing/cfar.h>
#include <gnuradio/isac/sensing/target_estimator.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

struct accuracy {
    double delay_db, doppler_db; // RMSE over the root of the bound
    double snr_db;               // mean estimate over the truth
    int missed;
};

accuracy measure_rmse(const ofdm_grid::sptr& grid,
                      double snr_db,
                      double cells_delay,
                      const std::string& window,
                      uint32_t seed)
{
    constexpr int DRAWS = 400;
    frame_maker maker(seed);
    target_estimator::parameters p;
    p.map.window = window;
    p.detector.pfa = 1e-4;
    target_estimator estimator(grid, p);
    const element_pattern pattern(*grid, true);
    matched_frame pilots(grid, pattern, true);
    echo_fit cells(grid, pattern);
    const double snr = std::pow(10, snr_db / 10);
    pilots.load(grid->pilots().data(), nullptr);
    cells.load(pilots);
    const auto bound = theory::bound(cells.moments(), snr);
    detections report;
    accuracy a = { 0, 0, 0, 0 };
    for (int draw = 0; draw < DRAWS; draw++) {
        const echo truth{ maker.uniform(1, cells_delay) * cells.delay_cell(),
                          maker.uniform(-10, 10) * cells.doppler_cell(),
                          maker.phase(std::sqrt(snr)) };
        auto rows = maker.echoes(*grid, grid->pilots(), { truth });
        add(rows, maker.noise(*grid));
        estimator.process(rows.data(), nullptr, report);
        if (report.size() == 0) {
            a.missed++;
            continue;
        }
        a.delay_db += std::pow(report.delay[0] - truth.delay, 2);
        a.doppler_db += std::pow(report.doppler[0] - truth.doppler, 2);
        a.snr_db += report.snr[0];
    }
    const int found = DRAWS - a.missed;
    a.delay_db = 10 * std::log10(a.delay_db / found / bound.var_delay);
    a.doppler_db = 10 * std::log10(a.doppler_db / found / bound.var_doppler);
    a.snr_db = 10 * std::log10(a.snr_db / found / snr);
    BOOST_TEST_MESSAGE("delay " << a.delay_db << " dB, Doppler " << a.doppler_db
                                << " dB over the bound, SNR " << a.snr_db
                                << " dB, missed " << a.missed);
    return a;
}

} // namespace

// 6 dB above the threshold, -13 dB a resource element for ten subcarriers and 64 symbols.
// 400 draws know the RMSE to 3.5% = 0.3 dB: 1.5 dB is five standard errors.
BOOST_AUTO_TEST_CASE(rmse_stands_at_the_bound_lawn)
{
    const auto grid = ofdm_grid::make(ofdm_grid::preset("LAWN"));
    for (const std::string window : { "rectangular", "hann" }) {
        const auto a = measure_rmse(grid, -7, 8, window, 13);
        BOOST_TEST(std::abs(a.delay_db) < 1.5);
        BOOST_TEST(std::abs(a.doppler_db) < 1.5);
        // 640 elements at -7 dB: 13% a draw, 0.7% over 400.
        BOOST_TEST(std::abs(a.snr_db) < 0.2);
        BOOST_TEST(a.missed <= 4);
    }
}

// The threshold is that of 16 dB after integration over 112 x 207 pilots: -27.6 dB.
BOOST_AUTO_TEST_CASE(rmse_stands_at_the_bound_nr)
{
    const auto grid = ofdm_grid::make(ofdm_grid::preset("NR mu 1"));
    const auto a = measure_rmse(grid, -21.6, 60, "rectangular", 14);
    BOOST_TEST(std::abs(a.delay_db) < 1.5);
    BOOST_TEST(std::abs(a.doppler_db) < 1.5);
    BOOST_TEST(std::abs(a.snr_db) < 0.2);
    BOOST_TEST(a.missed <= 4);
}

// Five targets, 30 dB of spread, sidelobes of the strongest above the weakest: each is
// found (the weakest stands 26 dB above the noise, at worst 8 dB less between cells), and
// nothing else (50 frames of 28672 cells at 1e-8 hold 0.014 false alarms).
BOOST_AUTO_TEST_CASE(many_targets_are_found_and_no_others)
{
    auto p = ofdm_grid::preset("NR mu 1");
    p.pilots = "all";
    p.fft_len = 256;
    p.cp_len = { 18 };
    p.guard_low = p.guard_high = 0;
    const auto grid = ofdm_grid::make(p);
    frame_maker maker(15);
    target_estimator::parameters options;
    options.detector.pfa = 1e-8;
    target_estimator estimator(grid, options);
    const echo_fit cells(grid, element_pattern(*grid, true));
    detections report;
    int wrong = 0;
    for (int draw = 0; draw < 50; draw++) {
        std::vector<echo> truth;
        const double places[5][3] = { { 10, 5, 1 },
                                      { 13, 5, 0.3 },
                                      { 10, 9, 0.1 },
                                      { 20, -8, 0.05 },
                                      { 40, 20, 0.0316 } };
        for (const auto& place : places)
            truth.push_back(
                { (place[0] + maker.uniform(-0.5, 0.5)) * cells.delay_cell(),
                  (place[1] + maker.uniform(-0.5, 0.5)) * cells.doppler_cell(),
                  maker.phase(4 * place[2]) });
        auto rows = maker.echoes(*grid, grid->pilots(), truth);
        add(rows, maker.noise(*grid));
        estimator.process(rows.data(), nullptr, report);
        bool right = report.size() == truth.size();
        for (size_t i = 0; right && i < truth.size(); i++) // strongest first, both
            right = std::abs(report.delay[i] - truth[i].delay) <
                        6 * std::sqrt(report.var_delay[i]) &&
                    std::abs(report.doppler[i] - truth[i].doppler) <
                        6 * std::sqrt(report.var_doppler[i]);
        wrong += !right;
    }
    BOOST_TEST(wrong == 0);
}
