/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/map_integrator.h>
#include <volk/volk.h>
#include <algorithm>
#include <numeric>
#include <string>

namespace gr {
namespace isac {

namespace {

constexpr int MOST_INPUTS = 16;
constexpr int MOST_LOOKS = 1024; // that cfar knows the distribution of

const map_integrator::parameters& checked(const map_integrator::parameters& p)
{
    require_within("map_integrator: inputs", p.inputs, 1, MOST_INPUTS);
    require_within("map_integrator: frames", p.frames, 1, MOST_LOOKS / p.inputs);
    require(p.hop >= 0 && (p.hop == 0 || p.frames % p.hop == 0),
            "map_integrator: hop",
            p.hop,
            "must be 0, or divide the frames = " + std::to_string(p.frames));
    return p;
}

} // namespace

map_integrator::map_integrator(size_t cells, const parameters& p)
    : d_frames(static_cast<size_t>(checked(p).frames)),
      d_hop(p.hop > 0 ? static_cast<size_t>(p.hop) : d_frames),
      d_groups(d_frames / d_hop, volk::vector<float>(cells)),
      d_mean(cells),
      d_share(1 / static_cast<float>(p.looks()))
{
    d_latest.reserve(d_frames);
}

bool map_integrator::add(const std::vector<const float*>& maps,
                         uint64_t number,
                         double time)
{
    if (!d_latest.empty() && number <= d_latest.back().number)
        reset();
    auto& sum = group();
    const auto cells = static_cast<unsigned int>(sum.size());
    if (d_count % d_hop == 0)
        std::fill(sum.begin(), sum.end(), 0.0f);
    for (const float* map : maps)
        volk_32f_x2_add_32f(sum.data(), sum.data(), map, cells);
    if (d_latest.size() == d_frames)
        d_latest.erase(d_latest.begin());
    d_latest.push_back({ number, time });
    d_count++;
    if (d_latest.size() < d_frames || d_count % d_hop > 0)
        return false;

    std::fill(d_mean.begin(), d_mean.end(), 0.0f);
    for (const auto& other : d_groups)
        volk_32f_x2_add_32f(d_mean.data(), d_mean.data(), other.data(), cells);
    volk_32f_s32f_multiply_32f(d_mean.data(), d_mean.data(), d_share, cells);
    return true;
}

void map_integrator::reset()
{
    d_count = 0;
    d_latest.clear();
}

uint64_t map_integrator::number() const { return d_latest[d_frames / 2].number; }

double map_integrator::time() const
{
    const double sum =
        std::accumulate(d_latest.begin(), d_latest.end(), 0.0, [](double s, auto& f) {
            return s + f.time;
        });
    return sum / static_cast<double>(d_latest.size());
}

} // namespace isac
} // namespace gr
