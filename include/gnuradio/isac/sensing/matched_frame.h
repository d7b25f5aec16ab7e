/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_MATCHED_FRAME_H
#define INCLUDED_ISAC_SENSING_MATCHED_FRAME_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/sensing/element_pattern.h>
#include <volk/volk_alloc.hh>
#include <vector>

namespace gr {
namespace isac {

//! What holds the rows of a frame whose products are not kept.
class ISAC_API row_holder
{
public:
    virtual ~row_holder() = default;

    /*!
     * Sums of the conjugate products of symbols, each times its turn.
     *
     * \param first, last  symbols of the pattern, from first to before last
     * \param turns        of all symbols of the pattern
     * \param sums         subcarriers.span values
     */
    virtual void sum_conjugates(size_t first,
                                size_t last,
                                const gr_complex* turns,
                                gr_complex* sums) = 0;
};

/*!
 * \brief Kernel: rows times the conjugate reference, on the elements of a pattern.
 * \ingroup isac
 *
 * What the map transforms and the fit of echoes works on. The rows are matched one by
 * one, so that whoever needs them next finds each in the first-level cache.
 */
class ISAC_API matched_frame
{
public:
    //! What a row adds to the sums of the frame.
    struct row_sums {
        float energy = 0;  //!< of abs(X)^2
        float square = 0;  //!< of abs(X)^4
        float power = 0;   //!< of abs(y conj(X))^2
        size_t sent = 0;   //!< elements that are not zero, where their energies are kept
        bool left = false; //!< whether the products are the holder's alone
    };

    /*!
     * \param whole    whether all products are kept, or those of each member's last row
     * \param members  threads that match rows of one frame at a time
     */
    matched_frame(ofdm_grid::sptr grid,
                  const element_pattern& pattern,
                  bool whole,
                  size_t members = 1);

    matched_frame(const matched_frame&) = delete;
    matched_frame& operator=(const matched_frame&) = delete;

    /*!
     * Products of a frame that is kept whole need not be written where another holds them
     * in a form of its own, as long as the elements' energies are all alike, and every
     * symbol has the same subcarriers. Whether they will be is told by the frame before.
     *
     * \param holder  has them from the last symbol of a frame to the first of the next
     */
    void leave_products_to(row_holder& holder) { d_holder = &holder; }

    /*!
     * Rows to match next, which are read until the next call.
     *
     * \param rows       \p count x N received values
     * \param reference  as many transmitted ones, zero where nothing was sent; nullptr:
     *                   the grid's pilots
     * \param first      OFDM symbol of the frame that they begin with
     */
    void set_rows(const gr_complex* rows,
                  const gr_complex* reference,
                  size_t first,
                  size_t count);

    //! One symbol of the pattern whose row is there, in any order, each once:
    //! subcarriers.span products.
    const gr_complex* match(size_t symbol, size_t member = 0);
    //! The same of N received values that stand for the symbol's row.
    const gr_complex* match(size_t symbol, const gr_complex* row);
    //! abs(X)^2 of a symbol that was matched, summed.
    double row_energy(size_t symbol) const { return d_sums[symbol].energy; }
    //! abs(X)^2 of the symbol that a member matched last, by subcarrier.
    const float* sent_energies(size_t member);

    //! After the last symbol.
    void finish();

    //! All of the above, of M x N received values.
    void load(const gr_complex* rows, const gr_complex* reference);

    //! \name Of a finished frame that is kept whole
    //! \{
    //! symbols.span x subcarriers.span products y conj(X); what is taken away from the
    //! frame is taken away here. Of a frame that is uniform_and_separable() they are
    //! there after restore() where they may be left to another.
    gr_complex* products() { return d_products.data(); }
    const gr_complex* products() const { return d_products.data(); }
    //! abs(X)^2 of each; there only where uniform_and_separable() does not hold.
    const float* energies() const { return d_energies.data(); }
    //! abs(X)^2 of a symbol, by subcarrier.
    const float* row_energies(size_t symbol) const;
    //! After products were replaced: power() follows.
    void update_power();
    //! Sums of conjugate products, as the row_holder's, left to it or not.
    void sum_conjugates(size_t first,
                        size_t last,
                        const gr_complex* turns,
                        gr_complex* sums) const;
    //! Brings back products that were left to another.
    void restore();
    //! \}

    //! \name Of a finished frame
    //! \{
    double energy() const { return d_energy; } //!< sum of abs(X)^2
    double power() const { return d_power; }   //!< sum of abs(y conj(X))^2
    double num_elements() const { return d_num_elements; }
    //! Variance of the elements' energies over their squared mean.
    double energy_spread() const;
    //! Whether all elements have the same energy, within a percent.
    bool uniform() const { return d_uniform; }
    //! And every symbol the same subcarriers.
    bool uniform_and_separable() const { return d_uniform && d_pattern.separable; }
    //! \}

    const element_pattern& pattern() const { return d_pattern; }

private:
    // What a member works in.
    struct room {
        volk::vector<gr_complex> products; // of a row, where they are not kept
        volk::vector<float> energies;
        volk::vector<gr_complex> teeth, sent_teeth; // of a comb's row
        const gr_complex* sent = nullptr;           // what was matched last
    };

    size_t offset_of(size_t symbol) const;
    size_t after(size_t symbol) const;
    const gr_complex*
    match(size_t symbol, const gr_complex* row, const gr_complex* next_row, room& r);
    const gr_complex* teeth_of(const gr_complex* row, gr_complex* teeth) const;
    void write_energies(const gr_complex* sent, float* energies) const;
    bool keeps_energies(size_t symbol) const;
    bool leaves_products() const;

    ofdm_grid::sptr d_grid;
    element_pattern d_pattern;
    bool d_whole;
    row_holder* d_holder = nullptr;
    const gr_complex *d_rows = nullptr, *d_reference = nullptr;
    size_t d_first = 0, d_end = 0; // symbols of these, to before d_end
    volk::vector<gr_complex> d_products;
    volk::vector<float> d_energies;
    volk::vector<float> d_used;  // 1 where a row whose elements are alike has one, else 0
    double d_num_used;           // of these
    volk::vector<float> d_level; // energies of a row of a uniform frame
    std::vector<row_sums> d_sums;    // of each row
    std::vector<gr_complex> d_still; // turns of symbols that are not turned
    std::vector<room> d_rooms;
    double d_energy = 0, d_squares = 0, d_power = 0;
    double d_num_elements = 0;
    bool d_uniform = true;
    bool d_left = false; // whether products are the holder's alone
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_MATCHED_FRAME_H */
