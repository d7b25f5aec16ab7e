/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include <gnuradio/isac/channel/echo_scene.h>
#include <gnuradio/isac/channel/echo_synthesizer.h>
#include <gnuradio/isac/channel/gaussian_noise.h>
#include <gnuradio/isac/sensing/target_estimator.h>
#include <gnuradio/isac/waveform/ofdm_transform.h>
#include <boost/test/unit_test.hpp>
#include <cmath>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

constexpr double RANGE = 20; // m, at the middle of the frame
constexpr double SNR_DB = -20;

struct setting {
    const char* name;
    double carrier, spacing;
    int subcarriers, symbols, cp;
    double speed; // m/s, closing
};

// 500 m/s are below the largest unambiguous speed, c / (4 fc T) of symbols T apart, with
// a short cyclic prefix alone; with one of 7% or a quarter that speed is 488 or 418 m/s.
const setting SETTINGS[] = {
    { "3.5 GHz, 500 m/s", 3.5e9, 100e6 / 4096, 4096, 256, 16, 500 },
    { "3.5 GHz, 500 m/s", 3.5e9, 100e6 / 4096, 4096, 256, 72, 500 },
    { "3.5 GHz, 465 m/s", 3.5e9, 100e6 / 4096, 4096, 256, 288, 465 },
    { "3.5 GHz, 400 m/s", 3.5e9, 100e6 / 4096, 4096, 256, 1024, 400 },
    { "3.5 GHz, 100 m/s", 3.5e9, 100e6 / 4096, 4096, 1024, 288, 100 },
    { "24 GHz, 100 m/s", 24e9, 60e3, 2048, 512, 144, 100 }
};

ofdm_grid::sptr make_grid(const setting& s)
{
    ofdm_grid::parameters p;
    p.carrier_frequency = s.carrier;
    p.subcarrier_spacing = s.spacing;
    p.fft_len = s.subcarriers;
    p.num_symbols = s.symbols;
    p.cp_len = { s.cp };
    p.guard_low = p.guard_high = s.subcarriers / 20;
    p.pilots = "all";
    return ofdm_grid::make(p);
}

// A frame of samples through the channel of a target that moves, as rows of unit power.
std::vector<gr_complex> received(const ofdm_grid::sptr& grid, double closing)
{
    ofdm_transform transform(grid);
    std::vector<gr_complex> samples(grid->frame_samples() + echo_synthesizer::AHEAD);
    const size_t n = grid->num_subcarriers();
    for (size_t m = 0; m < grid->num_symbols(); m++)
        transform.modulate(m,
                           grid->pilots().data() + m * n,
                           samples.data() + grid->symbol_start(m) - grid->cp_len(m));
    echo_scene::parameters p;
    p.transmitter = trajectory::make({ 0, 0, 0 });
    p.targets = { std::make_shared<target>(
        trajectory::make({ RANGE + closing * grid->middle_time(), 0, 0 },
                         { -closing, 0, 0 }),
        1.0) };
    p.carrier_frequency = grid->carrier_frequency();
    p.noise_enabled = false;
    echo_scene scene(p);
    scene.begin_frame(0);
    echo_synthesizer synthesizer(grid->sample_rate(), 1);
    std::vector<gr_complex> echo(grid->frame_samples());
    synthesizer.process(scene,
                        0,
                        0,
                        echo.size(),
                        samples.data(),
                        echo.size(),
                        echo_synthesizer::AHEAD,
                        echo.data());
    std::vector<gr_complex> rows(grid->num_symbols() * n);
    const auto scale = static_cast<float>(1 / std::sqrt(scene.gain(0)));
    for (auto& y : echo)
        y *= scale;
    for (size_t m = 0; m < grid->num_symbols(); m++)
        transform.demodulate(echo.data() + grid->symbol_start(m), rows.data() + m * n);
    return rows;
}

// Power of the echo that is fitted at its place, dB over an element's.
double fitted_db(const ofdm_grid::sptr& grid, matched_frame& frame, double speed)
{
    echo_fit fit(grid, frame.pattern());
    fit.load(frame);
    const auto e = fit.refine(2 * RANGE / SPEED_OF_LIGHT, 2 * speed / grid->wavelength());
    return 10 * std::log10(std::norm(e.amplitude));
}

} // namespace

// Of the power of the echo, as if the target stood still, and of white noise: what is
// left is the loss of SNR. Compensated, it stays below 0.2 dB, and the estimate from a
// frame in noise of 20 dB over the echo stands within four standard errors of the bound.
BOOST_AUTO_TEST_CASE(loss_by_motion_is_compensated)
{
    for (const auto& s : SETTINGS) {
        const auto grid = make_grid(s);
        const auto still = received(grid, 0), moving = received(grid, s.speed);
        std::vector<gr_complex> noise(still.size());
        gaussian_noise(1).add(noise.data(), noise.size(), 1);
        matched_frame frame(grid, element_pattern(*grid, true), true);
        motion_compensator compensator(grid, frame.pattern());
        std::vector<gr_complex> room(grid->elements().size());

        frame.load(still.data(), nullptr);
        const double reference = fitted_db(grid, frame, 0);
        frame.load(moving.data(), nullptr);
        const double before = reference - fitted_db(grid, frame, s.speed);
        frame.load(noise.data(), nullptr);
        const double noise_before = frame.power();
        compensator.process(noise.data(), nullptr, frame, room.data());
        const double more_noise = 10 * std::log10(frame.power() / noise_before);
        compensator.process(moving.data(), nullptr, frame, room.data());
        const double after = reference - fitted_db(grid, frame, s.speed) + more_noise;

        target_estimator::parameters p;
        p.detector.kind = "none";
        p.compensate_motion = true;
        target_estimator estimator(grid, p);
        detections found;
        auto rows = moving;
        for (size_t i = 0; i < rows.size(); i++)
            rows[i] += static_cast<float>(std::pow(10, -0.05 * SNR_DB)) * noise[i];
        estimator.process(rows.data(), nullptr, found);
        const double delay = 2 * RANGE / SPEED_OF_LIGHT;
        const double doppler = 2 * s.speed / grid->wavelength();
        const double e_delay =
            (found.delay.at(0) - delay) / std::sqrt(found.var_delay[0]);
        const double e_doppler =
            (found.doppler[0] - doppler) / std::sqrt(found.var_doppler[0]);
        BOOST_TEST_MESSAGE(s.name << ", " << s.subcarriers << " x " << s.symbols
                                  << ", prefix of " << s.cp << ": " << before
                                  << " dB lost before, " << after
                                  << " after; errors over the bound's root " << e_delay
                                  << ", " << e_doppler);
        BOOST_TEST(before > 1);
        BOOST_TEST(after < 0.2);
        BOOST_TEST(std::abs(e_delay) < 4);
        BOOST_TEST(std::abs(e_doppler) < 4);
    }
}
