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
    explicit joint_fit(const echo_fit& frame);

    /*!
     * \param echoes     are replaced by the likeliest ones
     * \param residuals  of the frame less all \p echoes, each rotated to less than a cell
     *                   from its echo
     */
    void process(std::vector<echo>& echoes,
                 const std::vector<const echo_blocks*>& residuals);

    /*!
     * How much less is known of the echoes than if each were alone: the joint Cramer-Rao
     * bound over the single one. Infinite where echoes coincide.
     */
    struct inflation {
        double delay = 1, doppler = 1;
    };
    std::vector<inflation> inflations(const std::vector<echo>& echoes) const;

private:
    using value = block_likelihood::value;
    using response = block_likelihood::response;

    // What the frame holds at the echoes' places, and what they leave of it there.
    struct state {
        std::vector<echo> echoes;
        std::vector<response> residuals;
        std::vector<response> kernels; // of each pair of echoes
        double cost;
    };

    void evaluate(state& s) const;
    Eigen::MatrixXd curvature(const state& s) const;
    Eigen::VectorXd gradient(const state& s) const;
    response kernel(const echo& at, const echo& of) const;
    void fill_kernels(state& s) const;
    double step(const Eigen::VectorXd& change, const state& from, state& to) const;

    const echo_fit& d_frame;
    // The frame holds what these leave, and these.
    std::vector<echo> d_before;
    std::vector<const echo_blocks*> d_residuals;
    state d_here, d_there;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_JOINT_FIT_H */
