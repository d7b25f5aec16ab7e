/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/handover_machine.h>
#include <gnuradio/isac/theory/handover_probability.h>
#include <gnuradio/isac/theory/link_budget.h>
#include <gnuradio/isac/theory/range_crlb.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>
#include <string>

using namespace gr::isac;
using namespace gr::isac::theory;

namespace {

constexpr int DRAWS = 1000000;

// The LAWN scene with 32 antennas, see tests/kernels/qa_closed_forms.cc.
struct scene {
    double distance[2], path_loss[2], variance[2];

    explicit scene(double x)
        : distance{ std::hypot(x + 1000, 175), std::hypot(x - 1000, 175) }
    {
        for (int cell = 0; cell < 2; cell++) {
            path_loss[cell] = path_loss_uma_av(distance[cell], 2e9);
            const double snr_db = 42 + 20 * std::log10(32) -
                                  echo_loss(path_loss[cell], 0.1, 0.15) -
                                  10 * std::log10(50) + 100;
            variance[cell] = range_crlb(
                std::pow(10, snr_db / 10), 200e3, 64, 10, 1, phase_model::published, 3e8);
        }
    }
};

// Share of single decisions, each of a user that cell 0 serves, that hand over.
double measured(const scene& s, const std::string& criterion, int seed)
{
    handover_parameters p;
    p.criterion = criterion;
    p.initial_cell = 0;
    handover_machine machine(2, p);
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    const double shadowing = shadowing_std_uma_av(200);
    int handovers = 0;
    for (int i = 0; i < DRAWS; i++) {
        double rsrp[2], distance[2];
        for (int cell = 0; cell < 2; cell++) {
            rsrp[cell] = -s.path_loss[cell] + shadowing * normal(random);
            distance[cell] =
                s.distance[cell] + std::sqrt(s.variance[cell]) * normal(random);
        }
        handover_machine::measurement m;
        m.rsrp_dbm = rsrp;
        m.distance_m = distance;
        machine.reset();
        handovers += machine.step(0, m).has_value();
    }
    return static_cast<double>(handovers) / DRAWS;
}

// Five standard errors of a share of independent draws: a correct machine fails once in
// two million runs, and the seed is fixed.
void check(double share, double probability)
{
    const double error = std::sqrt(probability * (1 - probability) / DRAWS);
    BOOST_CHECK_SMALL(share - probability, 5 * error);
}

} // namespace

BOOST_AUTO_TEST_CASE(one_decision_hands_over_as_often_as_the_closed_forms_say)
{
    int seed = 1;
    for (const double x : { 0.0, 25.0 }) {
        const scene s(x);
        const double rsrp = handover_probability_rsrp(
            s.path_loss[0], s.path_loss[1], 2, shadowing_std_uma_av(200));
        const double distance = handover_probability_distance(
            s.distance[0], s.distance[1], 50, s.variance[0], s.variance[1]);
        check(measured(s, "rsrp", seed++), rsrp);
        check(measured(s, "distance", seed++), distance);
        check(measured(s, "joint_or", seed++),
              handover_probability_joint(rsrp, distance));
        check(measured(s, "joint_and", seed++), rsrp * distance);
        // The veto takes RSRP's moves to a cell that seems farther by the threshold.
        const double farther = handover_probability_distance(
            s.distance[1], s.distance[0], 50, s.variance[0], s.variance[1]);
        check(measured(s, "joint_veto", seed++),
              distance + rsrp * (1 - distance - farther));
    }
}
