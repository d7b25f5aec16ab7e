/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_RANGE_DOPPLER_ESTIMATOR_H
#define INCLUDED_ISAC_RANGE_DOPPLER_ESTIMATOR_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Rows of echoes to range-Doppler maps and targets. \ingroup isac
 *
 * \details
 * What stands still is taken out of the rows, if asked for. Each frame is matched to what
 * was sent, windowed and transformed to a map of powers;
 * CFAR finds the cells that stand out, and the delay and Doppler of every target are
 * fitted by maximum likelihood, one after the other, strongest first (the kernel is
 * target_estimator).
 *
 * Input 0: rows, num_subcarriers() complex values an OFDM symbol. Tags: `frame` (uint64)
 * starts a frame, `scene_time` (double, s) or `rx_time` tell when; see OFDM Demodulator.
 * Input 1, with reference "rows": what was sent, as rows with `frame` tags. A frame of
 * echoes takes the reference of its own number. References are read as they come and
 * kept in a ring of \p reference_frames frames, so that they never hold up the
 * transmitter; an echo that comes before its reference waits for it, the same number of
 * frames at most.
 *
 * Output 0, optional: doppler_cells() rows of range_cells() powers a frame, zero Doppler
 * at row doppler_cells() / 2. White noise of unit power a resource element has mean 1.
 * Tags on the first row: `frame`, and `scene_time` (s, start of the frame).
 *
 * Message output `detections`: one dictionary a frame, also when empty: frame, scene_time
 * (s, middle of the frame), tx, rx, and vectors of delay (s, total path over c), doppler
 * (Hz, positive when closing), range (m), velocity (m/s, positive when receding), snr
 * (linear, a resource element), var_delay (s^2), var_doppler (Hz^2).
 *
 * A frame with lost rows, a NaN or no reference is dropped and counted in faults():
 * lost_rows, not_finite, no_reference, empty_reference; also frame_jump, bad_tag.
 */
class ISAC_API range_doppler_estimator : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<range_doppler_estimator>;

    /*!
     * \param grid             what was sent when
     * \param tx               number of the transmitting node, for `detections`; not
     *                         negative
     * \param rx               number of the receiving node; not negative
     * \param reference        "pilots": the grid's pilots alone are known; "rows": the
     *                         rows of input 1
     * \param mode             "matched_filter" (rows times the conjugate reference) or
     *                         "division" (rows over the reference)
     * \param window           "rectangular", "hann", "hamming", "blackman",
     *                         "blackman_harris", "nuttall", "flattop", "kaiser", "tukey"
     * \param window_parameter beta of "kaiser" (0 to 100), alpha of "tukey" (0 to 1)
     * \param pad_delay        zero-padding of the range axis: 1, 2, 4 or 8
     * \param pad_doppler      zero-padding of the Doppler axis: 1, 2, 4 or 8
     * \param cfar             "ca", "os", or "none": the strongest peak of a frame is its
     *                         one target, whatever its power
     * \param pfa              probability of false alarm of a cell, above 0, below 1
     * \param guard_delay      guard cells on each side, in independent cells, >= 0
     * \param guard_doppler    likewise
     * \param training_delay   training cells beyond the guard cells, likewise
     * \param training_doppler likewise
     * \param os_rank          order statistic of "os" as a share of the training cells,
     *                         above 0 to 1
     * \param max_targets      strongest targets a frame that are kept, 1 to 1024
     * \param reference_frames references, and echoes, that are kept, 0 to 1024: more than
     *                         are in flight; 0: as many as 64 MB hold, 4 to 256
     * \param dynamic_range_db what is weaker than the strongest cell of a frame by more
     *                         is no target, 10 to 140 dB
     * \param super_resolution whether each target is tried for two that are closer than a
     *                         cell in delay; not with cfar "none"
     * \param compensate_motion whether range migration and intercarrier interference of
     *                         fast targets are compensated, at some thirty times the cost
     *                         of a map
     * \param clutter          what is taken out of the rows first: "none", "mean" (of the
     *                         symbols of the last frames), "mti" (a high-pass over the
     *                         symbols) or "eca" (what stands still at clutter_delays);
     *                         see clutter_filter
     * \param clutter_memory   frames that "mean" is taken over, 1 to 65536
     * \param clutter_cutoff   half-power Doppler of "mti", in Doppler cells of a frame,
     *                         above 0, to a sixteenth of the symbols
     * \param clutter_delays   of "eca": total path over c, s; 1 to 256 of them
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(ofdm_grid::sptr grid,
                     int tx = 0,
                     int rx = 0,
                     const std::string& reference = "pilots",
                     const std::string& mode = "matched_filter",
                     const std::string& window = "rectangular",
                     double window_parameter = 6.76,
                     int pad_delay = 1,
                     int pad_doppler = 1,
                     const std::string& cfar = "ca",
                     double pfa = 1e-6,
                     int guard_delay = 2,
                     int guard_doppler = 2,
                     int training_delay = 6,
                     int training_doppler = 4,
                     double os_rank = 0.9,
                     int max_targets = 32,
                     int reference_frames = 0,
                     double dynamic_range_db = 80,
                     bool super_resolution = false,
                     bool compensate_motion = false,
                     const std::string& clutter = "none",
                     int clutter_memory = 16,
                     double clutter_cutoff = 0.25,
                     const std::vector<double>& clutter_delays = {});

    //! \name Live: taken up at the next frame
    //! Each throws std::invalid_argument as make() does, and changes nothing then.
    //! \{
    virtual void set_pfa(double pfa) = 0;
    virtual void set_cfar(const std::string& cfar) = 0;
    virtual void set_mode(const std::string& mode) = 0;
    virtual void set_window(const std::string& window, double window_parameter) = 0;
    virtual void set_guard(int guard_delay, int guard_doppler) = 0;
    virtual void set_training(int training_delay, int training_doppler) = 0;
    virtual void set_max_targets(int max_targets) = 0;
    //! What the filter knows of the frames before is forgotten.
    virtual void set_clutter(const std::string& clutter,
                             int memory,
                             double cutoff,
                             const std::vector<double>& delays) = 0;
    //! \}

    //! Columns of the map: the length of an output row.
    virtual size_t range_cells() const = 0;
    //! Rows of the map a frame.
    virtual size_t doppler_cells() const = 0;
    //! Delay of a column over its number, s (total path over c).
    virtual double delay_step() const = 0;
    //! Doppler from one row to the next, Hz.
    virtual double doppler_step() const = 0;

    //! Frames that were dropped and other faults, by kind, since start.
    virtual std::map<std::string, uint64_t> faults() const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_RANGE_DOPPLER_ESTIMATOR_H */
