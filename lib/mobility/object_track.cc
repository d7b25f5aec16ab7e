/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/object_track.h>
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

using vec = Eigen::Vector3d;
using mat = Eigen::Matrix3d;
using state_vec = Eigen::Matrix<double, 6, 1>;
using state_mat = Eigen::Matrix<double, 6, 6, Eigen::RowMajor>;

constexpr double INFINITE = std::numeric_limits<double>::infinity();
// A range rate that is further off, in standard deviations, is of something else.
constexpr double RATE_GATE = 5;

vec to_eigen(const vector3& v) { return vec(v[0], v[1], v[2]); }
vector3 from_eigen(const vec& v) { return { v[0], v[1], v[2] }; }

state_mat covariance_of(const object_state& s)
{
    return Eigen::Map<const state_mat>(s.covariance.data());
}

void set_covariance(object_state& s, const state_mat& covariance)
{
    Eigen::Map<state_mat>(s.covariance.data()) =
        (covariance + covariance.transpose()) / 2;
}

void add(object_state& s, const state_vec& change)
{
    s.position = from_eigen(to_eigen(s.position) + change.head<3>());
    s.velocity = from_eigen(to_eigen(s.velocity) + change.tail<3>());
}

// How the length of a path changes with the object's place.
vec slope(const range_sum& path, const vec& place)
{
    return (place - to_eigen(path.transmitter)).stableNormalized() +
           (place - to_eigen(path.receiver)).stableNormalized();
}

// And how that slope changes, the Hessian.
mat curvature(const range_sum& path, const vec& place)
{
    mat sum = mat::Zero();
    for (const vec& node : { to_eigen(path.transmitter), to_eigen(path.receiver) }) {
        const double distance = (place - node).norm();
        const vec u = (place - node).stableNormalized();
        if (distance > 0)
            sum += (mat::Identity() - u * u.transpose()) / distance;
    }
    return sum;
}

} // namespace

object_state object_state::at(double other, double acceleration, int dimensions) const
{
    object_state s = *this;
    const double t = other - time;
    s.time = other;
    s.position = from_eigen(to_eigen(position) + t * to_eigen(velocity));
    state_mat transition = state_mat::Identity();
    transition.topRightCorner<3, 3>() = t * mat::Identity();
    state_mat spread = transition * covariance_of(*this) * transition.transpose();
    const double q = acceleration * acceleration;
    for (int i = 0; i < dimensions; i++) {
        spread(i, i) += q * std::abs(t * t * t) / 3;
        spread(i, i + 3) += q * t * std::abs(t) / 2;
        spread(i + 3, i) += q * t * std::abs(t) / 2;
        spread(i + 3, i + 3) += q * std::abs(t);
    }
    set_covariance(s, spread);
    return s;
}

matrix3 object_state::position_covariance() const
{
    matrix3 part;
    for (int i = 0; i < 9; i++)
        part[i] = covariance[6 * (i / 3) + i % 3];
    return part;
}

void object_track::check(const parameters& p)
{
    position_solver::check(p.solver);
    require_not_negative("object_track: acceleration", p.acceleration);
    require_positive("object_track: speed", p.speed);
    require_not_negative("object_track: memory", p.memory);
}

object_track::object_track(const parameters& p) : d_params(p), d_solver(p.solver)
{
    check(p);
    d_ranges.reserve(position_solver::MAX_RANGES);
}

void object_track::set_motion(double acceleration, double speed, double memory)
{
    parameters p = d_params;
    p.acceleration = acceleration;
    p.speed = speed;
    p.memory = memory;
    check(p);
    d_params = p;
}

void object_track::reset()
{
    d_active = false;
    d_time = -INFINITE;
}

object_state object_track::predict(double time) const
{
    return d_state.at(time, d_params.acceleration, d_params.solver.dimensions);
}

std::optional<size_t>
object_track::pick(const range_sum* ranges, size_t count, double time, double gate) const
{
    const object_state predicted = predict(time);
    const vec place = to_eigen(predicted.position);
    const mat covariance = covariance_of(predicted).topLeftCorner<3, 3>();
    std::optional<size_t> nearest;
    double smallest = gate * gate;
    for (size_t i = 0; i < count; i++) {
        const vec g = slope(ranges[i], place);
        const double length = norm(predicted.position - ranges[i].transmitter) +
                              norm(predicted.position - ranges[i].receiver);
        const double deviation = std::pow(ranges[i].length - length, 2) /
                                 (g.dot(covariance * g) + ranges[i].variance);
        if (deviation <= smallest) { // false for a NaN
            smallest = deviation;
            nearest = i;
        }
    }
    return nearest;
}

void object_track::start(double time, const position_estimate& fix)
{
    d_state.time = time;
    d_state.position = fix.position;
    d_state.velocity = { 0, 0, 0 };
    state_mat covariance = state_mat::Zero();
    covariance.topLeftCorner<3, 3>() = Eigen::Map<const mat>(fix.covariance.data());
    for (int i = 0; i < d_params.solver.dimensions; i++)
        covariance(i + 3, i + 3) = d_params.speed * d_params.speed;
    set_covariance(d_state, covariance);
    d_active = true;
}

// The solver's position, of prediction and ranges together, passes on to the velocity
// through their covariance.
bool object_track::update(const object_state& predicted, bool determined)
{
    // Ranges that leave a direction open bend along it, over the width of the prediction:
    // the second order of the extended filter (Bar-Shalom et al., section 10.3.3).
    if (!determined) {
        const mat width = covariance_of(predicted).topLeftCorner<3, 3>();
        for (range_sum& r : d_ranges) {
            const mat bend = curvature(r, to_eigen(predicted.position)) * width;
            r.variance += (bend * bend).trace() / 2;
        }
    }
    const position_prior prior = { predicted.position, predicted.position_covariance() };
    const position_estimate known =
        d_solver.solve(d_ranges.data(), d_ranges.size(), &prior);
    if (known.num_used == 0 || !known.determined() ||
        known.status == position_estimate::state::inconsistent)
        return false;
    const state_mat covariance = covariance_of(predicted);
    mat before = covariance.topLeftCorner<3, 3>();
    if (d_params.solver.dimensions == 2)
        before(2, 2) = 1; // where all else is zero
    const mat after = Eigen::Map<const mat>(known.covariance.data());
    const Eigen::Matrix<double, 6, 3> gain =
        before.ldlt().solve(covariance.topRows<3>()).transpose();
    const mat gained = covariance.topLeftCorner<3, 3>() - after;
    d_state = predicted;
    add(d_state, gain * (to_eigen(known.position) - to_eigen(predicted.position)));
    set_covariance(d_state, covariance - gain * gained * gain.transpose());
    return true;
}

// Of second order as well, since the rate is a product of direction and velocity: a place
// that is open across the path leaves open which part of the velocity is along it.
void object_track::update_rate(const path_look& look)
{
    const vec place = to_eigen(d_state.position), velocity = to_eigen(d_state.velocity);
    const mat bend = curvature(look, place);
    state_vec h;
    h << bend * velocity, slope(look, place);
    state_mat second = state_mat::Zero();
    second.topRightCorner<3, 3>() = second.bottomLeftCorner<3, 3>() = bend;
    const state_mat covariance = covariance_of(d_state);
    const state_mat spread = second * covariance;

    const double error = look.rate - h.tail<3>().dot(velocity) - spread.trace() / 2;
    const double variance =
        h.dot(covariance * h) + (spread * spread).trace() / 2 + look.rate_variance;
    // Also false for a rate that is not known or not a number.
    if (!(error * error <= RATE_GATE * RATE_GATE * variance) || std::isinf(variance))
        return;
    const state_vec gain = covariance * h / variance;
    add(d_state, gain * error);
    set_covariance(d_state, covariance - gain * h.transpose() * covariance);
}

position_estimate object_track::step(double time, const path_look* looks, size_t count)
{
    position_estimate fix;
    if (!(time >= d_time) || std::isinf(time))
        return fix;
    d_time = time;
    d_active = active(time);
    count = std::min(count, position_solver::MAX_RANGES);
    d_ranges.assign(looks, looks + count);
    fix = d_solver.solve(d_ranges.data(), count);

    if (d_active) {
        const object_state predicted = predict(time);
        fix.choose(predicted.position);
        if (!update(predicted, fix.determined()))
            return fix;
    } else if (fix.status == position_estimate::state::unique) {
        start(time, fix);
    } else {
        return fix;
    }
    for (size_t i = 0; i < count; i++)
        if (fix.outlier != i)
            update_rate(looks[i]);
    return fix;
}

} // namespace isac
} // namespace gr
