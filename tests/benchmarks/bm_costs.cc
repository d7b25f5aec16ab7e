/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

// What a frame costs the map and the estimator against each of what it depends on; the
// curves of docs/benchmarks.md.

#include "../support/echo_frame.h"
#include <gnuradio/isac/sensing/target_estimator.h>
#include <benchmark/benchmark.h>

using namespace gr::isac;

namespace {

// The arguments of all: subcarriers, symbols, targets, padding of both axes, threads.
const std::vector<std::string> NAMES = {
    "subcarriers", "symbols", "targets", "padding", "threads"
};

ofdm_grid::sptr grid_of(const benchmark::State& state)
{
    return test::data_grid(state.range(0), state.range(1));
}

target_estimator::parameters options_of(const benchmark::State& state)
{
    target_estimator::parameters p;
    p.map.pilots_only = false;
    p.map.pad_delay = p.map.pad_doppler = static_cast<int>(state.range(3));
    p.map.threads = static_cast<int>(state.range(4));
    p.detector.pfa = 1e-10; // that targets are those sent, and no false alarms
    p.max_targets = 64;
    return p;
}

// Targets between cells, many cells apart, each 30 dB after integration.
test::echo_frame frame_of(const ofdm_grid& grid, int64_t targets)
{
    test::frame_maker maker(2);
    const double elements = static_cast<double>(grid.elements().size());
    std::vector<echo> echoes;
    for (int64_t i = 0; i < targets; i++)
        echoes.push_back(
            { (0.1 + 0.8 * (i + 0.5) / targets) / grid.subcarrier_spacing(),
              (std::fmod(0.5 + i * 0.382, 0.8) - 0.4) / grid.symbol_duration(),
              maker.phase(std::sqrt(1000 / elements)) });
    return { grid, echoes };
}

void map(benchmark::State& state)
{
    const auto grid = grid_of(state);
    const auto f = frame_of(*grid, state.range(2));
    range_doppler_map kernel(grid, options_of(state).map);
    volk::vector<float> powers(kernel.doppler_cells() * kernel.range_cells());
    for (auto _ : state)
        kernel.process(f.rows.data(), f.sent.data(), powers.data());
}

void estimator(benchmark::State& state)
{
    const auto grid = grid_of(state);
    const auto f = frame_of(*grid, state.range(2));
    target_estimator kernel(grid, options_of(state));
    detections report;
    for (auto _ : state)
        kernel.process(f.rows.data(), f.sent.data(), report);
    state.counters["found"] = static_cast<double>(report.size());
}

void curves(benchmark::internal::Benchmark* b)
{
    b->ArgNames(NAMES)->Unit(benchmark::kMillisecond)->UseRealTime();
    for (const int subcarriers : { 64, 128, 256, 512, 1024, 2048, 4096, 8192 })
        b->Args({ subcarriers, 256, 1, 1, 1 });
    for (const int symbols : { 16, 32, 64, 128, 512, 1024, 2048 })
        b->Args({ 1024, symbols, 1, 1, 1 });
    for (const int padding : { 2, 4 })
        b->Args({ 1024, 256, 1, padding, 1 });
    for (const int threads : { 1, 2 })
        b->Args({ 4096, 1024, 1, 1, threads });
}

void curves_of_targets(benchmark::internal::Benchmark* b)
{
    curves(b);
    for (const int targets : { 0, 2, 4, 8, 16, 32 })
        b->Args({ 1024, 256, targets, 1, 1 });
}

BENCHMARK(map)->Apply(curves);
BENCHMARK(estimator)->Apply(curves_of_targets);

} // namespace
