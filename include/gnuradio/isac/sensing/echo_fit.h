/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_ECHO_FIT_H
#define INCLUDED_ISAC_SENSING_ECHO_FIT_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/ofdm_grid.h>
#include <gnuradio/isac/sensing/block_likelihood.h>
#include <gnuradio/isac/sensing/echo.h>
#include <gnuradio/isac/sensing/matched_frame.h>
#include <gnuradio/isac/theory/fisher.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <vector>

namespace gr {
namespace isac {

//! The phases of an echo of unit amplitude along the axes, zero where nothing was sent.
struct echo_steering {
    double place_delay = 0, place_doppler = 0; //!< s and Hz
    volk::vector<gr_complex> delay, doppler;
};

//! A frame rotated to a place, and summed block by block.
struct echo_blocks {
    double delay = 0, doppler = 0; //!< of the place, s and Hz
    std::vector<std::complex<double>> sums;
};

/*!
 * \brief Kernel: maximum-likelihood delay and Doppler of an echo in a frame.
 * \ingroup isac
 *
 * In white noise the estimate of one echo maximises abs(sum conj(X) y exp(+j 2 pi f
 * delay) exp(-j 2 pi t doppler))^2 over the elements used, at the exact symbol times,
 * whatever window the map was made with. The frame is rotated to the coarse place and
 * summed in blocks, on which Newton's method then works (block_likelihood). Several
 * echoes are fitted by echo_set.
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

    //! Takes an echo out of the frame's products.
    void subtract(const echo& e);

    //! Power over all elements of the frame as it was loaded.
    double received_power() const { return d_received_power; }

    //! \name What echo_set works on
    //! \{
    void steer(double delay, double doppler, echo_steering& s) const;
    void compress(double delay, double doppler, echo_blocks& blocks);
    const block_likelihood& likelihood() const { return d_likelihood; }
    //! Sums of abs(X)^2 over the blocks, as values.
    const std::vector<std::complex<double>>& block_energies() const
    {
        return d_block_energies;
    }
    //! Power over all elements of what is left when \p others are subtracted as well, as
    //! if the elements had equal energies.
    double power_less(const std::vector<const echo_steering*>& others,
                      const std::vector<std::complex<double>>& amplitudes);
    //! \}

    //! The frame loaded, less what was subtracted.
    const matched_frame& matched() const { return *d_matched; }
    //! Sum of abs(X)^2.
    double energy() const { return d_matched->energy(); }
    //! Elements used.
    double num_elements() const { return d_matched->num_elements(); }
    //! abs(X)^2 of an element, on the average.
    double element_energy() const { return energy() / num_elements(); }
    //! Of the frame's elements and energies, relative to their mean.
    theory::pattern_moments moments() const;
    const element_pattern& pattern() const { return d_pattern; }

    //! \name Size of a cell that the elements' extent resolves
    //! \{
    double delay_cell() const { return d_delay_cell; }
    double doppler_cell() const { return d_doppler_cell; }
    //! \}

private:
    using value = std::complex<double>;

    void sum_blocks(const float* energies, std::vector<value>& sums);

    ofdm_grid::sptr d_grid;
    element_pattern d_pattern;
    double d_delay_cell, d_doppler_cell;
    block_likelihood d_likelihood;
    matched_frame* d_matched = nullptr;
    volk::vector<float> d_row_energies; // of the rows of a block
    volk::vector<gr_complex> d_conjugate, d_row;
    std::vector<float> d_mask_delay, d_mask_doppler; // 1 where elements are used
    echo_steering d_place;
    echo_blocks d_blocks;
    std::vector<value> d_block_elements; // used
    std::vector<value> d_block_energies; // of X
    theory::pattern_moments d_pattern_moments;
    double d_received_power = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_ECHO_FIT_H */
