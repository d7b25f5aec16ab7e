/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_RANGE_TILES_H
#define INCLUDED_ISAC_SENSING_RANGE_TILES_H

#include "prefetch.h"
#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <volk/volk_alloc.hh>
#include <cstddef>

namespace gr {
namespace isac {

/*!
 * Rows of range cells, as tiles of a few neighbouring cells of every row: what is put in
 * by rows is read by columns, a tile one stretch of memory.
 */
class ISAC_API range_tiles
{
public:
    //! Cells of a row in a tile.
    static constexpr size_t COLUMNS = 32;

    range_tiles(size_t rows, size_t columns);

    range_tiles(const range_tiles&) = delete;
    range_tiles& operator=(const range_tiles&) = delete;

    size_t columns() const { return d_columns; }
    //! The last of them may be incomplete.
    size_t tiles() const { return d_tiles; }
    //! Cells of all tiles, at least columns().
    size_t row_length() const { return d_tiles * COLUMNS; }

    //! Asks for the room of a row that is put next.
    void expect(size_t row) const;
    //! \param values  row_length() of them, of which those beyond columns() do not matter
    void put(size_t row, const gr_complex* values, float weight);
    //! Lets other threads see what this one put.
    void settle() const;

    //! Of a tile that is read next, those that lie beyond the caches.
    lines_ahead ahead_of(size_t tile) const;
    /*!
     * Sums over rows, from first to before last, of their conjugate cells times each
     * row's turn.
     *
     * \param sums  row_length() values
     */
    void sum_conjugates(size_t first,
                        size_t last,
                        const gr_complex* turns,
                        gr_complex* sums) const;
    //! Of all tiles, rows x row_length() at least.
    gr_complex* values() { return d_values.data(); }
    //! rows x COLUMNS values.
    const gr_complex* tile(size_t i) const { return d_values.data() + i * d_pitch; }

private:
    size_t d_rows, d_columns, d_tiles;
    size_t d_pitch; // from tile to tile
    bool d_past_caches;
    volk::vector<gr_complex> d_values;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_RANGE_TILES_H */
