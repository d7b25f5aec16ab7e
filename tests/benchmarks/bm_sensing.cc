/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "../support/echo_frame.h"
#include <gnuradio/fft/fft.h>
#include <gnuradio/isac/sensing/target_estimator.h>
#include <benchmark/benchmark.h>
#include <fftw3.h>
#include <cstring>

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

// The last argument: threads, or the padding of both axes.
template <int... Values>
void sizes_and(benchmark::internal::Benchmark* b)
{
    for (const int value : { Values... })
        b->Args({ 1024, 256, value })->Args({ 4096, 1024, value });
    b->Unit(benchmark::kMillisecond)->UseRealTime();
}

void count_cells(benchmark::State& state)
{
    state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}

// The transforms alone, contiguous: no map can be faster.
void fft_only_limit(benchmark::State& state)
{
    const int n = static_cast<int>(state.range(0)), m = static_cast<int>(state.range(1));
    const size_t cells = static_cast<size_t>(n) * m;
    gr::fft::fft_complex_fwd(1); // sets FFTW up before the first plan, as the module does
    fftwf_complex* data = fftwf_alloc_complex(cells);
    fftwf_plan rows = fftwf_plan_many_dft(
        1, &n, m, data, nullptr, 1, n, data, nullptr, 1, n, FFTW_BACKWARD, FFTW_MEASURE);
    fftwf_plan columns = fftwf_plan_many_dft(
        1, &m, n, data, nullptr, 1, m, data, nullptr, 1, m, FFTW_FORWARD, FFTW_MEASURE);
    std::memset(data, 0, cells * sizeof(fftwf_complex));
    for (auto _ : state) {
        fftwf_execute(rows);
        fftwf_execute(columns);
        benchmark::ClobberMemory();
    }
    count_cells(state);
    fftwf_destroy_plan(rows);
    fftwf_destroy_plan(columns);
    fftwf_free(data);
}
BENCHMARK(fft_only_limit)->Apply(sizes);

void map_with(benchmark::State& state, const range_doppler_map::parameters& p)
{
    const auto grid = grid_of(state);
    const auto f = frame_of(*grid);
    range_doppler_map kernel(grid, p);
    volk::vector<float> powers(kernel.doppler_cells() * kernel.range_cells());
    for (auto _ : state)
        kernel.process(f.rows.data(), f.sent.data(), powers.data());
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(powers.size()));
}

void map(benchmark::State& state) { map_with(state, options().map); }
BENCHMARK(map)->Apply(sizes);

void map_threads(benchmark::State& state)
{
    auto p = options().map;
    p.threads = static_cast<int>(state.range(2));
    map_with(state, p);
}
BENCHMARK(map_threads)->Apply(sizes_and<1, 2>);

void map_padded(benchmark::State& state)
{
    auto p = options().map;
    p.pad_delay = p.pad_doppler = static_cast<int>(state.range(2));
    map_with(state, p);
}
BENCHMARK(map_padded)->Apply(sizes_and<1, 2, 4>);

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
    for (auto _ : state)
        kernel.process(f.rows.data(), f.sent.data(), matched);
    count_cells(state);
}
BENCHMARK(compensate_motion)->Apply(sizes);

} // namespace
