/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/echo_scene.h>
#include <gnuradio/isac/channel/echo_synthesizer.h>
#include <gnuradio/isac/theory/constants.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

using namespace gr::isac;

namespace {

constexpr double FS = 10e6;
constexpr double FC = 3.5e9;

echo_scene::parameters scene_of(double x, double speed)
{
    echo_scene::parameters p;
    p.transmitter = trajectory::make({ 0, 0, 0 });
    p.targets = { std::make_shared<target>(trajectory::make({ x, 0, 0 }, { speed, 0, 0 }),
                                           1.0) };
    p.carrier_frequency = FC;
    p.noise_enabled = false;
    return p;
}

// Paths of constant delays and gains between streams.
class fixed_paths : public path_set
{
public:
    struct one {
        size_t transmitter, receiver;
        double delay, gain;
    };
    fixed_paths(std::vector<one> paths, double white)
        : d_paths(std::move(paths)), d_white(white)
    {
    }
    size_t num_paths() const override { return d_paths.size(); }
    size_t transmitter(size_t i) const override { return d_paths[i].transmitter; }
    size_t receiver(size_t i) const override { return d_paths[i].receiver; }
    int target_index(size_t) const override { return DIRECT; }
    double gain(size_t i) const override { return d_paths[i].gain; }
    double delay(size_t i, double) const override { return d_paths[i].delay; }
    double doppler(size_t, double) const override { return 0; }
    double carrier_frequency() const override { return FC; }
    double white_power(size_t, double) const override { return d_white; }

private:
    std::vector<one> d_paths;
    double d_white;
};

} // namespace

// A constant comes back as the carrier's phase alone: over calls and frames of any
// length, and 3 s from the start, it never leaves -2 pi fc tau by more than float
// rounding.
BOOST_AUTO_TEST_CASE(carrier_phase_is_continuous)
{
    constexpr double start = 3, speed = 137.7, x = 200;
    echo_scene scene(scene_of(x, speed));
    scene.begin_frame(start);
    const float amplitude = std::sqrt(scene.gain(0));
    echo_synthesizer synthesizer(FS, 1);
    const std::vector<gr_complex> in(5000 + echo_synthesizer::AHEAD, { 1, 0 });
    std::vector<gr_complex> out(5000);
    size_t sample = 0;
    for (const size_t count : { 5000, 1, 777, 2048, 2049, 5000, 31 }) {
        scene.begin_frame(start); // another frame; the gain stays
        synthesizer.process(scene,
                            start + sample / FS,
                            0,
                            count,
                            in.data(),
                            count,
                            echo_synthesizer::AHEAD,
                            out.data());
        for (size_t n = 0; n < count; n++, sample++) {
            if (sample < 100)
                continue; // the echo has not arrived
            const double t = start + sample / FS;
            const double delay = 2 * (x + speed * t) / SPEED_OF_LIGHT;
            const auto wanted =
                std::polar(1.0, -2 * PI * std::fmod(FC * delay, 1.0)) * double(amplitude);
            // 4e-6: the taps' sum, and float rounding of both factors
            BOOST_REQUIRE(std::abs(std::complex<double>(out[n]) - wanted) <
                          1e-5 * amplitude);
        }
    }
}

// Bit for bit the same, however the scheduler cuts the stream.
BOOST_AUTO_TEST_CASE(pieces_give_the_same_samples)
{
    auto p = scene_of(150, 400);
    p.noise_enabled = true;
    echo_scene scene(p);
    scene.begin_frame(0);
    constexpr size_t length = 7000, ahead = echo_synthesizer::AHEAD;
    std::vector<gr_complex> in(length + ahead), whole(length), pieces(length);
    for (size_t n = 0; n < in.size(); n++)
        in[n] = gr_complex(std::polar(1.0, 1e-3 * n * n));
    echo_synthesizer(FS, 5).process(
        scene, 0, 0, length, in.data(), length, ahead, whole.data());
    for (const size_t step : { 1, 13, 32, 100, 2047, 5000 }) {
        echo_synthesizer synthesizer(FS, 5);
        for (size_t n = 0; n < length; n += step)
            synthesizer.process(scene,
                                0,
                                n,
                                length,
                                in.data() + n,
                                std::min(step, length - n),
                                ahead,
                                pieces.data() + n);
        BOOST_TEST((whole == pieces), "in pieces of " << step);
    }
}

BOOST_AUTO_TEST_CASE(energy_and_faults_are_told)
{
    echo_scene scene(scene_of(100, 0));
    scene.begin_frame(0);
    echo_synthesizer synthesizer(FS, 1);
    std::vector<gr_complex> in(5000, { 0, 2 }), out(5000);
    in[4000] = { std::nanf(""), 0 };
    const auto found =
        synthesizer.process(scene, 0, 0, 5000, in.data(), 5000, 0, out.data());
    BOOST_TEST(found.energy == 4.0 * 4999, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(found.not_finite == 1u);
    BOOST_TEST(found.too_long == 0u);
    for (const auto& y : out)
        BOOST_REQUIRE(std::isfinite(y.real()));
}

// 5000 km there and back are 333564 samples: the line grows. 1e9 km are left out.
BOOST_AUTO_TEST_CASE(far_targets)
{
    echo_scene scene(scene_of(5e6, 0));
    scene.begin_frame(0);
    echo_synthesizer synthesizer(FS, 1);
    const std::vector<gr_complex> in(8000, { 1, 0 });
    std::vector<gr_complex> out(8000);
    const size_t arrival = std::lround(2 * 5e6 / SPEED_OF_LIGHT * FS);
    for (size_t n = 0; n < 360000; n += 8000) {
        synthesizer.process(scene, 0, n, 360000, in.data(), 8000, 0, out.data());
        if (n + 8000 < arrival)
            BOOST_REQUIRE(out[7999] == gr_complex(0, 0));
        if (n > arrival)
            BOOST_REQUIRE(std::abs(out[7900]) > 0);
    }
    echo_scene farther(scene_of(1e12, 0));
    farther.begin_frame(0);
    const auto found =
        synthesizer.process(farther, 0, 0, 8000, in.data(), 8000, 0, out.data());
    BOOST_TEST(found.too_long == 4u); // stretches of 2048
}

// Two transmitters and three receivers: each hears the sum of what it would hear of each
// path alone; one that no path reaches hears nothing.
BOOST_AUTO_TEST_CASE(receivers_hear_the_sum_of_their_paths)
{
    constexpr size_t length = 5000;
    std::vector<gr_complex> in[2], out[3];
    for (size_t t = 0; t < 2; t++)
        for (size_t n = 0; n < length; n++)
            in[t].push_back(gr_complex(std::polar(1.0, (1 + t) * 1e-3 * n * n)));
    in[1][100] = { 0, std::nanf("") };
    for (auto& one : out)
        one.assign(length, { 7, 7 });
    const std::vector<fixed_paths::one> all = {
        { 0, 0, 2e-6, 0.5 }, { 0, 0, 9e-6, 0.1 },  { 1, 0, 5e-6, 2 },
        { 1, 2, 1e2, 1 },    { 1, 2, 30e-6, 0.3 },
    };
    const gr_complex* const from[] = { in[0].data(), in[1].data() };
    gr_complex* const to[] = { out[0].data(), out[1].data(), out[2].data() };
    echo_synthesizer::finding found[2];
    echo_synthesizer(FS, 1, 2, 3)
        .process(fixed_paths(all, 0), 0, 0, length, from, length, 0, to, found);

    std::vector<gr_complex> sum[3], alone(length);
    for (auto& one : sum)
        one.assign(length, { 0, 0 });
    for (const auto& path : all) {
        echo_synthesizer(FS, 1).process(
            fixed_paths({ { 0, 0, path.delay, path.gain } }, 0),
            0,
            0,
            length,
            in[path.transmitter].data(),
            length,
            0,
            alone.data());
        for (size_t n = 0; n < length; n++)
            sum[path.receiver][n] += alone[n];
    }
    for (size_t r = 0; r < 3; r++)
        for (size_t n = 0; n < length; n++)
            BOOST_REQUIRE(std::abs(out[r][n] - sum[r][n]) < 1e-5f);
    BOOST_TEST(found[0].energy == double(length), boost::test_tools::tolerance(1e-6));
    BOOST_TEST(found[0].not_finite == 0u);
    BOOST_TEST(found[0].too_long == 0u);
    BOOST_TEST(found[1].energy == length - 1.0, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(found[1].not_finite == 1u);
    BOOST_TEST(found[1].too_long == 3u); // 100 s, stretches of 2048
}

// Unit power, independent from receiver to receiver: the correlation of 1e5 samples is
// below five of its standard errors.
BOOST_AUTO_TEST_CASE(receivers_have_noise_of_their_own)
{
    constexpr size_t length = 100000;
    const std::vector<gr_complex> in(length);
    std::vector<gr_complex> out[2] = { in, in };
    const gr_complex* const from[] = { in.data() };
    gr_complex* const to[] = { out[0].data(), out[1].data() };
    echo_synthesizer::finding found;
    echo_synthesizer(FS, 1, 1, 2)
        .process(fixed_paths({}, 1), 0, 0, length, from, length, 0, to, &found);
    std::complex<double> product = 0;
    double power = 0;
    for (size_t n = 0; n < length; n++) {
        product +=
            std::complex<double>(out[0][n]) * std::conj(std::complex<double>(out[1][n]));
        power += std::norm(out[1][n]);
    }
    BOOST_TEST(std::abs(product) / length < 5 / std::sqrt(length));
    BOOST_TEST(std::abs(power / length - 1) < 5 / std::sqrt(length));
}

BOOST_AUTO_TEST_CASE(refusals)
{
    BOOST_CHECK_THROW(echo_synthesizer(FS, 1, 0, 1), std::invalid_argument);
    BOOST_CHECK_THROW(echo_synthesizer(FS, 1, 1, 0), std::invalid_argument);
    for (const double rate : { 0.0, -1.0, std::nan("") })
        BOOST_CHECK_THROW(echo_synthesizer(rate, 1), std::invalid_argument);
}
