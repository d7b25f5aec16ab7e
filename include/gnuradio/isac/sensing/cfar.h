/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_CFAR_H
#define INCLUDED_ISAC_SENSING_CFAR_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/sensing/cell_correlation.h>
#include <gnuradio/isac/sensing/cfar_window.h>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace gr {
namespace isac {

class cfar_search;

//! A cell of a map that exceeds its threshold.
struct map_cell {
    size_t doppler; //!< row, zero Doppler at doppler_cells / 2
    size_t range;   //!< column
    float power;
    float threshold;
};

/*!
 * \brief Kernel: constant false-alarm rate detection over a map of powers. \ingroup isac
 *
 * A cell is detected when it exceeds a multiple of the noise that its training cells
 * show: a rectangle around it less a smaller one of guard cells. Every cell is tested:
 * Doppler wraps; delay does not, there the window is cut at the border and the multiplier
 * follows the training cells that are left. The multiplier is solved from the probability
 * of false alarm of a cell of exponential noise, or of the sum of several.
 *
 * Guard and training are counted in strides of the correlation, so that a padded map
 * trains on the same cells as the plain one.
 *
 * "ca" compares with the mean of the training cells; "os" with the order statistic of the
 * given rank, which targets among the training cells hardly move; "osgo" with the
 * greatest of the order statistics of four quadrants, see cfar_window: at an edge of
 * clutter, along either axis, those that hold clutter alone are among them (A. R.
 * Elias-Fuste, M. G. G. de Mercado, E. de los Reyes, "Analysis of some modified ordered
 * statistic CFAR: OSGO and OSSO CFAR", there of two halves of a line). All take account
 * of what correlation is left between the training cells. A NaN in a cell silences the
 * windows that hold it ("ca"), or counts as infinite ("os", "osgo").
 */
class ISAC_API cfar
{
public:
    struct parameters {
        std::string kind = "ca"; //!< "ca", "os" or "osgo"
        double pfa = 1e-6;       //!< of a cell, 0 < pfa < 1
        //! Cells on each side, in strides; as many as fit into the Doppler axis.
        int guard_delay = 2;
        int guard_doppler = 2;
        int training_delay = 6;
        int training_doppler = 4;
        //! "os", "osgo": the order statistic, as a share of the training cells, above 0
        //! to 1. The higher, the fewer false alarms of "os" at the edge of clutter; the
        //! lower, the more training cells may hold other targets. "osgo" does best in
        //! noise at 0.75.
        double rank = 0.9;
        //! Independent maps of which the powers are the sum, or the mean: 1 to 1024.
        int looks = 1;
    };

    //! Whether that is a kind of detector.
    static bool takes(const std::string& kind);

    /*!
     * \throws std::invalid_argument naming the parameter, its value and its limit; also
     *         when no training cell is left anywhere in the map
     */
    cfar(size_t doppler_cells,
         size_t range_cells,
         const parameters& p,
         const cell_correlation& correlation);
    ~cfar();

    cfar(const cfar&) = delete;
    cfar& operator=(const cfar&) = delete;

    /*!
     * \param map         doppler_cells x range_cells powers
     * \param detected    is filled with every cell above its threshold, row by row
     * \param thresholds  of every cell, unless nullptr: then only cells that may exceed
     *                    theirs have it computed, which is a lot faster
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
        size_t training; // cells
        size_t above;    // of them, over the order statistics of their sectors
        double multiplier;
    };

    cfar_window fit_window(size_t doppler_cells, size_t range_cells) const;
    void solve_columns();
    double solve(size_t range) const;
    void average(const float* map, float* thresholds);
    float mean(const float* map, size_t row, size_t range);
    float order_statistic(const float* map, size_t row, size_t range);
    bool exceeds(const float* map, size_t row, size_t range) const;

    parameters d_params;
    bool d_order; // "os"
    cell_correlation d_correlation;
    cfar_window d_window;
    std::vector<column> d_columns;
    std::vector<float> d_training;
    std::unique_ptr<cfar_search> d_search;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_CFAR_H */
