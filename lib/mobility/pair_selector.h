/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_PAIR_SELECTOR_H
#define INCLUDED_ISAC_MOBILITY_PAIR_SELECTOR_H

#include <gnuradio/isac/mobility/configuration_selector.h>
#include <gnuradio/isac/mobility/qos_selector.h>
#include <cstdint>
#include <limits>
#include <vector>

namespace gr {
namespace isac {

//! Selects pairs by what they see, or where there are users, for the users' sake.
class pair_selector
{
public:
    static constexpr int NO_PAIR = configuration_selector::NO_PAIR;

    /*!
     * \param receivers  node that receives in each pair
     * \param servers    node that serves each user
     * \throws std::invalid_argument as the two selectors, also for the one not needed
     */
    pair_selector(const std::vector<int64_t>& receivers,
                  const std::vector<int64_t>& servers,
                  const selection_parameters& selection,
                  const qos_parameters& qos)
        : d_for_users(!servers.empty()),
          d_by_snr(receivers.size(), selection),
          d_by_qos(receivers, servers, 0, qos)
    {
    }

    //! \param avoid  a pair; see configuration_selector
    bool step(double time,
              const double* snr_db,
              const double* user_sinr_db,
              const std::vector<bool>& avoid)
    {
        if (!d_for_users)
            return d_by_snr.step(time, snr_db, avoid);
        d_usable_db.assign(snr_db, snr_db + avoid.size());
        for (size_t i = 0; i < avoid.size(); i++)
            if (avoid[i])
                d_usable_db[i] = -std::numeric_limits<double>::infinity();
        return d_by_qos.step(time, d_usable_db.data(), user_sinr_db);
    }

    bool for_users() const { return d_for_users; }

    int selected() const
    {
        return d_for_users ? static_cast<int>(d_by_qos.selected()) : d_by_snr.selected();
    }

    int source() const { return d_by_snr.source(); }

    uint64_t num_changes() const
    {
        return d_for_users ? d_by_qos.num_changes() : d_by_snr.num_changes();
    }

    void refuse(double until)
    {
        d_for_users ? d_by_qos.refuse(until) : d_by_snr.refuse(until);
    }

    void end_soft() { d_by_snr.end_soft(); }

    void set_parameters(const selection_parameters& selection, const qos_parameters& qos)
    {
        d_by_snr.set_parameters(selection);
        d_by_qos.set_parameters(qos);
    }

private:
    bool d_for_users;
    configuration_selector d_by_snr;
    qos_selector d_by_qos;
    std::vector<double> d_usable_db;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_PAIR_SELECTOR_H */
