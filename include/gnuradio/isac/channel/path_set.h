/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_PATH_SET_H
#define INCLUDED_ISAC_CHANNEL_PATH_SET_H

#include <gnuradio/isac/api.h>
#include <cstddef>

namespace gr {
namespace isac {

/*!
 * \brief What an echo_synthesizer is to synthesize: the paths from transmitted to
 * received streams, and the white noise that each of these has.
 *
 * Gains and noise are those of one frame; delays follow the geometry within it.
 */
class ISAC_API path_set
{
public:
    //! Target index of a path without a target.
    static constexpr int DIRECT = -1;
    static constexpr int LEAKAGE = -2;

    virtual ~path_set() = default;

    //! Ascending by receiver, and by transmitter within one receiver's.
    virtual size_t num_paths() const = 0;
    //! Streams that the path joins.
    virtual size_t transmitter(size_t path) const = 0;
    virtual size_t receiver(size_t path) const = 0;
    //! Index of the path's target, DIRECT or LEAKAGE.
    virtual int target_index(size_t path) const = 0;
    //! Power out over power in, of the frame at hand.
    virtual double gain(size_t path) const = 0;
    //! s, at scene time \p time.
    virtual double delay(size_t path, double time) const = 0;
    //! Hz, positive when closing, at scene time \p time.
    virtual double doppler(size_t path, double time) const = 0;
    //! Hz
    virtual double carrier_frequency() const = 0;
    //! Noise and Gaussian interference of a received stream over \p sample_rate, mW.
    virtual double white_power(size_t receiver, double sample_rate) const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_PATH_SET_H */
