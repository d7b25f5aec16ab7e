/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_MAP_AXIS_H
#define INCLUDED_ISAC_SENSING_MAP_AXIS_H

#include <gnuradio/isac/api.h>
#include <Eigen/Dense>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

/*!
 * One axis of maps of powers: what an echo makes of its cells, and what stands between
 * them.
 *
 * The powers' spectrum ends at the lag of the outermost elements. A map with two cells
 * or more to the resolution, dense(), tells all of it. A place between its cells is then
 * the sum of the cells around with the weights of the least mean squared error, for
 * powers that hang together as the echo's response has it: no more than the tails of the
 * exact interpolation are cut.
 */
class ISAC_API map_axis
{
public:
    //! \param window  weights of the places that are transformed to \p cells cells
    map_axis(const std::vector<float>& window, size_t cells);

    size_t span() const { return d_window.size(); } //!< places that are transformed
    bool dense() const { return d_weights.cols() > 1; }
    //! Power of an echo \p distance cells away beside that in its own place.
    double response(double distance) const;
    //! Power of an echo in its own place, of noise of unit mean, over the number of
    //! places and the power in each.
    double gain() const { return d_gain; }

    //! \name Places between cells, from one below to one above a cell
    //! \{
    double place(double i) const { return d_first + i * d_spacing; }
    //! Of each place (rows) over the cells at offsets() (columns).
    const Eigen::MatrixXd& weights() const { return d_weights; }
    //! The cell at an offset of weights() from \p cell; the axis wraps.
    size_t neighbour(size_t cell, Eigen::Index offset) const;
    //! \}

    /*!
     * Place of an echo, in cells beside its strongest, by that one's power and its
     * neighbours', of noise of unit mean each: where a map is not dense.
     */
    double place_of(double before, double peak, double after) const;

private:
    std::vector<double> d_window;
    size_t d_cells;
    double d_gain;
    long d_step = 1; // cells between those that are weighed
    double d_first = 0, d_spacing = 0;
    Eigen::MatrixXd d_weights;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_MAP_AXIS_H */
