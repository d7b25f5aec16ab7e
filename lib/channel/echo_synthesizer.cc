/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/echo_synthesizer.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

echo_synthesizer::echo_synthesizer(double sample_rate, uint64_t seed)
    : d_sample_rate(sample_rate), d_noise(seed)
{
    require_positive("echo_synthesizer: sample_rate", sample_rate);
}

bool echo_synthesizer::add_path(const echo_scene& scene,
                                size_t path,
                                double start,
                                size_t count)
{
    const double first = scene.delay(path, start);
    const double last = scene.delay(path, start + count / d_sample_rate);
    // Whole cycles are dropped before the product loses them to rounding.
    const double carrier = scene.params().carrier_frequency;
    const double cycles = std::fmod(carrier * first, 1.0);
    return d_line.add({ first * d_sample_rate,
                        (last - first) * d_sample_rate / count,
                        std::sqrt(scene.gain(path)),
                        -2 * PI * cycles,
                        -2 * PI * carrier * (last - first) / count });
}

echo_synthesizer::finding echo_synthesizer::process(const echo_scene& scene,
                                                    double start,
                                                    const gr_complex* in,
                                                    size_t count,
                                                    size_t ahead,
                                                    gr_complex* out)
{
    // The delay line grows long before a path outgrows it, so that nothing that was sent
    // is missing then.
    const double end = start + count / d_sample_rate;
    double longest = 0;
    for (size_t i = 0; i < scene.num_paths(); i++)
        longest = std::max({ longest, scene.delay(i, start), scene.delay(i, end) });
    longest = std::min<double>(longest * d_sample_rate, LONGEST_DELAY);
    if (2 * longest > d_line.longest_delay())
        d_line.reserve(4 * static_cast<size_t>(longest + 1));

    const double noise = scene.noise_power(d_sample_rate) + scene.residual_power();
    finding total;
    for (size_t done = 0; done < count;) {
        const size_t n = std::min(count - done, delay_line::LONGEST_STRETCH);
        const size_t beyond = std::min(count + ahead - done - n, AHEAD);
        const auto found = d_line.write(in + done, n, beyond);
        total.energy += found.energy;
        total.not_finite += found.not_finite;
        for (size_t i = 0; i < scene.num_paths(); i++)
            total.too_long += !add_path(scene, i, start + done / d_sample_rate, n);
        d_line.read(out + done);
        if (noise > 0)
            d_noise.add(out + done, n, noise);
        done += n;
    }
    return total;
}

} // namespace isac
} // namespace gr
