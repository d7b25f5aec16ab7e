/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_MAP_DETECTOR_H
#define INCLUDED_ISAC_SENSING_MAP_DETECTOR_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/reports.h>
#include <gnuradio/isac/sensing/cfar.h>
#include <gnuradio/isac/sensing/range_doppler_map.h>
#include <gnuradio/isac/theory/fisher.h>
#include <memory>
#include <vector>

namespace gr {
namespace isac {

class map_axis;

/*!
 * \brief Kernel: the mean of range-Doppler maps to targets. \ingroup isac
 *
 * CFAR, clusters to peaks, and for each, strongest first, the maximum between the cells.
 * A peak that may be no more than sidelobes of stronger ones, all in phase, is dropped.
 *
 * The likelihood of one echo whose amplitude every look has for itself is the mean of the
 * looks' periodograms. A map without a window that is padded by two or more holds all of
 * it: the maximum between its cells is the joint maximum-likelihood estimate. A window
 * costs accuracy, as it does to any peak. On an axis without padding, where a whole cell
 * is all that the resolution is divided into, the place follows from the ratio of two
 * neighbours: good for half a cell, but in the cell's middle the neighbours are empty and
 * tell next to nothing.
 *
 * The SNR is that of a resource element of a look: the peak over the noise, which is told
 * by the median of the map's cells, less what noise adds to a maximum. Variances are the
 * Cramer-Rao bounds of independent looks of unknown Gaussian amplitudes: the bound of one
 * look at that SNR over the looks, times 1 + 1 / S for the SNR S of a look after
 * integration over its elements. Windows and missing padding come on top.
 */
class ISAC_API map_detector
{
public:
    struct parameters {
        //! What the maps were made with; mode and threads do not matter.
        range_doppler_map::parameters map = {};
        //! Its looks are the maps in the mean.
        cfar::parameters detector = {};
        int max_targets = 32; //!< strongest first, 1 to 1024
    };

    //! \throws std::invalid_argument naming the parameter, its value and its limit
    map_detector(ofdm_grid::sptr grid, const parameters& p);
    ~map_detector();

    map_detector(const map_detector&) = delete;
    map_detector& operator=(const map_detector&) = delete;

    /*!
     * \param mean    doppler_cells() x range_cells() powers
     * \param report  whose vectors are replaced; the rest is left as it is
     */
    void process(const float* mean, detections& report);

    size_t doppler_cells() const { return d_doppler_cells; }
    size_t range_cells() const { return d_range_cells; }
    double delay_step() const { return d_delay_step; }     //!< s a cell
    double doppler_step() const { return d_doppler_step; } //!< Hz a row
    const parameters& params() const { return d_params; }

private:
    struct work;
    // The maximum next to a cell: its place, in cells, and its power over the noise.
    struct peak {
        double doppler, range, power;
    };

    map_detector(ofdm_grid::sptr grid, const parameters& p, const range_doppler_map& map);
    double noise_of(const float* mean);
    double response(double doppler, double range) const;
    peak find(const float* mean, const map_cell& cell, double noise);
    bool is_sidelobe(const map_cell& cell, double noise) const;
    void write(const peak& found, detections& report) const;

    ofdm_grid::sptr d_grid;
    parameters d_params;
    size_t d_doppler_cells, d_range_cells;
    double d_delay_step, d_doppler_step;
    cfar d_detector;
    std::unique_ptr<map_axis> d_delay, d_doppler;
    std::unique_ptr<work> d_work;
    std::vector<float> d_elements; // weights, of a pattern that is not separable
    theory::pattern_moments d_moments;
    double d_gain;        // power of an echo of unit SNR in its own place
    double d_median;      // of a cell of noise of unit mean
    size_t d_sample_step; // cells between those that the noise is taken from
    std::vector<float> d_sample;
    std::vector<map_cell> d_cells;
    std::vector<peak> d_peaks;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_MAP_DETECTOR_H */
