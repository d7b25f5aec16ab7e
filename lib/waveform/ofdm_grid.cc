/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "pilot_pattern.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/theory/modulation.h>
#include <gnuradio/isac/waveform/gold_sequence.h>
#include <algorithm>
#include <iomanip>
#include <numeric>
#include <sstream>

namespace gr {
namespace isac {

namespace {

void check_sizes(const ofdm_grid::parameters& p)
{
    require(p.fft_len >= 2 && p.fft_len <= 65536 && p.fft_len % 2 == 0,
            "ofdm_grid: fft_len",
            p.fft_len,
            "must be even and from 2 to 65536");
    require(p.num_symbols >= 1 && p.num_symbols <= 65536,
            "ofdm_grid: num_symbols",
            p.num_symbols,
            "must be from 1 to 65536");
    require(!p.cp_len.empty() && p.cp_len.size() <= static_cast<size_t>(p.num_symbols),
            "ofdm_grid: length of cp_len",
            p.cp_len.size(),
            "must be from 1 to num_symbols = " + std::to_string(p.num_symbols));
    for (const int cp : p.cp_len)
        require(cp >= 0 && cp <= p.fft_len,
                "ofdm_grid: cp_len",
                cp,
                "must be from 0 to fft_len = " + std::to_string(p.fft_len));
    require_positive("ofdm_grid: subcarrier_spacing", p.subcarrier_spacing);
    require_positive("ofdm_grid: carrier_frequency", p.carrier_frequency);
    require(
        p.guard_low >= 0, "ofdm_grid: guard_low", p.guard_low, "must not be negative");
    require(
        p.guard_high >= 0, "ofdm_grid: guard_high", p.guard_high, "must not be negative");
    require(p.guard_low < p.fft_len && p.guard_high < p.fft_len - p.guard_low,
            "ofdm_grid: guard_low + guard_high",
            static_cast<int64_t>(p.guard_low) + p.guard_high,
            "must leave a subcarrier of fft_len = " + std::to_string(p.fft_len));
    require(
        p.pilot_seed >= 0, "ofdm_grid: pilot_seed", p.pilot_seed, "must not be negative");
}

size_t spacing_of(std::vector<size_t> places)
{
    std::sort(places.begin(), places.end());
    size_t spacing = 0;
    for (size_t i = 1; i < places.size(); i++)
        spacing = std::gcd(spacing, places[i] - places[i - 1]);
    return std::max<size_t>(spacing, 1);
}

} // namespace

ofdm_grid::sptr ofdm_grid::make(const parameters& p)
{
    return std::make_shared<const ofdm_grid>(p);
}

ofdm_grid::ofdm_grid(const parameters& p) : d_params(p)
{
    check_sizes(p);
    d_bits_per_element = bits_per_symbol(p.modulation);
    place_symbols();
    place_elements();
    place_pilots();
    measure_pilot_spacing();
    make_preamble();
}

void ofdm_grid::place_symbols()
{
    const size_t n = num_subcarriers();
    const size_t m = num_symbols();
    d_cp_len.resize(m);
    for (size_t i = 0; i < m; i++)
        d_cp_len[i] = d_params.cp_len[i % d_params.cp_len.size()];
    d_preamble_samples = d_params.preamble ? n + d_cp_len[0] : 0;

    d_symbol_start.resize(m);
    size_t sample = d_preamble_samples;
    double sum_of_centres = 0;
    for (size_t i = 0; i < m; i++) {
        d_symbol_start[i] = sample + d_cp_len[i];
        sample = d_symbol_start[i] + n;
        sum_of_centres += d_symbol_start[i] + 0.5 * (n - 1);
    }
    d_frame_samples = sample;

    const double middle = sum_of_centres / m;
    d_middle_time = middle / sample_rate();
    d_symbol_times.resize(m);
    for (size_t i = 0; i < m; i++)
        d_symbol_times[i] = (d_symbol_start[i] + 0.5 * (n - 1) - middle) / sample_rate();
}

void ofdm_grid::place_elements()
{
    const size_t n = num_subcarriers();
    std::vector<element> row(n, element::null);
    for (size_t k = d_params.guard_low; k < n - d_params.guard_high; k++)
        if (!(d_params.dc_null && k == n / 2))
            row[k] = element::data;
    const auto active = [](element e) { return e != element::null; };
    const auto first = std::find_if(row.begin(), row.end(), active);
    require(first != row.end(),
            "ofdm_grid: active subcarriers",
            0,
            "must be at least 1: the guards and dc_null leave none");
    const auto last = std::find_if(row.rbegin(), row.rend(), active);
    d_lowest_active = first - row.begin();
    d_highest_active = n - 1 - (last - row.rbegin());

    d_elements.reserve(n * num_symbols());
    for (size_t i = 0; i < num_symbols(); i++)
        d_elements.insert(d_elements.end(), row.begin(), row.end());
}

void ofdm_grid::place_pilots()
{
    d_pilots.assign(d_elements.size(), gr_complex(0, 0));
    mark_pilots(d_params, d_elements, d_pilots);

    gold_sequence gold(d_params.pilot_seed);
    for (uint32_t i = 0; i < d_elements.size(); i++) {
        if (d_elements[i] == element::data)
            d_data_indices.push_back(i);
        if (d_elements[i] != element::pilot)
            continue;
        d_pilot_indices.push_back(i);
        if (d_pilots[i] == gr_complex(0, 0))
            d_pilots[i] = gold.next_qpsk();
    }
}

void ofdm_grid::measure_pilot_spacing()
{
    const size_t n = num_subcarriers();
    std::vector<bool> subcarriers(n), symbols(num_symbols());
    for (const uint32_t i : d_pilot_indices) {
        subcarriers[i % n] = true;
        symbols[i / n] = true;
    }
    const auto spacing = [](const std::vector<bool>& used) {
        std::vector<size_t> places;
        for (size_t i = 0; i < used.size(); i++)
            if (used[i])
                places.push_back(i);
        return spacing_of(std::move(places));
    };
    d_pilot_spacing_frequency = spacing(subcarriers);
    d_pilot_spacing_time = spacing(symbols);
}

void ofdm_grid::make_preamble()
{
    if (!d_params.preamble)
        return;
    // Every second subcarrier, counted from the carrier, gives two equal halves in time
    // (T. M. Schmidl and D. C. Cox, "Robust frequency and timing synchronization for
    // OFDM").
    const size_t n = num_subcarriers();
    d_preamble_row.assign(n, gr_complex(0, 0));
    gold_sequence gold(d_params.pilot_seed ^ 0x2a5a5a5a);
    size_t used = 0;
    for (size_t k = d_lowest_active; k <= d_highest_active; k++) {
        if (k % 2 != (n / 2) % 2 || (d_params.dc_null && k == n / 2))
            continue;
        d_preamble_row[k] = gold.next_qpsk();
        used++;
    }
    require(used > 0,
            "ofdm_grid: preamble subcarriers",
            used,
            "must be at least 1: the guards and dc_null leave none at an even place");
    const float boost =
        std::sqrt(static_cast<float>(num_active()) / (num_symbols() * used));
    for (auto& value : d_preamble_row)
        value *= boost;
}

double ofdm_grid::sample_rate() const
{
    return d_params.subcarrier_spacing * d_params.fft_len;
}

double ofdm_grid::wavelength() const
{
    return SPEED_OF_LIGHT / d_params.carrier_frequency;
}

size_t ofdm_grid::shortest_cp_len() const
{
    return *std::min_element(d_cp_len.begin(), d_cp_len.end());
}

double ofdm_grid::symbol_duration() const
{
    return (d_frame_samples - d_preamble_samples) / (sample_rate() * num_symbols());
}

float ofdm_grid::amplitude() const
{
    return std::sqrt(static_cast<float>(d_elements.size()) / num_active());
}

double ofdm_grid::bandwidth() const
{
    return (d_highest_active - d_lowest_active + 1) * d_params.subcarrier_spacing;
}

double ofdm_grid::range_resolution(bool pilots_only) const
{
    double band = bandwidth();
    if (pilots_only && !d_pilot_indices.empty()) {
        const size_t n = num_subcarriers();
        size_t lowest = n, highest = 0;
        for (const uint32_t i : d_pilot_indices) {
            lowest = std::min<size_t>(lowest, i % n);
            highest = std::max<size_t>(highest, i % n);
        }
        band =
            (highest - lowest + d_pilot_spacing_frequency) * d_params.subcarrier_spacing;
    }
    return SPEED_OF_LIGHT / (2 * band);
}

double ofdm_grid::velocity_resolution() const
{
    return wavelength() / (2 * num_symbols() * symbol_duration());
}

double ofdm_grid::unambiguous_range(bool pilots_only) const
{
    const size_t spacing = pilots_only ? d_pilot_spacing_frequency : 1;
    return SPEED_OF_LIGHT / (2 * spacing * d_params.subcarrier_spacing);
}

double ofdm_grid::unambiguous_velocity(bool pilots_only) const
{
    const size_t spacing = pilots_only ? d_pilot_spacing_time : 1;
    return wavelength() / (4 * spacing * symbol_duration());
}

double ofdm_grid::cp_range() const
{
    return SPEED_OF_LIGHT * shortest_cp_len() / (2 * sample_rate());
}

double ofdm_grid::pilot_overhead() const
{
    return static_cast<double>(d_pilot_indices.size()) / num_active();
}

std::vector<std::string> ofdm_grid::warnings(double farthest_range,
                                             double highest_velocity,
                                             bool pilots_only) const
{
    require_not_negative("ofdm_grid: farthest_range", farthest_range);
    require_not_negative("ofdm_grid: highest_velocity", highest_velocity);
    std::vector<std::string> lines;
    const auto compare = [&](const char* what,
                             double asked,
                             const char* limit,
                             double given,
                             const char* unit) {
        if (asked <= given)
            return;
        std::ostringstream line;
        line << std::setprecision(4) << what << " " << asked << " " << unit
             << " exceeds the " << limit << " " << given << " " << unit;
        lines.push_back(line.str());
    };
    compare("range", farthest_range, "CP range", cp_range(), "m");
    compare("range",
            farthest_range,
            "unambiguous range",
            unambiguous_range(pilots_only),
            "m");
    compare("velocity",
            highest_velocity,
            "unambiguous velocity",
            unambiguous_velocity(pilots_only),
            "m/s");
    return lines;
}

std::string ofdm_grid::describe() const
{
    std::ostringstream text;
    text << std::setprecision(4) << num_subcarriers() << " subcarriers x "
         << num_symbols() << " symbols, " << subcarrier_spacing() / 1e3 << " kHz at "
         << carrier_frequency() / 1e9 << " GHz, CP " << shortest_cp_len() << ", "
         << d_params.modulation << ", pilots " << d_params.pilots << " ("
         << 100 * pilot_overhead() << "%); resolution " << range_resolution() << " m, "
         << velocity_resolution() << " m/s; CP range " << cp_range()
         << " m, unambiguous range " << unambiguous_range() << " m";
    return text.str();
}

} // namespace isac
} // namespace gr
