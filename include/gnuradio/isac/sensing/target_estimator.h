/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_TARGET_ESTIMATOR_H
#define INCLUDED_ISAC_SENSING_TARGET_ESTIMATOR_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/reports.h>
#include <gnuradio/isac/sensing/cfar.h>
#include <gnuradio/isac/sensing/echo_set.h>
#include <gnuradio/isac/sensing/motion_compensator.h>
#include <gnuradio/isac/sensing/range_doppler_map.h>
#include <memory>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Kernel: one frame of rows to targets. \ingroup isac
 *
 * Map, CFAR, and for each cluster of detected cells, strongest first, the
 * maximum-likelihood delay and Doppler. An echo that was found is subtracted before the
 * next is fitted (CLEAN), and a cluster whose power went with it, a sidelobe, is dropped;
 * then the echoes are fitted to each other until none moves (relaxation, see echo_set).
 * Where an echo is strong enough to raise its neighbours' thresholds, what is left of the
 * frame is searched once more; one that stands out of the whole map is taken away before
 * the first search. Echoes less than a cell apart on both axes are one, but with super
 * resolution those at about one Doppler part where two explain the frame so much better
 * that the rest stands over the detector's threshold (echo_set::split()).
 *
 * With the detector's kind "none" the strongest peak is the one target, whatever its
 * power: the strongest peaks are all fitted and the likeliest is taken. Where the map
 * leaves doubt that one of them is the target, they are taken from a second one, padded
 * twice and without a window, so that the estimate holds down to the threshold of joint
 * maximum likelihood.
 *
 * The SNR is that of a resource element: the fitted echo's power over what all echoes
 * leave of the frame, less the power that noise adds to a maximum. The variances are the
 * Cramer-Rao bound at that SNR, of all echoes within 2.5 cells of each other together. A
 * delay is never below zero.
 */
class ISAC_API target_estimator
{
public:
    struct parameters {
        range_doppler_map::parameters map = {};
        //! Its kind may also be "none"; the rest of it is not looked at then.
        cfar::parameters detector = {};
        //! Targets of a frame, strongest first, 1 to 1024; of the clusters at most four
        //! times as many are looked at.
        int max_targets = 32;
        //! Times that a frame is searched, 1 to 16.
        int max_passes = 3;
        //! What is weaker than the strongest cell of a frame by more is no target, 10 to
        //! 140 dB.
        double dynamic_range_db = 80;
        //! Whether each echo is tried for two that are closer than a cell in delay; not
        //! with the detector's kind "none".
        bool super_resolution = false;
        //! Whether motion within the frame is compensated, see motion_compensator.
        bool compensate_motion = false;
    };

    //! \throws std::invalid_argument naming the parameter, its value and its limit
    target_estimator(ofdm_grid::sptr grid, const parameters& p);

    target_estimator(const target_estimator&) = delete;
    target_estimator& operator=(const target_estimator&) = delete;

    /*!
     * \param rows       M x N received values
     * \param reference  M x N transmitted values, zero where nothing was sent;
     *                   nullptr: the grid's pilots (and only then, as pilots_only says)
     * \param report     whose vectors are replaced; the rest is left as it is
     * \return false, without targets, when the reference is zero everywhere or the frame
     * is not finite()
     */
    bool process(const gr_complex* rows, const gr_complex* reference, detections& report);

    //! \name The same of rows that come one after the other
    //! \{
    //! Whether that can be: to compensate motion the whole frame is needed.
    bool takes_rows() const { return !d_motion; }
    //! \param rows       \p count x N received values, from the frame's symbol \p first
    //! on \param reference  as above, the same rows of it
    void
    take(const gr_complex* rows, const gr_complex* reference, size_t first, size_t count);
    //! After the last row; see process().
    bool finish(detections& report);
    //! \}

    //! Whether the frame processed last, times its reference, held no NaN and no
    //! infinity.
    bool finite() const;

    //! Of the frame processed last: doppler_cells x range_cells powers.
    const float* powers() const { return d_powers.data(); }
    const range_doppler_map& map() const { return d_map; }
    const parameters& params() const { return d_params; }

private:
    const range_doppler_map& find_likely();
    void fit_likeliest(const range_doppler_map& map);
    void fit_clusters(bool strong);
    bool estimate(bool sent, detections& report);
    bool find_strongest();
    void find(const float* powers);
    bool fit();
    echo refine(const map_cell& cell);
    void take(const echo& e);
    void search_again();
    bool hides() const;
    bool is_sidelobe(const map_cell& cell) const;
    bool splits(const echo& e) const;
    void relax();
    void split();
    const echo_fit& fitted() const { return d_echoes.frame(); }
    double power(const echo& e) const;
    double noise() const;
    void write(detections& report);

    ofdm_grid::sptr d_grid;
    parameters d_params;
    range_doppler_map d_map;
    std::unique_ptr<cfar> d_detector;              // none for the kind "none"
    std::unique_ptr<range_doppler_map> d_fine_map; // for that kind alone
    matched_frame d_frame;
    std::unique_ptr<motion_compensator> d_motion; // where it is compensated
    echo_set d_echoes;
    bool d_found = false; // whether d_echoes is of the frame processed last
    float d_dynamic_range;
    volk::vector<float> d_powers;
    volk::vector<float> d_fine_powers;
    volk::vector<float> d_left;        // powers of what the echoes leave
    const float* d_searched = nullptr; // powers that the cells were found in
    std::vector<map_cell> d_cells;
    std::vector<echo> d_known;   // all that were found
    std::vector<size_t> d_order; // of these, by power
    std::vector<echo> d_new;     // that the last search found
    bool d_passed_over = false;  // whether cells were left to the next search
    float d_weakest = 0;         // power of a cell that may be a target
    double d_residual = 0;       // what the echoes leave, of all elements
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_TARGET_ESTIMATOR_H */
