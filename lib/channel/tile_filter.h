/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_TILE_FILTER_H
#define INCLUDED_ISAC_CHANNEL_TILE_FILTER_H

#include <gnuradio/isac/channel/fractional_delay.h>
#include <complex>
#include <cstddef>

namespace gr {
namespace isac {

//! Tiles of one delay, one after the other.
struct tile_run {
    static constexpr size_t SAMPLES = 32;         //!< of a tile
    static constexpr size_t FLOATS = 2 * SAMPLES; //!< likewise

    const float* x; //!< samples, the first tap's of the first tile first
    size_t tiles;
    float taps[fractional_delay::NUM_TAPS];
};

//! exp(j w n) over a tile, each part twice, as it meets both parts of a sample, and with
//! the sign with which it does.
struct tile_rotation {
    float re[tile_run::FLOATS];
    float im[tile_run::FLOATS];
};

//! What becomes of the tiles of all runs.
struct tile_output {
    const tile_rotation& turn;           //!< over each tile
    const std::complex<double>* factors; //!< of each tile
    bool adds;                           //!< to what is there
    float* out;
};

/*!
 * What comes over a path: the samples through the fractional delay's taps, turned by the
 * rotation and multiplied by each tile's factor.
 */
void pass_tiles(const tile_run* runs, size_t count, const tile_output& to);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_TILE_FILTER_H */
