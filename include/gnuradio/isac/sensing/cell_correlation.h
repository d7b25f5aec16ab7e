/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CELL_CORRELATION_H
#define INCLUDED_ISAC_SENSING_CELL_CORRELATION_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/sensing/range_doppler_map.h>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

/*!
 * How the amplitudes of noise in neighbouring cells hang together, along each axis apart.
 */
struct ISAC_API cell_correlation {
    //! Cells from one nearly independent cell to the next.
    size_t stride_delay = 1;
    size_t stride_doppler = 1;
    //! Correlation at 0, 1, 2, ... strides; beyond the end it is 0.
    std::vector<double> delay = { 1.0 };
    std::vector<double> doppler = { 1.0 };

    //! Whether cells a stride apart are taken for independent.
    bool independent() const { return delay.size() == 1 && doppler.size() == 1; }

    //! Of a map's own window, padding and pattern.
    static cell_correlation of_map(const range_doppler_map& map);
    /*!
     * Of a bare map whose independent cells stand \p delay and \p doppler cells apart (1:
     * all are independent), as zero-padding makes it: sinc(lag / length).
     *
     * \throws std::invalid_argument for a length below 1
     */
    static cell_correlation of_lengths(double delay, double doppler);
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CELL_CORRELATION_H */
