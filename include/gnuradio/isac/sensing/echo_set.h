/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_ECHO_SET_H
#define INCLUDED_ISAC_SENSING_ECHO_SET_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/sensing/echo_fit.h>
#include <array>
#include <memory>
#include <vector>

namespace gr {
namespace isac {

class joint_fit;
struct joint_measurement;

/*!
 * \brief Kernel: the echoes of one frame, found one by one and fitted to each other.
 * \ingroup isac
 *
 * A new echo is fitted to what the echoes before it leave of the frame (CLEAN). It moves
 * those before it: relax() fits them anew, each without the others, until none moves by a
 * tenth of what the noise lets it (RELAX: J. Li and P. Stoica, "Efficient Mixed-Spectrum
 * Estimation with Applications to Target Feature Extraction", IEEE Trans. Signal
 * Processing 44(2), 1996). Echoes within 2.5 cells of each other on both axes hardly
 * settle that way: their amplitudes, delays and Dopplers are fitted all at once.
 *
 * Where the elements have equal energies and are a product of subcarriers and symbols,
 * echoes are subtracted from sums over blocks alone, and the frame is read once an echo.
 * So they are where energies differ as long as what that leaves of them, noise of their
 * power times the spread of the energies, is far below the frame's noise.
 */
class ISAC_API echo_set
{
public:
    echo_set(ofdm_grid::sptr grid, const element_pattern& pattern);
    ~echo_set();

    echo_set(const echo_set&) = delete;
    echo_set& operator=(const echo_set&) = delete;

    //! Takes a finished frame of the same pattern, kept whole; no echoes are found yet.
    void load(matched_frame& frame);

    /*!
     * The echo next to a place that is less than a cell off, in what is left.
     *
     * \param noise  power of a resource element, about: nothing is done for the sake of
     *               less than a tenth of what it makes of an estimate
     */
    echo refine(double delay, double doppler, double noise);

    //! Takes an echo into the set, at least cost the one that refine() gave last.
    void add(const echo& e);

    //! Fits the echoes to each other; returns whether any was moved.
    bool relax(double noise);

    /*!
     * Puts two echoes in the place of each that stands for two closer than a cell in
     * delay, at about one Doppler: ESPRIT over delay tells where they may be, and the two
     * likeliest next to there are taken if they explain the frame so much better. relax()
     * comes before, and after where this returns true.
     *
     * \param least  power after integration that two take from the residual more than one
     * \param most   echoes that the set may come to hold
     * \return whether there was such an echo
     */
    bool split(double noise, double least, size_t most);

    //! Drops the echoes whose power after integration, abs(amplitude)^2 energy, is not
    //! above \p least; returns whether there were any.
    bool drop_weak(double least);

    size_t size() const { return d_size; }
    const echo& operator[](size_t i) const { return d_members[i].source; }

    //! Power over all elements that the echoes leave of the frame.
    double residual_power();

    /*!
     * Single Cramer-Rao bounds of the echoes to joint ones: factors of the variances of
     * delay and Doppler, above 1 where others stand within 2.5 cells.
     */
    struct inflation {
        double delay = 1, doppler = 1;
    };
    const std::vector<inflation>& inflations();

    //! Whether range_doppler_map::process_less() takes the echoes out of a map; else
    //! subtract_all() has to come before range_doppler_map::process().
    bool separable() const;
    //! Takes the echoes out of the frame's products.
    void subtract_all();

    const echo_fit& frame() const { return d_frame; }

private:
    using value = block_likelihood::value;
    struct member {
        echo source;
        bool in_products = false; // subtracted from the frame
        double disturbed = 0;     // amplitude by which others have moved since its fit
        echo_steering place;
        echo_blocks frame;    // near it
        unsigned version = 0; // of the products that these were made from
    };

    void compress(double delay, double doppler);
    bool is_far(const echo_blocks& blocks, const echo& e) const;
    double amplitude_noise() const;
    void subtract_from_frame(const echo& e);
    void take_others(const echo_blocks& frame, echo_blocks& residual);
    void refresh(member& m, echo_blocks& residual);
    void gather_neighbours(size_t of);
    void fit_group();
    void merge_in_group();
    void remove(size_t i);
    void measure_group();
    std::array<double, 2> split_delays(const echo& e, const echo_blocks& residual) const;
    bool split(size_t i, double least);
    void move(member& m, const echo& to);
    void disturb(double amplitude, const echo& e, const std::vector<size_t>& but);
    double leak(const echo& a, const echo& b) const;
    double cells_apart(const echo& a, const echo& b) const;

    echo_fit d_frame;
    std::unique_ptr<joint_fit> d_joint;
    std::vector<member> d_members;        // as many as a frame ever had
    size_t d_size = 0;                    // of these, in this frame
    echo_blocks d_blocks, d_left;         // of the echo refined last
    std::vector<echo_blocks> d_residuals; // near the echoes measured last
    echo_steering d_here;
    unsigned d_version = 0, d_blocks_version = 0;
    double d_noise = 0;        // power of a resource element
    double d_left_in_sums = 0; // power of echoes of unequal energies that sums hold
    std::vector<value> d_sums_delay, d_sums_doppler; // of one echo

    // Of a fit of neighbours.
    std::vector<size_t> d_group;
    std::unique_ptr<joint_measurement> d_measured;
    std::vector<echo> d_fitted;
    std::vector<size_t> d_fitted_of;

    std::vector<const echo_steering*> d_places;
    std::vector<value> d_amplitudes;
    std::vector<inflation> d_inflations;
    std::vector<bool> d_inflated;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_ECHO_SET_H */
