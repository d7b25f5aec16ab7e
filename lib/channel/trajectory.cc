/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/trajectory.h>
#include <gnuradio/isac/check.h>
#include <algorithm>
#include <limits>

namespace gr {
namespace isac {

namespace {

constexpr double ALWAYS = -std::numeric_limits<double>::infinity();
constexpr vector3 AT_REST = { 0, 0, 0 };

void check_finite(const char* name, const vector3& v)
{
    for (const double coordinate : v)
        require_finite(name, coordinate);
}

} // namespace

double dot(const vector3& a, const vector3& b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

double norm(const vector3& v) { return std::sqrt(dot(v, v)); }

vector3 operator-(const vector3& a, const vector3& b)
{
    return { a[0] - b[0], a[1] - b[1], a[2] - b[2] };
}

trajectory::sptr trajectory::make(const vector3& position, const vector3& velocity)
{
    return std::make_shared<const trajectory>(position, velocity);
}

trajectory::sptr trajectory::make(const std::vector<double>& times,
                                  const std::vector<vector3>& positions)
{
    return std::make_shared<const trajectory>(times, positions);
}

trajectory::trajectory(const vector3& position, const vector3& velocity)
    : d_legs{ { 0, position, velocity } }
{
    check_finite("trajectory: position", position);
    check_finite("trajectory: velocity", velocity);
}

trajectory::trajectory(const std::vector<double>& times,
                       const std::vector<vector3>& positions)
{
    require(!times.empty(), "trajectory: number of times", 0, "must be at least 1");
    require(positions.size() == times.size(),
            "trajectory: number of positions",
            positions.size(),
            "must be that of times, " + std::to_string(times.size()));
    for (size_t i = 0; i < times.size(); i++) {
        require_finite("trajectory: times", times[i]);
        check_finite("trajectory: positions", positions[i]);
        require(i == 0 || times[i] > times[i - 1],
                "trajectory: times",
                times[i],
                "must be later than the time before it");
    }

    d_legs.push_back({ ALWAYS, positions.front(), AT_REST });
    for (size_t i = 0; i + 1 < times.size(); i++) {
        vector3 velocity = positions[i + 1] - positions[i];
        for (double& v : velocity)
            v /= times[i + 1] - times[i];
        check_finite("trajectory: velocity between two waypoints", velocity);
        d_legs.push_back({ times[i], positions[i], velocity });
    }
    d_legs.push_back({ times.back(), positions.back(), AT_REST });
}

const trajectory::leg& trajectory::leg_at(double time) const
{
    const auto later = [](double t, const leg& l) { return t < l.start; };
    const auto next = std::upper_bound(d_legs.begin(), d_legs.end(), time, later);
    return next == d_legs.begin() ? d_legs.front() : *std::prev(next);
}

vector3 trajectory::position(double time) const
{
    const leg& l = leg_at(time);
    if (l.velocity == AT_REST)
        return l.position;
    const double elapsed = time - l.start;
    return { l.position[0] + elapsed * l.velocity[0],
             l.position[1] + elapsed * l.velocity[1],
             l.position[2] + elapsed * l.velocity[2] };
}

vector3 trajectory::velocity(double time) const { return leg_at(time).velocity; }

bool trajectory::leg::operator==(const leg& other) const
{
    return start == other.start && position == other.position &&
           velocity == other.velocity;
}

bool trajectory::operator==(const trajectory& other) const
{
    return d_legs == other.d_legs;
}

} // namespace isac
} // namespace gr
