/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "map_matcher.h"
#include <algorithm>
#include <string>

namespace gr {
namespace isac {

map_matcher::map_matcher(size_t inputs, size_t cells, size_t most, fault_log& faults)
    : d_cells(cells),
      d_most(most),
      d_faults(faults),
      d_inputs(inputs),
      d_matched(inputs),
      d_before(inputs)
{
    for (auto& in : d_inputs)
        in.next.resize(cells);
}

void map_matcher::put(size_t input, const frame_stamp& stamp)
{
    auto& in = d_inputs[input];
    if (in.waiting.size() == d_most)
        drop(in);
    if (d_spare.empty())
        d_spare.emplace_back(d_cells);
    in.waiting.push_back({ stamp, std::move(in.next) });
    in.next = std::move(d_spare.back());
    d_spare.pop_back();
}

bool map_matcher::match()
{
    for (const auto& first : d_inputs.front().waiting) {
        bool all = true;
        for (size_t i = 0; i < d_inputs.size() && all; i++)
            all = has(d_inputs[i], first.stamp.frame, d_before[i]);
        if (!all)
            continue;
        for (size_t i = 0; i < d_inputs.size(); i++) {
            for (; d_before[i] > 0; d_before[i]--)
                drop(d_inputs[i]);
            d_matched[i] = d_inputs[i].waiting.front().powers.data();
        }
        return true;
    }
    return false;
}

bool map_matcher::has(const input& in, uint64_t frame, size_t& before) const
{
    const auto found =
        std::find_if(in.waiting.begin(), in.waiting.end(), [&](const entry& e) {
            return e.stamp.frame == frame;
        });
    before = static_cast<size_t>(found - in.waiting.begin());
    return found != in.waiting.end();
}

void map_matcher::pop()
{
    for (auto& in : d_inputs)
        release(in);
}

void map_matcher::drop(input& in)
{
    d_faults.count("unmatched",
                   "frame " + std::to_string(in.waiting.front().stamp.frame) +
                       " is missing at another input");
    release(in);
}

void map_matcher::release(input& in)
{
    d_spare.push_back(std::move(in.waiting.front().powers));
    in.waiting.pop_front();
}

void map_matcher::clear()
{
    for (auto& in : d_inputs)
        while (!in.waiting.empty())
            release(in);
}

} // namespace isac
} // namespace gr
