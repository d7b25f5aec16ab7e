/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WAVEFORM_OFDM_TRANSFORM_H
#define INCLUDED_ISAC_WAVEFORM_OFDM_TRANSFORM_H

#include <gnuradio/isac/ofdm_grid.h>
#include <volk/volk_alloc.hh>
#include <memory>

namespace gr {
namespace isac {

class fft_plan;

/*!
 * Rows to the samples of OFDM symbols with their cyclic prefixes, and back. Unitary: a
 * row and the N samples of its useful part have the same energy. Rows are in ascending
 * frequency, the carrier at N / 2.
 */
class ISAC_API ofdm_transform
{
public:
    /*!
     * \param grid           the grid
     * \param timing_advance samples by which the receiver's FFT window starts before the
     *                       useful part, 0 to the shortest CP; the phase is compensated,
     *                       so that rows do not depend on it
     * \throws std::invalid_argument for a timing advance beyond the CP
     */
    explicit ofdm_transform(ofdm_grid::sptr grid, int timing_advance = 0);
    ~ofdm_transform();

    ofdm_transform(const ofdm_transform&) = delete;
    ofdm_transform& operator=(const ofdm_transform&) = delete;

    size_t timing_advance() const { return d_advance; }

    /*!
     * \param symbol  0 to M - 1
     * \param row     N values
     * \param samples cp_len(symbol) + N samples out
     * \param scale   factor on the samples
     */
    void
    modulate(size_t symbol, const gr_complex* row, gr_complex* samples, float scale = 1);

    //! The preamble: preamble_samples() samples out.
    void modulate_preamble(gr_complex* samples, float scale = 1);

    /*!
     * \param window N samples from the useful part's first on, less timing_advance()
     * \param row    N values out
     */
    void demodulate(const gr_complex* window, gr_complex* row);

private:
    void transform(const gr_complex* row, size_t cp, gr_complex* samples, float scale);

    ofdm_grid::sptr d_grid;
    size_t d_advance;
    volk::vector<gr_complex> d_in, d_out;
    // (-1)^n / sqrt(N) moves the carrier from N / 2 to 0; with the samples' scale on the
    // way out.
    volk::vector<float> d_alternating, d_scaled;
    float d_scale = 0;
    volk::vector<gr_complex> d_compensation; // of the timing advance; empty without one
    std::unique_ptr<fft_plan> d_inverse, d_forward;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WAVEFORM_OFDM_TRANSFORM_H */
