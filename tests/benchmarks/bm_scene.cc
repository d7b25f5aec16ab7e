/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/three_nodes.h"
#include <gnuradio/isac/channel/echo_synthesizer.h>
#include <gnuradio/isac/channel/scene_budget.h>
#include <gnuradio/isac/channel/scene_paths.h>
#include <benchmark/benchmark.h>
#include <string>
#include <vector>

namespace {

using namespace gr::isac;

constexpr size_t SAMPLES = 8192;
constexpr double SAMPLE_RATE = 30.72e6;

// Every one of some nodes transmits and receives, over some objects. What one path costs
// a sample is the counter per_path_and_sample, to which noise adds its part a receiver.
void streams(benchmark::State& state)
{
    const size_t nodes = state.range(0), objects = state.range(1);
    scene::parameters p;
    scene_paths::parameters all;
    for (size_t i = 0; i < nodes; i++)
        p.nodes.push_back({ "node " + std::to_string(i),
                            trajectory::make({ 100.0 * i, 0, 20 }),
                            antenna_array(16, 1, 90, 0, 0.5),
                            0.5,
                            30,
                            -80 });
    for (size_t i = 0; i < objects; i++)
        p.objects.push_back(
            { "object " + std::to_string(i),
              std::make_shared<target>(
                  trajectory::make({ 20.0 * i, 150, 100 }, { 20, 0, 0 }), 1) });
    for (const auto& node : p.nodes)
        all.transmit.push_back({ node.name, "object 0" });
    all.scene = scene::make(p);
    all.receive = all.transmit;
    all.noise_enabled = state.range(2) != 0;
    scene_paths paths(all);
    paths.begin_frame(0);

    echo_synthesizer synthesizer(SAMPLE_RATE, 1, nodes, nodes);
    const std::vector<gr_complex> in(SAMPLES, gr_complex(1, 0));
    std::vector<std::vector<gr_complex>> out(nodes, std::vector<gr_complex>(SAMPLES));
    const std::vector<const gr_complex*> from(nodes, in.data());
    std::vector<gr_complex*> to;
    for (auto& one : out)
        to.push_back(one.data());
    std::vector<echo_synthesizer::finding> found(nodes);
    for (auto _ : state) {
        synthesizer.process(
            paths, 0, 0, SAMPLES, from.data(), SAMPLES, 0, to.data(), found.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * SAMPLES);
    state.counters["paths"] = paths.num_paths();
    state.counters["per_path_and_sample"] = benchmark::Counter(
        static_cast<double>(state.iterations() * SAMPLES * paths.num_paths()),
        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(streams)
    ->ArgNames({ "nodes", "objects", "noise" })
    ->Args({ 1, 1, 1 })
    ->Args({ 1, 1, 0 })
    ->Args({ 1, 4, 0 })
    ->Args({ 1, 16, 0 })
    ->Args({ 2, 1, 0 })
    ->Args({ 3, 1, 0 })
    ->Args({ 3, 4, 0 })
    ->Args({ 6, 4, 0 });

// Items are configurations: one pair's sensing SINR at one time.
void link_budget(benchmark::State& state, const scene::parameters& p)
{
    const auto s = scene::make(p);
    double time = 1, sum = 0;
    for (auto _ : state) {
        for (size_t tx = 0; tx < 3; tx++)
            for (size_t rx = 0; rx < 3; rx++)
                sum += sense(*s, time, tx, rx).sinr();
        time = time < 120 ? time + 1 : 1;
    }
    benchmark::DoNotOptimize(sum);
    state.SetItemsProcessed(9 * state.iterations());
}
BENCHMARK_CAPTURE(link_budget, behind_walls, test::behind_walls());
BENCHMARK_CAPTURE(link_budget, with_users, test::with_users());

} // namespace
