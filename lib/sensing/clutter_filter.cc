/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/clutter_filter.h>
#include <gnuradio/isac/theory/constants.h>
#include <Eigen/Dense>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace gr {
namespace isac {

namespace {

// Share of what is left that a symbol moves the channel by, at most: the strongest
// elements of a constellation would else carry it beyond them.
constexpr double FASTEST = 0.3;

// Delays that the band does not part share what they explain.
constexpr double SINGULAR = 1e-6;

} // namespace

clutter_filter::clutter_filter(ofdm_grid::sptr grid, const parameters& p)
    : d_grid(std::move(grid)),
      d_params(p),
      d_subcarriers(d_grid->num_subcarriers()),
      d_symbols(d_grid->num_symbols()),
      d_channel(d_subcarriers),
      d_frame_channel(d_subcarriers),
      d_energies(d_subcarriers),
      d_row(d_subcarriers),
      d_row_energies(d_subcarriers)
{
    require(p.kind == "none" || p.kind == "mean" || p.kind == "mti" || p.kind == "eca",
            "clutter_filter: clutter",
            p.kind,
            "must be none, mean, mti or eca");
    require_within("clutter_filter: clutter_memory", p.memory, 1, 65536);
    require(p.kind != "mti" ||
                (p.cutoff > 0 && p.cutoff <= static_cast<double>(d_symbols) / 16),
            "clutter_filter: clutter_cutoff",
            p.cutoff,
            "must be above 0, to a sixteenth of the symbols = " +
                std::to_string(static_cast<double>(d_symbols) / 16));
    require(p.kind != "eca" || (!p.delays.empty() && p.delays.size() <= 256),
            "clutter_filter: clutter_delays",
            p.delays.size(),
            "must be 1 to 256 of them");
    for (const double delay : p.delays) {
        require(delay >= 0 && std::isfinite(delay),
                "clutter_filter: clutter_delay",
                delay,
                "must be finite and not negative");
        for (size_t k = 0; k < d_subcarriers; k++) {
            const double f =
                (static_cast<double>(k) - static_cast<double>(d_subcarriers / 2)) *
                d_grid->subcarrier_spacing();
            d_steering.push_back(gr_complex(std::polar(1.0, -2 * PI * f * delay)));
        }
    }
    if (p.kind != "none")
        d_out.resize(d_symbols * d_subcarriers);
    reset();
}

void clutter_filter::reset()
{
    std::fill(d_channel.begin(), d_channel.end(), gr_complex(0, 0));
    d_frames = 0;
}

const gr_complex* clutter_filter::process(const gr_complex* rows,
                                          const gr_complex* reference)
{
    if (d_params.kind == "none")
        return rows;
    if (!reference)
        reference = d_grid->pilots().data();
    if (d_params.kind == "mean")
        remove_mean(rows, reference);
    else if (d_params.kind == "mti")
        remove_slow(rows, reference);
    else
        project(rows, reference);
    return d_out.data();
}

// Channel and energy of the frame; the channel is not yet over the energy.
void clutter_filter::measure(const gr_complex* rows, const gr_complex* reference)
{
    const auto n = static_cast<unsigned int>(d_subcarriers);
    auto* channel = reinterpret_cast<float*>(d_frame_channel.data());
    std::fill_n(channel, 2 * n, 0.0f);
    std::fill(d_energies.begin(), d_energies.end(), 0.0f);
    d_sent = 0;
    for (size_t m = 0; m < d_symbols; m++) {
        const gr_complex* sent = reference + m * n;
        volk_32fc_x2_multiply_conjugate_32fc(d_row.data(), rows + m * n, sent, n);
        volk_32f_x2_add_32f(
            channel, channel, reinterpret_cast<const float*>(d_row.data()), 2 * n);
        volk_32fc_magnitude_squared_32f(d_row_energies.data(), sent, n);
        volk_32f_x2_add_32f(
            d_energies.data(), d_energies.data(), d_row_energies.data(), n);
        d_sent += std::count_if(
            d_row_energies.begin(), d_row_energies.end(), [](float e) { return e > 0; });
    }
}

void clutter_filter::remove_mean(const gr_complex* rows, const gr_complex* reference)
{
    measure(rows, reference);
    d_frames = std::min<size_t>(d_frames + 1, d_params.memory);
    const float share = 1.0f / static_cast<float>(d_frames);
    for (size_t k = 0; k < d_subcarriers; k++)
        if (d_energies[k] > 0)
            d_channel[k] += share * (d_frame_channel[k] / d_energies[k] - d_channel[k]);
    subtract(rows, reference);
}

// Rows less the channel's.
void clutter_filter::subtract(const gr_complex* rows, const gr_complex* reference)
{
    const auto n = static_cast<unsigned int>(d_subcarriers);
    for (size_t m = 0; m < d_symbols; m++) {
        volk_32fc_x2_multiply_32fc(d_row.data(), d_channel.data(), reference + m * n, n);
        volk_32f_x2_subtract_32f(reinterpret_cast<float*>(d_out.data() + m * n),
                                 reinterpret_cast<const float*>(rows + m * n),
                                 reinterpret_cast<const float*>(d_row.data()),
                                 2 * n);
    }
}

void clutter_filter::remove_slow(const gr_complex* rows, const gr_complex* reference)
{
    measure(rows, reference);
    if (d_sent == 0) {
        std::copy_n(rows, d_out.size(), d_out.data());
        return;
    }
    if (d_frames == 0)
        for (size_t k = 0; k < d_subcarriers; k++)
            if (d_energies[k] > 0)
                d_channel[k] = d_frame_channel[k] / d_energies[k];
    d_frames = 1;
    const auto used = static_cast<double>(std::count_if(
        d_energies.begin(), d_energies.end(), [](float e) { return e > 0; }));
    const double updates = static_cast<double>(d_sent) / used; // of a subcarrier
    const double energy =
        std::accumulate(d_energies.begin(), d_energies.end(), 0.0) / d_sent;
    const double step =
        std::min(-std::expm1(-2 * PI * d_params.cutoff / updates), FASTEST) / energy;
    const auto n = static_cast<unsigned int>(d_subcarriers);
    auto* channel = reinterpret_cast<float*>(d_channel.data());
    auto* change = reinterpret_cast<float*>(d_row.data());
    for (size_t m = 0; m < d_symbols; m++) {
        const gr_complex* sent = reference + m * n;
        gr_complex* out = d_out.data() + m * n;
        volk_32fc_x2_multiply_32fc(d_row.data(), d_channel.data(), sent, n);
        volk_32f_x2_subtract_32f(reinterpret_cast<float*>(out),
                                 reinterpret_cast<const float*>(rows + m * n),
                                 change,
                                 2 * n);
        volk_32fc_x2_multiply_conjugate_32fc(d_row.data(), out, sent, n);
        volk_32f_s32f_multiply_32f(change, change, static_cast<float>(step), 2 * n);
        volk_32f_x2_add_32f(channel, channel, change, 2 * n);
    }
}

// Least squares over the delays: the channel is the sum of their lines.
void clutter_filter::project(const gr_complex* rows, const gr_complex* reference)
{
    measure(rows, reference);
    const auto count = static_cast<Eigen::Index>(d_params.delays.size());
    Eigen::MatrixXcd gram(count, count);
    Eigen::VectorXcd seen(count);
    for (Eigen::Index i = 0; i < count; i++) {
        const gr_complex* a = d_steering.data() + i * d_subcarriers;
        std::complex<double> sum = 0;
        for (size_t k = 0; k < d_subcarriers; k++)
            sum += std::complex<double>(std::conj(a[k]) * d_frame_channel[k]);
        seen(i) = sum;
        for (Eigen::Index j = 0; j <= i; j++) {
            const gr_complex* b = d_steering.data() + j * d_subcarriers;
            sum = 0;
            for (size_t k = 0; k < d_subcarriers; k++)
                sum += std::complex<double>(std::conj(a[k]) * b[k] * d_energies[k]);
            gram(i, j) = sum;
            gram(j, i) = std::conj(sum);
        }
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(gram);
    const double least = SINGULAR * solver.eigenvalues()(count - 1);
    Eigen::VectorXcd along = solver.eigenvectors().adjoint() * seen;
    for (Eigen::Index i = 0; i < count; i++)
        along(i) = solver.eigenvalues()(i) > least ? along(i) / solver.eigenvalues()(i)
                                                   : std::complex<double>(0, 0);
    const Eigen::VectorXcd amplitudes = solver.eigenvectors() * along;
    std::fill(d_channel.begin(), d_channel.end(), gr_complex(0, 0));
    for (Eigen::Index i = 0; i < count; i++)
        for (size_t k = 0; k < d_subcarriers; k++)
            d_channel[k] += gr_complex(amplitudes(i)) * d_steering[i * d_subcarriers + k];
    subtract(rows, reference);
}

} // namespace isac
} // namespace gr
