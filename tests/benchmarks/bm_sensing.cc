/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "../support/echo_frame.h"
#include "transforms_alone.h"
#include "turns.h"
#include <gnuradio/isac/sensing/target_estimator.h>
#include <benchmark/benchmark.h>
#include <vector>

using namespace gr::isac;

namespace {

ofdm_grid::sptr grid_of(const benchmark::State& state)
{
    return test::data_grid(state.range(0), state.range(1));
}

// A frame of one target at 0 dB a resource element, and what was sent.
test::echo_frame frame_of(const ofdm_grid& grid)
{
    return { grid, { { 3.3 / grid.sample_rate(), 500, 1 } } };
}

target_estimator::parameters options(const std::string& kind = "ca")
{
    target_estimator::parameters p;
    p.map.pilots_only = false;
    p.detector.kind = kind;
    return p;
}

void sizes(benchmark::internal::Benchmark* b)
{
    b->Args({ 64, 64 })
        ->Args({ 1024, 256 })
        ->Args({ 4096, 1024 })
        ->Unit(benchmark::kMillisecond);
}

// The last argument is the padding of both axes.
template <int... Values>
void sizes_and(benchmark::internal::Benchmark* b)
{
    for (const int value : { Values... })
        b->Args({ 1024, 256, value })->Args({ 4096, 1024, value });
    b->Unit(benchmark::kMillisecond)->UseRealTime();
}

transforms_alone transforms_of(const benchmark::State& state)
{
    return { static_cast<int>(state.range(0)), static_cast<int>(state.range(1)) };
}

void count_cells(benchmark::State& state)
{
    state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}

void fft_only_limit(benchmark::State& state)
{
    auto transforms = transforms_of(state);
    for (auto _ : state)
        transforms.process();
    count_cells(state);
}
BENCHMARK(fft_only_limit)->Apply(sizes);

// The map of a frame again and again, aligned as the buffers of a flowgraph are.
class frame_map
{
public:
    frame_map(const benchmark::State& state, const range_doppler_map::parameters& p)
        : d_kernel(grid_of(state), p),
          d_powers(d_kernel.doppler_cells() * d_kernel.range_cells())
    {
        const auto f = frame_of(d_kernel.grid());
        d_rows.assign(f.rows.begin(), f.rows.end());
        d_sent.assign(f.sent.begin(), f.sent.end());
    }

    void process() { d_kernel.process(d_rows.data(), d_sent.data(), d_powers.data()); }
    size_t cells() const { return d_powers.size(); }

private:
    range_doppler_map d_kernel;
    volk::vector<gr_complex> d_rows, d_sent;
    volk::vector<float> d_powers;
};

void map_with(benchmark::State& state, const range_doppler_map::parameters& p)
{
    frame_map map(state, p);
    for (auto _ : state)
        map.process();
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(map.cells()));
}

void map(benchmark::State& state) { map_with(state, options().map); }
BENCHMARK(map)->Apply(sizes);

void map_padded(benchmark::State& state)
{
    auto p = options().map;
    p.pad_delay = p.pad_doppler = static_cast<int>(state.range(2));
    map_with(state, p);
}
BENCHMARK(map_padded)->Apply(sizes_and<1, 2, 4>);

// Of a turn. In the first frames caches fill, and threads that slept while the other had
// its turn come to run on CPUs of their own.
constexpr int WARM_UP = 8, FRAMES = 4;

// How many times as long the first takes as the second.
template <typename First, typename Second>
void in_turns(benchmark::State& state, clockid_t clock, First& first, Second& second)
{
    const auto process = [](auto& work, int frames) {
        for (int i = 0; i < frames; i++)
            work.process();
    };
    const auto time = [=](auto& work) {
        process(work, WARM_UP);
        const double start = seconds(clock);
        process(work, FRAMES);
        return (seconds(clock) - start) / FRAMES;
    };
    std::vector<double> ones, others;
    for (auto _ : state) {
        ones.push_back(time(first));
        others.push_back(time(second));
        state.SetIterationTime(others.back());
    }
    state.counters["first_ms"] = 1e3 * least(ones);
    state.counters["second_ms"] = 1e3 * least(others);
    state.counters["ratio"] = least(ones) / least(others);
    state.counters["median_ratio"] = median_ratio(ones, others);
}

void turns(benchmark::internal::Benchmark* b)
{
    b->Args({ 1024, 256 })
        ->Args({ 4096, 1024 })
        ->Unit(benchmark::kMillisecond)
        ->UseManualTime()
        ->Iterations(TURNS);
}

// The map's share of what its transforms allow.
void transforms_over_map(benchmark::State& state)
{
    auto transforms = transforms_of(state);
    frame_map map(state, options().map);
    in_turns(state, CLOCK_THREAD_CPUTIME_ID, transforms, map);
}
BENCHMARK(transforms_over_map)->Apply(turns);

void one_thread_over_two_threads(benchmark::State& state)
{
    auto p = options().map;
    frame_map alone(state, p);
    p.threads = 2;
    frame_map shared(state, p);
    in_turns(state, CLOCK_MONOTONIC, alone, shared);
}
BENCHMARK(one_thread_over_two_threads)->Apply(turns);

// CFAR over a frame's map, every cell of it.
void detect(benchmark::State& state, const std::string& kind)
{
    const auto grid = grid_of(state);
    const auto f = frame_of(*grid);
    const auto p = options(kind);
    range_doppler_map kernel(grid, p.map);
    volk::vector<float> powers(kernel.doppler_cells() * kernel.range_cells());
    kernel.process(f.rows.data(), f.sent.data(), powers.data());
    cfar detector(kernel.doppler_cells(),
                  kernel.range_cells(),
                  p.detector,
                  cell_correlation::of_map(kernel));
    std::vector<map_cell> cells;
    for (auto _ : state)
        detector.process(powers.data(), cells);
    count_cells(state);
}
BENCHMARK_CAPTURE(detect, ca, std::string("ca"))->Apply(sizes);
BENCHMARK_CAPTURE(detect, os, std::string("os"))->Apply(sizes);
BENCHMARK_CAPTURE(detect, osgo, std::string("osgo"))->Apply(sizes);

void estimate(benchmark::State& state)
{
    const auto grid = grid_of(state);
    const auto f = frame_of(*grid);
    target_estimator kernel(grid, options());
    detections report;
    for (auto _ : state)
        kernel.process(f.rows.data(), f.sent.data(), report);
    count_cells(state);
    state.counters["targets"] = static_cast<double>(report.size());
}
BENCHMARK(estimate)->Apply(sizes);

void compensate_motion(benchmark::State& state)
{
    const auto grid = grid_of(state);
    const auto f = frame_of(*grid);
    matched_frame matched(grid, element_pattern(*grid, false), true);
    motion_compensator kernel(grid, matched.pattern());
    volk::vector<gr_complex> room(grid->elements().size());
    for (auto _ : state)
        kernel.process(f.rows.data(), f.sent.data(), matched, room.data());
    count_cells(state);
}
BENCHMARK(compensate_motion)->Apply(sizes);

} // namespace
