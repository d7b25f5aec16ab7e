/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include <gnuradio/isac/channel/echo_scene.h>
#include <gnuradio/isac/channel/echo_synthesizer.h>
#include <gnuradio/isac/echo_channel.h>
#include <gnuradio/isac/ofdm_demodulator.h>
#include <gnuradio/isac/ofdm_modulator.h>
#include <gnuradio/isac/ofdm_receiver.h>
#include <gnuradio/isac/range_doppler_estimator.h>
#include <gnuradio/isac/sensing/clutter_filter.h>
#include <gnuradio/isac/sensing/map_detector.h>
#include <gnuradio/isac/sensing/map_integrator.h>
#include <gnuradio/isac/sensing/target_estimator.h>
#include <gnuradio/isac/waveform/frame_mapper.h>
#include <gnuradio/isac/waveform/frame_receiver.h>
#include <gnuradio/isac/waveform/ofdm_transform.h>
#include <gnuradio/top_block.h>
#include <pmt/pmt.h>
#include <volk/volk_alloc.hh>
#include <boost/test/unit_test.hpp>
#include <atomic>
#include <cerrno>
#include <cstddef>

// What kernels and blocks allocate once they run. Every allocation ends in malloc() and
// its kin, which this program puts its own in front of: those of all libraries and
// threads are counted. A sanitizer has put its own there already, and the GNU C library's
// are needed behind.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ISAC_COUNTS_ALLOCATIONS

namespace {
std::atomic<size_t> allocations{ 0 };
}

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void* calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void* realloc(void* old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}

void* memalign(size_t alignment, size_t size)
{
    allocations++;
    return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size)
{
    allocations++;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void** out, size_t alignment, size_t size)
{
    allocations++;
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}
}
#endif

#ifdef ISAC_COUNTS_ALLOCATIONS

using namespace gr::isac;

namespace {

ofdm_grid::sptr grid_of(int n, int m, const std::string& pilots = "comb")
{
    ofdm_grid::parameters p;
    p.fft_len = n;
    p.cp_len = { n / 4 };
    p.num_symbols = m;
    p.subcarrier_spacing = 60e3;
    p.pilots = pilots;
    return ofdm_grid::make(p);
}

constexpr size_t FRAMES = 8;

// Of a last round, after some in which buffers may grow and change places.
template <typename F>
size_t allocated(F call)
{
    for (size_t i = 0; i < 4 * FRAMES; i++)
        call(i % FRAMES);
    const size_t before = allocations;
    for (size_t i = 0; i < FRAMES; i++)
        call(i);
    return allocations - before;
}

// Eight frames with echoes, and what was sent.
struct recording {
    recording(const ofdm_grid::sptr& grid, size_t targets)
    {
        test::frame_maker maker(7);
        sent = maker.qam_reference(*grid);
        const double cell = 1 / grid->sample_rate();
        const double row = 1 / (grid->num_symbols() * grid->symbol_duration());
        for (size_t f = 0; f < FRAMES; f++) {
            std::vector<echo> echoes;
            for (size_t i = 0; i < targets; i++)
                echoes.push_back(
                    { (3.3 + 5 * i) * cell, (4.4 * i - 8) * row, maker.phase(2) });
            frames.push_back(maker.echoes(*grid, sent, echoes));
            test::add(frames.back(), maker.noise(*grid));
        }
    }
    std::vector<gr_complex> sent;
    std::vector<std::vector<gr_complex>> frames;
};

target_estimator::parameters estimator_of(const std::string& kind)
{
    target_estimator::parameters p;
    p.map.pilots_only = false;
    p.detector.kind = kind;
    p.detector.pfa = 1e-9; // no false alarms
    return p;
}

size_t allocated_estimating(const ofdm_grid::sptr& grid,
                            const recording& r,
                            const target_estimator::parameters& p)
{
    target_estimator kernel(grid, p);
    detections report;
    return allocated(
        [&](size_t i) { kernel.process(r.frames[i].data(), r.sent.data(), report); });
}

} // namespace

BOOST_AUTO_TEST_CASE(allocations_are_counted)
{
    [[maybe_unused]] static const void* volatile kept;
    const auto count = [](auto make) {
        return allocated([&](size_t) { kept = make().data(); });
    };
    BOOST_CHECK_EQUAL(count([] { return std::vector<int>(1000); }), FRAMES);
    BOOST_CHECK_EQUAL(count([] { return volk::vector<float>(1000); }), FRAMES);
    // In another library.
    BOOST_CHECK_GE(
        count([] { return pmt::f64vector_elements(pmt::make_f64vector(9, 0)); }), FRAMES);
}

BOOST_AUTO_TEST_CASE(maps_and_detectors_allocate_nothing)
{
    const auto grid = grid_of(64, 64);
    const recording r(grid, 3);
    for (const auto* window : { "rectangular", "hann" }) {
        range_doppler_map::parameters p;
        p.pilots_only = false;
        p.window = window;
        p.pad_delay = p.pad_doppler = 2;
        range_doppler_map map(grid, p);
        volk::vector<float> powers(map.doppler_cells() * map.range_cells());
        BOOST_CHECK_EQUAL(allocated([&](size_t i) {
                              map.process(
                                  r.frames[i].data(), r.sent.data(), powers.data());
                          }),
                          0u);
        for (const auto* kind : { "ca", "os", "osgo" }) {
            cfar::parameters c;
            c.kind = kind;
            c.pfa = 1e-3;
            cfar detector(
                map.doppler_cells(), map.range_cells(), c, cell_correlation::of_map(map));
            std::vector<map_cell> cells;
            cells.reserve(powers.size());
            BOOST_CHECK_EQUAL(allocated([&](size_t) {
                                  detector.process(powers.data(), cells);
                                  detector.keep_peaks(powers.data(), cells);
                              }),
                              0u);
        }
    }
}

BOOST_AUTO_TEST_CASE(mean_maps_allocate_nothing)
{
    const auto grid = grid_of(64, 64);
    for (const size_t targets : { 0, 3 }) {
        const recording r(grid, targets);
        map_detector::parameters p;
        p.map.pilots_only = false;
        p.map.pad_delay = p.map.pad_doppler = 2;
        p.detector.looks = 4;
        range_doppler_map map(grid, p.map);
        map_detector detector(grid, p);
        volk::vector<float> powers(map.doppler_cells() * map.range_cells());
        map_integrator integrator(powers.size(), { 1, 4, 2 });
        const std::vector<const float*> maps = { powers.data() };
        detections report;
        uint64_t number = 0;
        BOOST_CHECK_EQUAL(allocated([&](size_t i) {
                              map.process(
                                  r.frames[i].data(), r.sent.data(), powers.data());
                              if (integrator.add(maps, number++, 0))
                                  detector.process(integrator.mean(), report);
                          }),
                          0u);
        BOOST_CHECK_EQUAL(report.size() >= targets, true);
    }
}

size_t allocated_filtering(const ofdm_grid::sptr& grid, const std::string& kind)
{
    const recording r(grid, 1);
    clutter_filter::parameters p;
    p.kind = kind;
    p.delays = { 1e-6, 2e-6 };
    clutter_filter filter(grid, p);
    return allocated(
        [&](size_t i) { filter.process(r.frames[i].data(), r.sent.data()); });
}

BOOST_AUTO_TEST_CASE(clutter_filters_allocate_nothing)
{
    const auto small = grid_of(64, 64), large = grid_of(256, 128);
    for (const auto* kind : { "none", "mean", "mti" })
        BOOST_CHECK_EQUAL(allocated_filtering(small, kind), 0u);
    // Eigen's solver of two equations has matrices of its own, however large the frame.
    const size_t solver = allocated_filtering(small, "eca");
    BOOST_CHECK_LE(solver, 10 * FRAMES);
    BOOST_CHECK_EQUAL(allocated_filtering(large, "eca"), solver);
}

BOOST_AUTO_TEST_CASE(frames_without_targets_allocate_nothing)
{
    const auto grid = grid_of(64, 64);
    const recording r(grid, 0);
    for (const auto* kind : { "ca", "os", "osgo" }) {
        auto p = estimator_of(kind);
        BOOST_CHECK_EQUAL(allocated_estimating(grid, r, p), 0u);
        p.compensate_motion = true;
        BOOST_CHECK_EQUAL(allocated_estimating(grid, r, p), 0u);
    }
}

BOOST_AUTO_TEST_CASE(frames_with_targets_allocate_nothing)
{
    const auto grid = grid_of(64, 64);
    for (const size_t targets : { 1, 3 }) {
        const recording r(grid, targets);
        for (const auto* kind : { "ca", "os", "osgo", "none" }) {
            auto p = estimator_of(kind);
            BOOST_CHECK_EQUAL(allocated_estimating(grid, r, p), 0u);
        }
        // Eigen's solver of ESPRIT has matrices of its own, for each echo that is tried.
        auto p = estimator_of("ca");
        p.super_resolution = true;
        BOOST_CHECK_LE(allocated_estimating(grid, r, p), 100 * targets * FRAMES);
    }
}

BOOST_AUTO_TEST_CASE(waveforms_allocate_nothing)
{
    const auto grid = grid_of(64, 64);
    const size_t n = grid->num_subcarriers(), m = grid->num_symbols();
    frame_mapper mapper(grid);
    ofdm_transform transform(grid);
    frame_receiver receiver(grid);
    std::vector<uint8_t> bits(grid->data_bits(), 1);
    volk::vector<gr_complex> rows(n * m), samples(2 * n);
    BOOST_CHECK_EQUAL(allocated([&](size_t) {
                          for (size_t i = 0; i < m; i++) {
                              mapper.map(i, bits.data(), rows.data() + i * n);
                              transform.modulate(i, rows.data() + i * n, samples.data());
                              transform.demodulate(samples.data() + n / 4,
                                                   rows.data() + i * n);
                          }
                      }),
                      0u);
    BOOST_CHECK_EQUAL(allocated([&](size_t) { receiver.receive(rows.data()); }), 0u);
}

BOOST_AUTO_TEST_CASE(channels_allocate_nothing)
{
    echo_scene::parameters p;
    p.transmitter = trajectory::make({ 0, 0, 0 });
    p.targets = { std::make_shared<target>(trajectory::make({ 100, 0, 0 }, { 20, 0, 0 }),
                                           1.0) };
    p.carrier_frequency = 3.5e9;
    echo_scene scene(p);
    echo_synthesizer synthesizer(10e6, 1);
    std::vector<gr_complex> in(5000 + echo_synthesizer::AHEAD, { 1, 0 }), out(5000);
    BOOST_CHECK_EQUAL(allocated([&](size_t i) {
                          scene.begin_frame(1e-3 * i);
                          synthesizer.process(scene,
                                              1e-3 * i,
                                              0,
                                              5000,
                                              in.data(),
                                              5000,
                                              echo_synthesizer::AHEAD,
                                              out.data());
                      }),
                      0u);
}
// Allocations a frame of all threads of a flowgraph, over runs of different length:
// making and starting it does not count.
double allocated_a_frame(const ofdm_grid::sptr& grid)
{
    echo_scene::parameters scene;
    scene.transmitter = trajectory::make({ 0, 0, 0 });
    scene.targets = { std::make_shared<target>(
        trajectory::make({ 100, 0, 0 }, { 20, 0, 0 }), 1e6) };
    scene.carrier_frequency = grid->carrier_frequency();
    const auto allocated = [&](uint64_t frames) {
        const size_t before = allocations;
        auto top = gr::make_top_block("qa_allocations");
        auto modulator = ofdm_modulator::make(grid, 10, "none", false, frames);
        auto channel = echo_channel::make(grid, scene);
        auto demodulator = ofdm_demodulator::make(grid);
        range_doppler_estimator_parameters p;
        p.reference = "rows";
        auto estimator = range_doppler_estimator::make(grid, p);
        top->connect(modulator, 0, channel, 0);
        top->connect(channel, 0, demodulator, 0);
        top->connect(demodulator, 0, estimator, 0);
        top->connect(modulator, 1, estimator, 1);
        top->connect(demodulator, 0, ofdm_receiver::make(grid), 0);
        top->run();
        BOOST_REQUIRE(estimator->faults().empty());
        return static_cast<double>(allocations - before);
    };
    allocated(4); // plans are made
    constexpr uint64_t few = 20, more = 60;
    const double short_run = allocated(few);
    return (allocated(more) - short_run) / (more - few);
}

// A frame's messages and tags are some; its items, of which the larger grid has eight
// times as many and longer ones, are none. How often a block is called decides how often
// the scheduler allocates: an eighth of an allocation a row would be 16 more.
BOOST_AUTO_TEST_CASE(blocks_allocate_by_the_frame_and_not_by_the_item)
{
    const double small = allocated_a_frame(grid_of(64, 32));
    const double large = allocated_a_frame(grid_of(256, 256));
    BOOST_TEST_MESSAGE(small << " and " << large << " allocations a frame");
    // Ground truth, detections and a payload, each of a dictionary's entries, and the
    // tags that say where a frame begins in five streams.
    BOOST_CHECK_GT(small, 10);
    BOOST_CHECK_LT(small, 300);
    BOOST_CHECK_LT(large - small, 16);
}

#else
BOOST_AUTO_TEST_CASE(allocations_are_not_counted_here)
{
    BOOST_TEST_MESSAGE("a sanitizer counts for itself");
}
#endif
