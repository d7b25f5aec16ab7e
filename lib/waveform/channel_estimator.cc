/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "channel_tiles.h"
#include "fft_plan.h"
#include "volk_compat.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/waveform/channel_estimator.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// A tile holds at least this many symbols: the noise of its mean is then 9 dB below that
// of a pilot, and its scatter is known.
constexpr size_t tile_symbols = 8;
// Subcarriers a tile where every element is known (decision-directed).
constexpr size_t tile_subcarriers = 4;
// Pilots that the coarse delay search looks at, at least; more cost time and gain little.
constexpr size_t searched_pilots = 16384;

size_t transform_length(size_t points)
{
    size_t length = 2;
    while (length < 2 * points) // twice: the peak is then at most a quarter bin off
        length *= 2;
    return length;
}

gr_complex phasor(double cycles)
{
    return gr_complex(std::polar(1.0, 2 * PI * (cycles - std::round(cycles))));
}

gr_complex dot(const gr_complex* a, const gr_complex* b, size_t count)
{
    lv_32fc_t result;
    volk_32fc_x2_dot_prod_32fc(&result, a, b, count);
    return result;
}

} // namespace

channel_estimator::channel_estimator(ofdm_grid::sptr grid)
    : d_grid(std::move(grid)),
      d_steering(d_grid->num_subcarriers()),
      d_slope(d_grid->num_subcarriers()),
      d_row(d_grid->num_subcarriers()),
      d_equaliser(d_grid->num_subcarriers())
{
    const size_t n = d_grid->num_subcarriers();
    const auto& pilots = d_grid->pilot_indices();
    require(!pilots.empty(),
            "channel_estimator: pilots of the grid",
            pilots.size(),
            "must be at least 1: a channel cannot be estimated without");

    d_first = n;
    size_t last = 0;
    for (const uint32_t i : pilots) {
        d_first = std::min<size_t>(d_first, i % n);
        last = std::max<size_t>(last, i % n);
        if (d_symbols.empty() || d_symbols.back() != i / n)
            d_symbols.push_back(i / n);
    }
    d_step = d_grid->pilot_spacing_frequency();
    d_width = (last - d_first) / d_step + 1;
    d_lattice.resize(d_symbols.size() * d_width);

    const auto& times = d_grid->symbol_times();
    size_t row = 0;
    d_row_begin.push_back(0);
    for (const uint32_t i : pilots) {
        if (d_symbols[row] != i / n) {
            row++;
            d_row_begin.push_back(d_cells.size());
        }
        d_cells.push_back(row * d_width + (i % n - d_first) / d_step);
        d_centre_k += static_cast<double>(i % n) / pilots.size();
        d_centre_t += times[i / n] / pilots.size();
    }
    d_row_begin.push_back(pilots.size());
    for (const uint32_t i : pilots) {
        d_spread_k += std::pow(i % n - d_centre_k, 2) / pilots.size();
        d_spread_t += std::pow(times[i / n] - d_centre_t, 2) / pilots.size();
    }
    if (d_width == 1) // not merely rounding: no delay can be seen
        d_spread_k = 0;
    if (d_symbols.size() == 1) // nor Doppler
        d_spread_t = 0;

    const size_t delay_length = transform_length(d_width);
    d_delay_in.resize(delay_length);
    d_delay_out.resize(delay_length);
    d_periodogram.resize(delay_length);
    d_delay_plan = std::make_unique<fft_plan>(
        d_delay_in.size(), FFTW_BACKWARD, d_delay_in.data(), d_delay_out.data());
    const size_t span = d_symbols.back() - d_symbols.front();
    const size_t doppler_length =
        transform_length(span / d_grid->pilot_spacing_time() + 1);
    d_doppler_in.resize(doppler_length);
    d_doppler_out.resize(doppler_length);
    d_doppler_plan = std::make_unique<fft_plan>(
        d_doppler_in.size(), FFTW_FORWARD, d_doppler_in.data(), d_doppler_out.data());

    const size_t spacing_time = d_grid->pilot_spacing_time();
    const size_t pilot_tile_symbols =
        (tile_symbols + spacing_time - 1) / spacing_time * spacing_time;
    const bool dense = d_step == 1;
    d_pilot_tiles = std::make_unique<tiles>(
        *d_grid, pilots, pilot_tile_symbols, dense ? tile_subcarriers : d_step);

    size_t lowest = n, highest = 0;
    for (size_t k = 0; k < n; k++) {
        if (d_grid->elements()[k] == ofdm_grid::element::null)
            continue;
        lowest = std::min(lowest, k);
        highest = std::max(highest, k);
    }
    // Up to a tenth may lie beyond the outermost pilots.
    d_spans_band = 10 * (last - d_first + d_step) >= 9 * (highest - lowest + 1);
    if (d_spans_band)
        return;
    std::vector<uint32_t> active;
    for (uint32_t i = 0; i < d_grid->elements().size(); i++)
        if (d_grid->elements()[i] != ofdm_grid::element::null)
            active.push_back(i);
    d_band_tiles =
        std::make_unique<tiles>(*d_grid, active, tile_symbols, tile_subcarriers);
}

channel_estimator::~channel_estimator() = default;

double channel_estimator::delay() const
{
    return d_cycles / d_grid->subcarrier_spacing();
}

void channel_estimator::gather(const gr_complex* rows)
{
    const auto& indices = d_grid->pilot_indices();
    const auto& pilots = d_grid->pilots();
    for (size_t i = 0; i < indices.size(); i++) {
        const gr_complex y = rows[indices[i]];
        const gr_complex x = pilots[indices[i]];
        // Written out: std::complex multiplication looks for NaN and is not vectorised.
        d_lattice[d_cells[i]] = { y.real() * x.real() + y.imag() * x.imag(),
                                  y.imag() * x.real() - y.real() * x.imag() };
    }
}

// The peak of the delay periodogram, summed over pilot symbols, then that of Doppler.
void channel_estimator::search()
{
    const size_t n = d_grid->num_subcarriers();
    const size_t stride =
        std::max<size_t>(1, d_grid->pilot_indices().size() / searched_pilots);
    std::fill(d_periodogram.begin(), d_periodogram.end(), 0.0);
    std::fill(d_delay_in.begin(), d_delay_in.end(), gr_complex(0, 0));
    for (size_t row = 0; row < d_symbols.size(); row += stride) {
        std::copy_n(d_lattice.data() + row * d_width, d_width, d_delay_in.data());
        d_delay_plan->execute(d_delay_in.data(), d_delay_out.data());
        for (size_t i = 0; i < d_periodogram.size(); i++)
            d_periodogram[i] += std::norm(d_delay_out[i]);
    }
    const auto peak = std::max_element(d_periodogram.begin(), d_periodogram.end());
    double turns = static_cast<double>(peak - d_periodogram.begin()) /
                   d_periodogram.size(); // of a step of the lattice, modulo 1
    // Of the delays that the pilots cannot tell apart, the one nearest half the CP.
    const double middle = 0.5 * d_grid->shortest_cp_len() * d_step / n;
    turns += std::round(middle - turns);
    d_cycles = turns / d_step;
    d_doppler = 0;
    steer();

    const size_t spacing = d_grid->pilot_spacing_time();
    std::fill(d_doppler_in.begin(), d_doppler_in.end(), gr_complex(0, 0));
    for (size_t row = 0; row < d_symbols.size(); row++)
        d_doppler_in[(d_symbols[row] - d_symbols[0]) / spacing] =
            dot(d_lattice.data() + row * d_width, d_steering.data(), d_width);
    d_doppler_plan->execute(d_doppler_in.data(), d_doppler_out.data());
    const auto power = [](gr_complex a, gr_complex b) {
        return std::norm(a) < std::norm(b);
    };
    const size_t length = d_doppler_out.size();
    const auto bin = std::max_element(d_doppler_out.begin(), d_doppler_out.end(), power) -
                     d_doppler_out.begin();
    double cycles = static_cast<double>(bin) / length;
    cycles -= std::round(cycles);
    d_doppler = cycles / (spacing * d_grid->symbol_duration());
}

// Phasors that undo the delay, on the lattice.
void channel_estimator::steer()
{
    const double half = 0.5 * d_grid->num_subcarriers();
    for (size_t i = 0; i < d_width; i++) {
        const double k = static_cast<double>(d_first + i * d_step);
        d_steering[i] = phasor((k - half) * d_cycles);
        d_slope[i] = d_steering[i] * static_cast<float>(k - d_centre_k);
    }
}

// The pilots' coherent sum after undoing delay and Doppler, and the phase that remains,
// rad a subcarrier and rad/s: the first step of Newton's method on the likelihood.
std::complex<double> channel_estimator::correlate(double& slope_frequency,
                                                  double& slope_time)
{
    std::complex<double> sum = 0, sum_k = 0, sum_t = 0;
    for (size_t row = 0; row < d_symbols.size(); row++) {
        const double t = d_grid->symbol_times()[d_symbols[row]];
        const std::complex<double> turn(phasor(-d_doppler * t));
        const gr_complex* values = d_lattice.data() + row * d_width;
        const std::complex<double> here =
            turn * std::complex<double>(dot(values, d_steering.data(), d_width));
        sum += here;
        sum_k += turn * std::complex<double>(dot(values, d_slope.data(), d_width));
        sum_t += (t - d_centre_t) * here;
    }
    const double curvature = std::norm(sum) / d_cells.size();
    const auto slope = [&](std::complex<double> moment, double spread) {
        const double scale = curvature * spread * d_cells.size();
        return scale > 0 ? std::imag(std::conj(sum) * moment) / scale : 0;
    };
    slope_frequency = slope(sum_k, d_spread_k);
    slope_time = slope(sum_t, d_spread_t);
    return sum;
}

bool channel_estimator::estimate(const gr_complex* rows)
{
    gather(rows);
    search();
    std::complex<double> sum;
    constexpr int newton_steps = 3; // quadratic from a quarter bin: below rounding
    for (int i = 0; i <= newton_steps; i++) {
        steer();
        double slope_frequency, slope_time;
        sum = correlate(slope_frequency, slope_time);
        if (i == newton_steps)
            break;
        d_cycles -= slope_frequency / (2 * PI);
        d_doppler += slope_time / (2 * PI);
    }
    d_gain = sum / static_cast<double>(d_cells.size());
    d_used_tiles = nullptr;
    d_dispersive = false;
    // What single precision can divide by.
    constexpr double least_power = 1e-32;
    if (!(std::norm(d_gain) > least_power && std::isfinite(std::norm(d_gain))))
        return false;
    smooth();
    return true;
}

// Noise about the single path, and G where it is more than that.
void channel_estimator::smooth()
{
    d_pilot_tiles->clear();
    const std::complex<double> inverse = 1.0 / d_gain;
    double residual = 0;
    for (size_t row = 0; row < d_symbols.size(); row++) {
        const gr_complex turn(
            inverse * std::complex<double>(
                          phasor(-d_doppler * d_grid->symbol_times()[d_symbols[row]])));
        gr_complex* values = d_lattice.data() + row * d_width;
        volk_32fc_x2_multiply_32fc(values, values, d_steering.data(), d_width);
        multiply_scalar(values, values, turn, d_width);
        float row_residual = 0;
        for (size_t i = d_row_begin[row]; i < d_row_begin[row + 1]; i++) {
            const gr_complex value = d_lattice[d_cells[i]];
            row_residual += std::norm(value - gr_complex(1, 0));
            d_pilot_tiles->add(i, value, 1);
        }
        residual += row_residual;
    }
    const double power = std::norm(d_gain);
    const double count = d_cells.size();
    // Amplitude, phase, delay and Doppler are fitted: two complex numbers.
    d_noise = count > 2 ? power * residual / (count - 2) : 0;
    d_signal = std::max(0.0, power - d_noise / count);
    d_dispersive = d_pilot_tiles->finish();
    if (d_dispersive) {
        d_used_tiles = d_pilot_tiles.get();
        d_noise = power * residual_about_tiles() / (count - d_pilot_tiles->freedom());
        d_signal = std::max(0.0, power * d_pilot_tiles->power());
    }
    const size_t n = d_grid->num_subcarriers();
    for (size_t k = 0; k < n; k++)
        d_equaliser[k] =
            gr_complex(inverse * std::complex<double>(phasor((k - 0.5 * n) * d_cycles)));
}

double channel_estimator::residual_about_tiles()
{
    const auto& indices = d_grid->pilot_indices();
    double residual = 0;
    for (size_t row = 0; row < d_symbols.size(); row++) {
        const size_t first = d_symbols[row] * d_grid->num_subcarriers();
        d_pilot_tiles->interpolate(d_symbols[row], d_row.data());
        for (size_t i = d_row_begin[row]; i < d_row_begin[row + 1]; i++)
            residual += std::norm(d_lattice[d_cells[i]] - d_row[indices[i] - first]);
    }
    return residual;
}

void channel_estimator::refine(const gr_complex* rows,
                               frame_mapper& mapper,
                               const uint8_t* bits)
{
    if (!d_band_tiles)
        return;
    const size_t n = d_grid->num_subcarriers();
    const size_t m = d_grid->num_symbols();
    const auto& times = d_grid->symbol_times();
    volk::vector<gr_complex>& known = d_row;
    // Phases that remain, about the middle of the band and of the frame.
    std::complex<double> sum = 0, sum_k = 0, sum_t = 0;
    for (size_t k = 0; k < n; k++)
        d_slope[k] = d_equaliser[k] * static_cast<float>(k - 0.5 * n);
    double energy = 0, energy_k = 0, energy_t = 0;
    for (size_t symbol = 0; symbol < m; symbol++) {
        mapper.map(symbol, bits, known.data());
        for (size_t k = 0; k < n; k++) {
            const double weight = std::norm(known[k]);
            energy += weight;
            energy_k += weight * (k - 0.5 * n) * (k - 0.5 * n);
            energy_t += weight * times[symbol] * times[symbol];
        }
        volk_32fc_x2_multiply_conjugate_32fc(
            known.data(), rows + symbol * n, known.data(), n);
        const std::complex<double> turn(phasor(-d_doppler * times[symbol]));
        const std::complex<double> here =
            turn * std::complex<double>(dot(known.data(), d_equaliser.data(), n));
        sum += here;
        sum_k += turn * std::complex<double>(dot(known.data(), d_slope.data(), n));
        sum_t += times[symbol] * here;
    }
    const double power = std::norm(sum) / energy;
    if (energy_k > 0)
        d_cycles -= std::imag(std::conj(sum) * sum_k) / (power * energy_k) / (2 * PI);
    if (energy_t > 0)
        d_doppler += std::imag(std::conj(sum) * sum_t) / (power * energy_t) / (2 * PI);
    d_gain *= sum / energy;

    d_band_tiles->clear();
    for (size_t k = 0; k < n; k++)
        d_equaliser[k] =
            gr_complex(std::complex<double>(phasor((k - 0.5 * n) * d_cycles)) / d_gain);
    size_t element = 0;
    for (size_t symbol = 0; symbol < m; symbol++) {
        mapper.map(symbol, bits, known.data());
        const gr_complex turn = phasor(-d_doppler * times[symbol]);
        volk_32fc_x2_multiply_32fc(
            d_slope.data(), rows + symbol * n, d_equaliser.data(), n);
        for (size_t k = 0; k < n; k++) {
            const float weight = std::norm(known[k]);
            if (weight > 0)
                d_band_tiles->add(
                    element++, d_slope[k] * turn * std::conj(known[k]), weight);
        }
    }
    d_dispersive = d_band_tiles->finish();
    d_used_tiles = d_dispersive ? d_band_tiles.get() : nullptr;
}

void channel_estimator::equalise(size_t symbol, const gr_complex* row, gr_complex* out)
{
    const size_t n = d_grid->num_subcarriers();
    const gr_complex turn = phasor(-d_doppler * d_grid->symbol_times()[symbol]);
    volk_32fc_x2_multiply_32fc(out, row, d_equaliser.data(), n);
    multiply_scalar(out, out, turn, n);
    if (!d_used_tiles)
        return;
    d_used_tiles->interpolate(symbol, d_row.data());
    volk_32fc_x2_divide_32fc(out, out, d_row.data(), n);
}

} // namespace isac
} // namespace gr
