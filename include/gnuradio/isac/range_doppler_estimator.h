/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_RANGE_DOPPLER_ESTIMATOR_H
#define INCLUDED_ISAC_RANGE_DOPPLER_ESTIMATOR_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/sensing/clutter_filter.h>
#include <gnuradio/isac/sensing/target_estimator.h>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gr {
namespace isac {

//! What a range_doppler_estimator is made with.
struct range_doppler_estimator_parameters {
    //! Numbers of the nodes, for `detections`, not negative.
    int tx = 0;
    int rx = 0;
    //! "pilots": the grid's pilots alone are known; "rows": the rows of input 1.
    std::string reference = "pilots";
    //! Map, detector and fit; whether the map knows the pilots only is what the reference
    //! says.
    target_estimator::parameters estimator = {};
    //! References, and echoes, that are kept, 0 to 1024: more than are in flight; 0: as
    //! many as 64 MB hold, 4 to 256.
    int reference_frames = 0;
    //! What is taken out of the rows first.
    clutter_filter::parameters clutter = {};
};

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
 * echoes takes the reference of its own number, which serves but once. References wait in
 * the buffer of their stream and, before that is full, in a ring, `reference_frames`
 * frames in all: they never hold up the transmitter. An echo that comes before its
 * reference waits for it, the same number of frames at most.
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
     * \param grid        what was sent when
     * \param parameters  see range_doppler_estimator_parameters
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(ofdm_grid::sptr grid,
                     const range_doppler_estimator_parameters& parameters =
                         range_doppler_estimator_parameters());

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
