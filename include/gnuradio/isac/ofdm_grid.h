/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_OFDM_GRID_H
#define INCLUDED_ISAC_OFDM_GRID_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief The OFDM grid that a transmitter and its receivers share: what stands on every
 * resource element, and when. \ingroup isac
 *
 * Immutable; blocks hold it by shared_ptr. A frame is num_symbols() OFDM symbols (one
 * coherent processing interval), after an optional preamble symbol that belongs to no
 * row. A row is num_subcarriers() values in ascending frequency with the carrier (DC) at
 * num_subcarriers() / 2.
 *
 * Scale: FFTs are unitary and abs(x)^2 = 1 is 1 mW, so the power of a resource element is
 * abs(X)^2 / num_subcarriers(). All active (data and pilot) resource elements carry the
 * same mean energy; pilots() and constellations have abs(X)^2 = 1, and amplitude() scales
 * them to samples of unit mean power.
 */
class ISAC_API ofdm_grid
{
public:
    using sptr = std::shared_ptr<const ofdm_grid>;

    //! What stands on a resource element.
    enum class element : uint8_t { null = 0, data = 1, pilot = 2 };

    //! A pilot placed by hand.
    struct pilot_cell {
        int symbol;       //!< 0 to num_symbols - 1
        int subcarrier;   //!< 0 to fft_len - 1, ascending frequency
        gr_complex value; //!< zero: take the next value of the Gold sequence
    };

    struct parameters {
        //! Subcarriers and FFT length N, 2 to 65536, even.
        int fft_len = 1024;
        //! Cyclic prefix of each symbol in samples, 0 to N; one value serves all symbols,
        //! a shorter list repeats.
        std::vector<int> cp_len = { 72 };
        //! OFDM symbols a frame M, 1 to 65536.
        int num_symbols = 112;
        //! Hz, positive.
        double subcarrier_spacing = 30e3;
        //! Hz, positive.
        double carrier_frequency = 3.5e9;
        //! "none", "contiguous" (the lowest pilot_share of the active subcarriers, in
        //! every symbol), "comb" (every comb_spacing-th subcarrier and symbol), "all", or
        //! "cells".
        std::string pilots = "comb";
        //! Share rho of the active subcarriers, 0 < rho <= 1, for "contiguous".
        double pilot_share = 0.2;
        //! S_f (subcarriers) and S_t (symbols), at least 1, for "comb".
        int comb_spacing_frequency = 4;
        int comb_spacing_time = 1;
        //! First pilot subcarrier, 0 to S_f - 1, and symbol, 0 to S_t - 1.
        int comb_offset_frequency = 0;
        int comb_offset_time = 0;
        //! Subcarrier offset added from one pilot symbol to the next, modulo S_f: a
        //! staggered comb, as PRS uses it.
        int comb_stagger = 0;
        //! Pilots for "cells".
        std::vector<pilot_cell> pilot_cells = {};
        //! "bpsk", "qpsk", "16qam", "64qam" or "256qam".
        std::string modulation = "qpsk";
        //! Leave the carrier's own subcarrier empty.
        bool dc_null = false;
        //! Empty subcarriers at the low and at the high edge.
        int guard_low = 0;
        int guard_high = 0;
        //! Send a preamble symbol of two equal halves before each frame, for Frame Sync.
        bool preamble = false;
        //! Initial value c_init of the pilots' Gold sequence (TS 38.211, 5.2.1), 0 to
        //! 2^31 - 1.
        int pilot_seed = 1;
    };

    /*!
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(const parameters& p);

    //! Names that preset() knows: "LAWN", "LAWN flight", "NR mu 0" to "NR mu 6".
    static std::vector<std::string> presets();

    /*!
     * The parameters of a preset, to be changed at will and given to make().
     *
     * "LAWN": the grid of J. Li et al., "Sensing-Enhanced Handover Criterion for
     * Low-Altitude Wireless Networks": 50 subcarriers of 200 kHz at 2 GHz, 64
     * symbols, 1.25 us CP (12.5 samples: 13 and 12 in turn), a fifth of the band as
     * pilots. Its CP and its unambiguous range are shorter than its scene. "LAWN flight":
     * the same link with a grid that fits it. "NR mu <n>": numerology n of TS 38.211 with
     * 1024 subcarriers (68 resource blocks), 112 symbols and the long CP every 0.5 ms.
     */
    static parameters preset(const std::string& name);

    explicit ofdm_grid(const parameters& p);

    const parameters& params() const { return d_params; }
    size_t num_subcarriers() const { return d_params.fft_len; }
    size_t num_symbols() const { return d_params.num_symbols; }
    double subcarrier_spacing() const { return d_params.subcarrier_spacing; }
    double carrier_frequency() const { return d_params.carrier_frequency; }

    //! Samples a second: N times the spacing.
    double sample_rate() const;
    //! Carrier wavelength, m.
    double wavelength() const;

    //! CP of symbol \p m in samples.
    size_t cp_len(size_t m) const { return d_cp_len[m]; }
    const std::vector<size_t>& cp_lens() const { return d_cp_len; }
    size_t shortest_cp_len() const;
    //! First sample of the useful part of symbol \p m, from the start of the frame.
    size_t symbol_start(size_t m) const { return d_symbol_start[m]; }
    //! Samples of the preamble symbol with its CP; 0 without one.
    size_t preamble_samples() const { return d_preamble_samples; }
    //! Samples of a whole frame, preamble included.
    size_t frame_samples() const { return d_frame_samples; }
    //! Duration of a whole frame, s.
    double frame_duration() const { return d_frame_samples / sample_rate(); }
    //! From the first sample of the frame to its middle, which estimates refer to, s.
    double middle_time() const { return d_middle_time; }
    //! Centre of each symbol's useful part relative to the middle, s; they sum to zero.
    const std::vector<double>& symbol_times() const { return d_symbol_times; }
    //! Mean distance of two symbols, s.
    double symbol_duration() const;

    //! M x N, row by row.
    const std::vector<element>& elements() const { return d_elements; }
    //! M x N rows: unit-modulus pilots, zero elsewhere.
    const std::vector<gr_complex>& pilots() const { return d_pilots; }
    //! Indices into the M x N rows, ascending.
    const std::vector<uint32_t>& data_indices() const { return d_data_indices; }
    const std::vector<uint32_t>& pilot_indices() const { return d_pilot_indices; }
    //! Data and pilots together.
    size_t num_active() const { return d_data_indices.size() + d_pilot_indices.size(); }
    //! The preamble's row (unit mean energy over the active subcarriers); empty without
    //! one.
    const std::vector<gr_complex>& preamble_row() const { return d_preamble_row; }
    //! Factor that turns unit-energy elements into samples of unit mean power.
    float amplitude() const;

    int bits_per_element() const { return d_bits_per_element; }
    //! Payload-carrying bits a frame, before CRC and header.
    size_t data_bits() const { return d_data_indices.size() * d_bits_per_element; }

    //! \name What a designer asks
    //! Monostatic ranges and velocities; halve no more. With \p pilots_only the pilots
    //! alone are known to the receiver, else every active element is.
    //! \{
    //! Occupied bandwidth, Hz: from the lowest to the highest active subcarrier.
    double bandwidth() const;
    //! c / (2 B), m.
    double range_resolution(bool pilots_only = false) const;
    //! lambda / (2 M T), m/s.
    double velocity_resolution() const;
    //! c / (2 S_f spacing), m; S_f is 1 when all elements are known.
    double unambiguous_range(bool pilots_only = false) const;
    //! lambda / (4 S_t T), m/s, either way.
    double unambiguous_velocity(bool pilots_only = false) const;
    //! Largest range whose echo stays within the shortest CP, m.
    double cp_range() const;
    //! Share of the active elements that are pilots.
    double pilot_overhead() const;
    //! Spacing of the pilots in subcarriers, over all symbols of the frame.
    size_t pilot_spacing_frequency() const { return d_pilot_spacing_frequency; }
    //! Spacing of the pilots in symbols.
    size_t pilot_spacing_time() const { return d_pilot_spacing_time; }
    //! \}

    /*!
     * What a scene asks of the grid that it cannot give: one line each, empty when it
     * fits.
     *
     * \param farthest_range   m, monostatic (half the path for bistatic pairs)
     * \param highest_velocity m/s
     */
    std::vector<std::string> warnings(double farthest_range,
                                      double highest_velocity,
                                      bool pilots_only = false) const;

    //! The grid in a line, for logs and Python's repr.
    std::string describe() const;

private:
    void place_symbols();
    void place_elements();
    void place_pilots();
    void measure_pilot_spacing();
    void make_preamble();

    parameters d_params;
    std::vector<size_t> d_cp_len;
    std::vector<size_t> d_symbol_start;
    std::vector<double> d_symbol_times;
    size_t d_preamble_samples = 0;
    size_t d_frame_samples = 0;
    double d_middle_time = 0;
    std::vector<element> d_elements;
    std::vector<gr_complex> d_pilots;
    std::vector<uint32_t> d_data_indices;
    std::vector<uint32_t> d_pilot_indices;
    std::vector<gr_complex> d_preamble_row;
    int d_bits_per_element = 2;
    size_t d_lowest_active = 0;
    size_t d_highest_active = 0;
    size_t d_pilot_spacing_frequency = 1;
    size_t d_pilot_spacing_time = 1;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_OFDM_GRID_H */
