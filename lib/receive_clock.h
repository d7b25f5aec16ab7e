/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_RECEIVE_CLOCK_H
#define INCLUDED_ISAC_RECEIVE_CLOCK_H

#include <gnuradio/isac/api.h>
#include <pmt/pmt.h>
#include <cstdint>

namespace gr {
namespace isac {

//! What an rx_time tag tells: whole seconds apart, as a double has no room for the
//! nanoseconds of the present day.
struct ISAC_API receive_time {
    uint64_t whole;
    double fraction;

    double seconds() const { return static_cast<double>(whole) + fraction; }
    //! \returns whether a tag's value is a tuple of seconds and fraction
    static bool read(const pmt::pmt_t& value, receive_time& time);
};

/*!
 * The clock of a receiver's samples, by its rx_time tags: when each came, and how many
 * were lost.
 *
 * A UHD source tags its first sample, the first one after an overflow, and the first one
 * after a change, as of its frequency, at which none is lost.
 */
class ISAC_API receive_clock
{
public:
    //! \param sample_rate  Hz
    explicit receive_clock(double sample_rate) : d_sample_rate(sample_rate) {}

    //! What the receiver calls its rate: with a nominal one samples would seem to be lost
    //! in time. One that is none changes nothing.
    void set_sample_rate(double sample_rate);

    /*!
     * \param sample  absolute index of what the receiver tagged
     * \return samples that were lost since its last tag; none where time went back, or so
     *         far ahead as no receiver runs: its clock was set
     */
    uint64_t set(uint64_t sample, const receive_time& time);

    //! Whether there was a tag.
    bool is_set() const { return d_is_set; }
    //! When a sample came that is not before the last tag's, seconds.
    double time_of(uint64_t sample) const;

private:
    double d_sample_rate;
    bool d_is_set = false;
    uint64_t d_sample = 0; // of the last tag
    receive_time d_time{ 0, 0 };
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_RECEIVE_CLOCK_H */
