/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/modulation.h>
#include <utility>

namespace gr {
namespace isac {

int bits_per_symbol(const std::string& modulation)
{
    static const std::pair<const char*, int> known[] = {
        { "bpsk", 1 }, { "qpsk", 2 }, { "16qam", 4 }, { "64qam", 6 }, { "256qam", 8 }
    };
    for (const auto& [name, bits] : known)
        if (modulation == name)
            return bits;
    require(
        false, "modulation", modulation, "must be bpsk, qpsk, 16qam, 64qam or 256qam");
    return 0;
}

} // namespace isac
} // namespace gr
