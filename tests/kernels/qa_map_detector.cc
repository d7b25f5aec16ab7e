/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing/map_axis.h"
#include "support/echo_frame.h"
#include <gnuradio/isac/sensing/map_detector.h>
#include <gnuradio/isac/sensing/window.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <cmath>
#include <stdexcept>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

ofdm_grid::sptr grid_of(const std::string& pilots)
{
    ofdm_grid::parameters p;
    p.fft_len = 64;
    p.cp_len = { 16 };
    p.num_symbols = 32;
    p.pilots = pilots;
    p.comb_spacing_frequency = 2;
    return ofdm_grid::make(p);
}

map_detector::parameters padded(int by, const std::string& window = "rectangular")
{
    map_detector::parameters p;
    p.map.pad_delay = p.map.pad_doppler = by;
    p.map.window = window;
    p.detector.pfa = 1e-9; // no false alarm in the few maps of a test
    return p;
}

// Maps of a frame with echoes, places in cells that the grid resolves.
class scene
{
public:
    scene(ofdm_grid::sptr grid, const map_detector::parameters& p)
        : d_grid(grid), d_map(grid, p.map), d_detector(grid, p), d_maker(4)
    {
    }

    double cell() const { return d_map.delay_step() * d_map.params().pad_delay; }
    double row() const { return d_map.doppler_step() * d_map.params().pad_doppler; }

    const detections& look_at(std::vector<echo> echoes, bool noisy = true)
    {
        for (auto& e : echoes) {
            e.delay *= cell();
            e.doppler *= row();
        }
        auto rows = d_maker.echoes(*d_grid, d_grid->pilots(), echoes);
        auto noise = d_maker.noise(*d_grid);
        for (auto& value : noise)
            value *= noisy ? 1 : 1e-4f;
        add(rows, noise);
        std::vector<float> powers(d_map.doppler_cells() * d_map.range_cells());
        d_map.process(rows.data(), nullptr, powers.data());
        d_detector.process(powers.data(), d_report);
        return d_report;
    }

private:
    ofdm_grid::sptr d_grid;
    range_doppler_map d_map;
    map_detector d_detector;
    frame_maker d_maker;
    detections d_report;
};

} // namespace

BOOST_AUTO_TEST_CASE(an_echo_has_the_response_of_its_transform)
{
    for (const auto& name : { "rectangular", "hann" }) {
        const auto window = make_window(name, 20, 0);
        const map_axis axis(window, 64);
        for (const double distance : { 0.0, 0.3, -1.7, 30.0, 64.0 }) {
            std::complex<double> sum = 0, whole = 0;
            for (size_t k = 0; k < window.size(); k++) {
                sum += std::polar<double>(window[k], 2 * PI * k * distance / 64);
                whole += window[k];
            }
            BOOST_TEST(std::abs(axis.response(distance) - std::norm(sum / whole)) < 1e-9);
        }
    }
    // (sum w)^2 over (sum w^2) n: a Hann window's loss of 1.76 dB.
    BOOST_TEST(map_axis(make_window("hann", 4096, 0), 4096).gain() == 2.0 / 3,
               boost::test_tools::tolerance(1e-3));
}

// Power between the cells against the periodogram itself: noise, which is as wild as a
// map can be. What is left is the tails that are cut, at the band's edge.
BOOST_AUTO_TEST_CASE(dense_axes_tell_what_stands_between_cells)
{
    const size_t span = 24;
    const auto window = make_window("rectangular", span, 0);
    std::mt19937 engine(2);
    std::normal_distribution<double> part(0, std::sqrt(0.5 / span));
    for (const size_t cells : { 47, 48, 96, 101, 192 }) {
        const map_axis axis(window, cells);
        BOOST_REQUIRE(axis.dense());
        double error = 0, total = 0;
        for (int draw = 0; draw < 200; draw++) {
            std::vector<std::complex<double>> values(span);
            for (auto& value : values)
                value = { part(engine), part(engine) };
            const auto power = [&](double place) {
                std::complex<double> sum = 0;
                for (size_t k = 0; k < span; k++)
                    sum += values[k] * std::polar(1.0, 2 * PI * k * place / cells);
                return std::norm(sum);
            };
            const size_t cell = draw % cells;
            Eigen::VectorXd around(axis.weights().cols());
            for (Eigen::Index i = 0; i < around.size(); i++)
                around[i] = power(static_cast<double>(axis.neighbour(cell, i)));
            const Eigen::VectorXd between = axis.weights() * around;
            for (Eigen::Index i = 0; i < between.size(); i++) {
                error += std::pow(between[i] - power(cell + axis.place(i)), 2);
                total += 1;
            }
        }
        BOOST_TEST_MESSAGE(cells << " cells: " << std::sqrt(error / total));
        BOOST_TEST(std::sqrt(error / total) < 0.05); // of a deviation of 1
    }
    BOOST_TEST(!map_axis(window, 46).dense());
}

// Far above the noise an echo is where it was put: between cells, beside the borders
// (Doppler wraps), on combs and with windows.
BOOST_AUTO_TEST_CASE(echoes_are_where_they_are)
{
    for (const auto& pilots : { "all", "comb", "contiguous" })
        for (const auto& window : { "rectangular", "hann" })
            for (const int by : { 2, 4 }) {
                scene s(grid_of(pilots), padded(by, window));
                for (const double delay : { 0.02, 0.5, 7.3 })
                    for (const double doppler : { -15.8, -0.5, 0.25, 15.6 }) {
                        const auto& found =
                            s.look_at({ { delay, doppler, { 0, 1 } } }, false);
                        BOOST_TEST_CONTEXT(pilots << ' ' << window << ' ' << by << ' '
                                                  << delay << ' ' << doppler)
                        {
                            BOOST_REQUIRE(found.size() >= 1);
                            BOOST_TEST(std::abs(found.delay[0] / s.cell() - delay) <
                                       0.01);
                            BOOST_TEST(std::abs(found.doppler[0] / s.row() - doppler) <
                                       0.01);
                        }
                    }
            }
}

// Without padding the neighbours' ratio tells, where they are not empty.
BOOST_AUTO_TEST_CASE(unpadded_maps_tell_by_the_neighbours)
{
    for (const auto& window : { "rectangular", "hann" }) {
        scene s(grid_of("all"), padded(1, window));
        for (const double off : { -0.45, -0.2, 0.3, 0.5 }) {
            const auto& found = s.look_at({ { 9 + off, -3 + off, 1 } }, false);
            BOOST_REQUIRE(found.size() >= 1);
            BOOST_TEST(std::abs(found.delay[0] / s.cell() - 9 - off) < 0.002);
            BOOST_TEST(std::abs(found.doppler[0] / s.row() + 3 - off) < 0.002);
            BOOST_TEST(found.snr[0] > 0);
        }
    }
}

// The SNR of an element does not depend on window or padding; 2048 elements at 0 dB know
// their noise to 1%, and their echo to 2 sqrt(2 / 2048) = 6%.
BOOST_AUTO_TEST_CASE(the_snr_is_that_of_an_element)
{
    for (const auto& window : { "rectangular", "hann" })
        for (const int by : { 1, 2, 4 }) {
            scene s(grid_of("all"), padded(by, window));
            const auto& found = s.look_at({ { 9.3, -3.4, 1 } });
            BOOST_REQUIRE(found.size() == 1);
            BOOST_TEST(std::abs(found.snr[0] - 1) < 0.2);
            BOOST_TEST(found.range[0] == 0.5 * SPEED_OF_LIGHT * found.delay[0]);
        }
}

BOOST_AUTO_TEST_CASE(sidelobes_are_no_targets)
{
    for (const int by : { 1, 2 }) {
        auto p = padded(by);
        scene s(grid_of("all"), p);
        // 45 dB over the noise after integration: sidelobes stand 30 dB over it.
        BOOST_TEST(s.look_at({ { 9.4, 3.4, 4 } }).size() == 1u);
        const auto& found =
            s.look_at({ { 9.4, 3.4, 4 }, { 20.5, -8.3, { 0, 1 } }, { 40, -2, 0.5 } });
        BOOST_REQUIRE(found.size() == 3u);
        BOOST_TEST(std::is_sorted(found.snr.rbegin(), found.snr.rend()));
        p.max_targets = 2;
        BOOST_TEST(
            scene(grid_of("all"), p)
                .look_at({ { 9.4, 3.4, 4 }, { 20.5, -8.3, { 0, 1 } }, { 40, -2, 0.5 } })
                .size() == 2u);
    }
}

// A comb that moves from symbol to symbol has grating lobes at a fourth of the axes; seen
// from 15 dB over them, as those of TS 38.211's PRS.
BOOST_AUTO_TEST_CASE(grating_lobes_are_no_targets)
{
    constexpr int OFFSETS[] = { 0, 2, 1, 3 };
    ofdm_grid::parameters g;
    g.fft_len = 128;
    g.cp_len = { 16 };
    g.num_symbols = 64;
    g.pilots = "cells";
    for (int symbol = 0; symbol < g.num_symbols; symbol++)
        for (int k = OFFSETS[symbol % 4]; k < g.fft_len; k += 4)
            g.pilot_cells.push_back({ symbol, k, 0 });
    for (const auto& window : { "rectangular", "hann" }) {
        scene s(ofdm_grid::make(g), padded(2, window));
        const auto& found = s.look_at({ { 9.4, 3.4, 2 } });
        BOOST_REQUIRE(found.size() == 1u);
        BOOST_TEST(std::abs(found.delay[0] / s.cell() - 9.4) < 0.05);
        BOOST_TEST(std::abs(found.doppler[0] / s.row() - 3.4) < 0.05);
    }
}

BOOST_AUTO_TEST_CASE(maps_without_anything_have_no_targets)
{
    const auto p = padded(2);
    BOOST_TEST(scene(grid_of("all"), p).look_at({}).size() == 0u);
    map_detector detector(grid_of("all"), p);
    const std::vector<float> zeros(detector.doppler_cells() * detector.range_cells());
    detections report;
    report.delay = { 1 };
    detector.process(zeros.data(), report);
    BOOST_TEST(report.size() == 0u);
}

BOOST_AUTO_TEST_CASE(parameters_out_of_range_are_refused)
{
    auto p = padded(1);
    p.max_targets = 0;
    BOOST_CHECK_THROW(map_detector(grid_of("all"), p), std::invalid_argument);
    p = padded(3);
    BOOST_CHECK_THROW(map_detector(grid_of("all"), p), std::invalid_argument);
    p = padded(1);
    p.detector.kind = "none";
    BOOST_CHECK_THROW(map_detector(grid_of("all"), p), std::invalid_argument);
    p = padded(1);
    p.detector.looks = 1025;
    BOOST_CHECK_THROW(map_detector(grid_of("all"), p), std::invalid_argument);
}
