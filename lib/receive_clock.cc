/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "receive_clock.h"
#include <cmath>

namespace gr {
namespace isac {

namespace {

constexpr double MOST_SAMPLES = 1e18; // three centuries at 100 MHz

} // namespace

bool receive_time::read(const pmt::pmt_t& value, receive_time& time)
{
    if (!pmt::is_tuple(value) || pmt::length(value) != 2 ||
        !pmt::is_uint64(pmt::tuple_ref(value, 0)) ||
        !pmt::is_real(pmt::tuple_ref(value, 1)) ||
        !std::isfinite(pmt::to_double(pmt::tuple_ref(value, 1))))
        return false;
    time = { pmt::to_uint64(pmt::tuple_ref(value, 0)),
             pmt::to_double(pmt::tuple_ref(value, 1)) };
    return true;
}

void receive_clock::set_sample_rate(double sample_rate)
{
    if (std::isfinite(sample_rate) && sample_rate > 0)
        d_sample_rate = sample_rate;
}

uint64_t receive_clock::set(uint64_t sample, const receive_time& time)
{
    double lost = 0;
    if (d_is_set) {
        const double passed =
            static_cast<double>(static_cast<int64_t>(time.whole - d_time.whole)) +
            (time.fraction - d_time.fraction);
        lost =
            std::round(passed * d_sample_rate) - static_cast<double>(sample - d_sample);
    }
    d_is_set = true;
    d_sample = sample;
    d_time = time;
    return lost > 0 && lost < MOST_SAMPLES ? static_cast<uint64_t>(lost) : 0;
}

double receive_clock::time_of(uint64_t sample) const
{
    return d_time.seconds() + static_cast<double>(sample - d_sample) / d_sample_rate;
}

} // namespace isac
} // namespace gr
