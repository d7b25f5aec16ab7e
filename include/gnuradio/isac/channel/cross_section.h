/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_CROSS_SECTION_H
#define INCLUDED_ISAC_CHANNEL_CROSS_SECTION_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/target.h>
#include <boost/random/mersenne_twister.hpp>

namespace gr {
namespace isac {

//! The radar cross section of a target as one path sees it, from frame to frame.
class ISAC_API cross_section
{
public:
    explicit cross_section(target::sptr owner)
        : d_owner(std::move(owner)), d_rcs_m2(d_owner->rcs_m2())
    {
    }

    const target::sptr& owner() const { return d_owner; }
    //! m^2, of the frame at hand; the mean before the first.
    double rcs_m2() const { return d_rcs_m2; }

    //! Begins a frame. Swerling I and III hold for \p dwell_frames, at least 1.
    void draw(int dwell_frames, boost::random::mt19937& engine);

private:
    target::sptr d_owner;
    double d_rcs_m2;
    int d_frames_left = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_CROSS_SECTION_H */
