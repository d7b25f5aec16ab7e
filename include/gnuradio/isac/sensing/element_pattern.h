/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_ELEMENT_PATTERN_H
#define INCLUDED_ISAC_SENSING_ELEMENT_PATTERN_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <algorithm>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

//! The places along one axis of the grid that hold a known element.
struct ISAC_API pattern_axis {
    size_t first = 0;   //!< lowest place of the grid that is used
    size_t spacing = 1; //!< greatest common distance of the places used
    size_t span = 1;    //!< places first, first + spacing, ... up to the last one used
    size_t length = 1;  //!< such places in the whole axis: the length of its transform

    size_t place(size_t i) const { return first + i * spacing; }
    //! How many of the span's places lie before that one of the grid.
    size_t count_before(size_t place) const
    {
        return place <= first ? 0 : std::min((place - first - 1) / spacing + 1, span);
    }
};

/*!
 * Which resource elements the receiver knows: the pilots alone, or every active element.
 * Where they stand on a regular comb only its teeth are transformed, so that a map holds
 * each unambiguous cell once.
 */
struct ISAC_API element_pattern {
    element_pattern(const ofdm_grid& grid, bool pilots_only);

    bool used(const ofdm_grid& grid, size_t index) const
    {
        const auto e = grid.elements()[index];
        return e == ofdm_grid::element::pilot ||
               (!pilots_only && e == ofdm_grid::element::data);
    }

    bool pilots_only;
    pattern_axis subcarriers;
    pattern_axis symbols;
    size_t num_elements = 0; //!< elements used
    //! Whether every symbol that is used has the same subcarriers.
    bool separable = false;
    //! Offset from the carrier of each subcarrier of the axis' span, Hz.
    std::vector<double> frequencies;
    //! Time from the middle of the frame of each symbol of the axis' span, s.
    std::vector<double> times;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_ELEMENT_PATTERN_H */
