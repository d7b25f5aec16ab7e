/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_HANDOVER_MACHINE_H
#define INCLUDED_ISAC_MOBILITY_HANDOVER_MACHINE_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/mobility/distance_filter.h>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace gr {
namespace isac {

//! How a handover is decided; shared by the kernel and the block.
struct handover_parameters {
    /*!
     * "rsrp": event A3, the target's filtered RSRP exceeds the serving cell's by more
     * than the hysteresis. "distance": the target is nearer by more than the threshold.
     * "joint_or": either of both. "joint_and": both. "joint_veto": either, but RSRP alone
     * moves nothing to a cell that is farther by more than the threshold: with "joint_or"
     * the user would be back at once.
     */
    std::string criterion = "joint_veto";
    //! dB, not negative.
    double hysteresis_db = 2;
    //! a of the L3 filter F = (1 - a) F + a M over RSRP in dB, above 0; 1: no filter.
    double l3_coefficient = 1;
    //! Time between two measurements that l3_coefficient is meant for, s. What comes
    //! after dt counts 1 - (1 - a)^(dt / l3_period), so that irregular and missing
    //! measurements leave the filter as slow as it is. 0: each counts a, whenever it
    //! comes.
    double l3_period = 0;
    //! A cell whose RSRP is missing, and known from before, counts as no stronger than
    //! the weakest that the step has: a receiver reports the strongest cells.
    bool bound_missing = false;
    //! A condition must hold this long without a break, s; 0: one measurement will do.
    double time_to_trigger = 0;
    //! m, not negative.
    double distance_threshold_m = 50;
    //! k >= 0: the distances must differ by k standard deviations more than the
    //! threshold. 0: measured distances are believed.
    double distance_confidence = 0;
    //! Above 0: distances are filtered by their variances (distance_filter), for a user
    //! whose radial speed changes by this standard deviation in a second, m/s; missing
    //! ones go on for measurement_hold. 0: distances are taken as measured.
    double distance_acceleration = 0;
    //! A measured distance that is off by more of these standard deviations is a wrong
    //! peak, and not used, above 0; where distances are filtered.
    double distance_gate = 4;
    //! No handover for this long after the last, s.
    double prohibit_time = 0;
    //! Added to hysteresis_db for the return to the previous cell, dB, not negative...
    double return_hysteresis_db = 0;
    //! ...for this long after it was left, s.
    double return_time = 10;
    //! A return to the previous cell within this time is a ping-pong, s.
    double ping_pong_window = 1;
    //! Below this SINR of the serving cell the user is in outage, dB.
    double outage_sinr_db = -3;
    //! A condition whose measurements are missing stays as it was for this long, s.
    double measurement_hold = 1;
    //! Cell that serves at first; -1: the strongest (by "distance": the nearest) of the
    //! first step that has one.
    int initial_cell = -1;
};

/*!
 * Decides, step by step, which of several cells serves one user.
 *
 * Allocates when it is made, and no more. A measurement that is NaN is missing: it
 * triggers nothing (but see bound_missing), and what held before holds on for
 * measurement_hold. An RSRP of minus
 * infinity is a cell that was looked for and not heard. Each condition has a
 * time-to-trigger of its own. Among several triggered cells the one with the strongest
 * filtered RSRP is taken (by "distance": the nearest).
 *
 * Distance and joint criteria: J. Li et al., "Sensing-Enhanced Handover Criterion for
 * Low-Altitude Wireless Networks"; event A3 and L3 filter: 3GPP TS 38.331.
 */
class ISAC_API handover_machine
{
public:
    //! One value a cell; nullptr where nothing was measured.
    struct measurement {
        const double* rsrp_dbm = nullptr;
        const double* distance_m = nullptr;
        const double* sinr_db = nullptr;
        //! Of distance_m, m^2; needed when distance_confidence or distance_acceleration
        //! is above 0.
        const double* distance_variance = nullptr;
    };

    struct event {
        double time; //!< s
        size_t from, to;
        bool by_rsrp, by_distance;
        //! "rsrp", "distance" or "rsrp+distance"
        const char* cause() const;
    };

    struct counters {
        uint64_t steps = 0;   //!< decided
        uint64_t refused = 0; //!< steps back in time, or at no time
        uint64_t handovers = 0;
        uint64_t ping_pongs = 0;   //!< returns to the previous cell within the window
        uint64_t sinr_steps = 0;   //!< steps with a SINR of the serving cell
        uint64_t outage_steps = 0; //!< of these, below outage_sinr_db
        //! Share of the steps in outage; 0 before the first.
        double outage() const
        {
            return sinr_steps ? static_cast<double>(outage_steps) / sinr_steps : 0;
        }
    };

    static constexpr int NO_CELL = -1;

    /*!
     * \param num_cells  1 to 65536
     * \param p          see handover_parameters
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    handover_machine(size_t num_cells, const handover_parameters& p);

    handover_machine(const handover_machine&) = delete;
    handover_machine& operator=(const handover_machine&) = delete;

    size_t num_cells() const { return d_cells.size(); }
    const handover_parameters& parameters() const { return d_params; }
    //! Takes effect at the next step; filters, timers and counts stay.
    void set_parameters(const handover_parameters& p);

    /*!
     * \param time  s, not before that of the last step; a step back is refused: counted,
     *              and nothing else happens
     * \param m     what was measured at this time
     * \return the handover that this step decided
     */
    std::optional<event> step(double time, const measurement& m);

    //! Takes back the handover that the last step decided, as if it had not been: the
    //! target refused. Does nothing if it decided none.
    void undo();

    //! The serving cell, NO_CELL until one is known.
    int serving() const { return d_serving; }
    const counters& counts() const { return d_counts; }
    //! Filtered RSRP of a cell, dBm; NaN before its first measurement.
    double filtered_rsrp(size_t cell) const { return d_cells[cell].rsrp; }

    //! As made: no serving cell (but for initial_cell), no history, no counts.
    void reset();

private:
    enum class criterion { rsrp, distance, joint_or, joint_and, joint_veto };

    // A condition that must hold for a while.
    struct timer {
        double since = std::numeric_limits<double>::infinity(); // it holds since then
        double seen = -std::numeric_limits<double>::infinity(); // last time measured
        bool holds = false; // measured in this step, and true
    };

    struct cell {
        double rsrp = std::numeric_limits<double>::quiet_NaN();
        double filtered = -std::numeric_limits<double>::infinity(); // last time, s
        bool heard = false; // in this step, or bounded by what was
        distance_filter filter;
        distance_filter::estimate range; // in this step
        timer stronger;                  // than the serving cell, by the hysteresis
        timer nearer;                    // by the threshold
        timer farther;
    };

    // What a handover changes.
    struct history {
        std::vector<cell> cells;
        int serving = NO_CELL, previous = NO_CELL;
        double last_handover = 0;
        counters counts;
    };

    static criterion criterion_of(const std::string& name);
    void check(const handover_parameters& p) const;
    void filter(double time, const measurement& m);
    void range(double time, const measurement& m);
    double hysteresis(size_t target, double time) const;
    void choose_first(const measurement& m);
    void count_outage(const measurement& m);
    void compare(double time);
    void update(timer& t, double time, double margin) const;
    bool triggered(const timer& t, double time) const;
    bool moves(const cell& c, double time, bool& by_rsrp, bool& by_distance) const;
    void forget_comparisons();

    handover_parameters d_params;
    criterion d_criterion;
    std::vector<cell> d_cells;
    int d_serving;
    int d_previous = NO_CELL;
    double d_time = -std::numeric_limits<double>::infinity();
    double d_last_handover = -std::numeric_limits<double>::infinity();
    counters d_counts;
    history d_before;       // the last handover
    bool d_decided = false; // whether it was in the last step
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_HANDOVER_MACHINE_H */
