/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_BLOCK_LIKELIHOOD_H
#define INCLUDED_ISAC_SENSING_BLOCK_LIKELIHOOD_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/sensing/element_pattern.h>
#include <complex>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief The likelihood of an echo near a place, from sums over blocks of a frame.
 * \ingroup isac
 *
 * A frame that was matched to what was sent and rotated to a place is summed over blocks,
 * at most 32 along each axis. An echo \p delay and \p doppler beside the place then shows
 * as
 *
 *     A = sum over blocks of sums exp(+j 2 pi f delay) exp(-j 2 pi t doppler)
 *
 * with f and t of the blocks' centres, and the likeliest echo maximises abs(A)^2. The
 * blocks lose a part in a thousand of the information an axis holds.
 */
class ISAC_API block_likelihood
{
public:
    using value = std::complex<double>;

    //! A with its derivatives for a step of one cell.
    struct response {
        value sum;
        value delay, doppler;
        value delay_delay, delay_doppler, doppler_doppler;
    };

    /*!
     * \param delay_cell, doppler_cell  what the elements' extent resolves, s and Hz
     */
    block_likelihood(const element_pattern& pattern,
                     double delay_cell,
                     double doppler_cell);

    //! \name Blocks along the axes; sums are stored Doppler block by Doppler block
    //! \{
    size_t width() const { return d_delay.centres.size(); }
    size_t height() const { return d_doppler.centres.size(); }
    size_t size() const { return width() * height(); }
    //! First places of the blocks along the axes, and the end.
    const std::vector<size_t>& edges_delay() const { return d_delay.edges; }
    const std::vector<size_t>& edges_doppler() const { return d_doppler.edges; }
    //! \}

    //! \param sums  size() values \param delay, doppler beside their place, s and Hz
    response match(const value* sums, double delay, double doppler) const;
    //! A alone.
    value sum(const value* sums, double delay, double doppler) const;

    //! The best of a raster that reaches 3/4 of a cell each way: Newton's method then
    //! starts on the main lobe's cap.
    void search(const value* sums, double& delay, double& doppler) const;
    //! To the nearest maximum, by Newton's method.
    void climb(const value* sums, double& delay, double& doppler) const;

    //! The terms of A that each step along delay has, summed over Doppler.
    std::vector<value> along_delay(const value* sums, double delay, double doppler) const;
    //! From one block's centre to the next along delay, Hz.
    double spacing_delay() const;

    //! Share of an echo's amplitude that is lost at a distance from the place, cells.
    double loss(double cells) const;

private:
    struct axis {
        std::vector<size_t> edges;
        std::vector<double> centres; // Hz or s
        double cell;                 // s or Hz
        size_t longest;              // places in a block
    };

    static axis make_axis(const std::vector<double>& places, double cell);

    axis d_delay, d_doppler;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_BLOCK_LIKELIHOOD_H */
