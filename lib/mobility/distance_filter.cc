/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/distance_filter.h>
#include <initializer_list>
#include <cmath>
#include <limits>

namespace gr {
namespace isac {

namespace {

constexpr double UNKNOWN = std::numeric_limits<double>::quiet_NaN();

// Wrong peaks agree with each other by chance: three in a row sometimes, where most peaks
// are wrong, four hardly ever.
constexpr int CONFIRMED = 4;

// Standard deviation of a radial speed that is not yet measured, that of a fast drone,
// m/s.
constexpr double SPEED = 50;

} // namespace

void distance_filter::course::start(double at, double measured, double variance)
{
    hits = 1;
    seen = time = at;
    distance = measured;
    speed = 0;
    var_distance = variance;
    covariance = 0;
    var_speed = SPEED * SPEED;
}

void distance_filter::course::predict(double at, double acceleration)
{
    const double dt = at - time;
    const double density = acceleration * acceleration; // m^2/s^3
    time = at;
    distance += dt * speed;
    var_distance += dt * (2 * covariance + dt * (var_speed + dt * density / 3));
    covariance += dt * (var_speed + dt * density / 2);
    var_speed += dt * density;
}

bool distance_filter::course::use(double measured, double variance, double gate)
{
    const double innovation = measured - distance;
    const double expected = var_distance + variance;
    if (!(innovation * innovation <= gate * gate * expected))
        return false;
    hits++;
    seen = time;
    if (expected == 0) // both exact, and equal
        return true;
    const double gain = var_distance / expected;
    const double speed_gain = covariance / expected;
    distance += gain * innovation;
    speed += speed_gain * innovation;
    var_speed -= speed_gain * covariance;
    covariance *= 1 - gain;
    var_distance *= 1 - gain;
    return true;
}

distance_filter::estimate distance_filter::update(double time,
                                                  double distance,
                                                  double variance,
                                                  const parameters& p)
{
    for (course* c : { &d_followed, &d_other }) {
        if (c->hits > 0 && time - c->seen > p.hold)
            c->hits = 0;
        if (c->hits > 0)
            c->predict(time, p.acceleration);
    }
    if (std::isfinite(distance) && std::isfinite(variance) && variance >= 0) {
        if (d_followed.hits > 0 && d_followed.use(distance, variance, p.gate))
            d_other.hits = 0;
        else if (d_other.hits == 0 || !d_other.use(distance, variance, p.gate))
            d_other.start(time, distance, variance);
        if (d_other.hits == CONFIRMED) {
            d_followed = d_other;
            d_other.hits = 0;
        }
    }
    if (d_followed.hits == 0)
        return { UNKNOWN, UNKNOWN };
    return { d_followed.distance, d_followed.var_distance };
}

} // namespace isac
} // namespace gr
