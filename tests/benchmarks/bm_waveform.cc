/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/fft/fft.h>
#include <gnuradio/isac/waveform/frame_receiver.h>
#include <gnuradio/isac/waveform/ofdm_transform.h>
#include <benchmark/benchmark.h>
#include <fftw3.h>
#include <volk/volk_alloc.hh>
#include <random>

using namespace gr::isac;

namespace {

// Arguments: subcarriers and symbols. QPSK, CP N / 16, comb of every fourth subcarrier.
ofdm_grid::sptr grid_of(const benchmark::State& state)
{
    ofdm_grid::parameters p;
    p.fft_len = static_cast<int>(state.range(0));
    p.cp_len = { p.fft_len / 16 };
    p.num_symbols = static_cast<int>(state.range(1));
    return ofdm_grid::make(p);
}

void report(benchmark::State& state, const ofdm_grid& grid)
{
    state.counters["MS/s"] = benchmark::Counter(
        1e-6 * state.iterations() * grid.frame_samples(), benchmark::Counter::kIsRate);
}

struct frame {
    explicit frame(ofdm_grid::sptr g)
        : grid(g),
          codec(*g),
          mapper(g),
          transform(g),
          payload(codec.capacity()),
          bits(codec.frame_bytes()),
          row(g->num_subcarriers()),
          rows(g->num_subcarriers() * g->num_symbols()),
          samples(g->frame_samples())
    {
        std::mt19937 random(1);
        for (auto& byte : payload)
            byte = static_cast<uint8_t>(random());
    }

    void modulate()
    {
        codec.encode(0, payload.data(), payload.size(), bits.data());
        gr_complex* out = samples.data();
        for (size_t m = 0; m < grid->num_symbols(); m++) {
            mapper.map(m, bits.data(), row.data());
            transform.modulate(m, row.data(), out);
            out += grid->cp_len(m) + grid->num_subcarriers();
        }
    }

    void demodulate()
    {
        for (size_t m = 0; m < grid->num_symbols(); m++)
            transform.demodulate(samples.data() + grid->symbol_start(m),
                                 rows.data() + m * grid->num_subcarriers());
    }

    ofdm_grid::sptr grid;
    frame_codec codec;
    frame_mapper mapper;
    ofdm_transform transform;
    std::vector<uint8_t> payload, bits;
    volk::vector<gr_complex> row, rows, samples;
};

void fft_only(benchmark::State& state)
{
    gr::fft::fft_complex_fwd(1); // sets FFTW up before the first plan, as the module
    const int n = static_cast<int>(state.range(0));
    volk::vector<gr_complex> in(n * state.range(1)), out(n * state.range(1));
    const auto a = reinterpret_cast<fftwf_complex*>(in.data());
    const auto b = reinterpret_cast<fftwf_complex*>(out.data());
    const int count = static_cast<int>(state.range(1));
    const fftwf_plan plan = fftwf_plan_many_dft(
        1, &n, count, a, nullptr, 1, n, b, nullptr, 1, n, FFTW_FORWARD, FFTW_MEASURE);
    for (auto _ : state)
        fftwf_execute(plan);
    fftwf_destroy_plan(plan);
    report(state, *grid_of(state));
}

void encode(benchmark::State& state)
{
    frame f(grid_of(state));
    for (auto _ : state)
        f.codec.encode(0, f.payload.data(), f.payload.size(), f.bits.data());
    report(state, *f.grid);
}

void map_rows(benchmark::State& state)
{
    frame f(grid_of(state));
    for (auto _ : state)
        for (size_t m = 0; m < f.grid->num_symbols(); m++)
            f.mapper.map(m, f.bits.data(), f.row.data());
    report(state, *f.grid);
}

void modulator(benchmark::State& state)
{
    frame f(grid_of(state));
    for (auto _ : state)
        f.modulate();
    report(state, *f.grid);
}

void demodulator(benchmark::State& state)
{
    frame f(grid_of(state));
    f.modulate();
    for (auto _ : state)
        f.demodulate();
    report(state, *f.grid);
}

void estimator(benchmark::State& state)
{
    frame f(grid_of(state));
    f.modulate();
    f.demodulate();
    channel_estimator estimator(f.grid);
    for (auto _ : state)
        benchmark::DoNotOptimize(estimator.estimate(f.rows.data()));
    report(state, *f.grid);
}

void receiver(benchmark::State& state)
{
    frame f(grid_of(state));
    f.modulate();
    f.demodulate();
    frame_receiver receiver(f.grid);
    for (auto _ : state)
        if (!receiver.receive(f.rows.data()).payload.ok)
            state.SkipWithError("the frame did not pass");
    report(state, *f.grid);
}

void sizes(benchmark::internal::Benchmark* b)
{
    b->Args({ 64, 64 })->Args({ 1024, 256 })->Args({ 4096, 1024 });
    b->Unit(benchmark::kMillisecond);
}

BENCHMARK(fft_only)->Apply(sizes);
BENCHMARK(encode)->Apply(sizes);
BENCHMARK(map_rows)->Apply(sizes);
BENCHMARK(modulator)->Apply(sizes);
BENCHMARK(demodulator)->Apply(sizes);
BENCHMARK(estimator)->Apply(sizes);
BENCHMARK(receiver)->Apply(sizes);

} // namespace
