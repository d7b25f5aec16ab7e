/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_JOINT_FIT_H
#define INCLUDED_ISAC_SENSING_JOINT_FIT_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/sensing/echo_fit.h>
#include <Eigen/Core>
#include <vector>

namespace gr {
namespace isac {

//! What is known of a frame: what these echoes leave of it, near each.
struct joint_measurement {
    std::vector<echo> echoes;
    //! Of the frame less all the echoes, rotated to less than a cell from each.
    std::vector<const echo_blocks*> residuals;
};

/*!
 * Maximum likelihood of echoes that stand within a few cells of each other: amplitudes,
 * delays and Dopplers of all of them at once, by the method of Levenberg and Marquardt.
 *
 * The residual is known as sums over blocks near each echo (echo_blocks); what the echoes
 * make of each other follows from the blocks' energies.
 */
class ISAC_API joint_fit
{
public:
    //! Echoes that may be measured, and fitted one more.
    static constexpr int MOST = 12;

    explicit joint_fit(const echo_fit& frame);

    /*!
     * The likeliest echoes.
     *
     * \param echoes  where they start from, on any amplitudes; more may be given than
     *                were measured
     * \param of      for each of \p echoes, the measured one less than a cell from it
     * \return how much more of the frame's power, abs(X)^2 an element, they explain than
     * the measured ones
     */
    double process(const joint_measurement& m,
                   std::vector<echo>& echoes,
                   const std::vector<size_t>& of);

    /*!
     * How much less is known of the echoes than if each were alone: the joint Cramer-Rao
     * bound over the single one. Infinite where echoes coincide.
     */
    struct inflation {
        double delay = 1, doppler = 1;
    };
    const std::vector<inflation>& inflations(const std::vector<echo>& echoes);

private:
    // Of an echo: real and imaginary part of the amplitude, relative to its modulus,
    // delay and Doppler in cells.
    static constexpr int UNKNOWNS = 4;
    static constexpr int SIZE = UNKNOWNS * (MOST + 1);
    using matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, SIZE, SIZE>;
    using vector = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, SIZE, 1>;
    using value = block_likelihood::value;
    using response = block_likelihood::response;

    // What the frame holds at the echoes' places, and what they leave of it there.
    struct state {
        std::vector<echo> echoes;
        std::vector<response> residuals;
        std::vector<response> kernels; // of each pair of echoes
        double cost;
    };

    response held(const echo& at, size_t of) const;
    void evaluate(state& s) const;
    void fit_amplitudes(state& s) const;
    matrix curvature(const state& s) const;
    vector gradient(const state& s) const;
    response kernel(const echo& at, const echo& of) const;
    void fill_kernels(state& s) const;
    double step(const vector& change, const state& from, state& to) const;

    const echo_fit& d_frame;
    const joint_measurement* d_measured;
    std::vector<size_t> d_of;
    state d_here, d_there;
    std::vector<inflation> d_inflations;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_JOINT_FIT_H */
