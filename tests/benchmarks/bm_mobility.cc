/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/handover_machine.h>
#include <benchmark/benchmark.h>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace gr::isac;

// Steps a second of one machine, by cells; noise around equal cells keeps it handing
// over.
void handover_step(benchmark::State& state, const std::string& criterion)
{
    const size_t cells = state.range(0);
    constexpr size_t steps = 4096;
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    std::vector<double> rsrp(cells * steps), distance(cells * steps), sinr(cells * steps);
    for (size_t i = 0; i < rsrp.size(); i++) {
        rsrp[i] = -80 + 2 * normal(random);
        distance[i] = 1000 + 20 * normal(random);
        sinr[i] = 5 * normal(random);
    }
    handover_parameters p;
    p.criterion = criterion;
    p.l3_coefficient = 0.5;
    p.time_to_trigger = 0.16;
    handover_machine machine(cells, p);
    double time = 0;
    size_t i = 0;
    for (auto _ : state) {
        handover_machine::measurement m;
        m.rsrp_dbm = &rsrp[i * cells];
        m.distance_m = &distance[i * cells];
        m.sinr_db = &sinr[i * cells];
        benchmark::DoNotOptimize(machine.step(time, m));
        time += 0.1;
        i = (i + 1) % steps;
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(handover_step, rsrp, "rsrp")->Arg(2)->Arg(32);
BENCHMARK_CAPTURE(handover_step, joint_veto, "joint_veto")->Arg(2)->Arg(32);

} // namespace
