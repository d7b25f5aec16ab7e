/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_RANGE_DOPPLER_MAP_H
#define INCLUDED_ISAC_SENSING_RANGE_DOPPLER_MAP_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/sensing/echo.h>
#include <gnuradio/isac/sensing/element_pattern.h>
#include <gnuradio/isac/sensing/matched_frame.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <memory>
#include <string>
#include <vector>

namespace gr {
namespace isac {

class column_stage;
class fft_plan;
class range_tiles;
class worker_team;
struct echo_response;

/*!
 * \brief Kernel: one frame of rows to a range-Doppler map. \ingroup isac
 *
 * Rows times the conjugate reference ("matched_filter") or over the reference
 * ("division"), window, inverse FFT over the subcarriers, FFT over the symbols, power.
 *
 * The map holds doppler_cells() rows of range_cells() powers. Range cell r is the delay
 * r * delay_step() (total path over c); Doppler row d is (d - doppler_cells() / 2) *
 * doppler_step(). White noise of unit power a resource element has mean 1 in every cell
 * whatever window, padding and mode; an echo of power S a resource element on the centre
 * of a cell has S times the number of elements used (less the window's loss).
 *
 * With pilots on a comb of spacing S_f (S_t) only the first N / S_f range cells (the
 * middle M / S_t Doppler rows) are unambiguous, and the map has only those.
 */
class ISAC_API range_doppler_map : public row_holder
{
public:
    struct parameters {
        //! Whether the grid's pilots alone are known; else process() takes rows.
        bool pilots_only = true;
        //! "matched_filter" or "division".
        std::string mode = "matched_filter";
        //! On both axes, see make_window().
        std::string window = "rectangular";
        double window_parameter = 6.76;
        //! Zero-padding of each axis: 1, 2, 4 or 8 times its length.
        int pad_delay = 1;
        int pad_doppler = 1;
        //! That share the work of a frame, 1 to 64.
        int threads = 1;
    };

    //! \throws std::invalid_argument naming the parameter, its value and its limit
    range_doppler_map(ofdm_grid::sptr grid, const parameters& p);
    ~range_doppler_map() override;

    range_doppler_map(const range_doppler_map&) = delete;
    range_doppler_map& operator=(const range_doppler_map&) = delete;

    /*!
     * \param rows       M x N received values
     * \param reference  M x N transmitted values, zero where nothing was sent; nullptr:
     *                   the grid's pilots (and only then, as pilots_only says)
     * \param map        doppler_cells() x range_cells() powers
     * \return false, and a map of zeros, when the reference is zero everywhere
     */
    bool process(const gr_complex* rows, const gr_complex* reference, float* map);

    //! \name The same of rows that come one after the other
    //! leaving in \p frame, which has as many members, what was matched.
    //! \{
    //! \param rows       \p count x N received values, from the frame's symbol \p first
    //! on \param reference  as above, the same rows of it
    void take(matched_frame& frame,
              const gr_complex* rows,
              const gr_complex* reference,
              size_t first,
              size_t count);
    //! After the last row; see process().
    bool finish(matched_frame& frame, float* map);
    //! \}

    //! The same of the products of a finished frame that is kept whole.
    bool process(const matched_frame& frame, float* map);

    /*!
     * What echoes make of the map, for process_less() and predicted(). The pattern must
     * be separable; the elements are taken for ones of equal energy.
     *
     * \param echoes  relative to the reference
     * \param energy  abs(reference)^2 of an element
     * \param first   echoes before this one are as they were
     */
    void predict(const std::vector<echo>& echoes, double energy, size_t first = 0);
    //! Power that the echoes have in a cell of the frame processed last.
    double predicted(size_t doppler, size_t range) const;
    /*!
     * The frame processed last less the echoes, at half the cost at most.
     *
     * \param map         as process() left it
     * \param negligible  power of an echo in a cell that may stay in it
     */
    void process_less(float* map, double negligible);

    //! \name Rows of the frame processed last
    //! \{
    //! Whether they can be had from the map: no weight and no padding changed them.
    bool holds_rows() const;
    void sum_conjugates(size_t first,
                        size_t last,
                        const gr_complex* turns,
                        gr_complex* sums) override;
    //! \}

    //! Room that rows need on their way to columns, for others until the next are taken:
    //! a value for each subcarrier and symbol of the pattern at least.
    gr_complex* idle_room();

    size_t doppler_cells() const { return d_doppler_cells; }
    size_t range_cells() const { return d_range_cells; }
    double delay_step() const { return d_delay_step; }     //!< s a cell
    double doppler_step() const { return d_doppler_step; } //!< Hz a row
    const element_pattern& pattern() const { return d_pattern; }
    const ofdm_grid& grid() const { return *d_grid; }
    const parameters& params() const { return d_params; }

    //! \name Correlation of the amplitudes of noise
    //! between a cell and the one \p lag cells away along an axis, for elements of equal
    //! energy; of unit modulus at lag 0, and with the phase slope that lies in the
    //! pattern's centre removed.
    //! \{
    double correlation_delay(size_t lag) const;
    double correlation_doppler(size_t lag) const;
    //! \}

    //! \name Cells from one independent cell to the next, rounded, along an axis
    //! \{
    size_t stride_delay() const;
    size_t stride_doppler() const;
    //! \}

private:
    // What a thread works in.
    struct room {
        room(const range_doppler_map& map);
        ~room();
        volk::vector<gr_complex> row;   // before its transform: zero beyond the span
        volk::vector<gr_complex> cells; // after it
        volk::vector<float> weights;
        std::unique_ptr<column_stage> columns;
    };
    // A row to transform, and the noise power that it holds.
    struct weighted_row {
        const gr_complex* values;
        double noise;
    };

    weighted_row take_row(const gr_complex* products, double energy, room& r) const;
    weighted_row
    weigh_row(const gr_complex* products, const float* energies, room& r) const;
    template <typename Row>
    void transform_rows(size_t first, size_t last, Row row);
    bool transform_columns(float* map);
    void spread(const echo& e, double scale, size_t place);

    ofdm_grid::sptr d_grid;
    parameters d_params;
    element_pattern d_pattern;
    bool d_division;
    bool d_weighted; // whether elements are, along delay
    size_t d_range_cells;
    size_t d_doppler_cells;
    double d_delay_step;
    double d_doppler_step;
    std::vector<float> d_window_delay;
    std::vector<float> d_window_doppler;
    std::vector<float> d_window_energies;            // of the delay's
    std::unique_ptr<range_tiles> d_tiles;            // symbols used x range cells
    std::vector<double> d_noise;                     // that each of their rows holds
    float d_scale = 0;                               // of the last map's powers
    std::vector<float> d_mask_delay, d_mask_doppler; // 1 where elements are used
    std::vector<gr_complex> d_turns;                 // of an echo, weighted
    matched_frame d_matched;                         // rows
    // As many as a frame ever had, and those of this frame.
    std::unique_ptr<std::vector<echo_response>> d_echoes;
    size_t d_num_echoes = 0;
    std::unique_ptr<fft_plan> d_range_fft;
    std::unique_ptr<worker_team> d_team;
    std::vector<std::unique_ptr<room>> d_rooms; // of each member
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_RANGE_DOPPLER_MAP_H */
