/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/cross_section.h>
#include <boost/random/gamma_distribution.hpp>

namespace gr {
namespace isac {

void cross_section::draw(int dwell_frames, boost::random::mt19937& engine)
{
    const int swerling = d_owner->swerling();
    if (swerling == 0 || --d_frames_left > 0)
        return;
    d_frames_left = swerling == 1 || swerling == 3 ? dwell_frames : 1;
    // Chi-square of two degrees of freedom, or of four.
    const double shape = swerling <= 2 ? 1 : 2;
    boost::random::gamma_distribution<double> gamma(shape, d_owner->rcs_m2() / shape);
    d_rcs_m2 = gamma(engine);
}

} // namespace isac
} // namespace gr
