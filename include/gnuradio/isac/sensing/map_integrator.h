/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_MAP_INTEGRATOR_H
#define INCLUDED_ISAC_SENSING_MAP_INTEGRATOR_H

#include <gnuradio/isac/api.h>
#include <volk/volk_alloc.hh>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Kernel: maps of powers to their mean, over inputs and frames. \ingroup isac
 *
 * Non-coherent integration: phases do not matter, and a frame may come at any time after
 * the one before. Every \p hop frames the mean over the last \p frames is there. It is
 * added up anew from sums of \p hop frames each, so that rounding does not pile up:
 * memory for frames / hop + 1 maps.
 */
class ISAC_API map_integrator
{
public:
    struct parameters {
        int inputs = 1; //!< maps a frame: antennas, or pairs; 1 to 16
        int frames = 8; //!< added up, 1 to 1024
        //! Frames from one mean to the next, of which frames is a multiple; 0: frames.
        int hop = 0;

        int looks() const { return inputs * frames; } //!< maps in a mean, at most 1024
    };

    /*!
     * \param cells  of a map
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    map_integrator(size_t cells, const parameters& p);

    map_integrator(const map_integrator&) = delete;
    map_integrator& operator=(const map_integrator&) = delete;

    /*!
     * Adds the maps of a frame. One whose number is not above the last one's begins anew.
     *
     * \param maps    of each input
     * \param number  of the frame
     * \param time    of the frame's middle, s
     * \return whether there is a mean
     */
    bool add(const std::vector<const float*>& maps, uint64_t number, double time);

    //! Forgets all frames.
    void reset();

    //! \name Once add() returned true, until it is called again
    //! \{
    const float* mean() const { return d_mean.data(); }
    //! Number of the frame in the middle; of an even count, of the later one.
    uint64_t number() const;
    //! Mean of the frames' times, s.
    double time() const;
    //! \}

private:
    struct frame {
        uint64_t number;
        double time;
    };
    volk::vector<float>& group() { return d_groups[d_count / d_hop % d_groups.size()]; }

    size_t d_frames, d_hop;
    std::vector<volk::vector<float>>
        d_groups; // sums over hop frames, the oldest replaced
    volk::vector<float> d_mean;
    size_t d_count = 0;          // frames added
    std::vector<frame> d_latest; // the last ones, in the order of their coming
    float d_share;               // of a map in the mean
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_MAP_INTEGRATOR_H */
