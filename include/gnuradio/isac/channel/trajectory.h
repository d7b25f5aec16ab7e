/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_TRAJECTORY_H
#define INCLUDED_ISAC_CHANNEL_TRAJECTORY_H

#include <gnuradio/isac/api.h>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

namespace gr {
namespace isac {

//! x, y, z in m (or m/s) in a right-handed frame; z points up.
using vector3 = std::array<double, 3>;

inline double dot(const vector3& a, const vector3& b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
inline double norm(const vector3& v) { return std::sqrt(dot(v, v)); }
inline vector3 operator-(const vector3& a, const vector3& b)
{
    return { a[0] - b[0], a[1] - b[1], a[2] - b[2] };
}

/*!
 * \brief Where a node or a target is at each scene time. Immutable; shared by shared_ptr.
 *
 * Either a position at scene time 0 with a constant velocity, or waypoints that are
 * joined by straight lines at constant speed; before the first and after the last
 * waypoint it stands still.
 */
class ISAC_API trajectory
{
public:
    using sptr = std::shared_ptr<const trajectory>;

    /*!
     * \param position at scene time 0, m, finite
     * \param velocity m/s, finite
     * \throws std::invalid_argument
     */
    static sptr make(const vector3& position, const vector3& velocity = { 0, 0, 0 });

    /*!
     * \param times     s, finite, strictly ascending, at least one
     * \param positions m, finite, one a time
     * \throws std::invalid_argument
     */
    static sptr make(const std::vector<double>& times,
                     const std::vector<vector3>& positions);

    trajectory(const vector3& position, const vector3& velocity);
    trajectory(const std::vector<double>& times, const std::vector<vector3>& positions);

    //! m, at scene time \p time in s.
    vector3 position(double time) const;
    //! m/s, at scene time \p time in s; at a waypoint that of the leg which begins there.
    vector3 velocity(double time) const;

    //! Of its waypoints, s; of a constant velocity minus and plus infinity.
    double first_time() const;
    double last_time() const;

    bool operator==(const trajectory& other) const;

    //! Times at which the velocity may change, s, ascending; all are finite.
    std::vector<double> turns() const;

private:
    struct leg {
        double start; // s
        vector3 position;
        vector3 velocity;
        bool operator==(const leg& other) const;
    };
    const leg& leg_at(double time) const;

    std::vector<leg> d_legs;
};

//! How far two are apart at scene time \p time, m.
ISAC_API double distance(const trajectory& a, const trajectory& b, double time);

//! How fast that grows, m/s; 0 where they meet.
ISAC_API double distance_rate(const trajectory& a, const trajectory& b, double time);

/*!
 * The least distance of two that move, m.
 *
 * \param from  s, may be minus infinity
 * \param to    s, not before \p from, may be infinity
 */
ISAC_API double
closest_approach(const trajectory& a, const trajectory& b, double from, double to);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_TRAJECTORY_H */
