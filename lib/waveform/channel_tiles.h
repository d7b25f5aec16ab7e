/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WAVEFORM_CHANNEL_TILES_H
#define INCLUDED_ISAC_WAVEFORM_CHANNEL_TILES_H

#include <gnuradio/isac/waveform/channel_estimator.h>
#include <vector>

namespace gr {
namespace isac {

/*!
 * What the strongest path leaves of a channel, averaged over tiles of the grid and
 * interpolated linearly between their centres.
 */
class channel_estimator::tiles
{
public:
    /*!
     * \param grid    the grid
     * \param known   resource elements that samples will come from: indices into M x N
     *                rows, ascending
     * \param symbols symbols a tile
     * \param width   subcarriers a tile
     */
    tiles(const ofdm_grid& grid,
          const std::vector<uint32_t>& known,
          size_t symbols,
          size_t width);

    //! Forgets the samples of the last frame.
    void clear();

    //! A sample G abs(X)^2 + noise at the i-th known element, with its weight abs(X)^2.
    void add(size_t i, gr_complex sample, float weight)
    {
        cell& c = d_cells[d_cell_of[i]];
        c.sum += sample;
        c.weight += weight;
        c.energy += std::norm(sample) / weight;
    }

    //! Averages; true if the tiles differ from 1 by more than their scatter explains.
    bool finish();

    //! Mean abs(G)^2 over the samples, less the noise in it; after finish().
    double power() const { return d_power; }
    //! Degrees of freedom (complex) that interpolate() takes from samples of equal
    //! weight.
    double freedom() const { return d_freedom; }

    //! G of one row on all N subcarriers.
    void interpolate(size_t symbol, gr_complex* row) const;

private:
    struct cell {
        gr_complex sum;
        float weight, energy;
    };
    struct place { // between two neighbours: (1 - share) of lower, share of the next
        uint32_t lower;
        float share;
    };

    static void place_between(const std::vector<float>& centres, std::vector<place>& out);

    void count_freedom(const ofdm_grid& grid, const std::vector<uint32_t>& known);

    size_t d_rows, d_columns;
    std::vector<cell> d_cells;
    std::vector<gr_complex> d_values;
    std::vector<uint32_t> d_cell_of; // of each known element
    std::vector<uint32_t> d_counts;  // known elements of each cell
    std::vector<place> d_place_symbol, d_place_k;
    mutable std::vector<gr_complex> d_blend;
    double d_freedom = 0, d_power = 1;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WAVEFORM_CHANNEL_TILES_H */
