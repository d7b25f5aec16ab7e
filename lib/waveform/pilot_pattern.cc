/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "pilot_pattern.h"
#include <gnuradio/isac/check.h>
#include <algorithm>
#include <cmath>
#include <complex>
#include <string>

namespace gr {
namespace isac {

namespace {

using element = ofdm_grid::element;
using element_rows = std::vector<element>;

// Under a regular pattern guards and DC stay empty.
void mark(element& e)
{
    if (e == element::data)
        e = element::pilot;
}

std::string below(const char* name, int limit)
{
    return std::string("must be from 0 to ") + name +
           " - 1 = " + std::to_string(limit - 1);
}

void mark_contiguous(const ofdm_grid::parameters& p, element_rows& elements)
{
    require(p.pilot_share > 0 && p.pilot_share <= 1,
            "ofdm_grid: pilot_share",
            p.pilot_share,
            "must be above 0 and at most 1");
    const auto active =
        std::count(elements.begin(), elements.begin() + p.fft_len, element::data);
    const auto count = std::max(1L, std::lround(p.pilot_share * active));
    for (auto row = elements.begin(); row != elements.end(); row += p.fft_len) {
        auto left = count;
        for (auto e = row; left > 0; ++e) {
            left -= *e == element::data;
            mark(*e);
        }
    }
}

void mark_comb(const ofdm_grid::parameters& p, element_rows& elements)
{
    const int spacing_frequency = p.comb_spacing_frequency;
    require(spacing_frequency >= 1 && spacing_frequency <= p.fft_len,
            "ofdm_grid: comb_spacing_frequency",
            spacing_frequency,
            "must be from 1 to fft_len = " + std::to_string(p.fft_len));
    require(p.comb_spacing_time >= 1 && p.comb_spacing_time <= p.num_symbols,
            "ofdm_grid: comb_spacing_time",
            p.comb_spacing_time,
            "must be from 1 to num_symbols = " + std::to_string(p.num_symbols));
    require(p.comb_offset_frequency >= 0 && p.comb_offset_frequency < spacing_frequency,
            "ofdm_grid: comb_offset_frequency",
            p.comb_offset_frequency,
            below("comb_spacing_frequency", spacing_frequency));
    require(p.comb_offset_time >= 0 && p.comb_offset_time < p.comb_spacing_time,
            "ofdm_grid: comb_offset_time",
            p.comb_offset_time,
            below("comb_spacing_time", p.comb_spacing_time));
    require(p.comb_stagger >= 0 && p.comb_stagger < spacing_frequency,
            "ofdm_grid: comb_stagger",
            p.comb_stagger,
            below("comb_spacing_frequency", spacing_frequency));
    int offset = p.comb_offset_frequency;
    for (int symbol = p.comb_offset_time; symbol < p.num_symbols;
         symbol += p.comb_spacing_time) {
        element* row = elements.data() + static_cast<size_t>(symbol) * p.fft_len;
        for (int k = offset; k < p.fft_len; k += spacing_frequency)
            mark(row[k]);
        offset = (offset + p.comb_stagger) % spacing_frequency;
    }
}

void mark_cells(const ofdm_grid::parameters& p,
                element_rows& elements,
                std::vector<gr_complex>& values)
{
    for (const auto& cell : p.pilot_cells) {
        require(cell.symbol >= 0 && cell.symbol < p.num_symbols,
                "ofdm_grid: pilot symbol",
                cell.symbol,
                below("num_symbols", p.num_symbols));
        require(cell.subcarrier >= 0 && cell.subcarrier < p.fft_len,
                "ofdm_grid: pilot subcarrier",
                cell.subcarrier,
                below("fft_len", p.fft_len));
        const size_t index =
            static_cast<size_t>(cell.symbol) * p.fft_len + cell.subcarrier;
        const std::string where = "(symbol " + std::to_string(cell.symbol) +
                                  ", subcarrier " + std::to_string(cell.subcarrier) + ")";
        require(elements[index] != element::pilot,
                "ofdm_grid: pilot_cells",
                where,
                "stands there twice; a resource element holds one pilot");
        require(elements[index] != element::null,
                "ofdm_grid: pilot_cells",
                where,
                "must not stand on a guard or DC null");
        const float modulus = std::abs(cell.value);
        require(cell.value == gr_complex(0, 0) || std::abs(modulus - 1.0f) < 1e-3f,
                "ofdm_grid: modulus of a pilot value",
                modulus,
                "must be 1, or 0 to take it from the Gold sequence");
        elements[index] = element::pilot;
        values[index] = cell.value;
    }
}

} // namespace

void mark_pilots(const ofdm_grid::parameters& p,
                 std::vector<element>& elements,
                 std::vector<gr_complex>& values)
{
    if (p.pilots == "contiguous")
        mark_contiguous(p, elements);
    else if (p.pilots == "comb")
        mark_comb(p, elements);
    else if (p.pilots == "all")
        std::for_each(elements.begin(), elements.end(), mark);
    else if (p.pilots == "cells")
        mark_cells(p, elements, values);
    else
        require(p.pilots == "none",
                "ofdm_grid: pilots",
                p.pilots,
                "must be none, contiguous, comb, all or cells");
}

} // namespace isac
} // namespace gr
