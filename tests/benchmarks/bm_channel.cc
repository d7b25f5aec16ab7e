/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/echo_scene.h>
#include <gnuradio/isac/channel/echo_synthesizer.h>
#include <gnuradio/random.h>
#include <benchmark/benchmark.h>
#include <vector>

namespace {

using namespace gr::isac;

constexpr size_t SAMPLES = 8192;
constexpr double SAMPLE_RATE = 30.72e6;

// What one target costs a sample is the counter per_target_and_sample.
void echoes(benchmark::State& state)
{
    echo_scene::parameters p;
    p.transmitter = trajectory::make({ 0, 0, 0 });
    p.noise_enabled = false;
    for (int i = 0; i < state.range(0); i++)
        p.targets.push_back(std::make_shared<target>(
            trajectory::make({ 300.0 + 20 * i, 0, 100 },
                             { static_cast<double>(state.range(1)), 0, 0 }),
            0.1));
    echo_scene scene(p);
    scene.begin_frame(0);
    echo_synthesizer synthesizer(SAMPLE_RATE, 1);
    std::vector<gr_complex> in(SAMPLES, gr_complex(1, 0)), out(SAMPLES);
    for (auto _ : state) {
        synthesizer.process(scene, 0, 0, SAMPLES, in.data(), SAMPLES, 0, out.data());
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * SAMPLES);
    state.counters["per_target_and_sample"] = benchmark::Counter(
        static_cast<double>(state.iterations() * SAMPLES * state.range(0)),
        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(echoes)
    ->ArgNames({ "targets", "speed" })
    ->Args({ 1, 20 })
    ->Args({ 4, 20 })
    ->Args({ 16, 20 })
    ->Args({ 1, 500 })
    ->Args({ 16, 500 });

void noise(benchmark::State& state)
{
    gaussian_noise generator(1);
    std::vector<gr_complex> out(SAMPLES);
    for (auto _ : state) {
        generator.add(out.data(), SAMPLES, 1e-20);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetItemsProcessed(state.iterations() * SAMPLES);
}
BENCHMARK(noise);

// GNU Radio's own generator, as its noise sources use it.
void noise_of_gnuradio(benchmark::State& state)
{
    gr::random generator(1);
    std::vector<gr_complex> out(SAMPLES);
    for (auto _ : state) {
        for (auto& sample : out)
            sample += 1e-10f * generator.rayleigh_complex();
        benchmark::DoNotOptimize(out.data());
    }
    state.SetItemsProcessed(state.iterations() * SAMPLES);
}
BENCHMARK(noise_of_gnuradio);

} // namespace
