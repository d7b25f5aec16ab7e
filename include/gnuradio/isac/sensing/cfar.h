/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CFAR_H
#define INCLUDED_ISAC_SENSING_CFAR_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/sensing/range_doppler_map.h>
#include <volk/volk_alloc.hh>
#include <cstddef>
#include <string>
#include <vector>

namespace gr {
namespace isac {

//! A cell of a map that exceeds its threshold.
struct map_cell {
    size_t doppler; //!< row, zero Doppler at doppler_cells / 2
    size_t range;   //!< column
    float power;
    float threshold;
};

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

/*!
 * \brief Kernel: constant false-alarm rate detection over a map of powers. \ingroup isac
 *
 * A cell is detected when it exceeds a multiple of the noise that its training cells
 * show: a rectangle around it less a smaller one of guard cells. Every cell is tested:
 * Doppler wraps; delay does not, there the window is cut at the border and the multiplier
 * follows the training cells that are left. The multiplier is solved from the probability
 * of false alarm of a cell of exponential noise.
 *
 * Guard and training are counted in strides of the correlation, so that a padded map
 * trains on the same cells as the plain one.
 *
 * "ca" compares with the mean of the training cells, and takes account of what
 * correlation is left between them. "os" compares with the order statistic of the given
 * rank, which targets and clutter edges among the training cells hardly move.
 */
class ISAC_API cfar
{
public:
    struct parameters {
        std::string kind = "ca"; //!< "ca" or "os"
        double pfa = 1e-6;       //!< of a cell, 0 < pfa < 1
        //! Cells on each side, in strides; as many as fit into the Doppler axis.
        int guard_delay = 2;
        int guard_doppler = 2;
        int training_delay = 6;
        int training_doppler = 4;
        //! "os": the order statistic, as a share of the training cells, above 0 to 1.
        double rank = 0.75;
    };

    /*!
     * \throws std::invalid_argument naming the parameter, its value and its limit; also
     *         when no training cell is left anywhere in the map
     */
    cfar(size_t doppler_cells,
         size_t range_cells,
         const parameters& p,
         const cell_correlation& correlation);

    cfar(const cfar&) = delete;
    cfar& operator=(const cfar&) = delete;

    /*!
     * \param map         doppler_cells x range_cells powers
     * \param detected    is filled with every cell above its threshold, row by row
     * \param thresholds  of every cell, unless nullptr
     */
    void process(const float* map,
                 std::vector<map_cell>& detected,
                 float* thresholds = nullptr);

    //! One cell alone; returns whether it is above its threshold.
    bool test(const float* map, size_t row, size_t range, map_cell& cell);

    //! Training cells of the cells in column \p range.
    size_t num_training(size_t range) const { return d_columns[range].training; }
    //! Threshold over noise estimate in that column.
    double multiplier(size_t range) const { return d_columns[range].multiplier; }

    /*!
     * Clusters of detected cells to targets: keeps the cells that no cell within a stride
     * (both axes wrap) tops.
     */
    void keep_peaks(const float* map, std::vector<map_cell>& detected) const;

private:
    struct column {
        size_t left, right;             // training reach, strides
        size_t guard_left, guard_right; // guard reach, strides
        size_t training;                // cells
        size_t rank;                    // 1 is the smallest
        double multiplier;
    };

    void fit_window();
    void solve_columns();
    double solve(const column& c) const;
    size_t wrapped(size_t row, long strides) const;
    void average(const float* map, std::vector<map_cell>& detected, float* thresholds);
    void start_rows(const float* map, size_t row);
    void advance_rows(const float* map, size_t row);
    void slide(size_t length, float* out);
    void set_thresholds(float* thresholds);
    void order(const float* map, std::vector<map_cell>& detected, float* thresholds);
    size_t gather(const float* map, size_t row, size_t range);
    bool exceeds(const float* map, size_t row, size_t range) const;

    size_t d_doppler_cells;
    size_t d_range_cells;
    parameters d_params;
    cell_correlation d_correlation;
    size_t d_guard_doppler;
    size_t d_reach_doppler;
    std::vector<column> d_columns;
    // Sums over the window's rows: of those beyond the guard cells, of those across them.
    std::vector<double> d_beside, d_across;
    volk::vector<float> d_sums, d_window; // and over columns
    volk::vector<float> d_levels;         // thresholds of a row
    volk::vector<float> d_scales;         // of the columns' sums
    std::vector<float> d_training;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CFAR_H */
