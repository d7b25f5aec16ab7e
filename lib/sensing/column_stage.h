/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_COLUMN_STAGE_H
#define INCLUDED_ISAC_SENSING_COLUMN_STAGE_H

#include "fft_plan.h"
#include "range_tiles.h"
#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <volk/volk_alloc.hh>
#include <cstddef>
#include <memory>
#include <vector>

namespace gr {
namespace isac {

//! What an echo makes of the columns: row times conj(column).
struct ISAC_API echo_response {
    volk::vector<gr_complex> row;    //!< over the range cells
    volk::vector<gr_complex> column; //!< over Doppler as transformed, 0 first
    //! At a distance of some rows from the peak and beyond, abs(column) is at most this.
    std::vector<float> envelope;
    size_t peak; //!< of the column

    //! A cell's value. \param doppler  0 in the middle
    gr_complex at(size_t doppler, size_t range) const;
};

//! What tiles of range cells become.
struct power_map {
    float* powers; //!< rows over the tiles' columns, Doppler 0 in the middle
    float scale;   //!< of the powers
};

/*!
 * The second half of a map: from tiles of range cells to powers over Doppler.
 *
 * A tile is transformed to columns one after the other in a buffer that stays in the
 * second-level cache, which go as whole cache lines of powers to the map.
 */
class ISAC_API column_stage
{
public:
    /*!
     * \param rows    that enter
     * \param length  of the transforms, at least \p rows: the rest is zero
     */
    column_stage(size_t rows, size_t length);

    column_stage(const column_stage&) = delete;
    column_stage& operator=(const column_stage&) = delete;

    //! Tiles from the first to before the last given.
    void
    process(const range_tiles& tiles, const power_map& map, size_t first, size_t last);

    /*!
     * The same less echoes, where they reach; other columns of the map stay as they are.
     *
     * \param echoes  \p num_echoes of them
     * \param least   amplitude of an echo in a cell, unscaled, that may stay there
     */
    void process_less(const range_tiles& tiles,
                      const power_map& map,
                      size_t first,
                      size_t last,
                      const echo_response* echoes,
                      size_t num_echoes,
                      float least);

    //! Makes an echo's column. \param turns  of the rows, weighted
    void transform_turns(const std::vector<gr_complex>& turns, echo_response& e);

private:
    template <typename Wanted, typename Change>
    void process(const range_tiles& tiles,
                 const power_map& map,
                 size_t first,
                 size_t last,
                 Wanted wanted,
                 Change change);
    void transform(const gr_complex* tile);
    void take_echo(const echo_response& e, size_t first, size_t count, float least);
    //! \param pitch  columns of the map
    void
    put_powers(size_t pitch, const power_map& map, size_t tile, lines_ahead ahead) const;

    size_t d_rows;
    size_t d_length;
    size_t d_pitch;                    // of d_columns
    volk::vector<gr_complex> d_longer; // a tile with zeros, where it is shorter
    volk::vector<gr_complex> d_columns;
    std::unique_ptr<fft_plan> d_fft;
    std::unique_ptr<fft_plan> d_single_fft; // from the first of d_columns to the second
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_COLUMN_STAGE_H */
