/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_MOTION_COMPENSATOR_H
#define INCLUDED_ISAC_SENSING_MOTION_COMPENSATOR_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/sensing/matched_frame.h>
#include <volk/volk_alloc.hh>
#include <memory>
#include <vector>

namespace gr {
namespace isac {

class chirp_transform;
class fft_plan;

/*!
 * \brief Kernel: matches a frame as if no echo moved within a symbol or through a range
 * cell. \ingroup isac
 *
 * An echo of Doppler f_D turns by f_D over the spacing within a symbol: it loses
 * sinc(f_D / spacing)^2 of its power to other subcarriers (intercarrier interference).
 * And its Doppler is f_D (1 + f / fc) on a subcarrier f above the carrier fc: over the
 * frame it migrates through range cells.
 *
 * For each of a few slices of the unambiguous Dopplers, symbols are turned back in time
 * by the slice's middle before they are matched, as in G. Hakobyan and B. Yang, "A Novel
 * Intercarrier-Interference Free Signal Processing Scheme for OFDM Radar", IEEE Trans.
 * Vehicular Technology 67(6), 2018, where the slice is a cell of Doppler; here it is
 * what leaves less than 0.1 dB of loss. The slice's lines are then taken by a Fourier
 * transform over symbols that is stretched on each subcarrier by 1 + f / fc (keystone by
 * chirp transform: R. P. Perry, R. C. DiPietro and R. L. Fante, "SAR Imaging of Moving
 * Targets", IEEE Trans. Aerospace and Electronic Systems 35(1), 1999). The lines of all
 * slices are transformed back to products, on which map and fits work as ever.
 *
 * The Dopplers next to the largest unambiguous one, of either sign, share lines: what an
 * echo has beyond the border belongs to the slice at the other end, which turns it away.
 * Where an echo stands out of one end alone the border gives way to it by a few lines.
 *
 * On subcarriers below the carrier the ends of the frame, abs(f) / fc of it, stay without
 * data. Elements of unequal energies are mixed with their neighbours in time: strong
 * echoes leave more self-noise than without.
 */
class ISAC_API motion_compensator
{
public:
    motion_compensator(ofdm_grid::sptr grid, const element_pattern& pattern);
    ~motion_compensator();

    motion_compensator(const motion_compensator&) = delete;
    motion_compensator& operator=(const motion_compensator&) = delete;

    /*!
     * \param rows, reference  of the frame, see matched_frame::set_rows()
     * \param frame            of the same pattern, kept whole: is finished, with the
     *                         compensated products
     * \param room             for a value of each subcarrier and symbol of the pattern;
     *                         is overwritten
     */
    void process(const gr_complex* rows,
                 const gr_complex* reference,
                 matched_frame& frame,
                 gr_complex* room);

    //! Slices of Doppler; each costs about six maps.
    size_t num_slices() const { return d_slices.size(); }

private:
    struct slice {
        size_t first, lines; // of the transform over symbols
        volk::vector<gr_complex> turns;
    };
    // Lines next to the border, and those of the same slice beyond it.
    struct axis_end {
        size_t inside;                  // first line
        std::vector<gr_complex> beyond; // over subcarriers and lines
    };

    struct peak {
        float highest = 0, mean = 0; // powers
    };

    void make_slices();
    void match(const slice& s, const gr_complex* rows, matched_frame& frame);
    void take_lines(const slice& s, const matched_frame& frame);
    peak find_peak(const gr_complex* lines, size_t stride);
    bool stands_out(const axis_end& end, const axis_end& other);
    void give_way(const axis_end& to, const axis_end& from);
    void to_products(matched_frame& frame);

    ofdm_grid::sptr d_grid;
    element_pattern d_pattern;
    std::vector<slice> d_slices;
    size_t d_margin; // lines that the border may give way by
    axis_end d_low, d_high;
    std::vector<double> d_stretches; // of the subcarriers' Doppler
    volk::vector<gr_complex> d_samples, d_row;
    // Over subcarriers and Doppler, in the caller's room.
    gr_complex* d_lines = nullptr;
    volk::vector<gr_complex> d_column;
    size_t d_pitch; // of d_columns
    volk::vector<gr_complex> d_columns;
    volk::vector<gr_complex> d_line, d_ranges;
    std::vector<gr_complex> d_before, d_after; // factors of the transform back
    std::unique_ptr<fft_plan> d_to_time, d_to_rows, d_to_ranges, d_back;
    std::unique_ptr<chirp_transform> d_stretched;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_MOTION_COMPENSATOR_H */
