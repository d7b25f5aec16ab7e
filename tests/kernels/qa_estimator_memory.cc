/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include <gnuradio/isac/sensing/target_estimator.h>
#include <malloc.h>
#include <boost/test/unit_test.hpp>
#include <functional>

using namespace gr::isac;

namespace {

// What the heap has given out, in small pieces and in whole pages, also through VOLK and
// FFTW.
double allocated()
{
    const auto info = mallinfo2();
    return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

// Sanitizers bring a heap of their own, of which glibc knows nothing.
bool can_count()
{
    const double before = allocated();
    const std::vector<char> some(1 << 20);
    return allocated() - before >= static_cast<double>(some.size());
}

// A map's worth of bytes: the M x N complex values of a frame.
double map_bytes(const ofdm_grid& grid)
{
    return static_cast<double>(sizeof(gr_complex) * grid.elements().size());
}

// 16-QAM, whose energies the fit has to keep, and echoes enough that theirs show.
test::echo_frame frame_of(const ofdm_grid& grid)
{
    std::vector<echo> echoes;
    for (int i = 0; i < 16; i++)
        echoes.push_back({ (5.3 + 7 * i) / grid.sample_rate(),
                           0.031 * (i - 7) / grid.symbol_duration(),
                           std::pow(10, -0.1 * i) });
    return { grid, echoes };
}

// In maps, of a kernel that has processed a frame; the arrays that it is given do not
// count.
template <typename kernel>
double held(const ofdm_grid& grid,
            const std::function<std::unique_ptr<kernel>()>& make,
            const std::function<void(kernel&)>& process)
{
    make(); // FFTW keeps what it learns by planning
    const double before = allocated();
    const auto one = make();
    process(*one);
    return (allocated() - before) / map_bytes(grid);
}

} // namespace

BOOST_AUTO_TEST_CASE(estimator_holds_four_maps)
{
    if (!can_count()) {
        BOOST_TEST_MESSAGE("skipped: this heap does not count");
        return;
    }
    for (const auto& [subcarriers, symbols] : { std::pair(1024, 256), { 4096, 1024 } }) {
        const auto grid = test::data_grid(subcarriers, symbols);
        const auto f = frame_of(*grid);
        target_estimator::parameters p;
        p.map.pilots_only = false;
        p.detector.pfa = 1e-10; // no ghosts among 4e6 cells

        std::vector<float> powers(grid->elements().size());
        const double map = held<range_doppler_map>(
            *grid,
            [&] { return std::make_unique<range_doppler_map>(grid, p.map); },
            [&](auto& kernel) {
                kernel.process(f.rows.data(), f.sent.data(), powers.data());
            });
        BOOST_TEST_MESSAGE(subcarriers << "x" << symbols << ": the map holds " << map);
        BOOST_TEST(map < 2);

        for (const auto& [kind, motion] :
             { std::pair("ca", false), { "os", false }, { "ca", true } }) {
            p.detector.kind = kind;
            p.compensate_motion = motion;
            detections report;
            const double estimator = held<target_estimator>(
                *grid,
                [&] { return std::make_unique<target_estimator>(grid, p); },
                [&](auto& kernel) {
                    kernel.process(f.rows.data(), f.sent.data(), report);
                });
            BOOST_TEST_MESSAGE("the estimator (" << kind << (motion ? ", motion" : "")
                                                 << ") holds " << estimator << " with "
                                                 << report.size() << " targets");
            // Compensated, unequal energies mix: the strongest echoes have ghosts.
            BOOST_TEST((motion ? report.size() >= 16 : report.size() == 16));
            // Factors of the slices of Doppler, and lines beyond the borders of the axis.
            BOOST_TEST(estimator < (motion ? 4.2 : 4));
        }
    }
}
