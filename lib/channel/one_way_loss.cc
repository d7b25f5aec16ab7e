/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/one_way_loss.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/link_budget.h>

namespace gr {
namespace isac {

one_way_loss::one_way_loss(const std::string& model,
                           double carrier_frequency,
                           double exponent,
                           double reference_loss_db)
{
    require(model == "uma_av" || model == "log_distance" || model == "free_space",
            "one_way_loss: path_loss",
            model,
            "must be uma_av, log_distance or free_space");
    require_positive("one_way_loss: carrier_frequency", carrier_frequency);
    require_not_negative("one_way_loss: path_loss_exponent", exponent);
    require_finite("one_way_loss: reference_loss_db", reference_loss_db);
    const auto loss = [&](double distance) {
        if (model == "uma_av")
            return theory::path_loss_uma_av(distance, carrier_frequency);
        if (model == "free_space")
            return theory::free_space_path_loss(distance, carrier_frequency);
        return theory::path_loss_log_distance(distance, exponent, reference_loss_db);
    };
    d_reference_loss_db = loss(1);
    d_exponent = (loss(10) - loss(1)) / 10;
    d_reference_gain = std::pow(10.0, -d_reference_loss_db / 10);
}

double one_way_loss::db(double distance) const
{
    return theory::path_loss_log_distance(
        std::max(distance, SHORTEST_DISTANCE), d_exponent, d_reference_loss_db);
}

} // namespace isac
} // namespace gr
