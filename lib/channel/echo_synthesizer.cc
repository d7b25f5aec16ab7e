/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/echo_synthesizer.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/constants.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// Between the seeds of two receivers: those that users count up stay apart from them.
constexpr uint64_t SEED_STEP = 0x9e3779b97f4a7c15;

} // namespace

echo_synthesizer::echo_synthesizer(double sample_rate,
                                   uint64_t seed,
                                   size_t num_transmitters,
                                   size_t num_receivers)
    : d_sample_rate(sample_rate), d_longest(num_transmitters)
{
    require_positive("echo_synthesizer: sample_rate", sample_rate);
    require(num_transmitters >= 1,
            "echo_synthesizer: num_transmitters",
            num_transmitters,
            "must be at least 1");
    require(num_receivers >= 1,
            "echo_synthesizer: num_receivers",
            num_receivers,
            "must be at least 1");
    for (size_t i = 0; i < num_transmitters; i++)
        d_lines.push_back(std::make_unique<delay_line>());
    for (size_t i = 0; i < num_receivers; i++)
        d_noise.push_back(std::make_unique<gaussian_noise>(seed + i * SEED_STEP));
}

void echo_synthesizer::clear()
{
    for (auto& line : d_lines)
        line->clear();
}

// The delay lines grow long before a path outgrows them, so that nothing that was sent is
// missing then.
void echo_synthesizer::reserve(const path_set& paths, double from, double to)
{
    std::fill(d_longest.begin(), d_longest.end(), 0);
    for (size_t i = 0; i < paths.num_paths(); i++) {
        double& longest = d_longest[paths.transmitter(i)];
        for (const double time : { from, to })
            longest = std::max(longest, paths.delay(i, time));
    }
    for (size_t i = 0; i < d_lines.size(); i++) {
        const double samples =
            std::min<double>(d_longest[i] * d_sample_rate, LONGEST_DELAY);
        if (2 * samples > d_lines[i]->longest_delay())
            d_lines[i]->reserve(4 * static_cast<size_t>(samples + 1));
    }
}

// Over a stretch of some samples from scene time start on.
delay_line::path echo_synthesizer::path_over(const path_set& paths,
                                             size_t path,
                                             double start,
                                             size_t samples) const
{
    const double first = paths.delay(path, start);
    const double last = paths.delay(path, start + samples / d_sample_rate);
    // Whole cycles are dropped before the product loses them to rounding.
    const double carrier = paths.carrier_frequency();
    const double cycles = std::fmod(carrier * first, 1.0);
    return { first * d_sample_rate,
             (last - first) * d_sample_rate / samples,
             std::sqrt(paths.gain(path)),
             -2 * PI * cycles,
             -2 * PI * carrier * (last - first) / samples };
}

void echo_synthesizer::process(const path_set& paths,
                               double start,
                               uint64_t position,
                               uint64_t length,
                               const gr_complex* const* in,
                               size_t count,
                               size_t ahead,
                               gr_complex* const* out,
                               finding* found)
{
    reserve(paths,
            start + position / d_sample_rate,
            start + (position + count) / d_sample_rate);
    std::fill_n(found, d_lines.size(), finding());
    const size_t num_paths = paths.num_paths();
    for (size_t done = 0; done < count;) {
        const uint64_t here = position + done;
        const size_t offset = here % delay_line::LONGEST_STRETCH;
        const uint64_t first = here - offset;
        size_t samples = delay_line::LONGEST_STRETCH;
        if (here < length)
            samples = std::min<uint64_t>(samples, length - first);
        const size_t n = std::min(count - done, samples - offset);
        const size_t beyond = std::min(count + ahead - done - n, AHEAD);
        for (size_t i = 0; i < d_lines.size(); i++) {
            const auto written = d_lines[i]->write(in[i] + done, n, beyond);
            found[i].energy += written.energy;
            found[i].not_finite += written.not_finite;
        }
        const double stretch_start = start + first / d_sample_rate;
        size_t path = 0;
        for (size_t receiver = 0; receiver < d_noise.size(); receiver++) {
            gr_complex* const to = out[receiver] + done;
            bool silent = true;
            for (; path < num_paths && paths.receiver(path) == receiver; path++) {
                const size_t transmitter = paths.transmitter(path);
                auto& line = *d_lines[transmitter];
                const auto over = path_over(paths, path, stretch_start, samples);
                const bool passed =
                    silent ? line.put(over, to, offset) : line.add(over, to, offset);
                found[transmitter].too_long += !passed;
                silent = silent && !passed;
            }
            if (silent)
                std::fill_n(to, n, gr_complex(0, 0));
            const double noise = paths.white_power(receiver, d_sample_rate);
            if (noise > 0)
                d_noise[receiver]->add(to, n, noise);
        }
        done += n;
    }
}

echo_synthesizer::finding echo_synthesizer::process(const path_set& paths,
                                                    double start,
                                                    uint64_t position,
                                                    uint64_t length,
                                                    const gr_complex* in,
                                                    size_t count,
                                                    size_t ahead,
                                                    gr_complex* out)
{
    finding found;
    process(paths, start, position, length, &in, count, ahead, &out, &found);
    return found;
}

} // namespace isac
} // namespace gr
