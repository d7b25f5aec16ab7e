/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "../support/echo_frame.h"
#include <gnuradio/isac/sensing/clutter_filter.h>
#include <gnuradio/isac/sensing/range_doppler_map.h>
#include <benchmark/benchmark.h>

// What a clutter filter costs a frame, beside the map that comes after it.

using namespace gr::isac;

namespace {

// What stands still at two delays, and a target.
struct frame {
    explicit frame(const benchmark::State& state)
        : grid(test::data_grid(state.range(0), state.range(1))),
          values(
              *grid,
              { { 0, 0, 1000 }, { 3.3 / grid->sample_rate(), 0, 100 }, { 1e-6, 500, 1 } })
    {
    }
    ofdm_grid::sptr grid;
    test::echo_frame values;
};

void sizes(benchmark::internal::Benchmark* b)
{
    b->Args({ 1024, 256 })->Args({ 4096, 1024 })->Unit(benchmark::kMillisecond);
}

void map(benchmark::State& state)
{
    const frame f(state);
    range_doppler_map::parameters p;
    p.pilots_only = false;
    range_doppler_map kernel(f.grid, p);
    volk::vector<float> powers(kernel.doppler_cells() * kernel.range_cells());
    for (auto _ : state)
        kernel.process(f.values.rows.data(), f.values.sent.data(), powers.data());
}
BENCHMARK(map)->Apply(sizes);

void clutter(benchmark::State& state, const std::string& kind, size_t num_delays)
{
    const frame f(state);
    clutter_filter::parameters p;
    p.kind = kind;
    for (size_t i = 0; i < num_delays; i++)
        p.delays.push_back(static_cast<double>(i) / f.grid->sample_rate());
    clutter_filter filter(f.grid, p);
    for (auto _ : state)
        benchmark::DoNotOptimize(
            filter.process(f.values.rows.data(), f.values.sent.data()));
}
BENCHMARK_CAPTURE(clutter, mean, std::string("mean"), 0)->Apply(sizes);
BENCHMARK_CAPTURE(clutter, mti, std::string("mti"), 0)->Apply(sizes);
BENCHMARK_CAPTURE(clutter, eca_of_4, std::string("eca"), 4)->Apply(sizes);
BENCHMARK_CAPTURE(clutter, eca_of_32, std::string("eca"), 32)->Apply(sizes);

} // namespace
