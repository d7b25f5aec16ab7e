/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WAVEFORM_CHANNEL_ESTIMATOR_H
#define INCLUDED_ISAC_WAVEFORM_CHANNEL_ESTIMATOR_H

#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/waveform/frame_mapper.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <memory>

namespace gr {
namespace isac {

class fft_plan;

/*!
 * The channel of a frame from its pilots, and the one-tap equaliser.
 *
 * The channel is H[m,k] = a exp(-j 2 pi (k - N/2) df tau) exp(+j 2 pi fD t_m) G[m,k]: its
 * strongest path, with delay tau and Doppler (or carrier offset) fD fitted over all
 * pilots of the frame by maximum likelihood, and what is left of it. That single path
 * reaches over the whole band also where the pilots do not, and is all there is (G = 1)
 * unless the pilots show more: then G is averaged over tiles of a few subcarriers and
 * symbols and interpolated between them. "More" is tested against the scatter within the
 * tiles at four standard errors, so that a single path costs no tile's noise.
 *
 * Against a known channel the loss is 1 + 1 / P for a single path and P pilots, and at
 * most 1 + 1 / p for G from p pilots a tile (8 with a comb in every symbol: 0.5 dB).
 */
class ISAC_API channel_estimator
{
public:
    //! \throws std::invalid_argument if the grid has no pilots
    explicit channel_estimator(ofdm_grid::sptr grid);
    ~channel_estimator();

    channel_estimator(const channel_estimator&) = delete;
    channel_estimator& operator=(const channel_estimator&) = delete;

    /*!
     * Estimates the channel from the pilots.
     *
     * \param rows M x N received values
     * \return false if no finite power is there; the other members are then undefined
     */
    bool estimate(const gr_complex* rows);

    /*!
     * Fits the channel again over all active elements, with decisions as reference: where
     * pilots cover a share of the band only. Signal and noise stay those of the pilots.
     *
     * \param rows   M x N received values
     * \param mapper makes the decided rows
     * \param bits   hard decisions of the frame
     */
    void refine(const gr_complex* rows, frame_mapper& mapper, const uint8_t* bits);

    //! Divides one row (N values) by the channel; \p out may be \p row.
    void equalise(size_t symbol, const gr_complex* row, gr_complex* out);

    //! Whether the pilots reach over (almost) all of the active band.
    bool spans_band() const { return d_spans_band; }
    //! Of the strongest path, s; ambiguous beyond 1 / (pilot spacing), centred at CP / 2.
    double delay() const;
    //! Of the strongest path, Hz; ambiguous beyond 1 / (spacing of pilot symbols).
    double doppler() const { return d_doppler; }
    //! Mean abs(H)^2 over the pilots, less the noise in it.
    double signal() const { return d_signal; }
    //! Mean abs(Y - H X)^2, unbiased, over the pilots.
    double noise() const { return d_noise; }
    //! Whether the channel has more than its strongest path.
    bool dispersive() const { return d_dispersive; }

private:
    class tiles;

    void gather(const gr_complex* rows);
    void search();
    void steer();
    std::complex<double> correlate(double& slope_frequency, double& slope_time);
    void smooth();
    double residual_about_tiles();

    ofdm_grid::sptr d_grid;
    bool d_spans_band = true;

    // The pilots as a lattice: the rows that hold some, every d_step-th subcarrier from
    // d_first on; zero where a lattice point holds none.
    size_t d_first, d_step, d_width;
    std::vector<size_t> d_symbols;
    std::vector<uint32_t> d_cells;   // lattice point of each pilot
    std::vector<size_t> d_row_begin; // first pilot of each lattice row, and the end
    volk::vector<gr_complex> d_lattice;
    double d_centre_k = 0, d_spread_k = 0; // mean and variance of the pilots' places
    double d_centre_t = 0, d_spread_t = 0;

    volk::vector<gr_complex> d_steering, d_slope; // conj(e_k), times (k - centre), N each
    volk::vector<gr_complex> d_row, d_equaliser;
    volk::vector<gr_complex> d_delay_in, d_delay_out, d_doppler_in, d_doppler_out;
    std::vector<double> d_periodogram;
    std::unique_ptr<fft_plan> d_delay_plan, d_doppler_plan;

    double d_cycles = 0; // delay in cycles a subcarrier
    double d_doppler = 0;
    std::complex<double> d_gain;
    double d_signal = 0, d_noise = 0;
    bool d_dispersive = false;
    std::unique_ptr<tiles> d_pilot_tiles, d_band_tiles;
    const tiles* d_used_tiles = nullptr;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WAVEFORM_CHANNEL_ESTIMATOR_H */
