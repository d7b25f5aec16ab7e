/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_OFDM_DEMODULATOR_H
#define INCLUDED_ISAC_OFDM_DEMODULATOR_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <cstdint>
#include <map>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Samples to rows: removes the cyclic prefix, FFT. \ingroup isac
 *
 * A `frame` tag on a sample starts a frame there. One that comes before the last frame is
 * complete means lost samples: the rest of the torn frame is dropped and counted in
 * faults() as "lost_samples", and so are samples after a frame's end without a tag.
 * Without any tag frames follow each other from the first sample on.
 *
 * An `rx_time` tag tells of lost samples too, as a UHD source puts it behind an overflow:
 * the frame that they belonged to is torn, and no later frame's samples fill it up.
 * Frames without tags keep their places by it, and get `frame` tags by their number since
 * the first sample. Where a stream has no `scene_time`, each frame's follows from the
 * last `rx_time` and `rx_rate`, in seconds.
 *
 * A NaN stays in its own row.
 *
 * Input 0: samples. Output 0: rows of N values in ascending frequency, the carrier at
 * N / 2; unitary, so that the power of a resource element is abs(x)^2 / N mW.
 *
 * Tags taken from a frame's first sample and put on its first row: `frame`, `scene_time`,
 * `rx_time`, `rx_rate`, `rx_freq`. An rx_time that is not a tuple of seconds (uint64) and
 * fraction (double) is counted as "bad_tag".
 */
class ISAC_API ofdm_demodulator : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<ofdm_demodulator>;

    /*!
     * \param grid           the grid
     * \param timing_advance samples by which the FFT window starts early, inside the
     *                       cyclic prefix: 0 to the shortest CP; rows keep their true
     *                       delay
     * \throws std::invalid_argument for a value out of its range
     */
    static sptr make(ofdm_grid::sptr grid, int timing_advance = 0);

    //! What had to be dropped, by kind.
    virtual std::map<std::string, uint64_t> faults() const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_OFDM_DEMODULATOR_H */
