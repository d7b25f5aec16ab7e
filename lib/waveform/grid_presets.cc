/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <algorithm>
#include <iterator>

namespace gr {
namespace isac {

namespace {

// Active subcarriers within the middle 80% of the band, where the filters of radios, and
// the fractional delays of a simulated channel, are flat.
void guard_all_but(ofdm_grid::parameters& p, int active)
{
    p.guard_low = p.guard_high = (p.fft_len - active) / 2;
}

ofdm_grid::parameters lawn()
{
    ofdm_grid::parameters p;
    p.fft_len = 50;
    p.cp_len = { 13, 12 };
    p.num_symbols = 64;
    p.subcarrier_spacing = 200e3;
    p.carrier_frequency = 2e9;
    p.pilots = "contiguous";
    p.pilot_share = 0.2;
    return p;
}

ofdm_grid::parameters lawn_flight()
{
    ofdm_grid::parameters p = lawn();
    p.fft_len = 512;
    p.cp_len = { 128 };
    p.num_symbols = 256;
    p.subcarrier_spacing = 20e3;
    guard_all_but(p, 408);
    return p;
}

// Carriers of the bands that use each numerology: FR1 up to mu 2, FR2-1, FR2-2.
constexpr double nr_carriers_hz[] = { 2e9, 3.5e9, 3.5e9, 28e9, 28e9, 60e9, 60e9 };

ofdm_grid::parameters nr(int mu)
{
    ofdm_grid::parameters p;
    p.fft_len = 1024;
    p.num_symbols = 112;
    p.subcarrier_spacing = 15e3 * (1 << mu);
    p.carrier_frequency = nr_carriers_hz[mu];
    // TS 38.211, 5.3.1: 144 kappa 2^-mu, and 16 kappa more in the first symbol of each
    // 0.5 ms, which is every 7 * 2^mu symbols; kappa 2^-mu is fft_len / 2048 samples
    // here.
    const int normal = 144 * p.fft_len / 2048;
    const int extra = (16 << mu) * p.fft_len / 2048;
    p.cp_len.assign(std::min(7 << mu, p.num_symbols), normal);
    p.cp_len[0] += extra;
    guard_all_but(p, 68 * 12);
    p.pilots = "comb";
    return p;
}

} // namespace

std::vector<std::string> ofdm_grid::presets()
{
    std::vector<std::string> names = { "LAWN", "LAWN flight" };
    for (size_t mu = 0; mu < std::size(nr_carriers_hz); mu++)
        names.push_back("NR mu " + std::to_string(mu));
    return names;
}

ofdm_grid::parameters ofdm_grid::preset(const std::string& name)
{
    if (name == "LAWN")
        return lawn();
    if (name == "LAWN flight")
        return lawn_flight();
    for (size_t mu = 0; mu < std::size(nr_carriers_hz); mu++)
        if (name == "NR mu " + std::to_string(mu))
            return nr(mu);
    require(false,
            "ofdm_grid: preset",
            name,
            "must be LAWN, LAWN flight, or NR mu 0 to NR mu 6");
    return {};
}

} // namespace isac
} // namespace gr
