/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CLUTTER_FILTER_H
#define INCLUDED_ISAC_SENSING_CLUTTER_FILTER_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <volk/volk_alloc.hh>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Kernel: takes what does not move out of rows. \ingroup isac
 *
 * Static clutter and self-interference are a channel that stays as it is: H[k] X[m,k] on
 * subcarrier k of symbol m. It is estimated by least squares and subtracted:
 *
 * - "mean": H from the whole frame, sum y conj(X) / sum abs(X)^2, averaged with those of
 *   the frames before. The average over all frames so far, from `memory` frames on
 *   exponential.
 * - "mti": a high-pass over symbols, H += a (y - H X) conj(X) / E after each symbol has
 *   been put out less H X; it runs on from frame to frame. It starts from the mean of the
 *   first frame.
 * - "eca": of the frame alone, the part that echoes at the given delays and zero Doppler
 *   can explain (F. Colone et al., "A multistage processing algorithm for disturbance
 *   removal and target detection in passive bistatic radar").
 *
 * With memory 1 the mean takes all of zero Doppler, and with it the noise there: a CFAR
 * whose cells train on that row sets their thresholds too low. More frames leave most of
 * the noise, and with it the false alarms, where they were.
 * Across frames the clutter's phase must hold.
 */
class ISAC_API clutter_filter
{
public:
    struct parameters {
        std::string kind = "none"; //!< "none", "mean", "mti" or "eca"
        int memory = 16;           //!< "mean": frames, 1 to 65536
        //! "mti": Doppler at which half the power passes, in Doppler cells of a frame:
        //! above 0, to a sixteenth of the symbols; less where a subcarrier
        //! is sent on few of them.
        double cutoff = 0.25;
        //! "eca": total path over c, s; 1 to 256 of them.
        std::vector<double> delays = {};
    };

    //! \throws std::invalid_argument naming the parameter, its value and its limit
    clutter_filter(ofdm_grid::sptr grid, const parameters& p);

    clutter_filter(const clutter_filter&) = delete;
    clutter_filter& operator=(const clutter_filter&) = delete;

    /*!
     * \param rows       M x N received values, finite
     * \param reference  M x N transmitted values, zero where nothing was sent; nullptr:
     *                   the grid's pilots
     * \return M x N values, as long as the next call; where nothing was sent as they were
     */
    const gr_complex* process(const gr_complex* rows, const gr_complex* reference);

    //! Forgets the frames before.
    void reset();

    const ofdm_grid& grid() const { return *d_grid; }
    const parameters& params() const { return d_params; }

private:
    void measure(const gr_complex* rows, const gr_complex* reference);
    void remove_mean(const gr_complex* rows, const gr_complex* reference);
    void remove_slow(const gr_complex* rows, const gr_complex* reference);
    void project(const gr_complex* rows, const gr_complex* reference);
    void subtract(const gr_complex* rows, const gr_complex* reference);

    ofdm_grid::sptr d_grid;
    parameters d_params;
    size_t d_subcarriers, d_symbols;
    volk::vector<gr_complex> d_channel;       // H
    size_t d_frames = 0;                      // that it was estimated from
    size_t d_sent = 0;                        // elements of the frame that are not zero
    volk::vector<gr_complex> d_frame_channel; // sum of y conj(X), then over the energies
    volk::vector<float> d_energies;           // sum of abs(X)^2
    volk::vector<gr_complex> d_row;
    volk::vector<float> d_row_energies;
    volk::vector<gr_complex> d_steering; // "eca": delays x subcarriers
    volk::vector<gr_complex> d_out;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CLUTTER_FILTER_H */
