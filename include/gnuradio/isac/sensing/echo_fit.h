/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_ECHO_FIT_H
#define INCLUDED_ISAC_SENSING_ECHO_FIT_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/sensing/echo.h>
#include <gnuradio/isac/sensing/matched_frame.h>
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

    //! Takes a finished frame of the same pattern, kept whole, which is referred to until
    //! the next is loaded.
    void load(matched_frame& frame);

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

    //! Whether echoes are subtracted from the sums alone; else from the frame's products.
    bool separable() const { return d_matched->uniform_and_separable(); }

    //! Sum of abs(X)^2.
    double energy() const { return d_matched->energy(); }
    //! Elements used.
    double num_elements() const { return d_matched->num_elements(); }
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

    double element_energy() const { return energy() / num_elements(); }
    void sum_blocks(const float* energies, std::vector<double>& sums);
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
    double left_power();

    ofdm_grid::sptr d_grid;
    element_pattern d_pattern;
    double d_delay_cell, d_doppler_cell;
    std::vector<size_t> d_edges_delay, d_edges_doppler;     // of the blocks
    std::vector<double> d_centres_delay, d_centres_doppler; // Hz and s
    matched_frame* d_matched = nullptr;
    volk::vector<float> d_row_energies; // of the rows of a block
    volk::vector<gr_complex> d_conjugate, d_row;
    std::vector<float> d_mask_delay, d_mask_doppler; // 1 where elements are used
    block_sums d_frame;                              // before anything is subtracted
    std::vector<value> d_blocks;                     // and after
    std::vector<value> d_sums_delay, d_sums_doppler; // of one echo
    std::vector<subtracted> d_subtracted;            // as many as a frame ever had
    size_t d_num_subtracted = 0;                     // of these, in this frame
    std::vector<double> d_block_elements;            // used
    std::vector<double> d_block_energies;            // of X
    theory::pattern_moments d_pattern_moments;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_ECHO_FIT_H */
