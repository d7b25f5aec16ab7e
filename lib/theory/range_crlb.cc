/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/range_crlb.h>

namespace gr {
namespace isac {
namespace theory {

double range_crlb(double snr,
                  double subcarrier_spacing,
                  int64_t num_symbols,
                  int64_t num_pilots,
                  int64_t pilot_spacing,
                  phase_model model,
                  double speed_of_light)
{
    const auto require_count = [](const char* name, int64_t value) {
        require(value >= 1, name, value, "must be at least 1");
    };
    require_not_negative("range_crlb: snr", snr);
    require_positive("range_crlb: subcarrier_spacing", subcarrier_spacing);
    require_count("range_crlb: num_symbols", num_symbols);
    require_count("range_crlb: num_pilots", num_pilots);
    require_count("range_crlb: pilot_spacing", pilot_spacing);
    require_positive("range_crlb: speed_of_light", speed_of_light);

    const double k = static_cast<double>(num_pilots);
    const double step = subcarrier_spacing * pilot_spacing;
    double squares; // of the pilot indices, their sum times 6
    switch (model) {
    case phase_model::known:
        squares = 2 * k * (k - 1) * (2 * k - 1);
        break;
    case phase_model::published:
        squares = k * (k - 1) * (2 * k - 1);
        break;
    default:
        squares = k * (k * k - 1);
    }
    return 3 * speed_of_light * speed_of_light /
           (8 * PI * PI * snr * step * step * num_symbols * squares);
}

} // namespace theory
} // namespace isac
} // namespace gr
