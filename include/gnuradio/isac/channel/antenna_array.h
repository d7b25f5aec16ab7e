/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_ANTENNA_ARRAY_H
#define INCLUDED_ISAC_CHANNEL_ANTENNA_ARRAY_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/trajectory.h>
#include <cstddef>

namespace gr {
namespace isac {

/*!
 * \brief Isotropic elements on a horizontal line (ULA) or on a rectangle (UPA), and the
 * beams that weights of unit norm form. A value.
 *
 * Broadside is at the azimuth, from the x axis toward y, and tilted down from the
 * horizon. Columns stand side by side on the horizontal line across broadside, rows
 * upright to both. Isotropic elements also see what is behind them.
 */
class ISAC_API antenna_array
{
public:
    //! One element.
    antenna_array() : antenna_array(1, 1, 0, 0, 0.5) {}

    /*!
     * \param columns       at least 1
     * \param rows          at least 1; 1 is a ULA
     * \param azimuth_deg   of broadside, degrees, finite
     * \param downtilt_deg  of broadside, degrees, finite
     * \param spacing       of columns and of rows, wavelengths, positive
     * \throws std::invalid_argument
     */
    antenna_array(size_t columns,
                  size_t rows,
                  double azimuth_deg,
                  double downtilt_deg,
                  double spacing);

    size_t columns() const { return d_columns; }
    size_t rows() const { return d_rows; }
    size_t num_elements() const { return d_columns * d_rows; }
    //! Unit vector along the row, from column to column.
    const vector3& across() const { return d_across; }
    //! Unit vector along the column, from row to row, upward.
    const vector3& upward() const { return d_upward; }

    /*!
     * Power gain of a beam that some of the columns form.
     *
     * \param steered    unit vector to where the beam points
     * \param direction  unit vector to where one looks
     * \param columns    that form it, 1 to columns()
     * \return linear, at most columns rows()
     */
    double gain(const vector3& steered, const vector3& direction, size_t columns) const;

private:
    size_t d_columns;
    size_t d_rows;
    double d_spacing;
    vector3 d_across;
    vector3 d_upward;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_ANTENNA_ARRAY_H */
