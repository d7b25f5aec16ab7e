/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_FRACTIONAL_DELAY_H
#define INCLUDED_ISAC_CHANNEL_FRACTIONAL_DELAY_H

#include <gnuradio/isac/api.h>
#include <cstddef>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief A bank of FIR filters that read a sampled signal between its samples.
 *
 * Each filter has the least squared error over the middle BAND of the sample rate
 * (T. I. Laakso et al., "Splitting the Unit Delay", IEEE Signal Processing Magazine,
 * 1996, eq. 34 to 37); between the phases of the bank the coefficients are interpolated
 * linearly. A tone anywhere in the middle 80% comes out with an error below -74 dB.
 */
class ISAC_API fractional_delay
{
public:
    static constexpr size_t NUM_TAPS = 28;
    static constexpr size_t NUM_PHASES = 256;
    //! Samples after x[n] that y[n] = x(n - mu) reads.
    static constexpr size_t AHEAD = NUM_TAPS / 2 - 1;
    //! Samples before x[n] that y[n] = x(n - mu) reads.
    static constexpr size_t BEHIND = NUM_TAPS / 2;
    //! Design band as a share of the sample rate: a little wider than the 80% that are
    //! promised levels the error, which peaks at the band's edge.
    static constexpr double BAND = 0.815;

    fractional_delay();

    fractional_delay(const fractional_delay&) = delete;
    fractional_delay& operator=(const fractional_delay&) = delete;

    /*!
     * \param mu    delay in samples, 0 to 1
     * \param taps  NUM_TAPS values: x(n - mu) = sum_k taps[k] x[n - BEHIND + k]
     */
    void coefficients(double mu, float* taps) const;

private:
    std::vector<float> d_bank; // (NUM_PHASES + 1) x NUM_TAPS
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_FRACTIONAL_DELAY_H */
