/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_THEORY_FISHER_H
#define INCLUDED_ISAC_THEORY_FISHER_H

#include <gnuradio/isac/api.h>
#include <cstddef>
#include <string>

namespace gr {
namespace isac {
namespace theory {

/*!
 * What is known of the echo's phase.
 *
 * unknown: the phase is estimated too, as every real receiver must; the bound then does
 * not depend on where frequency and time are counted from. known: the phase at frequency
 * offset 0 and time 0 is known. published: twice the variance of a known phase at the
 * lowest frequency used, the form of J. Li et al., "Sensing-Enhanced Handover Criterion
 * for Low-Altitude Wireless Networks", eq. (7), whose likelihood is that of real noise.
 */
enum class phase_model { unknown, known, published };

//! "unknown_phase", "known_phase" or "published"; \throws std::invalid_argument else
ISAC_API phase_model phase_model_of(const std::string& name);

/*!
 * All that the bound needs to know of the resource elements used: their energy-weighted
 * sums. Made once a pattern, so that a bound costs a few multiplications.
 */
struct pattern_moments {
    double energy = 0;           //!< sum of w
    double mean_frequency = 0;   //!< sum of w f / energy, Hz
    double mean_time = 0;        //!< sum of w t / energy, s
    double spread_frequency = 0; //!< sum of w (f - mean)^2, Hz^2
    double spread_time = 0;      //!< sum of w (t - mean)^2, s^2
    double spread_joint = 0;     //!< sum of w (f - mean) (t - mean), Hz s
    double lowest_frequency = 0; //!< of the elements with w > 0, Hz
};

/*!
 * Sums over a frame of rows.
 *
 * \param weights          energies abs(X)^2 relative to the element that the SNR is told
 *                         for, row by row (num_times x num_frequencies); zero where an
 *                         element is not used
 * \param frequencies      offset of each subcarrier from the carrier, ascending, Hz
 * \param num_frequencies  values a row
 * \param times            of each row, from the middle of the frame, s
 * \param num_times        rows
 * \throws std::invalid_argument for a negative weight, a value that is not finite, or no
 *         weight above zero
 */
ISAC_API pattern_moments moments_of_rows(const double* weights,
                                         const double* frequencies,
                                         size_t num_frequencies,
                                         const double* times,
                                         size_t num_times);
//! The same for weights in single precision, as receivers hold them.
ISAC_API pattern_moments moments_of_rows(const float* weights,
                                         const double* frequencies,
                                         size_t num_frequencies,
                                         const double* times,
                                         size_t num_times);

//! Sums over single resource elements, each with its own weight, frequency and time.
ISAC_API pattern_moments moments_of_elements(const double* weights,
                                             const double* frequencies,
                                             const double* times,
                                             size_t count);

//! Smallest variances of unbiased estimates, and their covariance.
struct delay_doppler_bound {
    double var_delay;   //!< s^2
    double var_doppler; //!< Hz^2
    double covariance;  //!< s Hz
};

/*!
 * Cramer-Rao bound of delay and Doppler of one echo in white complex Gaussian noise: the
 * inverse Fisher matrix of amplitude, phase, delay and Doppler. The element (f, t) of
 * weight w is
 *
 *     sqrt(w) A exp(j phi) exp(-j 2 pi f delay) exp(+j 2 pi t doppler) + noise
 *
 * An unknown real amplitude costs nothing: its row of the Fisher matrix is orthogonal to
 * the others. What the pattern cannot measure (delay from one subcarrier) has an infinite
 * variance.
 *
 * \param moments  of the elements used
 * \param snr      A^2 over the noise power of a resource element (weight 1), linear, >= 0
 * \param model    what is known of the phase
 * \throws std::invalid_argument for an snr that is negative or not finite
 */
ISAC_API delay_doppler_bound bound(const pattern_moments& moments,
                                   double snr,
                                   phase_model model = phase_model::unknown);

} // namespace theory
} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_THEORY_FISHER_H */
