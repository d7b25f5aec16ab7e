/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_OBJECT_TRACK_H
#define INCLUDED_ISAC_MOBILITY_OBJECT_TRACK_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/mobility/position_solver.h>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

namespace gr {
namespace isac {

//! What one Tx-Rx pair tells of where an object is, and how fast.
struct path_look : range_sum {
    double rate = 0; //!< of length, m/s, positive when receding
    double rate_variance = std::numeric_limits<double>::infinity(); //!< infinite: unknown
};

//! Position (m) and velocity (m/s) of an object, and their covariance.
struct ISAC_API object_state {
    double time = 0; //!< s
    vector3 position = { 0, 0, 0 };
    vector3 velocity = { 0, 0, 0 };
    std::array<double, 36> covariance{}; //!< position, then velocity; 6 x 6, by rows

    /*!
     * The same at another time.
     *
     * \param other         time, s
     * \param acceleration  square root of the spectral density of the acceleration over
     *                      one second, m/s^2
     * \param dimensions    that move
     */
    object_state at(double other, double acceleration = 0, int dimensions = 3) const;
    //! Of the position alone, m^2.
    matrix3 position_covariance() const;
};

/*!
 * \brief Kernel: follows one object by the ranges and range rates of Tx-Rx pairs.
 * \ingroup isac
 *
 * A Kalman filter of nearly constant velocity (white acceleration of power spectral
 * density q: Y. Bar-Shalom, X. R. Li and T. Kirubarajan, "Estimation with Applications to
 * Tracking and Navigation", section 6.2.2). Its prediction is the prior of a
 * position_solver, whose result updates it; so a single range suffices, the mirror place
 * is no choice, and a range that contradicts the track is left out. Then each range rate
 *
 *     (u_t + u_r)' v,  u = unit vectors from transmitter and receiver to the object
 *
 * updates position and velocity by the extended Kalman filter.
 *
 * It starts with the first position that is unique, and ends when nothing has updated it
 * for `memory`.
 */
class ISAC_API object_track
{
public:
    struct parameters {
        position_solver::parameters solver = {};
        //! Square root of q over one second, m/s^2, not negative: the velocity changes
        //! by so many m/s in a second, in each direction.
        double acceleration = 1;
        //! Standard deviation of the velocity in each direction at the start, m/s,
        //! positive.
        double speed = 30;
        //! s, not negative.
        double memory = 5;
    };

    //! \throws std::invalid_argument naming the parameter, its value and its limit
    static void check(const parameters& p);

    //! \throws std::invalid_argument as check()
    explicit object_track(const parameters& p);

    object_track(const object_track&) = delete;
    object_track& operator=(const object_track&) = delete;

    const parameters& params() const { return d_params; }
    //! Takes effect at the next step; \p dimensions and \p height of the solver stay.
    void set_motion(double acceleration, double speed, double memory);

    //! Whether there is a track at a time, s.
    bool active(double time) const
    {
        return d_active && time - d_state.time <= d_params.memory;
    }

    //! Where the object will be; needs active().
    object_state predict(double time) const;

    /*!
     * Which of one pair's ranges is the object's: the nearest to the prediction. Needs
     * active().
     *
     * \param ranges  of one pair
     * \param count   of them
     * \param time    s
     * \param gate    standard deviations of their difference that are allowed
     * \return its index, or none within the gate
     */
    std::optional<size_t>
    pick(const range_sum* ranges, size_t count, double time, double gate) const;

    /*!
     * One step.
     *
     * \param time   s, not before that of the last step, else nothing happens
     * \param looks  at most one a pair; what is not usable is passed over
     * \param count  of them
     * \return the position by these looks alone; of two mirror places the one nearer to
     *         the track, which is then unique
     */
    position_estimate step(double time, const path_look* looks, size_t count);

    //! Of the last step that updated the track; needs active().
    const object_state& state() const { return d_state; }

    //! As made.
    void reset();

private:
    void start(double time, const position_estimate& fix);
    bool update(const object_state& predicted, bool determined);
    void update_rate(const path_look& look);

    parameters d_params;
    position_solver d_solver;
    bool d_active = false;
    double d_time = -std::numeric_limits<double>::infinity();
    object_state d_state;
    std::vector<range_sum> d_ranges;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_OBJECT_TRACK_H */
