/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "esprit.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/constants.h>
#include <Eigen/Dense>

namespace gr {
namespace isac {

namespace {

// Of pieces of a series and of the same pieces turned around.
Eigen::MatrixXcd smoothed_covariance(const std::vector<std::complex<double>>& series,
                                     Eigen::Index length)
{
    const Eigen::Map<const Eigen::VectorXcd> values(
        series.data(), static_cast<Eigen::Index>(series.size()));
    Eigen::MatrixXcd covariance = Eigen::MatrixXcd::Zero(length, length);
    for (Eigen::Index first = 0; first + length <= values.size(); first++) {
        const Eigen::VectorXcd piece = values.segment(first, length);
        const Eigen::VectorXcd turned = piece.reverse().conjugate();
        covariance += piece * piece.adjoint() + turned * turned.adjoint();
    }
    return covariance;
}

} // namespace

std::vector<double> esprit(const std::vector<std::complex<double>>& series, size_t lines)
{
    require(lines >= 1, "esprit: lines", lines, "must be 1 or more");
    require(series.size() >= 3 * lines,
            "esprit: series",
            series.size(),
            "values must be at least 3 times the lines");
    const auto length = static_cast<Eigen::Index>(2 * series.size() / 3);
    const auto count = static_cast<Eigen::Index>(lines);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(
        smoothed_covariance(series, length));
    // Eigenvalues come in ascending order.
    const Eigen::MatrixXcd signal = solver.eigenvectors().rightCols(count);
    const Eigen::MatrixXcd turns = signal.topRows(length - 1)
                                       .colPivHouseholderQr()
                                       .solve(signal.bottomRows(length - 1));
    const Eigen::VectorXcd roots = turns.eigenvalues();
    std::vector<double> cycles;
    for (Eigen::Index i = 0; i < roots.size(); i++)
        cycles.push_back(std::arg(roots[i]) / (2 * PI));
    return cycles;
}

} // namespace isac
} // namespace gr
