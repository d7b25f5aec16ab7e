/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

// One unit with OpenISAC's, to which its CFAR and its powers are local.
#include "src/SensingChannel.cpp"

#include "peer.h"
#include <algorithm>

namespace {

// Its own functions, as its sensing thread calls them for a frame.
class open_isac : public peer
{
public:
    open_isac(size_t n, size_t m, size_t cp, const value* sent)
        : d_n(n), d_m(m), d_cp(cp), d_core({ n, n, m, m })
    {
        WindowGenerator::generate_hamming(d_range_window, n);
        WindowGenerator::generate_hamming(d_doppler_window, m);
        AlignedVector in(n), out(n);
        d_plan = fftwf_plan_dft_1d(static_cast<int>(n),
                                   reinterpret_cast<fftwf_complex*>(in.data()),
                                   reinterpret_cast<fftwf_complex*>(out.data()),
                                   FFTW_FORWARD,
                                   FFTW_MEASURE);
        for (size_t i = 0; i < m; i++)
            d_sent.emplace_back(sent + i * n, sent + (i + 1) * n);
        d_received.reserve(m);
        d_core.clear_channel_buffer();
    }
    ~open_isac() override { fftwf_destroy_plan(d_plan); }

    void map(const value* samples) override
    {
        auto& cells = d_core.channel_buffer();
        // Each symbol into memory of its own, which it takes anew.
        d_received.clear();
        for (size_t i = 0; i < d_m; i++) {
            const value* from = samples + i * (d_n + d_cp) + d_cp;
            AlignedVector symbol(d_n);
            std::copy(from, from + d_n, symbol.begin());
            d_received.push_back(std::move(symbol));
        }
        for (size_t i = 0; i < d_m; i++)
            fftwf_execute_dft(d_plan,
                              reinterpret_cast<fftwf_complex*>(d_received[i].data()),
                              reinterpret_cast<fftwf_complex*>(cells.data() + i * d_n));
        d_core.channel_estimate_with_shift(d_sent, d_m);
        d_core.apply_mti(false, d_m);
        d_core.apply_windows(cells, d_range_window, d_doppler_window, d_m);
        d_core.execute_range_ifft();
        d_core.execute_doppler_fft();
        scale_complex_buffer_inplace(
            cells.data(), cells.size(), sensing_rd_amplitude_scale(d_m, d_n));
        compute_shifted_magnitude_db(cells.data(), d_m, d_n, d_powers);
    }

    void detect(float least_db) override
    {
        SensingCfarParams p;
        p.enabled = true;
        p.max_points = MOST_POINTS;
        p.min_power_db = least_db;
        run_os_cfar_2d_full(d_powers,
                            d_m,
                            d_n,
                            p,
                            d_found.cfar_points,
                            d_found.cfar_hits,
                            d_found.cfar_shown_hits,
                            d_found.cfar_stats);
    }

    std::pair<size_t, size_t> highest() const override
    {
        const size_t at =
            std::max_element(d_powers.begin(), d_powers.end()) - d_powers.begin();
        return { at / d_n, at % d_n };
    }

private:
    static constexpr size_t MOST_POINTS = 256; // as its SensingChannel sets it

    size_t d_n, d_m, d_cp;
    SensingProcessor d_core;
    fftwf_plan d_plan;
    SymbolVector d_sent;
    std::vector<AlignedVector> d_received;
    AlignedFloatVector d_range_window, d_doppler_window, d_powers;
    SensingMetadata d_found{};
};

} // namespace

extern "C" __attribute__((visibility("default"))) make_peer_function make_peer;

peer* make_peer(size_t n, size_t m, size_t cp, const peer::value* sent)
{
    return new open_isac(n, m, cp, sent);
}
