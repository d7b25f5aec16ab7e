/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "simd_clones.h"
#include "training_sums.h"
#include <algorithm>

namespace gr {
namespace isac {

namespace {

constexpr size_t VECTORS = 4; // that a loop keeps in registers
constexpr size_t BLOCK = 8 * VECTORS;
constexpr size_t RADIX = 4; // of the lengths that windows are put together from

// out[i] = sum of part[i] over the parts
ISAC_SIMD_CLONES void
add_all(float* out, const float* const* parts, size_t num_parts, size_t size)
{
    size_t i = 0;
    for (; i + BLOCK <= size; i += BLOCK) {
        float8 sums[VECTORS];
        for (size_t v = 0; v < VECTORS; v++)
            load(sums[v], parts[0] + i + 8 * v);
        for (size_t p = 1; p < num_parts; p++)
            for (size_t v = 0; v < VECTORS; v++) {
                float8 value;
                load(value, parts[p] + i + 8 * v);
                sums[v] += value;
            }
        for (size_t v = 0; v < VECTORS; v++)
            store(out + i + 8 * v, sums[v]);
    }
    for (; i < size; i++) {
        float sum = parts[0][i];
        for (size_t p = 1; p < num_parts; p++)
            sum += parts[p][i];
        out[i] = sum;
    }
}

} // namespace

training_sums::training_sums(const cfar_window& w, size_t most_columns)
    : d_window(w),
      d_all(make_levels(w.reach_delay - w.guard_delay, most_columns + 2 * lead())),
      d_beside(make_levels(2 * w.guard_delay + 1, most_columns + 2 * lead())),
      d_sums(most_columns)
{
    // Either a window's rows, or the parts of its three spans along delay.
    d_parts.reserve(std::max<size_t>(2 * w.reach_doppler + 2, 128));
}

training_sums::levels training_sums::make_levels(size_t longest, size_t size) const
{
    levels line(1, volk::vector<float>(size));
    for (size_t length = RADIX; length <= longest; length *= RADIX)
        line.emplace_back(size);
    return line;
}

training_sums::row_span training_sums::rows_of(size_t group) const
{
    const size_t guard = d_window.guard_doppler, reach = d_window.reach_doppler;
    const size_t first = group - 1, last = 2 * reach + 1;
    return {
        first, std::max(first, reach - guard), std::min(last, reach + group + guard), last
    };
}

size_t training_sums::num_cells(size_t group, size_t left, size_t right) const
{
    const auto rows = rows_of(group);
    const size_t guard = d_window.guard_delay;
    return (rows.last - rows.first) * (left + right + 1) -
           (rows.across_last - rows.across_first) *
               (std::min(left, guard) + std::min(right, guard) + 1);
}

void training_sums::raise(levels& line, size_t size)
{
    size_t shift = d_window.stride_delay;
    for (size_t l = 1; l < line.size(); l++, shift *= RADIX) {
        size -= (RADIX - 1) * shift;
        d_parts.clear();
        for (size_t i = 0; i < RADIX; i++)
            d_parts.push_back(line[l - 1].data() + i * shift);
        add_all(line[l].data(), d_parts.data(), RADIX, size);
    }
}

// Puts a window of that many strides together, from the longest sums that fit.
void training_sums::add_window(const levels& line, size_t offset, size_t length)
{
    size_t part = 1;
    for (size_t l = 1; l < line.size(); l++)
        part *= RADIX;
    for (size_t l = line.size(); l-- > 0; part /= RADIX)
        for (; length >= part; length -= part, offset += part)
            d_parts.push_back(line[l].data() + offset * d_window.stride_delay);
}

const float* training_sums::process(
    const float* const* rows, size_t group, size_t left, size_t columns, size_t right)
{
    const auto span = rows_of(group);
    const size_t guard = d_window.guard_delay;
    const size_t training = d_window.reach_delay - guard;
    const size_t size = columns + 2 * lead(), filled = left + columns + right;
    // Zeros beyond the ends cut the windows there.
    const auto collect = [&](levels& line) {
        float* values = line[0].data();
        std::fill_n(values, lead() - left, 0.0f);
        std::fill(values + lead() + columns + right, values + size, 0.0f);
        add_all(values + lead() - left, d_parts.data(), d_parts.size(), filled);
        raise(line, size);
    };

    d_parts.clear();
    for (size_t i = span.first; i < span.last; i++)
        if (i < span.across_first || i >= span.across_last)
            d_parts.push_back(rows[i] - left);
    const bool has_beside = !d_parts.empty();
    if (has_beside)
        collect(d_beside);

    if (training > 0) {
        d_parts.clear();
        if (has_beside)
            d_parts.push_back(d_beside[0].data() + lead() - left);
        for (size_t i = span.across_first; i < span.across_last; i++)
            d_parts.push_back(rows[i] - left);
        collect(d_all);
    }

    d_parts.clear();
    if (has_beside)
        add_window(d_beside, training, 2 * guard + 1);
    if (training > 0) {
        add_window(d_all, 0, training);
        add_window(d_all, training + 2 * guard + 1, training);
    }
    add_all(d_sums.data(), d_parts.data(), d_parts.size(), columns);
    return d_sums.data();
}

} // namespace isac
} // namespace gr
