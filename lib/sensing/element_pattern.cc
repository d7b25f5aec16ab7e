/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/element_pattern.h>
#include <algorithm>
#include <numeric>

namespace gr {
namespace isac {

namespace {

pattern_axis axis_of(const std::vector<bool>& used)
{
    pattern_axis axis;
    const auto first = std::find(used.begin(), used.end(), true);
    axis.first = first - used.begin();
    size_t last = axis.first, spacing = 0;
    for (size_t i = axis.first + 1; i < used.size(); i++) {
        if (!used[i])
            continue;
        spacing = std::gcd(spacing, i - last);
        last = i;
    }
    axis.spacing = std::max<size_t>(spacing, 1);
    axis.span = (last - axis.first) / axis.spacing + 1;
    axis.length = (used.size() + axis.spacing - 1) / axis.spacing;
    return axis;
}

} // namespace

element_pattern::element_pattern(const ofdm_grid& grid, bool only_pilots)
    : pilots_only(only_pilots)
{
    const size_t n = grid.num_subcarriers();
    std::vector<bool> subcarrier(n), symbol(grid.num_symbols());
    for (size_t i = 0; i < grid.elements().size(); i++) {
        if (!used(grid, i))
            continue;
        subcarrier[i % n] = true;
        symbol[i / n] = true;
        num_elements++;
    }
    require(num_elements > 0,
            "sensing: number of pilots",
            num_elements,
            "must be at least 1 where no reference rows are given");
    separable =
        num_elements ==
        static_cast<size_t>(std::count(subcarrier.begin(), subcarrier.end(), true) *
                            std::count(symbol.begin(), symbol.end(), true));
    subcarriers = axis_of(subcarrier);
    symbols = axis_of(symbol);
    for (size_t i = 0; i < subcarriers.span; i++)
        frequencies.push_back(
            (static_cast<double>(subcarriers.place(i)) - static_cast<double>(n / 2)) *
            grid.subcarrier_spacing());
    for (size_t i = 0; i < symbols.span; i++)
        times.push_back(grid.symbol_times()[symbols.place(i)]);
}

} // namespace isac
} // namespace gr
