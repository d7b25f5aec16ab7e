/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "../../support/echo_frame.h"
#include "../transforms_alone.h"
#include "peer.h"
#include <gnuradio/isac/sensing/cell_correlation.h>
#include <gnuradio/isac/sensing/cfar.h>
#include <gnuradio/isac/sensing/matched_frame.h>
#include <gnuradio/isac/sensing/range_doppler_map.h>
#include <gnuradio/isac/waveform/ofdm_transform.h>
#include <dlfcn.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <stdexcept>

using namespace gr::isac;

namespace {

std::unique_ptr<peer>
make(const char* library, const ofdm_grid& grid, const peer::value* sent)
{
    void* const opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!opened)
        throw std::runtime_error(dlerror());
    auto* const make_peer =
        reinterpret_cast<make_peer_function*>(dlsym(opened, "make_peer"));
    return std::unique_ptr<peer>(
        make_peer(grid.num_subcarriers(), grid.num_symbols(), grid.cp_len(0), sent));
}

// QPSK, as OpenISAC sends.
std::vector<gr_complex> qpsk(const ofdm_grid& grid, test::frame_maker& maker)
{
    std::vector<gr_complex> sent(grid.elements().size());
    for (auto& x : sent)
        x = std::polar(1.0f,
                       static_cast<float>(PI / 2 * int(maker.uniform(0, 4)) + PI / 4));
    return sent;
}

// From rows with subcarriers in ascending order to subcarrier 0 first.
std::vector<gr_complex> in_transform_order(const std::vector<gr_complex>& rows, size_t n)
{
    auto turned = rows;
    for (auto row = turned.begin(); row != turned.end(); row += n)
        std::rotate(row, row + n / 2, row + n);
    return turned;
}

range_doppler_map::parameters like_openisac()
{
    range_doppler_map::parameters p;
    p.pilots_only = false;
    p.window = "hamming";
    return p;
}

cfar::parameters of_kind(const std::string& kind)
{
    cfar::parameters p;
    p.kind = kind;
    return p;
}

// A frame of one echo in noise as samples, and what either makes of it.
class bench
{
public:
    bench(int n, int m)
        : d_grid(test::data_grid(n, m)),
          d_transform(d_grid),
          d_map(d_grid, like_openisac()),
          d_frame(d_grid, d_map.pattern(), false),
          d_samples(d_grid->frame_samples()),
          d_row(n),
          d_powers(d_map.doppler_cells() * d_map.range_cells()),
          d_decibels(d_powers.size()),
          d_ca(m, n, of_kind("ca"), cell_correlation::of_map(d_map)),
          d_os(m, n, of_kind("os"), cell_correlation::of_map(d_map))
    {
        test::frame_maker maker(1);
        const auto sent = qpsk(*d_grid, maker);
        auto rows = maker.echoes(
            *d_grid,
            sent,
            { { 40.3 * d_map.delay_step(), 5.3 * d_map.doppler_step(), 1 } });
        test::add(rows, maker.noise(*d_grid));
        for (size_t i = 0; i < d_grid->num_symbols(); i++)
            d_transform.modulate(i, rows.data() + i * n, samples_of(i));
        d_sent.assign(sent.begin(), sent.end());
        const auto turned = in_transform_order(sent, n);
        d_base_station = make(PEER_BS, *d_grid, turned.data());
        d_user = make(PEER_UE, *d_grid, turned.data());
        map();
        for (auto* other : { d_base_station.get(), d_user.get() }) {
            other->map(d_samples.data());
            if (other->highest() != highest())
                throw std::logic_error("the maps' peaks differ");
        }
    }

    // Row by row, as in a flowgraph.
    void map()
    {
        const size_t n = d_grid->num_subcarriers();
        for (size_t i = 0; i < d_grid->num_symbols(); i++) {
            d_transform.demodulate(samples_of(i) + d_grid->cp_len(i), d_row.data());
            d_map.take(d_frame, d_row.data(), d_sent.data() + i * n, i, 1);
        }
        d_map.finish(d_frame, d_powers.data());
    }

    // What OpenISAC's map ends with.
    void in_decibels()
    {
        const auto cells = static_cast<unsigned int>(d_powers.size());
        volk_32f_log2_32f(d_decibels.data(), d_powers.data(), cells);
        volk_32f_s32f_multiply_32f(
            d_decibels.data(), d_decibels.data(), 10 * std::log10(2.0f), cells);
    }

    void detect_ca() { d_ca.process(d_powers.data(), d_cells); }
    void detect_os() { d_os.process(d_powers.data(), d_cells); }

    peer& base_station() { return *d_base_station; }
    peer& user() { return *d_user; }
    const gr_complex* samples() const { return d_samples.data(); }

private:
    gr_complex* samples_of(size_t symbol)
    {
        return d_samples.data() + d_grid->symbol_start(symbol) - d_grid->cp_len(symbol);
    }

    std::pair<size_t, size_t> highest() const
    {
        const size_t at =
            std::max_element(d_powers.begin(), d_powers.end()) - d_powers.begin();
        return { at / d_map.range_cells(), at % d_map.range_cells() };
    }

    ofdm_grid::sptr d_grid;
    ofdm_transform d_transform;
    range_doppler_map d_map;
    matched_frame d_frame;
    volk::vector<gr_complex> d_samples, d_sent, d_row;
    volk::vector<float> d_powers, d_decibels;
    cfar d_ca, d_os;
    std::vector<map_cell> d_cells;
    std::unique_ptr<peer> d_base_station, d_user;
};

// One for all benchmarks of a size.
bench& bench_of(const benchmark::State& state)
{
    static std::map<std::pair<int, int>, bench> all;
    const auto n = static_cast<int>(state.range(0)), m = static_cast<int>(state.range(1));
    return all.try_emplace({ n, m }, n, m).first->second;
}

void sizes(benchmark::internal::Benchmark* b)
{
    b->Args({ 1024, 100 })
        ->Args({ 1024, 256 })
        ->Args({ 4096, 1024 })
        ->Unit(benchmark::kMillisecond);
}

// From so low a power on every cell is one for its CFAR to look at.
constexpr float NO_LEAST_DB = -300;
// Its default.
constexpr float LEAST_DB = 0;

void fft(benchmark::State& state)
{
    transforms_alone transforms(static_cast<int>(state.range(0)),
                                static_cast<int>(state.range(1)));
    for (auto _ : state)
        transforms.process();
}
BENCHMARK(fft)->Apply(sizes);

// Each figure with what it is the time of.
constexpr struct {
    const char* name;
    void (*run)(bench&);
} FIGURES[] = {
    { "isac_map", [](bench& on) { on.map(); } },
    { "isac_decibels", [](bench& on) { on.in_decibels(); } },
    { "isac_ca", [](bench& on) { on.detect_ca(); } },
    { "isac_os", [](bench& on) { on.detect_os(); } },
    { "openisac_map", [](bench& on) { on.base_station().map(on.samples()); } },
    { "openisac_fast_map", [](bench& on) { on.user().map(on.samples()); } },
    { "openisac_os", [](bench& on) { on.base_station().detect(NO_LEAST_DB); } },
    { "openisac_os_floor", [](bench& on) { on.base_station().detect(LEAST_DB); } },
};

} // namespace

int main(int argc, char** argv)
{
    for (const auto& figure : FIGURES) {
        const auto measure = [run = figure.run](benchmark::State& state) {
            auto& on = bench_of(state);
            for (auto _ : state)
                run(on);
        };
        benchmark::RegisterBenchmark(figure.name, measure)->Apply(sizes);
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
