/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_DISTANCE_FILTER_H
#define INCLUDED_ISAC_MOBILITY_DISTANCE_FILTER_H

#include <gnuradio/isac/api.h>

namespace gr {
namespace isac {

/*!
 * \brief Kernel: the distance of one user from one cell, out of measurements that are
 * sometimes missing and sometimes of something else. \ingroup isac
 *
 * A Kalman filter of distance and radial speed, each measurement weighted by its
 * variance. A distance is followed once four measurements in a row agree; what then lies
 * farther off than the gate is not used, unless four such measurements agree with each
 * other and none with what is followed. Without measurements the distance goes on at its
 * speed and its variance grows; after the hold it is unknown.
 *
 * Speed changes as white noise of acceleration: Y. Bar-Shalom, X. R. Li and T.
 * Kirubarajan, "Estimation with Applications to Tracking and Navigation", 6.2.2.
 */
class ISAC_API distance_filter
{
public:
    struct parameters {
        //! Standard deviation of the change of the radial speed in a second, m/s, above
        //! 0.
        double acceleration = 1;
        //! Standard deviations that a measurement may be off, above 0.
        double gate = 4;
        //! Time without a measurement after which the distance is unknown, s.
        double hold = 1;
    };

    //! What is known at a time; both NaN when nothing is.
    struct estimate {
        double distance; //!< m
        double variance; //!< m^2
    };

    /*!
     * \param time      s, not before that of the last call
     * \param distance  measured, m; NaN: missing
     * \param variance  of it, m^2; a measurement of unknown or infinite variance is
     *                  missing
     * \param p         positive values
     */
    estimate update(double time, double distance, double variance, const parameters& p);

    //! As made: nothing is known.
    void reset() { *this = distance_filter(); }

private:
    // A course that measurements may be of.
    struct course {
        int hits = 0; // measurements used; 0: there is none
        double seen;  // time of the last of them, s
        double time;  // of the values below
        double distance, speed;
        double var_distance, covariance, var_speed;

        void start(double at, double measured, double variance);
        void predict(double at, double acceleration);
        bool use(double measured, double variance, double gate);
    };

    course d_followed, d_other;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_DISTANCE_FILTER_H */
