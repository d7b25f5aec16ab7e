/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/channel/target.h>
#include <gnuradio/isac/check.h>

namespace gr {
namespace isac {

target::target(trajectory::sptr path, double rcs_m2, int swerling)
    : d_path(std::move(path)), d_rcs_m2(rcs_m2), d_swerling(swerling)
{
    require(d_path != nullptr, "target: trajectory", "none", "must be given");
    require_positive("target: rcs", rcs_m2);
    require(
        swerling >= 0 && swerling <= 4, "target: swerling", swerling, "must be 0 to 4");
}

} // namespace isac
} // namespace gr
