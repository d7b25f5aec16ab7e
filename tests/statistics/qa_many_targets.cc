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

constexpr size_t TARGETS = 20;
constexpr int DRAWS = 400;
constexpr double PFA = 1e-4;

ofdm_grid::sptr make_grid()
{
    ofdm_grid::parameters p;
    p.fft_len = 256;
    p.cp_len = { 32 };
    p.num_symbols = 128;
    p.pilots = "all";
    return ofdm_grid::make(p);
}

// Places in cells, at least three apart on one axis but for the first two, which are 1.5
// cells apart. 40 dB from the strongest to the weakest: 25 to 65 dB after integration.
struct scene {
    std::vector<double> delay = { 40 }, doppler = { 3 }, power_db = { 45, 35 };

    scene(frame_maker& maker, double apart_delay, double apart_doppler)
    {
        delay.push_back(delay[0] + apart_delay);
        doppler.push_back(doppler[0] + apart_doppler);
        while (delay.size() < TARGETS) {
            const double d = maker.uniform(5, 200), v = maker.uniform(-50, 50);
            bool free = true;
            for (size_t i = 0; i < delay.size(); i++)
                free = free && distance(i, d, v) > 3;
            if (!free)
                continue;
            power_db.push_back(25 + 40.0 * (delay.size() - 2) / (TARGETS - 3));
            delay.push_back(d);
            doppler.push_back(v);
        }
    }

    double distance(size_t i, double d, double v) const
    {
        return std::max(std::abs(delay[i] - d), std::abs(doppler[i] - v));
    }
};

// What the others within 8 cells leave of what is known of each.
std::vector<theory::delay_doppler_bound>
bounds_of(const ofdm_grid& grid, const scene& s, const std::vector<echo>& truth)
{
    std::vector<theory::delay_doppler_bound> bounds;
    for (size_t i = 0; i < truth.size(); i++) {
        std::vector<echo> group = { truth[i] };
        for (size_t j = 0; j < truth.size(); j++)
            if (j != i && s.distance(j, s.delay[i], s.doppler[i]) < 8)
                group.push_back(truth[j]);
        bounds.push_back(joint_bounds(grid, grid.pilots(), group)[0]);
    }
    return bounds;
}

// Of one target: squares of errors and their bounds, summed over the draws.
struct errors {
    double delay = 0, doppler = 0, var_delay = 0, var_doppler = 0;
    int missed = 0;

    double delay_db() const { return 10 * std::log10(delay / var_delay); }
    double doppler_db() const { return 10 * std::log10(doppler / var_doppler); }
};

class experiment
{
public:
    explicit experiment(uint32_t seed, const std::string& kind = "ca")
        : grid(make_grid()), maker(seed), d_noise(seed), d_estimator(grid, options(kind))
    {
    }

    std::vector<errors> run(const scene& s, int draws)
    {
        std::vector<errors> all(TARGETS);
        const echo_fit cells(grid, element_pattern(*grid, true));
        std::vector<theory::delay_doppler_bound> bounds;
        for (int draw = 0; draw < draws; draw++) {
            std::vector<echo> truth;
            for (size_t i = 0; i < TARGETS; i++)
                truth.push_back({ s.delay[i] * cells.delay_cell(),
                                  s.doppler[i] * cells.doppler_cell(),
                                  maker.phase(std::sqrt(std::pow(10, s.power_db[i] / 10) /
                                                        grid->elements().size())) });
            auto rows = maker.echoes(*grid, grid->pilots(), truth);
            d_noise.add(rows.data(), rows.size(), 1.0);
            d_estimator.process(rows.data(), nullptr, d_report);
            // The bounds move with the phases; an average over a tenth of the draws is
            // known to a part in a hundred.
            if (draw % 10 == 0)
                bounds = bounds_of(*grid, s, truth);
            std::vector<bool> taken(d_report.size());
            for (size_t i = 0; i < TARGETS; i++) {
                const size_t found = nearest(truth[i], cells, taken);
                if (found == taken.size()) {
                    all[i].missed++;
                    continue;
                }
                taken[found] = true;
                all[i].delay += std::pow(d_report.delay[found] - truth[i].delay, 2);
                all[i].doppler += std::pow(d_report.doppler[found] - truth[i].doppler, 2);
                all[i].var_delay += bounds[i].var_delay;
                all[i].var_doppler += bounds[i].var_doppler;
            }
            ghosts += static_cast<int>(std::count(taken.begin(), taken.end(), false));
            cells_tested += static_cast<double>(grid->elements().size());
        }
        return all;
    }

    ofdm_grid::sptr grid;
    frame_maker maker;
    int ghosts = 0;
    double cells_tested = 0;

private:
    static target_estimator::parameters options(const std::string& kind)
    {
        target_estimator::parameters p;
        p.detector.kind = kind;
        p.detector.pfa = PFA;
        return p;
    }

    // The detection within half a cell, or as many as there are.
    size_t nearest(const echo& truth,
                   const echo_fit& cells,
                   const std::vector<bool>& taken) const
    {
        size_t best = taken.size();
        double least = 0.5;
        for (size_t j = 0; j < taken.size(); j++) {
            const double away = std::max(
                std::abs(d_report.delay[j] - truth.delay) / cells.delay_cell(),
                std::abs(d_report.doppler[j] - truth.doppler) / cells.doppler_cell());
            if (!taken[j] && away < least) {
                least = away;
                best = j;
            }
        }
        return best;
    }

    gaussian_noise d_noise;
    target_estimator d_estimator;
    detections d_report;
};

} // namespace

// Each is found in each frame, and what else is told stays under the set rate. 400 draws
// know a mean square to 7% = 0.3 dB, so that 1 dB is over three standard errors. Ghosts
// are fewer than cells that alarm: neighbours count as one, and what is fitted must also
// stand over the noise of the whole frame. 2600 are allowed, which count to 2%: the 0.90
// of them that are told stand five standard errors below.
BOOST_AUTO_TEST_CASE(twenty_targets_stand_at_their_joint_bounds)
{
    experiment e(1);
    const std::vector<scene> scenes = { scene(e.maker, 1.5, 0), scene(e.maker, 0, 1.5) };
    for (const auto& s : scenes) {
        double worst_delay = -100, worst_doppler = -100, squares = 0;
        const auto all = e.run(s, DRAWS);
        for (size_t i = 0; i < TARGETS; i++) {
            const auto& of = all[i];
            BOOST_TEST(of.missed == 0);
            BOOST_TEST(of.delay_db() < 1);
            BOOST_TEST(of.doppler_db() < 1);
            worst_delay = std::max(worst_delay, of.delay_db());
            worst_doppler = std::max(worst_doppler, of.doppler_db());
            squares += of.delay / of.var_delay + of.doppler / of.var_doppler;
            if (i < 2)
                BOOST_TEST_MESSAGE("neighbour " << i << ": " << of.delay_db() << " and "
                                                << of.doppler_db()
                                                << " dB over the bound");
        }
        BOOST_TEST_MESSAGE("worst of twenty: delay " << worst_delay << ", Doppler "
                                                     << worst_doppler << " dB; mean "
                                                     << 10 * std::log10(squares / 40));
        // Known to 0.05 dB.
        BOOST_TEST(10 * std::log10(squares / 40) < 0.2);
    }
    BOOST_TEST_MESSAGE(
        "ghosts over false alarms allowed: " << e.ghosts / (PFA * e.cells_tested));
    BOOST_TEST(e.ghosts < PFA * e.cells_tested);
}

// One search of such a map misses 2.5% of them, where strong neighbours fill more of the
// training cells than the rank leaves; later searches find these.
BOOST_AUTO_TEST_CASE(order_statistics_find_each_of_twenty_too)
{
    experiment e(2, "os");
    for (const auto& of : e.run(scene(e.maker, 1.5, 0), 50))
        BOOST_TEST(of.missed == 0);
}
