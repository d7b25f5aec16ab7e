/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "joint_fit.h"
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace gr {
namespace isac {

namespace {

constexpr int MAX_STEPS = 40;
constexpr double LONGEST_STEP = 0.25; // cells
constexpr double LAST_STEP = 1e-6;
// Damping: where it starts, how it grows and shrinks, and where it is no use any more.
constexpr double FIRST_DAMPING = 1e-4, DAMP_MORE = 10, DAMP_LESS = 0.1;
constexpr double MOST_DAMPING = 1e8;

void add(block_likelihood::response& to,
         const block_likelihood::response& r,
         std::complex<double> factor)
{
    to.sum += factor * r.sum;
    to.delay += factor * r.delay;
    to.doppler += factor * r.doppler;
}

} // namespace

joint_fit::joint_fit(const echo_fit& frame) : d_frame(frame) {}

// What an echo of unit amplitude makes of the place of another.
joint_fit::response joint_fit::kernel(const echo& at, const echo& of) const
{
    return d_frame.likelihood().match(
        d_frame.block_energies().data(), at.delay - of.delay, at.doppler - of.doppler);
}

void joint_fit::fill_kernels(state& s) const
{
    s.kernels.clear();
    for (const auto& at : s.echoes)
        for (const auto& of : s.echoes)
            s.kernels.push_back(kernel(at, of));
}

// What the frame holds near a measured echo.
joint_fit::response joint_fit::held(const echo& at, size_t of) const
{
    const auto& blocks = *d_measured->residuals[of];
    response held = d_frame.likelihood().match(
        blocks.sums.data(), at.delay - blocks.delay, at.doppler - blocks.doppler);
    for (const auto& other : d_measured->echoes)
        add(held, kernel(at, other), other.amplitude);
    return held;
}

void joint_fit::evaluate(state& s) const
{
    const size_t n = s.echoes.size();
    fill_kernels(s);
    s.residuals.resize(n);
    s.cost = 0;
    for (size_t e = 0; e < n; e++) {
        const auto& here = s.echoes[e];
        const response all = held(here, d_of[e]);
        s.residuals[e] = all;
        for (size_t o = 0; o < n; o++)
            add(s.residuals[e], s.kernels[e * n + o], -s.echoes[o].amplitude);
        s.cost -= std::real(std::conj(here.amplitude) * (all.sum + s.residuals[e].sum));
    }
}

// Those of least squares at the echoes' places.
void joint_fit::fit_amplitudes(state& s) const
{
    const auto n = static_cast<Eigen::Index>(s.echoes.size());
    constexpr int most = MOST + 1;
    Eigen::Matrix<value, Eigen::Dynamic, Eigen::Dynamic, 0, most, most> shared(n, n);
    Eigen::Matrix<value, Eigen::Dynamic, 1, 0, most, 1> sums(n), amplitudes;
    for (Eigen::Index e = 0; e < n; e++) {
        sums[e] = held(s.echoes[e], d_of[e]).sum;
        for (Eigen::Index o = 0; o < n; o++)
            shared(e, o) = kernel(s.echoes[e], s.echoes[o]).sum;
    }
    amplitudes = shared.ldlt().solve(sums);
    if (amplitudes.allFinite())
        for (Eigen::Index e = 0; e < n; e++)
            s.echoes[e].amplitude = amplitudes[e];
}

// Products of the model's derivatives, Re(J^H J).
joint_fit::matrix joint_fit::curvature(const state& s) const
{
    const size_t n = s.echoes.size();
    matrix h(UNKNOWNS * n, UNKNOWNS * n);
    for (size_t e = 0; e < n; e++)
        for (size_t o = 0; o < n; o++) {
            const auto& k = s.kernels[e * n + o];
            const value a = s.echoes[e].amplitude, b = s.echoes[o].amplitude;
            const double moduli = std::abs(a) * std::abs(b);
            const value k_at = std::abs(a) * b, at_k = std::conj(a) * std::abs(b);
            const value both = std::conj(a) * b;
            Eigen::Matrix4d m;
            m << moduli * k.sum.real(), -moduli * k.sum.imag(),
                -std::real(k_at * k.delay),
                -std::real(k_at * k.doppler), //
                moduli * k.sum.imag(), moduli * k.sum.real(), -std::imag(k_at * k.delay),
                -std::imag(k_at * k.doppler), //
                std::real(at_k * k.delay), -std::imag(at_k * k.delay),
                -std::real(both * k.delay_delay), -std::real(both * k.delay_doppler), //
                std::real(at_k * k.doppler), -std::imag(at_k * k.doppler),
                -std::real(both * k.delay_doppler), -std::real(both * k.doppler_doppler);
            h.block<UNKNOWNS, UNKNOWNS>(UNKNOWNS * e, UNKNOWNS * o) = m;
        }
    // An axis of one place carries no information: it stays where it is.
    for (size_t e = 0; e < n; e++)
        for (const int axis : { 2, 3 }) {
            const auto i = static_cast<Eigen::Index>(UNKNOWNS * e + axis);
            if ((axis == 2 ? d_frame.likelihood().width()
                           : d_frame.likelihood().height()) > 1)
                continue;
            h.row(i).setZero();
            h.col(i).setZero();
            h(i, i) = std::norm(s.echoes[e].amplitude) * d_frame.energy();
        }
    return h;
}

joint_fit::vector joint_fit::gradient(const state& s) const
{
    const size_t n = s.echoes.size();
    vector g(UNKNOWNS * n);
    for (size_t e = 0; e < n; e++) {
        const value a = s.echoes[e].amplitude;
        const auto& r = s.residuals[e];
        const double modulus = std::abs(a);
        g.segment<UNKNOWNS>(UNKNOWNS * e) << modulus * r.sum.real(),
            modulus * r.sum.imag(), std::real(std::conj(a) * r.delay),
            std::real(std::conj(a) * r.doppler);
    }
    return g;
}

// Takes a step, shortened where it is longer than can be trusted; returns its length.
double joint_fit::step(const vector& change, const state& from, state& to) const
{
    const double longest = change.cwiseAbs().maxCoeff();
    const double scale = longest > LONGEST_STEP ? LONGEST_STEP / longest : 1;
    to.echoes = from.echoes;
    for (size_t e = 0; e < to.echoes.size(); e++) {
        auto& moved = to.echoes[e];
        const auto c = scale * change.segment<UNKNOWNS>(UNKNOWNS * e);
        moved.amplitude += std::abs(moved.amplitude) * value(c[0], c[1]);
        moved.delay += c[2] * d_frame.delay_cell();
        moved.doppler += c[3] * d_frame.doppler_cell();
    }
    return scale * longest;
}

double joint_fit::process(const joint_measurement& m,
                          std::vector<echo>& echoes,
                          const std::vector<size_t>& of)
{
    d_measured = &m;
    d_of.resize(m.echoes.size());
    std::iota(d_of.begin(), d_of.end(), size_t(0));
    d_there.echoes = m.echoes;
    evaluate(d_there);
    const double before = d_there.cost;

    d_of = of;
    d_here.echoes = echoes;
    fit_amplitudes(d_here);
    evaluate(d_here);
    double damping = FIRST_DAMPING;
    for (int i = 0; i < MAX_STEPS && damping < MOST_DAMPING; i++) {
        matrix h = curvature(d_here);
        h.diagonal() *= 1 + damping;
        const vector change = h.ldlt().solve(gradient(d_here));
        if (!change.allFinite())
            break;
        const double length = step(change, d_here, d_there);
        evaluate(d_there);
        if (d_there.cost <= d_here.cost) {
            std::swap(d_here, d_there);
            damping *= DAMP_LESS;
        } else {
            damping *= DAMP_MORE;
        }
        if (length < LAST_STEP)
            break;
    }
    echoes = d_here.echoes;
    return before - d_here.cost;
}

const std::vector<joint_fit::inflation>&
joint_fit::inflations(const std::vector<echo>& echoes)
{
    auto& all = d_inflations;
    all.assign(echoes.size(), {});
    if (echoes.size() < 2)
        return all;
    auto& s = d_here;
    s.echoes = echoes;
    fill_kernels(s);
    const matrix joint = curvature(s);
    const Eigen::LDLT<matrix> solved(joint);
    const matrix inverse = solved.solve(matrix::Identity(joint.rows(), joint.cols()));
    for (size_t e = 0; e < echoes.size(); e++) {
        const auto at = static_cast<Eigen::Index>(UNKNOWNS * e);
        const Eigen::Matrix4d alone = joint.block<UNKNOWNS, UNKNOWNS>(at, at).inverse();
        const auto over = [&](int unknown) {
            const double ratio =
                inverse(at + unknown, at + unknown) / alone(unknown, unknown);
            return solved.isPositive() && ratio >= 0
                       ? std::max(ratio, 1.0)
                       : std::numeric_limits<double>::infinity();
        };
        all[e] = { over(2), over(3) };
    }
    return all;
}

} // namespace isac
} // namespace gr
