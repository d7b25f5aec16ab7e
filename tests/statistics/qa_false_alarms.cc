/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/gaussian_noise.h>
#include <gnuradio/isac/sensing/cfar.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

using namespace gr::isac;

namespace {

ofdm_grid::sptr grid_of(double pilot_share = 1, int guards = 0)
{
    ofdm_grid::parameters p;
    p.fft_len = 1024;
    p.num_symbols = 256;
    p.cp_len = { 64 };
    p.pilots = pilot_share < 1 ? "contiguous" : "all";
    p.pilot_share = pilot_share;
    p.guard_low = p.guard_high = guards;
    return ofdm_grid::make(p);
}

struct rate {
    double ratio; // alarms over those expected
    double error; // standard error of that, from the spread between frames
};

std::vector<rate> measure(const ofdm_grid::sptr& grid,
                          const range_doppler_map::parameters& p,
                          const std::vector<cfar::parameters>& detectors,
                          int frames,
                          uint64_t seed,
                          const cell_correlation* told = nullptr)
{
    gaussian_noise noise(seed);
    range_doppler_map map(grid, p);
    const size_t cells = map.doppler_cells() * map.range_cells();
    const auto correlation = told ? *told : cell_correlation::of_map(map);
    std::vector<std::unique_ptr<cfar>> kernels;
    for (const auto& d : detectors)
        kernels.push_back(std::make_unique<cfar>(
            map.doppler_cells(), map.range_cells(), d, correlation));
    std::vector<double> sum(detectors.size()), squares(detectors.size());
    volk::vector<gr_complex> rows(grid->elements().size());
    volk::vector<float> powers(cells);
    std::vector<map_cell> detected;
    for (int frame = 0; frame < frames; frame++) {
        std::fill(rows.begin(), rows.end(), gr_complex(0, 0));
        noise.add(rows.data(), rows.size(), 1);
        map.process(rows.data(), nullptr, powers.data());
        for (size_t i = 0; i < kernels.size(); i++) {
            kernels[i]->process(powers.data(), detected);
            const double ratio = detected.size() / (detectors[i].pfa * cells);
            sum[i] += ratio / frames;
            squares[i] += ratio * ratio / frames;
        }
    }
    std::vector<rate> rates;
    for (size_t i = 0; i < sum.size(); i++) {
        rates.push_back(
            { sum[i], std::sqrt((squares[i] - sum[i] * sum[i]) / (frames - 1)) });
        BOOST_TEST_MESSAGE(detectors[i].kind << " at " << detectors[i].pfa << ": "
                                             << rates[i].ratio << " +- "
                                             << rates[i].error);
    }
    return rates;
}

std::vector<cfar::parameters> detectors(const std::vector<double>& pfas)
{
    std::vector<cfar::parameters> list;
    for (const std::string kind : { "ca", "os", "osgo" })
        for (const double pfa : pfas) {
            list.emplace_back();
            list.back().kind = kind;
            list.back().pfa = pfa;
        }
    return list;
}

} // namespace

// 4.2e7 independent cells: 4200 alarms at 1e-4. Windows that share training cells add to
// their spread: between frames it shows a standard error of 1.5%, 5% is three of them.
BOOST_AUTO_TEST_CASE(independent_cells_alarm_as_often_as_set)
{
    for (const auto& r : measure(grid_of(), {}, detectors({ 1e-2, 1e-3, 1e-4 }), 160, 21))
        BOOST_TEST(std::abs(r.ratio - 1) < 0.05);
}

// 4.2e8 cells: 420 alarms, a standard error of 5%.
BOOST_AUTO_TEST_CASE(rare_alarms_are_as_rare_as_set)
{
    for (const auto& r : measure(grid_of(), {}, detectors({ 1e-6 }), 1600, 22))
        BOOST_TEST(std::abs(r.ratio - 1) < 0.25);
}

// Windows, padding, contiguous pilots and unused subcarriers correlate the cells with
// each other and, by the tails of a rectangle's line, with the cell under test. Textbook
// thresholds for as many training cells alarm up to 14 times as often. At 1e-4 the
// standard errors are up to 1.7%.
BOOST_AUTO_TEST_CASE(correlated_cells_alarm_as_often_as_set)
{
    struct {
        const char* window;
        int pad, frames;
        double share;
        int guards;
    } const cases[] = { { "rectangular", 2, 160, 1, 0 },
                        { "hann", 1, 480, 1, 0 },
                        { "hann", 2, 240, 1, 0 },
                        { "rectangular", 1, 320, 0.4, 0 },
                        { "rectangular", 1, 240, 1, 150 } };
    for (const auto& c : cases) {
        range_doppler_map::parameters p;
        p.window = c.window;
        p.pad_delay = p.pad_doppler = c.pad;
        BOOST_TEST_MESSAGE(c.window << ", padding " << c.pad << ", pilots " << c.share
                                    << ", guards " << c.guards);
        for (const auto& r : measure(
                 grid_of(c.share, c.guards), p, detectors({ 1e-3, 1e-4 }), c.frames, 23))
            BOOST_TEST(std::abs(r.ratio - 1) < 0.05);
    }
}

// 16 training cells along delay, beyond the line of the cell under test: taken for
// independent they alarm 2.2, 1.8 and 13.7 times as often as set. Of a bare map too its
// correlation's length puts that right. The standard errors are up to 0.9%.
BOOST_AUTO_TEST_CASE(few_training_cells_show_what_correlation_does)
{
    cfar::parameters few;
    few.kind = "ca";
    few.pfa = 1e-3;
    few.training_delay = 8;
    few.guard_doppler = few.training_doppler = 0;
    struct {
        const char* window;
        int pad, guard, frames;
        double textbook; // alarms over those set, at least
    } const cases[] = { { "hann", 1, 2, 160, 2 },
                        { "rectangular", 2, 2, 80, 1.7 },
                        { "hann", 4, 8, 40, 12 } };
    const cell_correlation independent;
    for (const auto& c : cases) {
        range_doppler_map::parameters p;
        p.window = c.window;
        p.pad_delay = p.pad_doppler = c.pad;
        few.guard_delay = c.guard;
        BOOST_TEST_MESSAGE(c.window << ", padding " << c.pad);
        const auto of = [&](const cell_correlation* told) {
            return measure(grid_of(), p, { few }, c.frames, 24, told).front().ratio;
        };
        BOOST_TEST(of(&independent) > c.textbook);
        BOOST_TEST(std::abs(of(nullptr) - 1) < 0.05);
        if (std::string(c.window) == "rectangular") {
            const auto lengths = cell_correlation::of_lengths(c.pad, c.pad);
            BOOST_TEST(std::abs(of(&lengths) - 1) < 0.05);
        }
    }
}

// Clutter 20 dB above the noise fills half of the map, along delay or along Doppler,
// where it ends at both ends. In its outermost lines half of the training cells are
// noise: the order statistic of the default's rank still comes out of the clutter, the
// mean does not, and two quadrants know of clutter alone. What a cell alarms with follows
// from its threshold; 40 maps give each line 5120 thresholds. Two quadrants without the
// other two alarm 1.9 and 4.4 times as often, by their closed form.
BOOST_AUTO_TEST_CASE(order_statistics_stay_within_a_decade_at_a_clutter_edge)
{
    constexpr size_t SIZE = 128, EDGE = 64, MAPS = 40;
    std::mt19937 engine(24);
    std::exponential_distribution<float> cell(1);
    std::vector<float> map(SIZE * SIZE), thresholds(map.size());
    std::vector<map_cell> detected;
    const auto worst = [&](const std::string& kind, double pfa, bool along_doppler) {
        cfar::parameters p;
        p.kind = kind;
        p.pfa = pfa;
        cfar detector(SIZE, SIZE, p, {});
        const auto line = [&](size_t i) { return along_doppler ? i / SIZE : i % SIZE; };
        std::vector<double> alarms(SIZE);
        for (size_t i = 0; i < MAPS; i++) {
            for (size_t j = 0; j < map.size(); j++)
                map[j] = cell(engine) * (line(j) < EDGE ? 1.0f : 100.0f);
            detector.process(map.data(), detected, thresholds.data());
            for (size_t j = 0; j < map.size(); j++)
                alarms[line(j)] += std::exp(-thresholds[j] / (line(j) < EDGE ? 1 : 100)) /
                                   (p.pfa * SIZE * MAPS);
        }
        const double most = *std::max_element(alarms.begin(), alarms.end());
        BOOST_TEST_MESSAGE(kind << " at " << pfa << ", edge along "
                                << (along_doppler ? "Doppler: " : "delay: ") << most
                                << " times as often");
        return most;
    };
    for (const bool along_doppler : { false, true }) {
        BOOST_TEST(worst("ca", 1e-3, along_doppler) > 15);
        BOOST_TEST(worst("os", 1e-3, along_doppler) < 10);
        for (const double pfa : { 1e-3, 1e-6 })
            BOOST_TEST(worst("osgo", pfa, along_doppler) < 10);
    }
}
