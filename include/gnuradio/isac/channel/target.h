/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_TARGET_H
#define INCLUDED_ISAC_CHANNEL_TARGET_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/trajectory.h>
#include <memory>

namespace gr {
namespace isac {

/*!
 * \brief A point target: where it goes, how large it is to a radar, and how that
 * fluctuates. Immutable.
 *
 * The radar cross section is constant within a frame. Swerling 0 keeps it; I and III draw
 * it anew every dwell, II and IV every frame; I and II exponentially distributed, III and
 * IV as chi-square of four degrees of freedom. Its mean is rcs_m2 in all of them.
 */
class ISAC_API target
{
public:
    using sptr = std::shared_ptr<const target>;

    /*!
     * \param path      not null
     * \param rcs_m2    mean radar cross section, m^2, positive
     * \param swerling  0 to 4
     * \throws std::invalid_argument
     */
    target(trajectory::sptr path, double rcs_m2, int swerling = 0);

    const trajectory::sptr& path() const { return d_path; }
    double rcs_m2() const { return d_rcs_m2; }
    int swerling() const { return d_swerling; }

private:
    trajectory::sptr d_path;
    double d_rcs_m2;
    int d_swerling;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_TARGET_H */
