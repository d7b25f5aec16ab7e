/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/position_solver.h>
#include <gnuradio/isac/theory/constants.h>
#include <Eigen/Dense>
#include <boost/math/distributions/chi_squared.hpp>
#include <algorithm>
#include <cmath>
#include <limits>

namespace gr {
namespace isac {

namespace {

using vec = Eigen::Vector3d;
using mat = Eigen::Matrix3d;

constexpr double INFINITE = std::numeric_limits<double>::infinity();
// Directions on the shortest pair's ellipsoid: nearer than 6 degrees in a plane, than 15
// on a sphere.
constexpr int CIRCLE_POINTS = 72;
constexpr int SPHERE_POINTS = 256;
// Of them the best, each so far from the others, are where the search begins.
constexpr size_t STARTS = 10;
constexpr double COS_APART = 0.9; // 26 degrees
constexpr int MAX_STEPS = 60;
// A Fisher matrix of a larger condition is singular but for rounding.
constexpr double LARGEST_CONDITION = 1e12;
// Of a step over the size of the scene, where the search ends.
constexpr double SMALLEST_STEP = 1e-10;

vec to_eigen(const vector3& v) { return vec(v[0], v[1], v[2]); }
vector3 from_eigen(const vec& v) { return { v[0], v[1], v[2] }; }

bool finite(const vector3& v)
{
    return std::all_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
}

bool usable(const range_sum& r)
{
    return finite(r.transmitter) && finite(r.receiver) && r.length >= 0 &&
           std::isfinite(r.length) && r.variance > 0 && std::isfinite(r.variance);
}

} // namespace

// The sum of squares, and how it changes with the place.
struct position_solver::problem {
    // What makes up the least squares at one place.
    struct normal {
        double cost = 0;
        vec gradient = vec::Zero(); // half of it
        mat fisher = mat::Zero();
    };
    struct minimum {
        vec place;
        normal at;
    };
    struct minima {
        std::array<minimum, 2 * STARTS + 1> list;
        size_t count = 0;

        void add(const minimum& m) { list[count++] = m; }
        minimum* begin() { return list.data(); }
        minimum* end() { return list.data() + count; }
    };

    problem(const parameters& p, const std::vector<range_sum>& ranges)
        : params(p), ranges(ranges)
    {
    }

    int dimensions() const { return params.dimensions; }

    // In a plane, what stands for z in a matrix that is to be inverted or decomposed.
    mat with_z(mat m, double z) const
    {
        if (dimensions() == 2) {
            m.row(2).setZero();
            m.col(2).setZero();
            m(2, 2) = z;
        }
        return m;
    }

    void set_prior(const position_prior& prior)
    {
        const mat covariance = with_z(Eigen::Map<const mat>(prior.covariance.data()), 1);
        const Eigen::LLT<mat> root(covariance);
        require(finite(prior.mean) && covariance.allFinite() &&
                    root.info() == Eigen::Success,
                "position_solver: prior",
                "mean and covariance",
                "must be finite, and positive definite");
        information = with_z(root.solve(mat::Identity()), 0);
        mean = to_eigen(prior.mean);
        has_prior = true;
    }

    normal evaluate(const vec& place) const
    {
        normal sum;
        for (const range_sum& r : ranges) {
            const vec out = place - to_eigen(r.transmitter);
            const vec back = place - to_eigen(r.receiver);
            const double error = out.norm() + back.norm() - r.length;
            // At a node itself the direction is open; a step leads away from it.
            vec slope = out.stableNormalized() + back.stableNormalized();
            slope.tail(3 - dimensions()).setZero();
            sum.cost += error * error / r.variance;
            sum.gradient += slope * (error / r.variance);
            sum.fisher += slope * slope.transpose() / r.variance;
        }
        if (has_prior) {
            vec error = place - mean;
            error.tail(3 - dimensions()).setZero();
            sum.cost += error.dot(information * error);
            sum.gradient += information * error;
            sum.fisher += information;
        }
        return sum;
    }

    // Levenberg-Marquardt, with the same damping in all directions.
    minimum descend(vec place) const
    {
        normal now = evaluate(place);
        double damping = 1e-3;
        for (int i = 0; i < MAX_STEPS; i++) {
            const double scale = now.fisher.diagonal().maxCoeff();
            if (!(scale > 0))
                break;
            mat damped = now.fisher + damping * scale * mat::Identity();
            const vec step = -damped.ldlt().solve(now.gradient);
            const normal next = evaluate(place + step);
            if (next.cost <= now.cost) {
                place += step;
                now = next;
                damping = std::max(damping / 10, 1e-14);
                if (step.norm() <= SMALLEST_STEP * size())
                    break;
            } else {
                damping *= 10;
                if (damping > 1e9)
                    break;
            }
        }
        return { place, now };
    }

    // The covariance of a Fisher matrix; infinite variances, and false, where it leaves a
    // direction open.
    bool invert(const mat& fisher, matrix3& covariance) const
    {
        Eigen::Map<mat> inverse(covariance.data());
        // In a plane z takes a value between the other two.
        const Eigen::SelfAdjointEigenSolver<mat> axes(
            with_z(fisher, fisher.topLeftCorner<2, 2>().trace() / 2));
        const vec& values = axes.eigenvalues();
        if (!(values[0] * LARGEST_CONDITION > values[2])) {
            inverse = with_z(vec::Constant(INFINITE).asDiagonal(), 0);
            return false;
        }
        inverse = with_z(axes.eigenvectors() * values.cwiseInverse().asDiagonal() *
                             axes.eigenvectors().transpose(),
                         0);
        return true;
    }

    const range_sum& shortest() const
    {
        return *std::min_element(
            ranges.begin(), ranges.end(), [](const range_sum& a, const range_sum& b) {
                return a.length < b.length;
            });
    }

    double size() const
    {
        return ranges.empty() ? std::sqrt(1 / information.diagonal().maxCoeff())
                              : std::max(shortest().length, 1e-3);
    }

    // Where a ray from the middle of a pair leaves the ellipsoid on which its range
    // puts the object; where it passes above or below, the nearest place of the ray.
    vec on_ellipsoid(const range_sum& r, const vec& direction) const
    {
        const vec focus = (to_eigen(r.receiver) - to_eigen(r.transmitter)) / 2;
        vec middle = (to_eigen(r.receiver) + to_eigen(r.transmitter)) / 2;
        vec offset = vec::Zero();
        if (dimensions() == 2)
            offset[2] = params.height - middle[2];
        // Noise may leave a sum that is shorter than the baseline.
        const double half = std::max(r.length / 2, 1.001 * focus.norm() + 1e-6);
        const auto form = [&](const vec& a, const vec& b) {
            return a.dot(b) - a.dot(focus) * b.dot(focus) / (half * half);
        };
        const double quadratic = form(direction, direction);
        const double linear = form(direction, offset);
        const double constant =
            form(offset, offset) - (half * half - focus.squaredNorm());
        const double root =
            std::sqrt(std::max(linear * linear - quadratic * constant, 0.0));
        return middle + offset + direction * ((root - linear) / quadratic);
    }

    vec direction(int i) const
    {
        if (dimensions() == 2) {
            const double angle = 2 * PI * (i + 0.5) / CIRCLE_POINTS;
            return vec(std::cos(angle), std::sin(angle), 0);
        }
        // Evenly over the sphere: steps of the golden angle, equal steps in height.
        const double z = 1 - 2 * (i + 0.5) / SPHERE_POINTS;
        const double angle = PI * (3 - std::sqrt(5.0)) * i;
        const double across = std::sqrt(1 - z * z);
        return vec(across * std::cos(angle), across * std::sin(angle), z);
    }

    // The minima's other places by the symmetry of nodes that lie in one line or plane.
    vec mirrored(const vec& place) const
    {
        vec centre = vec::Zero();
        for (const range_sum& r : ranges)
            centre += (to_eigen(r.transmitter) + to_eigen(r.receiver)) / 2;
        centre /= ranges.size();
        mat spread = mat::Zero();
        for (const range_sum& r : ranges)
            for (const vec& node : { to_eigen(r.transmitter), to_eigen(r.receiver) })
                spread += (node - centre) * (node - centre).transpose();
        const Eigen::SelfAdjointEigenSolver<mat> axes(with_z(spread, 2 * spread.trace()));
        const vec normal = axes.eigenvectors().col(0);
        return place - 2 * normal.dot(place - centre) * normal;
    }

    // Descends from all over the shortest pair's ellipsoid, from the mirror places of
    // what is found, and from the prior.
    minima descend() const
    {
        minima found;
        if (!ranges.empty()) {
            const int points = dimensions() == 2 ? CIRCLE_POINTS : SPHERE_POINTS;
            std::array<std::pair<double, int>, SPHERE_POINTS> ring;
            for (int i = 0; i < points; i++)
                ring[i] = { evaluate(on_ellipsoid(shortest(), direction(i))).cost, i };
            std::sort(ring.begin(), ring.begin() + points);
            std::array<vec, STARTS> taken;
            for (int k = 0; k < points && found.count < STARTS; k++) {
                const vec d = direction(ring[k].second);
                if (std::none_of(taken.begin(),
                                 taken.begin() + found.count,
                                 [&](const vec& t) { return t.dot(d) > COS_APART; })) {
                    taken[found.count] = d;
                    found.add(descend(on_ellipsoid(shortest(), d)));
                }
            }
            for (size_t i = 0, count = found.count; i < count; i++)
                found.add(descend(mirrored(found.list[i].place)));
        }
        if (has_prior) {
            vec start = mean;
            if (dimensions() == 2)
                start[2] = params.height;
            found.add(descend(start));
        }
        return found;
    }

    const parameters& params;
    const std::vector<range_sum>& ranges;
    bool has_prior = false;
    vec mean = vec::Zero();
    mat information = mat::Zero();
};

const char* to_string(position_estimate::state status)
{
    switch (status) {
    case position_estimate::state::none:
        return "none";
    case position_estimate::state::undetermined:
        return "undetermined";
    case position_estimate::state::inconsistent:
        return "inconsistent";
    case position_estimate::state::ambiguous:
        return "ambiguous";
    case position_estimate::state::unique:
        break;
    }
    return "unique";
}

void position_estimate::choose(const vector3& near)
{
    if (status != state::ambiguous)
        return;
    status = state::unique;
    if (norm(alternative - near) < norm(position - near)) {
        position = alternative;
        covariance = alternative_covariance;
    }
}

void position_solver::check(const parameters& p)
{
    require(p.dimensions == 2 || p.dimensions == 3,
            "position_solver: dimensions",
            p.dimensions,
            "must be 2 or 3");
    require_finite("position_solver: height", p.height);
    require(p.side.empty() || p.side.size() == 4,
            "position_solver: number of values of side",
            p.side.size(),
            "must be 0 or 4");
    for (double value : p.side)
        require_finite("position_solver: side", value);
    require_positive("position_solver: gate", p.gate);
    require(p.false_alarm > 0 && p.false_alarm < 1,
            "position_solver: false_alarm",
            p.false_alarm,
            "must be above 0 and below 1");
}

position_solver::position_solver(const parameters& p) : d_params(p)
{
    check(p);
    d_limits.push_back(INFINITE);
    for (size_t i = 1; i <= MAX_RANGES; i++)
        d_limits.push_back(boost::math::quantile(boost::math::complement(
            boost::math::chi_squared(static_cast<double>(i)), p.false_alarm)));
    d_ranges.reserve(MAX_RANGES);
    d_others.reserve(MAX_RANGES);
    d_index.reserve(MAX_RANGES);
}

bool position_solver::on_side(const vector3& position) const
{
    return d_params.side.empty() ||
           dot({ d_params.side[0], d_params.side[1], d_params.side[2] }, position) >=
               d_params.side[3];
}

bool position_solver::consistent(const position_estimate& e) const
{
    return e.residual <= d_limits[std::clamp<int>(e.degrees_of_freedom, 0, MAX_RANGES)];
}

position_estimate position_solver::solve_usable(const problem& p) const
{
    position_estimate e;
    e.num_used = p.ranges.size();
    // A prior is as much as a range in each dimension.
    e.degrees_of_freedom =
        static_cast<int>(p.ranges.size()) - (p.has_prior ? 0 : d_params.dimensions);
    if (p.ranges.empty() && !p.has_prior)
        return e;

    problem::minima minima = p.descend();
    minima.count = std::remove_if(minima.begin(),
                                  minima.end(),
                                  [this](const problem::minimum& m) {
                                      return !on_side(from_eigen(m.place));
                                  }) -
                   minima.begin();
    if (minima.count == 0)
        return e;
    const problem::minimum& best =
        *std::min_element(minima.begin(),
                          minima.end(),
                          [](const problem::minimum& a, const problem::minimum& b) {
                              return a.at.cost < b.at.cost;
                          });
    e.position = from_eigen(best.place);
    e.residual = best.at.cost;

    if (!p.invert(best.at.fisher, e.covariance)) {
        e.status = position_estimate::state::undetermined;
        return e;
    }
    if (!consistent(e)) {
        e.status = position_estimate::state::inconsistent;
        return e;
    }
    // What lies within the covariance of the best is no place of its own.
    const double limit = d_params.gate * d_params.gate;
    for (const problem::minimum& m : minima) {
        const vec apart = m.place - best.place;
        if (m.at.cost - best.at.cost < limit &&
            apart.dot(best.at.fisher * apart) > limit) {
            e.status = position_estimate::state::ambiguous;
            e.alternative = from_eigen(m.place);
            p.invert(m.at.fisher, e.alternative_covariance);
            return e;
        }
    }
    e.status = position_estimate::state::unique;
    return e;
}

position_estimate
position_solver::solve(const range_sum* ranges, size_t count, const position_prior* prior)
{
    d_ranges.clear();
    d_index.clear();
    for (size_t i = 0; i < count && d_ranges.size() < MAX_RANGES; i++) {
        if (usable(ranges[i])) {
            d_ranges.push_back(ranges[i]);
            d_index.push_back(i);
        }
    }
    problem all(d_params, d_ranges);
    if (prior)
        all.set_prior(*prior);
    position_estimate result = solve_usable(all);
    // One spare range shows a contradiction, two also whose it is.
    if (result.status != position_estimate::state::inconsistent ||
        result.degrees_of_freedom < 2)
        return result;
    std::optional<position_estimate> best;
    for (size_t i = 0; i < d_ranges.size(); i++) {
        d_others = d_ranges;
        d_others.erase(d_others.begin() + i);
        problem others(d_params, d_others);
        if (prior)
            others.set_prior(*prior);
        position_estimate e = solve_usable(others);
        if (e.determined() && e.status != position_estimate::state::inconsistent &&
            (!best || e.residual < best->residual)) {
            best = e;
            best->outlier = d_index[i];
        }
    }
    return best.value_or(result);
}

} // namespace isac
} // namespace gr
