/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_GAUSSIAN_NOISE_H
#define INCLUDED_ISAC_CHANNEL_GAUSSIAN_NOISE_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <volk/volk_alloc.hh>
#include <cstddef>
#include <cstdint>

namespace gr {
namespace isac {

/*!
 * \brief White circular Gaussian noise, by Box and Muller's transform over whole blocks.
 *
 * The samples follow from the seed alone, however many are taken at a time.
 */
class ISAC_API gaussian_noise
{
public:
    explicit gaussian_noise(uint64_t seed);

    gaussian_noise(const gaussian_noise&) = delete;
    gaussian_noise& operator=(const gaussian_noise&) = delete;

    //! Adds noise of mean abs(z)^2 = \p power to \p count samples.
    void add(gr_complex* samples, size_t count, double power);

private:
    static constexpr size_t BLOCK = 2048;

    void refill();

    uint64_t d_state[2];
    volk::vector<int32_t> d_draws; // angles, then radii
    volk::vector<float> d_radius, d_angle, d_sine, d_cosine;
    volk::vector<gr_complex> d_noise; // of unit power
    size_t d_used = BLOCK;            // of d_noise
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_GAUSSIAN_NOISE_H */
