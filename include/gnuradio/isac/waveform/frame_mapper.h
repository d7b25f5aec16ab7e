/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WAVEFORM_FRAME_MAPPER_H
#define INCLUDED_ISAC_WAVEFORM_FRAME_MAPPER_H

#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/waveform/constellation.h>
#include <volk/volk_alloc.hh>
#include <set>
#include <tuple>
#include <vector>

namespace gr {
namespace isac {

/*!
 * The data bits of a frame to its rows and back, a row at a time. Rows are N values in
 * ascending frequency at unit energy: pilots and data from the grid, zeros elsewhere.
 */
class ISAC_API frame_mapper
{
public:
    explicit frame_mapper(ofdm_grid::sptr grid);

    frame_mapper(const frame_mapper&) = delete;
    frame_mapper& operator=(const frame_mapper&) = delete;

    //! Bytes that hold the data bits of a frame, first bit most significant.
    size_t frame_bytes() const { return (d_grid->data_bits() + 7) / 8; }

    const constellation& symbols() const { return d_constellation; }

    /*!
     * \param symbol row of the frame, 0 to M - 1
     * \param bits   frame_bytes() bytes, the whole frame
     * \param row    N values out
     */
    void map(size_t symbol, const uint8_t* bits, gr_complex* row);

    /*!
     * Hard decisions of one equalised row; call in ascending order of \p symbol.
     *
     * \param symbol row of the frame, 0 to M - 1
     * \param row    N values
     * \param bits   frame_bytes() bytes, the whole frame
     */
    void demap(size_t symbol, const gr_complex* row, uint8_t* bits);

private:
    // Where a row holds what; rows that are alike share it, so that it stays in the
    // cache.
    struct layout {
        std::vector<uint32_t> data;   // subcarriers
        std::vector<uint32_t> values; // where d_values holds each subcarrier's
        size_t num_pilots = 0;
        bool operator<(const layout& other) const
        {
            return std::tie(data, values) < std::tie(other.data, other.values);
        }
    };
    struct row_place {
        const layout* where;
        size_t first_data, first_pilot; // among the frame's
    };

    layout lay_out(const ofdm_grid::element* row) const;

    ofdm_grid::sptr d_grid;
    constellation d_constellation;
    std::set<layout> d_layouts;
    std::vector<row_place> d_rows;
    std::vector<gr_complex> d_pilots;  // the frame's, one after the other
    volk::vector<gr_complex> d_values; // a row's data and its pilots; the last is zero
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WAVEFORM_FRAME_MAPPER_H */
