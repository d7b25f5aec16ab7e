/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_ECHO_FIT_H
#define INCLUDED_ISAC_SENSING_ECHO_FIT_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/sensing/echo.h>
#include <gnuradio/isac/sensing/element_pattern.h>
#include <gnuradio/isac/theory/fisher.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Kernel: maximum-likelihood delay and Doppler of the echoes of one frame.
 * \ingroup isac
 *
 * In white noise the estimate of one echo maximises abs(sum conj(X) y exp(+j 2 pi f
 * delay) exp(-j 2 pi t doppler))^2 over the elements used, at the exact symbol times,
 * whatever window the map was made with. The frame is rotated to the coarse place and
 * summed in blocks, at most 32 along each axis, on which Newton's method then works; the
 * blocks lose a part in a thousand of the information an axis holds.
 */
class ISAC_API echo_fit
{
public:
    echo_fit(ofdm_grid::sptr grid, const element_pattern& pattern);

    echo_fit(const echo_fit&) = delete;
    echo_fit& operator=(const echo_fit&) = delete;

    //! Takes a frame; see range_doppler_map::process(). The rows are copied.
    void load(const gr_complex* rows, const gr_complex* reference);

    //! Power at a place, scaled so that noise has its power a resource element as mean.
    double power(double delay, double doppler);

    //! The echo next to a place that is less than a cell off.
    echo refine(double delay, double doppler);

    /*!
     * The same for an echo that was subtracted, as if it had not been; what was
     * subtracted is replaced.
     */
    void refine_subtracted(echo& e);

    void subtract(const echo& e);

    //! Power an element that is left, with \p num_echoes echoes taken as subtracted.
    double residual_power(size_t num_echoes);

    //! Whether the energies of the elements are equal and their pattern is separable.
    //! Then echoes are subtracted from the sums alone, and products() is the whole frame.
    bool separable() const { return d_separable; }

    //! \name The frame less what was subtracted, at the places of the pattern
    //! \{
    const gr_complex* products() const { return d_products.data(); } //!< y conj(X)
    const float* energies() const { return d_energies.data(); }      //!< abs(X)^2
    //! \}

    //! Sum of abs(X)^2.
    double energy() const { return d_energy; }
    //! Elements used.
    double num_elements() const { return d_num_elements; }
    //! Of the frame's elements and energies, relative to their mean.
    theory::pattern_moments moments() const;

    //! \name Size of a cell that the elements' extent resolves
    //! \{
    double delay_cell() const { return d_delay_cell; }
    double doppler_cell() const { return d_doppler_cell; }
    //! \}

private:
    using value = std::complex<double>;
    struct likelihood;
    // The phases of an echo along the axes, zero where nothing was sent.
    struct steering {
        double place_delay = 0, place_doppler = 0;
        volk::vector<gr_complex> delay, doppler;
    };
    // The frame, rotated to a place and summed block by block.
    struct block_sums {
        steering place;
        std::vector<value> sums;
    };
    // An echo that is subtracted, and the sums of the whole frame near it.
    struct subtracted {
        echo source;
        steering place;
        block_sums frame;
    };

    void measure();
    void resize(steering& s) const;
    void steer(double delay, double doppler, steering& s) const;
    void compress(double delay, double doppler);
    void take_subtracted();
    void restore(const value& amplitude);
    likelihood evaluate(double delay, double doppler) const;
    void search(double& delay, double& doppler);
    void climb(double& delay, double& doppler) const;
    value amplitude(double delay, double doppler) const;
    bool is_near(const steering& s, const echo& e) const;
    echo maximise(double delay, double doppler);
    void follow(echo& e);
    void subtract_from_products(const echo& e, const value& amplitude);
    size_t find(const echo& e);

    ofdm_grid::sptr d_grid;
    element_pattern d_pattern;
    double d_delay_cell, d_doppler_cell;
    std::vector<size_t> d_edges_delay, d_edges_doppler;     // of the blocks
    std::vector<double> d_centres_delay, d_centres_doppler; // Hz and s
    volk::vector<gr_complex> d_products;                    // y conj(X)
    volk::vector<float> d_energies;                         // abs(X)^2
    volk::vector<float> d_row_energies;                     // of the rows of a block
    volk::vector<gr_complex> d_teeth, d_row;
    std::vector<float> d_mask_delay, d_mask_doppler; // 1 where elements are used
    block_sums d_frame;                              // before anything is subtracted
    std::vector<value> d_blocks;                     // and after
    std::vector<value> d_sums_delay, d_sums_doppler; // of one echo
    std::vector<subtracted> d_subtracted;            // as many as a frame ever had
    size_t d_num_subtracted = 0;                     // of these, in this frame
    std::vector<double> d_block_energies;            // of X
    theory::pattern_moments d_pattern_moments;
    double d_energy = 0;
    double d_num_elements = 0;
    bool d_uniform = true;
    bool d_separable = false;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_ECHO_FIT_H */
