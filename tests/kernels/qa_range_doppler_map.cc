/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include <gnuradio/isac/sensing/range_doppler_map.h>
#include <gnuradio/isac/sensing/window.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <numeric>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

ofdm_grid::parameters small_grid(const std::string& pilots)
{
    ofdm_grid::parameters p;
    p.fft_len = 64;
    p.cp_len = { 16 };
    p.num_symbols = 32;
    p.pilots = pilots;
    return p;
}

std::vector<float> map_of(range_doppler_map& map,
                          const std::vector<gr_complex>& rows,
                          const gr_complex* reference = nullptr)
{
    std::vector<float> powers(map.doppler_cells() * map.range_cells());
    BOOST_TEST(map.process(rows.data(), reference, powers.data()));
    return powers;
}

double mean(const std::vector<float>& values)
{
    return std::accumulate(values.begin(), values.end(), 0.0) / values.size();
}

} // namespace

// The map's mean over all its cells estimates the noise power from every element used
// (Parseval), here 2048 an each of 20 frames: the standard error is below
// sqrt(3.2 / 40960) = 0.9% for the windows' loss of degrees of freedom; 4% is over four.
BOOST_AUTO_TEST_CASE(noise_has_mean_one)
{
    frame_maker maker(1);
    const auto grid = ofdm_grid::make(small_grid("none"));
    const auto reference = maker.qam_reference(*grid);
    for (const auto& window : window_names())
        for (const std::string mode : { "matched_filter", "division" })
            for (const int pad : { 1, 2, 4 }) {
                range_doppler_map::parameters p;
                p.pilots_only = false;
                p.window = window;
                p.window_parameter = window == "tukey" ? 0.5 : 6.76;
                p.mode = mode;
                p.pad_delay = p.pad_doppler = pad;
                range_doppler_map map(grid, p);
                BOOST_TEST(map.range_cells() == 64u * pad);
                BOOST_TEST(map.doppler_cells() == 32u * pad);
                double sum = 0;
                for (int frame = 0; frame < 20; frame++)
                    sum += mean(map_of(map, maker.noise(*grid), reference.data()));
                // Division lets the rare weak elements weigh most: fewer degrees of
                // freedom.
                const double tolerance =
                    window == "flattop" || mode == "division" ? 0.08 : 0.04;
                BOOST_TEST(sum / 20 == 1.0, boost::test_tools::tolerance(tolerance));
            }
}

// On the centre of a cell all elements add in phase: the sum over the elements used, to
// float rounding.
BOOST_AUTO_TEST_CASE(echo_stands_in_its_cell_with_the_power_of_all_elements)
{
    frame_maker maker(2);
    for (const std::string pilots : { "all", "comb", "contiguous" }) {
        const auto grid = ofdm_grid::make(small_grid(pilots));
        for (const int pad : { 1, 2 }) {
            range_doppler_map::parameters p;
            p.pad_delay = p.pad_doppler = pad;
            range_doppler_map map(grid, p);
            BOOST_TEST(map.range_cells() == (pilots == "comb" ? 16u : 64u) * pad);
            const size_t range = 5 * pad, row = (32 / 2 - 7) * pad;
            const echo e{ range * map.delay_step(),
                          -7 * pad * map.doppler_step(),
                          { 0, 2 } };
            const auto rows = maker.echoes(*grid, grid->pilots(), { e });
            const auto powers = map_of(map, rows);
            const auto peak = std::max_element(powers.begin(), powers.end());
            const size_t place = peak - powers.begin();
            BOOST_TEST(place / map.range_cells() == row);
            BOOST_TEST(place % map.range_cells() == range);
            BOOST_TEST(*peak == 4.0f * grid->pilot_indices().size(),
                       boost::test_tools::tolerance(1e-4f));
        }
    }
}

// Division makes a reference of any amplitudes flat: an on-grid echo leaves no power in
// any other cell of a rectangular, unpadded map.
BOOST_AUTO_TEST_CASE(division_leaves_no_sidelobes_of_the_data)
{
    frame_maker maker(3);
    const auto grid = ofdm_grid::make(small_grid("none"));
    const auto reference = maker.qam_reference(*grid);
    range_doppler_map::parameters p;
    p.pilots_only = false;
    p.mode = "division";
    range_doppler_map map(grid, p);
    const auto rows = maker.echoes(*grid, reference, { { 3 * map.delay_step(), 0, 1 } });
    auto powers = map_of(map, rows, reference.data());
    const auto peak = std::max_element(powers.begin(), powers.end());
    const float level = *peak;
    *peak = 0;
    BOOST_TEST(*std::max_element(powers.begin(), powers.end()) < 1e-9f * level);
}

// The transform of the definition, in double precision: float rounding only.
BOOST_AUTO_TEST_CASE(map_equals_the_definition)
{
    frame_maker maker(4);
    auto parameters = small_grid("comb");
    parameters.comb_spacing_time = 2;
    parameters.comb_offset_time = 1;
    parameters.comb_offset_frequency = 3;
    parameters.num_symbols = 15; // odd
    const auto grid = ofdm_grid::make(parameters);
    range_doppler_map::parameters p;
    p.window = "hamming";
    p.pad_delay = 2;
    range_doppler_map map(grid, p);
    const auto rows = maker.noise(*grid);
    const auto powers = map_of(map, rows);
    const auto& pattern = map.pattern();
    const auto wf = make_window("hamming", pattern.subcarriers.span, 0);
    const auto wt = make_window("hamming", pattern.symbols.span, 0);
    double gain = 0;
    for (const float a : wt)
        for (const float b : wf)
            gain += a * a * b * b;
    const int half = map.doppler_cells() / 2;
    for (size_t d = 0; d < map.doppler_cells(); d++)
        for (size_t r = 0; r < map.range_cells(); r += 5) {
            std::complex<double> sum = 0;
            for (size_t i = 0; i < wt.size(); i++)
                for (size_t k = 0; k < wf.size(); k++) {
                    const size_t index =
                        pattern.symbols.place(i) * 64 + pattern.subcarriers.place(k);
                    const double cycles =
                        double(k * r) / map.range_cells() -
                        (int(d) - half) * double(i) / map.doppler_cells();
                    sum += std::complex<double>(rows[index] *
                                                std::conj(grid->pilots()[index])) *
                           double(wf[k] * wt[i]) * std::polar(1.0, 2 * M_PI * cycles);
                }
            BOOST_TEST(std::abs(powers[d * map.range_cells() + r] -
                                std::norm(sum) / gain) < 2e-4);
        }
}

// Echoes taken out of a map leave the map of the rows without them: as near as float
// rounding where nothing may stay, else within the amplitude that may.
BOOST_AUTO_TEST_CASE(echoes_are_taken_out_of_the_map)
{
    frame_maker maker(5);
    const auto grid = ofdm_grid::make(small_grid("all"));
    for (const std::string window : { "rectangular", "hann" })
        for (const int pad : { 1, 2 })
            for (const double negligible : { 0.0, 0.01 }) {
                range_doppler_map::parameters p;
                p.window = window;
                p.pad_delay = p.pad_doppler = pad;
                range_doppler_map map(grid, p);
                const double cell = map.delay_step() * pad;
                const double row = map.doppler_step() * pad;
                const std::vector<echo> echoes = { { 9.3 * cell, 15.6 * row, 1 },
                                                   { 0.2 * cell, -4.1 * row, -0.3 } };
                const auto noise = maker.noise(*grid);
                auto rows = maker.echoes(*grid, grid->pilots(), echoes);
                add(rows, noise);
                const auto expected = map_of(map, noise);
                auto powers = map_of(map, rows);
                map.predict(echoes, 1);
                // What they made of the map: their own power in the cells of a peak.
                const auto peak =
                    std::max_element(powers.begin(), powers.end()) - powers.begin();
                BOOST_TEST(map.predicted(peak / map.range_cells(),
                                         peak % map.range_cells()) == powers[peak],
                           boost::test_tools::tolerance(0.2));
                map.process_less(powers.data(), negligible);
                const double allowed = 1e-3 + echoes.size() * std::sqrt(negligible);
                for (size_t i = 0; i < powers.size(); i++)
                    BOOST_REQUIRE(std::abs(std::sqrt(powers[i]) -
                                           std::sqrt(expected[i])) < allowed);
            }
}

// Whatever the number of threads, also where some have nothing to do, and frame after
// frame: the same values but for rounding, since each thread has plans of its own.
BOOST_AUTO_TEST_CASE(threads_share_a_frame)
{
    frame_maker maker(6);
    for (const std::string pilots : { "all", "comb" }) {
        const auto grid = ofdm_grid::make(small_grid(pilots));
        const auto rows = maker.noise(*grid);
        const std::vector<echo> echoes = { { 1 / grid->sample_rate(), 100, 1 } };
        for (const std::string window : { "rectangular", "hann" }) {
            range_doppler_map::parameters p;
            p.window = window;
            std::vector<float> expected, less;
            for (const int threads : { 1, 2, 3, 64 }) {
                p.threads = threads;
                range_doppler_map map(grid, p);
                for (int frame = 0; frame < 20; frame++) {
                    auto powers = map_of(map, rows);
                    map.predict(echoes, 1);
                    auto left = powers;
                    map.process_less(left.data(), 0);
                    if (threads == 1 && frame == 0) {
                        expected = powers;
                        less = left;
                        BOOST_TEST((less != expected));
                    }
                    for (size_t i = 0; i < powers.size(); i++) {
                        BOOST_REQUIRE_SMALL(powers[i] - expected[i], 1e-3f);
                        BOOST_REQUIRE_SMALL(left[i] - less[i], 1e-3f);
                    }
                }
            }
        }
    }
}

// In pieces of any number of rows, also of none, of which some hold no pilots.
BOOST_AUTO_TEST_CASE(rows_come_one_after_the_other)
{
    frame_maker maker(7);
    auto sparse = small_grid("comb");
    sparse.comb_spacing_time = 3;
    for (const auto& parameters : { small_grid("all"), sparse }) {
        const auto grid = ofdm_grid::make(parameters);
        const auto rows = maker.noise(*grid);
        const size_t n = grid->num_subcarriers(), symbols = grid->num_symbols();
        for (const int threads : { 1, 3 })
            for (const std::string window : { "rectangular", "hann" }) {
                range_doppler_map::parameters p;
                p.threads = threads;
                p.window = window;
                range_doppler_map map(grid, p);
                const auto expected = map_of(map, rows);
                for (const size_t step : { 1, 2, 5, 31, 32 }) {
                    matched_frame frame(grid, map.pattern(), true, threads);
                    map.take(frame, nullptr, nullptr, 0, 0);
                    for (size_t first = 0; first < symbols; first += step) {
                        const size_t count = std::min(step, symbols - first);
                        const std::vector<gr_complex> piece(
                            rows.begin() + first * n, rows.begin() + (first + count) * n);
                        map.take(frame, piece.data(), nullptr, first, count);
                    }
                    std::vector<float> powers(expected.size());
                    BOOST_TEST(map.finish(frame, powers.data()));
                    for (size_t i = 0; i < powers.size(); i++)
                        BOOST_REQUIRE_SMALL(powers[i] - expected[i], 1e-3f);
                }
            }
    }
}

// Of an unweighted and unpadded map, of every symbol's subcarriers or those of a comb.
BOOST_AUTO_TEST_CASE(rows_can_be_had_where_nothing_changed_them)
{
    const auto holds = [](const std::string& pilots, auto change) {
        range_doppler_map::parameters p;
        change(p);
        return range_doppler_map(ofdm_grid::make(small_grid(pilots)), p).holds_rows();
    };
    BOOST_TEST(holds("all", [](auto&) {}));
    BOOST_TEST(holds("comb", [](auto& p) { p.pad_doppler = 2; }));
    BOOST_TEST(!holds("all", [](auto& p) { p.window = "hann"; }));
    BOOST_TEST(!holds("all", [](auto& p) { p.mode = "division"; }));
    BOOST_TEST(!holds("all", [](auto& p) { p.pad_delay = 2; }));
}

BOOST_AUTO_TEST_CASE(empty_reference_is_told)
{
    const auto grid = ofdm_grid::make(small_grid("none"));
    range_doppler_map::parameters p;
    p.pilots_only = false;
    range_doppler_map map(grid, p);
    const std::vector<gr_complex> rows(64 * 32, 1.0f), nothing(64 * 32);
    std::vector<float> powers(64 * 32, 1.0f);
    BOOST_TEST(!map.process(rows.data(), nothing.data(), powers.data()));
    BOOST_TEST(*std::max_element(powers.begin(), powers.end()) == 0.0f);
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    const auto grid = ofdm_grid::make(small_grid("comb"));
    const auto refused = [&](auto change) {
        range_doppler_map::parameters p;
        change(p);
        BOOST_CHECK_THROW(range_doppler_map(grid, p), std::invalid_argument);
    };
    refused([](auto& p) { p.mode = "correlate"; });
    refused([](auto& p) { p.window = "boxcar"; });
    refused([](auto& p) { p.pad_delay = 3; });
    refused([](auto& p) { p.pad_doppler = 0; });
    refused([](auto& p) { p.threads = 0; });
    refused([](auto& p) { p.threads = 65; });
    refused([](auto& p) { p.window = "kaiser", p.window_parameter = -1; });
    BOOST_CHECK_THROW(range_doppler_map(ofdm_grid::make(small_grid("none")), {}),
                      std::invalid_argument);
}
