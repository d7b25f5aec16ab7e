/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing/chirp_transform.h"
#include "support/echo_frame.h"
#include <gnuradio/isac/sensing/motion_compensator.h>
#include <boost/test/unit_test.hpp>
#include <complex>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

using value = std::complex<double>;

ofdm_grid::sptr make_grid(int symbols, const char* pilots = "all")
{
    ofdm_grid::parameters p;
    p.fft_len = 64;
    p.cp_len = { 4 };
    p.num_symbols = symbols;
    p.carrier_frequency = 100e6; // the band is 2% of it
    p.guard_low = p.guard_high = 4;
    p.pilots = pilots;
    p.comb_spacing_frequency = 2;
    p.comb_spacing_time = 2;
    return ofdm_grid::make(p);
}

// Symbol by symbol and sample by sample: what was sent, turning by its subcarriers' own
// Doppler.
std::vector<gr_complex> rows_of(const ofdm_grid& grid, double delay, double doppler)
{
    const size_t n = grid.num_subcarriers();
    std::vector<gr_complex> rows(grid.elements().size());
    const auto place = [&](size_t k) { return double(k) - double(n / 2); };
    for (size_t m = 0; m < grid.num_symbols(); m++) {
        std::vector<value> samples(n);
        for (size_t u = 0; u < n; u++) {
            const double t =
                grid.symbol_times()[m] + (u - 0.5 * (n - 1)) / grid.sample_rate();
            for (size_t k = 0; k < n; k++) {
                const double f = place(k) * grid.subcarrier_spacing();
                samples[u] +=
                    value(grid.pilots()[m * n + k]) *
                    std::polar(1.0,
                               2 * PI *
                                   (place(k) * u / n - f * delay +
                                    doppler * (1 + f / grid.carrier_frequency()) * t));
            }
        }
        for (size_t k = 0; k < n; k++) {
            value sum = 0;
            for (size_t u = 0; u < n; u++)
                sum += samples[u] * std::polar(1.0 / n, -2 * PI * place(k) * u / n);
            rows[m * n + k] = gr_complex(sum);
        }
    }
    return rows;
}

// Share of the power of the products that is an echo that stands still in its cell.
double coherent_power(const matched_frame& frame, double delay, double doppler)
{
    const auto& pattern = frame.pattern();
    value sum = 0;
    const gr_complex* product = frame.products();
    for (const double t : pattern.times)
        for (const double f : pattern.frequencies)
            sum +=
                value(*product++) * std::polar(1.0, 2 * PI * (f * delay - doppler * t));
    return std::norm(sum / double(pattern.num_elements));
}

} // namespace

BOOST_AUTO_TEST_CASE(chirp_transform_equals_the_definition)
{
    frame_maker maker(1);
    for (const size_t length : { size_t(1), size_t(13), size_t(64) }) {
        const size_t most = (length + 1) / 2;
        chirp_transform transform(length, most);
        for (const double stretch : { 0.95, 1.0, 1.07 })
            for (const size_t first : { size_t(0), length - most }) {
                std::vector<gr_complex> in(length);
                for (auto& x : in)
                    x = gr_complex(maker.phase(1));
                const gr_complex* lines =
                    transform.process(in.data(), stretch, first, most);
                for (size_t i = 0; i < most; i++) {
                    value sum = 0;
                    for (size_t m = 0; m < length; m++) {
                        const double place = m - 0.5 * (length - 1);
                        if (stretch * std::abs(place) <= 0.5 * length)
                            sum += value(in[m]) *
                                   std::polar(1.0,
                                              -2 * PI * stretch *
                                                  (double(first + i) - length / 2) *
                                                  place / length);
                    }
                    // Single precision, of sums of some units.
                    BOOST_REQUIRE_SMALL(std::abs(value(lines[i]) - sum), 1e-5 * length);
                }
            }
    }
}

// Whatever its Doppler an echo keeps its power but for 0.2 dB, though it turns by up to
// half a cycle a symbol and migrates by up to 1.4 cells, and though beside the border of
// the unambiguous Dopplers a good part of its lines stands on the other side.
BOOST_AUTO_TEST_CASE(an_echo_stands_still)
{
    for (const char* pilots : { "all", "comb" }) {
        const auto grid = make_grid(128, pilots);
        matched_frame frame(grid, element_pattern(*grid, true), true);
        motion_compensator compensator(grid, frame.pattern());
        std::vector<gr_complex> room(grid->elements().size());
        const double span =
            1 / (frame.pattern().symbols.spacing * grid->symbol_duration());
        const double delay = 2.3 / grid->sample_rate();
        for (const double share : { -0.49, -0.42, -0.2, 0.0, 0.1, 0.31, 0.42, 0.49 }) {
            const auto rows = rows_of(*grid, delay, share * span);
            compensator.process(rows.data(), nullptr, frame, room.data());
            BOOST_TEST(10 * std::log10(coherent_power(frame, delay, share * span)) >
                       -0.2);
            frame.load(rows.data(), nullptr);
            if (std::abs(share) > 0.4 && pilots == std::string("all"))
                BOOST_TEST(coherent_power(frame, delay, share * span) < 0.5);
        }
    }
}

// Of echoes at both ends of the axis none gives way: the weaker one, two cells from the
// border, loses the 0.5 dB of its lines beyond, 0.1 dB of the slice, and no more than the
// strong one's sidelobes, a tenth of its amplitude.
BOOST_AUTO_TEST_CASE(a_weak_echo_stands_beside_a_strong_one_at_the_other_end)
{
    const auto grid = make_grid(128);
    matched_frame frame(grid, element_pattern(*grid, true), true);
    motion_compensator compensator(grid, frame.pattern());
    std::vector<gr_complex> room(grid->elements().size());
    const double doppler = 0.485 / grid->symbol_duration();
    const double near = 2.3 / grid->sample_rate(), far = 30.3 / grid->sample_rate();
    for (const double sign : { -1.0, 1.0 }) {
        auto rows = rows_of(*grid, near, sign * doppler);
        const auto weak = rows_of(*grid, far, -sign * doppler);
        for (size_t i = 0; i < rows.size(); i++)
            rows[i] += 0.1f * weak[i];
        compensator.process(rows.data(), nullptr, frame, room.data());
        BOOST_TEST(10 * std::log10(coherent_power(frame, near, sign * doppler)) > -0.7);
        BOOST_TEST(10 * std::log10(coherent_power(frame, far, -sign * doppler)) >
                   -20 - 0.6 - 0.9);
    }
}

// White noise keeps its power but for what leaves the frame, half a percent, and for what
// 14336 elements taken anew know of it, a percent.
BOOST_AUTO_TEST_CASE(noise_keeps_its_power)
{
    frame_maker maker(2);
    const auto grid = make_grid(256);
    matched_frame frame(grid, element_pattern(*grid, true), true);
    motion_compensator compensator(grid, frame.pattern());
    std::vector<gr_complex> room(grid->elements().size());
    const auto noise = maker.noise(*grid);
    frame.load(noise.data(), nullptr);
    const double before = frame.power();
    compensator.process(noise.data(), nullptr, frame, room.data());
    // 14336 elements know a power to 0.8%.
    BOOST_TEST(frame.power() == before, boost::test_tools::tolerance(0.02));
}
