/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_ONE_WAY_LOSS_H
#define INCLUDED_ISAC_CHANNEL_ONE_WAY_LOSS_H

#include <gnuradio/isac/api.h>
#include <algorithm>
#include <cmath>
#include <string>

namespace gr {
namespace isac {

/*!
 * Path loss of a link by its length, by one of the laws of theory/link_budget.h. All of
 * them are a loss at 1 m and a power of the distance. A value.
 */
class ISAC_API one_way_loss
{
public:
    //! A shorter link counts as this long, m.
    static constexpr double SHORTEST_DISTANCE = 1.0;

    /*!
     * \param model              "uma_av", "log_distance" or "free_space"
     * \param carrier_frequency  Hz, positive
     * \param exponent           for "log_distance": not negative
     * \param reference_loss_db  for "log_distance": at 1 m, dB, finite
     * \throws std::invalid_argument
     */
    one_way_loss(const std::string& model,
                 double carrier_frequency,
                 double exponent,
                 double reference_loss_db);

    //! dB, at \p distance in m, not negative.
    double db(double distance) const;
    //! Power out over power in, linear, at \p distance in m, not negative.
    double gain(double distance) const
    {
        return d_reference_gain *
               std::pow(std::max(distance, SHORTEST_DISTANCE), -d_exponent);
    }

private:
    double d_exponent;
    double d_reference_loss_db;
    double d_reference_gain;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_ONE_WAY_LOSS_H */
