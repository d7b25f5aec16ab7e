/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_QOS_SELECTOR_H
#define INCLUDED_ISAC_MOBILITY_QOS_SELECTOR_H

#include <gnuradio/isac/api.h>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gr {
namespace isac {

//! When users move the sensing to another Tx-Rx pair.
struct qos_parameters {
    //! SINR that every user needs, dB.
    double needed_sinr_db = 15;
    //! A user triggers nothing for this long after it triggered, s, not negative.
    double prohibit_time = 20;
};

/*!
 * Selects the Tx-Rx pair for the users' sake: a user whose SINR falls below what it needs
 * has its serving node relieved of receiving echoes, which cost it half of its antennas.
 *
 * A step with such users, whose prohibit timers are idle, selects the pair of the highest
 * sensing SINR among those whose receiver serves none of them (of equal ones the first),
 * and starts these users' timers. Where no pair is left the selection stays. (Y. S.
 * Ribeiro et al., "Mobility Management in Integrated Sensing and Communications
 * Networks", Fig. 4.)
 */
class ISAC_API qos_selector
{
public:
    /*!
     * \param receivers  node that receives in each pair, at least one pair
     * \param servers    node that serves each user
     * \param initial    pair that is selected at first, less than the number of pairs
     * \param p          see qos_parameters
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    qos_selector(const std::vector<int64_t>& receivers,
                 const std::vector<int64_t>& servers,
                 size_t initial,
                 const qos_parameters& p);

    qos_selector(const qos_selector&) = delete;
    qos_selector& operator=(const qos_selector&) = delete;

    size_t num_pairs() const { return d_receivers.size(); }
    size_t num_users() const { return d_servers.size(); }
    const qos_parameters& parameters() const { return d_params; }
    //! Takes effect at the next step; selection and timers stay.
    void set_parameters(const qos_parameters& p);

    /*!
     * \param time          s, not before that of the last step, else nothing happens
     * \param sensing_db    sensing SINR, dB, one a pair; NaN or minus infinity: no echo
     * \param user_sinr_db  one a user, under the selected pair; NaN: no report
     * \return whether the selection changed
     */
    bool step(double time, const double* sensing_db, const double* user_sinr_db);

    /*!
     * The pair that the last step selected does not take over: the selection goes back,
     * until \p until (s) that pair is not selected, and the users trigger anew. Does
     * nothing if the last step changed nothing. Another step() at the same time tells
     * whether there is a next best pair.
     */
    void refuse(double until);

    size_t selected() const { return d_selected; }
    uint64_t num_changes() const { return d_num_changes; }
    //! Whether a user was below what it needs in the last step, its timer idle.
    bool triggered(size_t user) const { return d_triggered[user]; }

private:
    bool relieves(size_t pair) const;

    std::vector<int64_t> d_receivers;
    std::vector<int64_t> d_servers;
    qos_parameters d_params;
    size_t d_selected;
    uint64_t d_num_changes = 0;
    double d_time;
    std::vector<double> d_last_trigger; // s, one a user
    std::vector<bool> d_triggered;
    std::vector<double> d_refused; // until when, s, one a pair
    // Before the last change.
    size_t d_before_selected = 0;
    std::vector<double> d_before_trigger;
    bool d_changed = false; // by the last step
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_QOS_SELECTOR_H */
