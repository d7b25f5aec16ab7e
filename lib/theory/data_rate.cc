/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/data_rate.h>
#include <cmath>

namespace gr {
namespace isac {
namespace theory {

double data_rate(double snr, double bandwidth, double sensing_share)
{
    require_not_negative("data_rate: snr", snr);
    require_positive("data_rate: bandwidth", bandwidth);
    require(sensing_share >= 0 && sensing_share <= 1,
            "data_rate: sensing_share",
            sensing_share,
            "must be from 0 to 1");
    return (1 - sensing_share) * bandwidth * std::log2(1 + snr);
}

double effective_rate(double probability, double rate_serving, double rate_target)
{
    require(probability >= 0 && probability <= 1,
            "effective_rate: probability",
            probability,
            "must be from 0 to 1");
    require_not_negative("effective_rate: rate_serving", rate_serving);
    require_not_negative("effective_rate: rate_target", rate_target);
    return (1 - probability) * rate_serving + probability * rate_target;
}

} // namespace theory
} // namespace isac
} // namespace gr
