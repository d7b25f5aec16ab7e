/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_FOUND_TARGET_H
#define INCLUDED_ISAC_SENSING_FOUND_TARGET_H

#include <gnuradio/isac/reports.h>
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>

namespace gr {
namespace isac {

//! What a frame tells of a target, see detections.
struct found_target {
    double delay; //!< below zero it is taken for zero
    double doppler;
    double snr;
    double var_delay;
    double var_doppler;
};

inline void clear_targets(detections& report)
{
    for (auto* values : { &report.delay,
                          &report.doppler,
                          &report.range,
                          &report.velocity,
                          &report.snr,
                          &report.var_delay,
                          &report.var_doppler })
        values->clear();
}

//! \param wavelength  of the carrier, m
inline void add_target(detections& report, const found_target& t, double wavelength)
{
    const double delay = std::max(t.delay, 0.0);
    report.delay.push_back(delay);
    report.doppler.push_back(t.doppler);
    report.range.push_back(0.5 * SPEED_OF_LIGHT * delay);
    report.velocity.push_back(-0.5 * wavelength * t.doppler);
    report.snr.push_back(t.snr);
    report.var_delay.push_back(t.var_delay);
    report.var_doppler.push_back(t.var_doppler);
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_FOUND_TARGET_H */
