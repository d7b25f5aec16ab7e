/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include "support/joint_bound.h"
#include <gnuradio/isac/channel/gaussian_noise.h>
#include <gnuradio/isac/sensing/target_estimator.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <cmath>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

constexpr int DRAWS = 2000;
constexpr double APART = 0.5; // cells
constexpr double POWER_DB = 30;

ofdm_grid::sptr make_grid()
{
    ofdm_grid::parameters p;
    p.fft_len = 128;
    p.cp_len = { 16 };
    p.num_symbols = 32;
    p.pilots = "all";
    return ofdm_grid::make(p);
}

struct outcome {
    int allowed = 0, parted = 0, all_parted = 0;
    double squares = 0; // of errors over their bound, of those parted and allowed

    double share() const { return double(parted) / allowed; }
    double all_share() const { return double(all_parted) / DRAWS; }
    double over_bound_db() const { return 10 * std::log10(squares / (2 * parted)); }
};

// Whether there are just two, each nearer to its own target than to the other.
bool parted(const detections& found, const std::vector<echo>& truth)
{
    if (found.size() != 2)
        return false;
    const auto order = std::minmax(found.delay[0], found.delay[1]);
    const double half = 0.5 * (truth[1].delay - truth[0].delay);
    return std::abs(order.first - truth[0].delay) < half &&
           std::abs(order.second - truth[1].delay) < half;
}

outcome run(uint32_t seed)
{
    const auto grid = make_grid();
    frame_maker maker(seed);
    gaussian_noise noise(seed);
    target_estimator::parameters p;
    p.super_resolution = true;
    target_estimator estimator(grid, p);
    const echo_fit cells(grid, element_pattern(*grid, true));
    const double amplitude =
        std::sqrt(std::pow(10, POWER_DB / 10) / grid->elements().size());
    outcome o;
    detections found;
    for (int draw = 0; draw < DRAWS; draw++) {
        const double delay = maker.uniform(20, 21), doppler = maker.uniform(-8, 8);
        std::vector<echo> truth;
        for (int i = 0; i < 2; i++)
            truth.push_back({ (delay + i * APART) * cells.delay_cell(),
                              doppler * cells.doppler_cell(),
                              maker.phase(amplitude) });
        auto rows = maker.echoes(*grid, grid->pilots(), truth);
        noise.add(rows.data(), rows.size(), 1.0);
        estimator.process(rows.data(), nullptr, found);
        const bool is_parted = parted(found, truth);
        o.all_parted += is_parted;
        const auto bounds = joint_bounds(*grid, grid->pilots(), truth);
        const double most = 0.25 * (truth[1].delay - truth[0].delay);
        if (std::max(bounds[0].var_delay, bounds[1].var_delay) > most * most)
            continue;
        o.allowed++;
        if (!is_parted)
            continue;
        o.parted++;
        const auto order = std::minmax(found.delay[0], found.delay[1]);
        o.squares += std::pow(order.first - truth[0].delay, 2) / bounds[0].var_delay +
                     std::pow(order.second - truth[1].delay, 2) / bounds[1].var_delay;
    }
    return o;
}

} // namespace

// Two targets of one Doppler, half a cell apart, of random phases: where the joint bound
// of each delay is below a quarter of the distance, 95% are parted.
BOOST_AUTO_TEST_CASE(two_targets_within_a_cell_are_parted)
{
    const auto o = run(1);
    BOOST_TEST_MESSAGE("the bound allows " << double(o.allowed) / DRAWS << "; parted "
                                           << o.share() << " of these, " << o.all_share()
                                           << " of all; delays " << o.over_bound_db()
                                           << " dB over the bound");
    BOOST_TEST(o.allowed > DRAWS / 2);
    BOOST_TEST(o.share() > 0.95);
}

// One target, however strong, is taken for two no more often than set for a cell of
// noise.
BOOST_AUTO_TEST_CASE(one_target_stays_one)
{
    const auto grid = make_grid();
    frame_maker maker(2);
    gaussian_noise noise(2);
    constexpr double PFA = 1e-3;
    constexpr int FRAMES = 4000;
    target_estimator::parameters p;
    p.super_resolution = true;
    p.detector.pfa = PFA;
    target_estimator estimator(grid, p);
    const auto& cells = estimator.map();
    detections found;
    int split = 0;
    for (int i = 0; i < FRAMES; i++) {
        const echo truth{ maker.uniform(20, 21) * cells.delay_step(),
                          maker.uniform(-8, 8) * cells.doppler_step(),
                          maker.phase(std::pow(10, maker.uniform(-0.5, 0.5))) };
        auto rows = maker.echoes(*grid, grid->pilots(), { truth });
        noise.add(rows.data(), rows.size(), 1.0);
        estimator.process(rows.data(), nullptr, found);
        int near = 0;
        for (size_t j = 0; j < found.size(); j++)
            near += std::abs(found.delay[j] - truth.delay) < cells.delay_step() &&
                    std::abs(found.doppler[j] - truth.doppler) < cells.doppler_step();
        BOOST_TEST(near >= 1);
        split += near > 1;
    }
    BOOST_TEST_MESSAGE("split: " << split << " of " << FRAMES);
    BOOST_TEST(split < PFA * FRAMES);
}
