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
     * \param num_symbols, num_subcarriers the grid's M and N
     * \param first   lowest subcarrier that samples will come from
     * \param last    and the highest
     * \param symbols symbols a tile
     * \param width   subcarriers a tile
     */
    tiles(size_t num_symbols,
          size_t num_subcarriers,
          size_t first,
          size_t last,
          size_t symbols,
          size_t width);

    //! Forgets the samples of the last frame.
    void clear();

    //! A sample G abs(X)^2 + noise at (\p symbol, \p k), with its weight abs(X)^2.
    void add(size_t symbol, size_t k, gr_complex sample, float weight)
    {
        cell& c = d_cells[symbol / d_symbols * d_columns + (k - d_first) / d_width];
        c.sum += sample;
        c.weight += weight;
        c.count++;
        c.energy += weight > 0 ? std::norm(sample) / weight : 0;
        c.symbol += static_cast<float>(symbol);
        c.k += static_cast<float>(k - d_first);
    }

    //! Averages; true if the tiles differ from 1 by more than their scatter explains.
    bool finish();

    //! Variance of a sample at unit weight about its tile's mean; after finish().
    double noise() const { return d_noise; }
    //! Mean abs(G)^2 over the samples, less the noise in it; after finish().
    double power() const { return d_power; }

    //! G of one row on all N subcarriers.
    void interpolate(size_t symbol, gr_complex* row) const;

private:
    struct cell {
        gr_complex sum;
        float weight, energy, count, symbol, k;
    };
    struct place { // between two neighbours: (1 - share) of lower, share of the next
        uint32_t lower;
        float share;
    };

    static void place_between(const std::vector<float>& centres, std::vector<place>& out);

    size_t d_first, d_symbols, d_width, d_rows, d_columns;
    std::vector<cell> d_cells;
    std::vector<gr_complex> d_values;
    std::vector<float> d_centre_symbol, d_centre_k;
    std::vector<place> d_place_symbol, d_place_k;
    mutable std::vector<gr_complex> d_blend;
    double d_noise = 0, d_power = 1;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WAVEFORM_CHANNEL_TILES_H */
