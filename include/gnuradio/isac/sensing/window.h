/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_WINDOW_H
#define INCLUDED_ISAC_SENSING_WINDOW_H

#include <gnuradio/isac/api.h>
#include <cstddef>
#include <string>
#include <vector>

namespace gr {
namespace isac {

//! GNU Radio's windows that make_window() knows.
ISAC_API std::vector<std::string> window_names();

/*!
 * One of GNU Radio's windows (gr::fft::window).
 *
 * \param name      "rectangular", "hann", "hamming", "blackman", "blackman_harris",
 *                  "nuttall", "flattop", "kaiser" or "tukey"
 * \param length    taps; fewer than 3 give a rectangle, for the others would be zero
 * \param parameter beta of "kaiser" (>= 0), alpha of "tukey" (0 to 1); else unused
 * \throws std::invalid_argument for an unknown name or a parameter out of range
 */
ISAC_API std::vector<float>
make_window(const std::string& name, size_t length, double parameter);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_WINDOW_H */
