/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include <gnuradio/isac/sensing/cfar.h>
#include <gnuradio/isac/sensing/clutter_filter.h>
#include <gnuradio/isac/sensing/target_estimator.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

ofdm_grid::sptr grid_of(const std::string& pilots = "all", int symbols = 64)
{
    ofdm_grid::parameters p;
    p.fft_len = 128;
    p.num_symbols = symbols;
    p.cp_len = { 16 };
    p.pilots = pilots;
    return ofdm_grid::make(p);
}

double mean_power(const gr_complex* values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += std::norm(values[i]);
    return sum / double(count);
}

clutter_filter::parameters
kind(const std::string& name, int memory = 1, const std::vector<double>& delays = {})
{
    return { name, memory, 0.25, delays };
}

} // namespace

// What stands still goes, whatever was sent: 100 dB is what single precision leaves.
// "eca" knows the delays, two of them nearer than the band can part.
BOOST_AUTO_TEST_CASE(static_echoes_are_gone)
{
    const auto grid = grid_of();
    frame_maker maker(1);
    const double cell = 1 / grid->sample_rate();
    const std::vector<double> delays = { 0, 0.01 * cell, 3.7 * cell, 10 * cell };
    std::vector<echo> clutter;
    for (const double delay : delays)
        clutter.push_back({ delay, 0, maker.phase(maker.uniform(1, 3)) });
    for (const std::string name : { "mean", "mti", "eca" }) {
        clutter_filter filter(grid, kind(name, 16, delays));
        for (int frame = 0; frame < 3; frame++) {
            const auto sent = maker.qam_reference(*grid);
            const auto rows = maker.echoes(*grid, sent, clutter);
            const gr_complex* left = filter.process(rows.data(), sent.data());
            BOOST_TEST(mean_power(left, rows.size()) <
                       1e-10 * mean_power(rows.data(), rows.size()));
        }
    }
    clutter_filter off(grid, {});
    const auto rows = maker.noise(*grid);
    BOOST_TEST(off.process(rows.data(), nullptr) == rows.data());
}

// A target three Doppler cells away is orthogonal to the mean and to what stands still at
// a delay; the high-pass, (1 - z) / (1 - decay z), has settled after a few frames.
BOOST_AUTO_TEST_CASE(targets_three_cells_away_stay)
{
    const auto grid = grid_of();
    frame_maker maker(2);
    const double cell = 1 / grid->sample_rate();
    const double rate = 3 / (grid->num_symbols() * grid->symbol_duration());
    for (const std::string name : { "mean", "mti", "eca" }) {
        clutter_filter filter(grid, kind(name, 1, { 5 * cell }));
        double power = 0;
        for (int frame = 0; frame < 12; frame++) { // a whole number of turns each
            const auto rows =
                maker.echoes(*grid, grid->pilots(), { { 5 * cell, rate, 1 } });
            power = mean_power(filter.process(rows.data(), nullptr), rows.size());
        }
        const double symbols = double(grid->num_symbols());
        const auto z = std::polar(1.0, -2 * PI * 3 / symbols);
        const double decay = std::exp(-2 * PI * 0.25 / symbols);
        const double expected =
            name == "mti" ? std::norm((1.0 - z) / (1.0 - decay * z)) : 1;
        BOOST_TEST(power == expected, boost::test_tools::tolerance(1e-3));
    }
}

// Clutter that appears is forgotten at the pace of a single pole, over the frames' ends;
// on a comb of symbols likewise.
BOOST_AUTO_TEST_CASE(high_pass_runs_on_from_frame_to_frame)
{
    const auto grid = grid_of();
    frame_maker maker(3);
    clutter_filter filter(grid, kind("mti"));
    const std::vector<gr_complex> nothing(grid->elements().size());
    filter.process(nothing.data(), nullptr);
    const auto rows = maker.echoes(*grid, grid->pilots(), { { 0, 0, 1 } });
    const double decay = std::exp(-2 * PI * 0.25 / double(grid->num_symbols()));
    for (int frame = 0; frame < 3; frame++) {
        const gr_complex* left = filter.process(rows.data(), nullptr);
        for (size_t m = 0; m < grid->num_symbols(); m += 7) {
            const size_t i = m * grid->num_subcarriers() + 40;
            const double expected =
                std::pow(decay, double(frame * grid->num_symbols() + m));
            BOOST_TEST(std::abs(left[i] / rows[i]) == expected,
                       boost::test_tools::tolerance(1e-3));
        }
    }
    filter.reset(); // starts from the frame's mean again
    const gr_complex* left = filter.process(rows.data(), nullptr);
    BOOST_TEST(mean_power(left, rows.size()) < 1e-10);
}

// The noise that the mean takes from zero Doppler: all with one frame; with a share s = 1
// / memory of an exponential average (1 - s)^2 (1 + s / (2 - s)) of it stay. 100 frames
// of 128 cells: a standard error of 1%.
BOOST_AUTO_TEST_CASE(memory_leaves_the_noise_at_zero_doppler)
{
    const auto grid = grid_of("all", 16);
    range_doppler_map map(grid, {});
    std::vector<float> powers(map.doppler_cells() * map.range_cells());
    for (const int memory : { 1, 8 }) {
        frame_maker maker(4);
        clutter_filter filter(grid, kind("mean", memory));
        double zero = 0, beside = 0;
        for (int frame = 0; frame < 140; frame++) {
            const auto rows = maker.noise(*grid);
            map.process(filter.process(rows.data(), nullptr), nullptr, powers.data());
            for (size_t r = 0; r < map.range_cells() && frame >= 40; r++) {
                zero += powers[8 * map.range_cells() + r] / 12800;
                beside += powers[9 * map.range_cells() + r] / 12800;
            }
        }
        const double s = 1.0 / memory;
        BOOST_TEST(std::abs(zero - (1 - s) * (1 - s) * (1 + s / (2 - s))) < 0.05);
        BOOST_TEST(std::abs(beside - 1) < 0.05);
    }
}

// Twelve echoes that stand still, each 40 dB above a target three and a half Doppler
// cells from zero, which stands 20 dB above the noise of its cell at the least, between
// cells: 16 dB is where one in a hundred would be missed.
BOOST_AUTO_TEST_CASE(target_is_found_40_db_beneath_clutter)
{
    const auto grid = grid_of();
    const double cell = 1 / grid->sample_rate();
    const double row = 1 / (grid->num_symbols() * grid->symbol_duration());
    const double elements = double(grid->elements().size());
    const double amplitude = std::sqrt(std::pow(10, 2.8) / elements);
    range_doppler_map map(grid, {});
    cfar detector(
        map.doppler_cells(), map.range_cells(), {}, cell_correlation::of_map(map));
    target_estimator estimator(grid, {});
    std::vector<float> powers(map.doppler_cells() * map.range_cells());
    for (const std::string name : { "none", "mean", "mti", "eca" }) {
        frame_maker maker(5);
        std::vector<double> delays;
        std::vector<echo> clutter;
        for (int i = 0; i < 12; i++) {
            delays.push_back(maker.uniform(0, 14) * cell);
            clutter.push_back({ delays.back(), 0, maker.phase(100 * amplitude) });
        }
        clutter_filter filter(grid, kind(name, 16, delays));
        int detected = 0, found = 0;
        for (int frame = 0; frame < 40; frame++) {
            const echo target{ maker.uniform(0.5, 14) * cell,
                               maker.uniform(3, 4) * row,
                               maker.phase(amplitude) };
            auto echoes = clutter;
            echoes.push_back(target);
            auto rows = maker.echoes(*grid, grid->pilots(), echoes);
            add(rows, maker.noise(*grid));
            const gr_complex* left = filter.process(rows.data(), nullptr);
            map.process(left, nullptr, powers.data());
            map_cell at;
            detected += detector.test(powers.data(),
                                      32 + std::lround(target.doppler / row),
                                      std::lround(target.delay / cell),
                                      at);
            detections report;
            estimator.process(left, nullptr, report);
            for (size_t i = 0; i < report.size(); i++)
                found += std::abs(report.delay[i] - target.delay) < 0.3 * cell &&
                         std::abs(report.doppler[i] - target.doppler) < 0.3 * row;
        }
        BOOST_TEST_MESSAGE(name << ": " << detected << " cells, " << found << " targets");
        if (name == "none")
            BOOST_TEST(detected < 20);
        else {
            BOOST_TEST(detected >= 39);
            BOOST_TEST(found >= 39);
        }
    }
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    const auto grid = grid_of();
    const auto refused = [&](const clutter_filter::parameters& p) {
        BOOST_CHECK_THROW(clutter_filter(grid, p), std::invalid_argument);
    };
    refused({ "average", 16, 0.25, {} });
    refused({ "mean", 0, 0.25, {} });
    refused({ "mti", 16, 0, {} });
    refused({ "mti", 16, 4.1, {} });
    refused({ "mti", 16, std::nan(""), {} });
    refused({ "eca", 16, 0.25, {} });
    refused({ "eca", 16, 0.25, { -1e-6 } });
    refused({ "eca", 16, 0.25, { std::numeric_limits<double>::infinity() } });
}
