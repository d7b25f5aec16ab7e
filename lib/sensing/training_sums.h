/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_TRAINING_SUMS_H
#define INCLUDED_ISAC_SENSING_TRAINING_SUMS_H

#include <gnuradio/isac/sensing/cfar_window.h>
#include <volk/volk_alloc.hh>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Sums over CFAR training cells, a row of windows at a time.
 *
 * The windows of a few rows next to each other have most of their cells in common. Sums
 * over the common cells alone bound those of all these rows from below, at the cost of
 * one row.
 *
 * Sums only add: a cell a hundred dB above the others, or a NaN, is in the sums of the
 * windows that hold it and leaves no trace in any other.
 */
class training_sums
{
public:
    //! \p most_columns is the most that a call tests.
    training_sums(const cfar_window& w, size_t most_columns);

    training_sums(const training_sums&) = delete;
    training_sums& operator=(const training_sums&) = delete;

    /*!
     * \param rows     pointers to 2 reach_doppler + 1 rows around the first row tested,
     *                 at the first column tested; of the first group - 1, only pointers
     * \param group    rows tested together, 1 to 2 reach_doppler + 1
     * \param left     values before the first column that count, at most lead()
     * \param columns  columns tested
     * \param right    values after the last one that count, at most lead()
     * \return a sum for each column tested
     */
    const float* process(const float* const* rows,
                         size_t group,
                         size_t left,
                         size_t columns,
                         size_t right);

    //! Training cells common to \p group rows, of a column with that many strides to the
    //! left and to the right of it.
    size_t num_cells(size_t group, size_t left, size_t right) const;

    //! Columns to each side that a window reaches.
    size_t lead() const { return d_window.reach_delay * d_window.stride_delay; }

private:
    // Sums over 1, 4, 16, ... values of a line, a stride apart, from each value on.
    using levels = std::vector<volk::vector<float>>;

    // Rows that a group's windows have in common: outer ones [first, last), of which
    // [across_first, across_last) hold guard cells of one of them.
    struct row_span {
        size_t first, across_first, across_last, last;
    };

    row_span rows_of(size_t group) const;
    levels make_levels(size_t longest, size_t size) const;
    void raise(levels& line, size_t size);
    void add_window(const levels& line, size_t offset, size_t length);

    cfar_window d_window;
    levels d_all;    // of all the common rows
    levels d_beside; // of those beyond the guard cells
    std::vector<const float*> d_parts;
    volk::vector<float> d_sums;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_TRAINING_SUMS_H */
