/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "../support/echo_frame.h"
#include "stream_buffers.h"
#include "turns.h"
#include <gnuradio/block_detail.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/range_doppler_estimator.h>
#include <gnuradio/sync_block.h>
#include <gnuradio/top_block.h>
#include <benchmark/benchmark.h>
#include <condition_variable>
#include <pthread.h>
#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

/*
 * The Range-Doppler Estimator in a flowgraph beside its kernel on the same frames, in one
 * run: CPU time of the block's thread, with the scheduler's part in it, and the kernel's.
 * The two take turns; `rate` is the ratio of their least times.
 */

using namespace gr::isac;

namespace {

constexpr size_t FRAMES = 4; // that come round

// Frames of one target at 0 dB a resource element, and what was sent.
struct recording {
    recording(const ofdm_grid::sptr& grid, bool pilots_only) : grid(grid)
    {
        test::frame_maker maker(1);
        for (size_t i = 0; i < FRAMES; i++) {
            const auto x = pilots_only ? grid->pilots() : maker.qam_reference(*grid);
            auto y = maker.echoes(*grid, x, { { 3.3 / grid->sample_rate(), 500, 1 } });
            test::add(y, maker.noise(*grid));
            sent.insert(sent.end(), x.begin(), x.end());
            rows.insert(rows.end(), y.begin(), y.end());
        }
    }
    ofdm_grid::sptr grid;
    std::vector<gr_complex> rows, sent;
};

// Rows and what was sent, as many frames as are granted, in buffers as wide as Modulator
// and Demodulator ask for.
class replay : public gr::sync_block
{
public:
    replay(const recording& frames, int outputs)
        : gr::sync_block(
              "replay",
              gr::io_signature::make(0, 0, 0),
              gr::io_signature::make(
                  outputs,
                  outputs,
                  static_cast<int>(sizeof(gr_complex) * frames.grid->num_subcarriers()))),
          d_frames(frames),
          d_items(FRAMES * frames.grid->num_symbols())
    {
        for (int port = 0; port < outputs; port++)
            ask_for_wide_buffer(
                *this, port, *frames.grid, frames.grid->num_subcarriers());
    }

    void grant(size_t frames)
    {
        {
            const std::lock_guard<std::mutex> lock(d_mutex);
            d_left += frames * d_frames.grid->num_symbols();
        }
        d_granted.notify_one();
    }

    int work(int noutput_items,
             gr_vector_const_void_star&,
             gr_vector_void_star& output_items) override
    {
        std::unique_lock<std::mutex> lock(d_mutex);
        if (!d_granted.wait_for(
                lock, std::chrono::milliseconds(50), [this] { return d_left > 0; }))
            return 0;
        const size_t n = d_frames.grid->num_subcarriers();
        const size_t count =
            std::min({ static_cast<size_t>(noutput_items), d_items - d_next, d_left });
        d_left -= count;
        lock.unlock();
        const auto put = [&](const std::vector<gr_complex>& from, void* to) {
            std::copy_n(
                from.data() + d_next * n, count * n, static_cast<gr_complex*>(to));
        };
        put(d_frames.rows, output_items[0]);
        if (output_items.size() > 1)
            put(d_frames.sent, output_items[1]);
        d_next = (d_next + count) % d_items;
        return static_cast<int>(count);
    }

private:
    const recording& d_frames;
    const size_t d_items;
    size_t d_next = 0;
    std::mutex d_mutex;
    std::condition_variable d_granted;
    size_t d_left = 0;
};

// Takes frames, and tells the CPU time that they took.
class kernel_alone
{
public:
    kernel_alone(const target_estimator::parameters& p, const recording& frames)
        : d_frames(frames), d_kernel(frames.grid, p)
    {
    }

    double process(size_t frames)
    {
        const size_t elements = d_frames.grid->elements().size();
        const bool pilots_only = d_kernel.params().map.pilots_only;
        const double start = seconds(CLOCK_THREAD_CPUTIME_ID);
        for (size_t i = 0; i < frames; i++) {
            const size_t at = d_next++ % FRAMES * elements;
            d_kernel.process(d_frames.rows.data() + at,
                             pilots_only ? nullptr : d_frames.sent.data() + at,
                             d_report);
        }
        return seconds(CLOCK_THREAD_CPUTIME_ID) - start;
    }

private:
    const recording& d_frames;
    target_estimator d_kernel;
    detections d_report;
    size_t d_next = 0;
};

class block_in_flowgraph
{
public:
    block_in_flowgraph(const target_estimator::parameters& p, const recording& frames)
        : d_rows(frames.grid->num_symbols()),
          d_top(gr::make_top_block("bm_estimator_block"))
    {
        range_doppler_estimator_parameters given;
        given.reference = p.map.pilots_only ? "pilots" : "rows";
        given.estimator = p;
        const int inputs = p.map.pilots_only ? 1 : 2;
        d_source = gnuradio::make_block_sptr<replay>(frames, inputs);
        d_block = range_doppler_estimator::make(frames.grid, given);
        for (int port = 0; port < inputs; port++)
            d_top->connect(d_source, port, d_block, port);
        d_top->start();
    }

    ~block_in_flowgraph()
    {
        d_top->stop();
        d_top->wait();
    }

    double process(size_t frames)
    {
        clockid_t clock;
        pthread_getcpuclockid(d_block->detail()->thread, &clock);
        const double start = seconds(clock);
        d_source->grant(frames);
        d_granted += frames;
        // Rows of a last frame that was processed are read, but one that waits for the
        // end of the references.
        while (d_block->nitems_read(0) < d_granted * d_rows)
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        return seconds(clock) - start;
    }

private:
    uint64_t d_rows;
    uint64_t d_granted = 0;
    gr::top_block_sptr d_top;
    std::shared_ptr<replay> d_source;
    range_doppler_estimator::sptr d_block;
};

void estimator(benchmark::State& state, bool pilots_only)
{
    ofdm_grid::parameters g;
    g.fft_len = static_cast<int>(state.range(0));
    g.num_symbols = static_cast<int>(state.range(1));
    g.cp_len = { g.fft_len / 8 };
    g.pilots = pilots_only ? "comb" : "none";
    const auto grid = ofdm_grid::make(g);
    const recording frames(grid, pilots_only);
    target_estimator::parameters p;
    p.map.pilots_only = pilots_only;
    kernel_alone kernel(p, frames);
    block_in_flowgraph block(p, frames);
    const size_t count = std::max<size_t>(FRAMES, (1 << 20) / grid->elements().size());
    kernel.process(count);
    block.process(count);
    std::vector<double> alone, inside;
    for (auto _ : state) {
        alone.push_back(kernel.process(count) / static_cast<double>(count));
        inside.push_back(block.process(count) / static_cast<double>(count));
        state.SetIterationTime(inside.back());
    }
    state.counters["kernel_ms"] = 1e3 * least(alone);
    state.counters["block_ms"] = 1e3 * least(inside);
    state.counters["rate"] = least(alone) / least(inside); // 1: the kernel's
    state.counters["median_ratio"] = median_ratio(alone, inside);
}

void sizes(benchmark::internal::Benchmark* b)
{
    b->Args({ 64, 64 })
        ->Args({ 1024, 256 })
        ->Args({ 4096, 1024 })
        ->Unit(benchmark::kMillisecond)
        ->UseManualTime()
        ->Iterations(TURNS);
}
BENCHMARK_CAPTURE(estimator, rows, false)->Apply(sizes);
BENCHMARK_CAPTURE(estimator, pilots, true)->Apply(sizes);

} // namespace
