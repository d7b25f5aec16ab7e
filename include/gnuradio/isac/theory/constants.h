/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_THEORY_CONSTANTS_H
#define INCLUDED_ISAC_THEORY_CONSTANTS_H

namespace gr {
namespace isac {

//! Speed of light in vacuum, m/s.
constexpr double SPEED_OF_LIGHT = 299792458.0;

//! Thermal noise density k T at 290 K, mW/Hz (Boltzmann constant 1.380649e-23 J/K).
constexpr double THERMAL_NOISE_MW_PER_HZ = 1.380649e-23 * 290.0 * 1e3;

constexpr double PI = 3.14159265358979323846;

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_THEORY_CONSTANTS_H */
