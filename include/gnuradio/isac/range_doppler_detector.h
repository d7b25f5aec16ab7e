/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_RANGE_DOPPLER_DETECTOR_H
#define INCLUDED_ISAC_RANGE_DOPPLER_DETECTOR_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/sensing/map_detector.h>
#include <gnuradio/isac/sensing/map_integrator.h>
#include <cstdint>
#include <map>
#include <string>

namespace gr {
namespace isac {

//! What a range_doppler_detector is made with.
struct range_doppler_detector_parameters {
    //! Numbers of the nodes, for `detections`, not negative.
    int tx = 0;
    int rx = 0;
    //! "pilots" or "rows": what the maps' maker knows of what was sent.
    std::string reference = "pilots";
    //! Whether the maps are of the pilots is what the reference says, and the looks
    //! follow from what is added up.
    map_detector::parameters detector = {};
    map_integrator::parameters integration = {};
};

/*!
 * \brief Range-Doppler maps of several frames and antennas to targets. \ingroup isac
 *
 * \details
 * Maps of powers are added up, whatever the phases: over the inputs, and over `frames`
 * frames. CFAR, which knows how such sums are distributed, finds the cells that stand out
 * of the mean, and the maximum between the cells is each target's delay and Doppler (the
 * kernels are map_integrator and map_detector). Targets are found that are too weak for
 * any single frame.
 *
 * Inputs: maps, as Range-Doppler Estimator puts them out: doppler_cells() rows of
 * range_cells() powers a frame, one input an antenna or pair. Tags: `frame` (uint64)
 * starts a map, `scene_time` (double, s) is the start of its frame. A frame counts when
 * all inputs have it. No input holds up another: maps of an input that runs ahead are
 * kept, as many as 64 MB hold, 8 to 256.
 *
 * Output 0, optional: the mean map, like the maps. Tags on the first row: `frame`, of the
 * frame in the middle, and `scene_time` (s), such that the middle of that frame would be
 * the mean of the frames' middles.
 *
 * Message output `detections`: one dictionary every `hop` frames, also when empty: frame,
 * of the frame in the middle, scene_time (s, mean of the frames' middles), tx, rx, and
 * vectors of delay (s, total path over c), doppler (Hz, positive when closing), range
 * (m), velocity (m/s, positive when receding), snr (linear, a resource element of a
 * frame), var_delay (s^2), var_doppler (Hz^2).
 *
 * A frame that is torn, holds a NaN or is missing at an input is left out, and the next
 * one counted instead. faults(): lost_rows, not_finite, unmatched, frame_jump, bad_tag. A
 * frame number that goes back begins a new sum.
 */
class ISAC_API range_doppler_detector : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<range_doppler_detector>;

    /*!
     * \param grid        what was sent when
     * \param parameters  see range_doppler_detector_parameters
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(ofdm_grid::sptr grid,
                     const range_doppler_detector_parameters& parameters =
                         range_doppler_detector_parameters());

    //! \name Live: taken up at the next frame
    //! Each throws std::invalid_argument as make() does, and changes nothing then.
    //! \{
    virtual void set_pfa(double pfa) = 0;
    virtual void set_cfar(const std::string& cfar) = 0;
    virtual void set_guard(int guard_delay, int guard_doppler) = 0;
    virtual void set_training(int training_delay, int training_doppler) = 0;
    virtual void set_max_targets(int max_targets) = 0;
    //! The sum begins anew.
    virtual void set_frames(int frames, int hop = 0) = 0;
    //! \}

    //! Columns of the maps: the length of a row.
    virtual size_t range_cells() const = 0;
    //! Rows of a map.
    virtual size_t doppler_cells() const = 0;
    //! Delay of a column over its number, s (total path over c).
    virtual double delay_step() const = 0;
    //! Doppler from one row to the next, Hz.
    virtual double doppler_step() const = 0;

    //! Frames that were left out and other faults, by kind, since start.
    virtual std::map<std::string, uint64_t> faults() const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_RANGE_DOPPLER_DETECTOR_H */
