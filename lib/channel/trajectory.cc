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

double trajectory::first_time() const
{
    return d_legs.size() == 1 ? ALWAYS : d_legs[1].start;
}

double trajectory::last_time() const
{
    return d_legs.size() == 1 ? -ALWAYS : d_legs.back().start;
}

std::vector<double> trajectory::turns() const
{
    std::vector<double> times;
    for (size_t i = 1; i < d_legs.size(); i++)
        times.push_back(d_legs[i].start);
    return times;
}

bool trajectory::leg::operator==(const leg& other) const
{
    return start == other.start && position == other.position &&
           velocity == other.velocity;
}

bool trajectory::operator==(const trajectory& other) const
{
    return d_legs == other.d_legs;
}

double distance(const trajectory& a, const trajectory& b, double time)
{
    return norm(a.position(time) - b.position(time));
}

double distance_rate(const trajectory& a, const trajectory& b, double time)
{
    const vector3 separation = a.position(time) - b.position(time);
    const double length = norm(separation);
    return length > 0 ? dot(separation, a.velocity(time) - b.velocity(time)) / length : 0;
}

double closest_approach(const trajectory& a, const trajectory& b, double from, double to)
{
    std::vector<double> marks = { from, to };
    for (const trajectory* t : { &a, &b })
        for (const double turn : t->turns())
            if (turn > from && turn < to)
                marks.push_back(turn);
    std::sort(marks.begin(), marks.end());

    double least = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i + 1 < marks.size(); i++) {
        // Between two marks both go straight on.
        const double low = marks[i], high = marks[i + 1];
        const double begin = std::isfinite(low)    ? low
                             : std::isfinite(high) ? high - 1
                                                   : 0;
        vector3 apart = a.position(begin) - b.position(begin);
        const vector3 speed = a.velocity(begin) - b.velocity(begin);
        const double square = dot(speed, speed);
        if (square > 0) {
            const double nearest =
                std::clamp(begin - dot(apart, speed) / square, low, high);
            for (size_t axis = 0; axis < apart.size(); axis++)
                apart[axis] += (nearest - begin) * speed[axis];
        }
        least = std::min(least, norm(apart));
    }
    return least;
}

} // namespace isac
} // namespace gr
