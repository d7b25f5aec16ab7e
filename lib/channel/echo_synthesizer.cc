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

// Over a stretch of some samples from scene time start on.
bool echo_synthesizer::add_path(
    const echo_scene& scene, size_t path, double start, size_t samples, size_t offset)
{
    const double first = scene.delay(path, start);
    const double last = scene.delay(path, start + samples / d_sample_rate);
    // Whole cycles are dropped before the product loses them to rounding.
    const double carrier = scene.params().carrier_frequency;
    const double cycles = std::fmod(carrier * first, 1.0);
    return d_line.add({ first * d_sample_rate,
                        (last - first) * d_sample_rate / samples,
                        std::sqrt(scene.gain(path)),
                        -2 * PI * cycles,
                        -2 * PI * carrier * (last - first) / samples },
                      offset);
}

echo_synthesizer::finding echo_synthesizer::process(const echo_scene& scene,
                                                    double start,
                                                    uint64_t position,
                                                    uint64_t length,
                                                    const gr_complex* in,
                                                    size_t count,
                                                    size_t ahead,
                                                    gr_complex* out)
{
    // The delay line grows long before a path outgrows it, so that nothing that was sent
    // is missing then.
    double longest = 0;
    for (size_t i = 0; i < scene.num_paths(); i++)
        for (const uint64_t sample : { position, position + count })
            longest = std::max(longest, scene.delay(i, start + sample / d_sample_rate));
    longest = std::min<double>(longest * d_sample_rate, LONGEST_DELAY);
    if (2 * longest > d_line.longest_delay())
        d_line.reserve(4 * static_cast<size_t>(longest + 1));

    const double noise = scene.noise_power(d_sample_rate) + scene.residual_power();
    finding total;
    for (size_t done = 0; done < count;) {
        const uint64_t here = position + done;
        const size_t offset = here % delay_line::LONGEST_STRETCH;
        const uint64_t first = here - offset;
        size_t samples = delay_line::LONGEST_STRETCH;
        if (here < length)
            samples = std::min<uint64_t>(samples, length - first);
        const size_t n = std::min(count - done, samples - offset);
        const size_t beyond = std::min(count + ahead - done - n, AHEAD);
        const auto found = d_line.write(in + done, n, beyond);
        total.energy += found.energy;
        total.not_finite += found.not_finite;
        for (size_t i = 0; i < scene.num_paths(); i++)
            total.too_long +=
                !add_path(scene, i, start + first / d_sample_rate, samples, offset);
        d_line.read(out + done);
        if (noise > 0)
            d_noise.add(out + done, n, noise);
        done += n;
    }
    return total;
}

} // namespace isac
} // namespace gr
