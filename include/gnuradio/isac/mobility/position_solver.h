/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_POSITION_SOLVER_H
#define INCLUDED_ISAC_MOBILITY_POSITION_SOLVER_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/trajectory.h>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace gr {
namespace isac {

//! 3 x 3, by rows.
using matrix3 = std::array<double, 9>;

//! What one Tx-Rx pair tells of where an object is.
struct range_sum {
    vector3 transmitter = { 0, 0, 0 }; //!< m
    vector3 receiver = { 0, 0, 0 };    //!< m; the transmitter's own place: monostatic
    double length = 0;                 //!< c * delay: transmitter, object, receiver, m
    double variance = 0;               //!< of length, m^2, positive
};

//! What is known of the position beforehand, Gaussian.
struct position_prior {
    vector3 mean = { 0, 0, 0 }; //!< m
    matrix3 covariance{};       //!< m^2, positive definite in the dimensions solved for
};

struct ISAC_API position_estimate {
    enum class state {
        none,         //!< no range was usable, or every solution is on the wrong side
        undetermined, //!< the geometry leaves a direction open
        inconsistent, //!< the ranges contradict each other
        ambiguous,    //!< another place explains them as well
        unique
    };

    state status = state::none;
    vector3 position = { 0, 0, 0 };     //!< m
    matrix3 covariance{};               //!< m^2; infinite variances: undetermined
    double residual = 0;                //!< sum of squared deviations over variances
    int degrees_of_freedom = 0;         //!< of the residual; below 1 it tests nothing
    vector3 alternative = { 0, 0, 0 };  //!< the other place of an ambiguous one, m
    matrix3 alternative_covariance{};   //!< m^2
    size_t num_used = 0;                //!< ranges that entered
    std::optional<size_t> outlier = {}; //!< the range that was left out

    //! Whether there is a place with a finite covariance.
    bool determined() const
    {
        return status != state::none && status != state::undetermined;
    }
    //! Makes an ambiguous one unique, as the one of its two places that is nearer.
    void choose(const vector3& near);
};

//! "none", "undetermined", "inconsistent", "ambiguous" or "unique".
ISAC_API const char* to_string(position_estimate::state status);

/*!
 * \brief Kernel: where an object is, by the lengths of its echoes' paths over known
 * nodes. \ingroup isac
 *
 * Weighted least squares, which is maximum likelihood for Gaussian errors: the place p
 * that minimises
 *
 *     sum_i (|p - t_i| + |p - r_i| - l_i)^2 / var_i  [+ (p - m)' C^-1 (p - m)]
 *
 * with transmitter t_i, receiver r_i and length l_i = c * delay_i of each pair, and a
 * prior of mean m and covariance C if there is one. Levenberg-Marquardt from several
 * places on the shortest pair's ellipsoid, so that every solution is found. The
 * covariance is the inverse Fisher matrix
 *
 *     (sum_i g_i g_i' / var_i [+ C^-1])^-1,  g_i = grad(|p - t_i| + |p - r_i|)
 *
 * (S. M. Kay, "Fundamentals of Statistical Signal Processing: Estimation Theory", ch. 3;
 * M. Malanowski and K. Kulpa, "Two methods for target localization in multistatic passive
 * radar", IEEE Trans. AES 48(1), 2012).
 *
 * Two ranges in a plane, or nodes in one line or plane, leave two mirror places. The
 * prior, a further range or `side` decides between them; where none does, the result is
 * ambiguous. A range that contradicts at least two spare ones is left out.
 */
class ISAC_API position_solver
{
public:
    static constexpr size_t MAX_RANGES = 64;

    struct parameters {
        //! 3, or 2: then z is known.
        int dimensions = 3;
        //! z where dimensions is 2, m.
        double height = 0;
        //! Empty, or (a, b, c, d): places with a x + b y + c z < d are ruled out.
        std::vector<double> side = {};
        //! Two solutions whose costs differ by less than its square are ambiguous,
        //! standard deviations, positive.
        double gate = 3;
        //! Probability that sound ranges are called inconsistent, above 0, below 1.
        double false_alarm = 1e-3;
    };

    //! \throws std::invalid_argument naming the parameter, its value and its limit
    static void check(const parameters& p);

    //! \throws std::invalid_argument as check()
    explicit position_solver(const parameters& p);

    position_solver(const position_solver&) = delete;
    position_solver& operator=(const position_solver&) = delete;

    const parameters& params() const { return d_params; }

    /*!
     * \param ranges  those with a value that is not finite, a negative length or a
     *                variance that is not positive are passed over, as are all beyond
     *                the first MAX_RANGES usable ones
     * \param count   of them
     * \param prior   null: none
     * \throws std::invalid_argument for a prior that is not finite or not positive
     *                definite
     */
    position_estimate
    solve(const range_sum* ranges, size_t count, const position_prior* prior = nullptr);

private:
    struct problem;

    position_estimate solve_usable(const problem& p) const;
    bool on_side(const vector3& position) const;
    bool consistent(const position_estimate& e) const;

    parameters d_params;
    std::vector<double> d_limits; // of the residual, by degrees of freedom
    std::vector<range_sum> d_ranges, d_others;
    std::vector<size_t> d_index; // in the caller's array
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_POSITION_SOLVER_H */
