/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/sensing_resources.h>
#include <string>

namespace gr {
namespace isac {

void check(const sensing_resources& r, const char* owner)
{
    const std::string name = owner;
    require(r.num_symbols >= 0,
            (name + ": num_symbols").c_str(),
            r.num_symbols,
            "must not be negative");
    require(r.num_subcarriers >= 0,
            (name + ": num_subcarriers").c_str(),
            r.num_subcarriers,
            "must not be negative");
    require_finite((name + ": tx_power_dbm").c_str(), r.tx_power_dbm);
}

const char* shortage(const sensing_resources& available, const sensing_resources& wanted)
{
    if (wanted.num_symbols > available.num_symbols)
        return "symbols";
    if (wanted.num_subcarriers > available.num_subcarriers)
        return "subcarriers";
    if (wanted.tx_power_dbm > available.tx_power_dbm)
        return "power";
    return nullptr;
}

} // namespace isac
} // namespace gr
