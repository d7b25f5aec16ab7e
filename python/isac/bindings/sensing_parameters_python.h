/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_PARAMETERS_PYTHON_H
#define INCLUDED_ISAC_SENSING_PARAMETERS_PYTHON_H

#include "parameter_list.h"
#include <gnuradio/isac/mobility/configuration_selector.h>
#include <gnuradio/isac/mobility/object_track.h>
#include <gnuradio/isac/mobility/qos_selector.h>
#include <gnuradio/isac/mobility/sensing_resources.h>

// What the kernels of the sensing's handover share with its blocks.

inline auto selection_parameter_list()
{
    using p = gr::isac::selection_parameters;
    return std::make_tuple(
        make_parameter("hysteresis_db",
                       &p::hysteresis_db,
                       "the SNR must be better by more than this, dB, not negative."),
        make_parameter("time_to_trigger",
                       &p::time_to_trigger,
                       "for this long without a break, s of scene time."),
        make_parameter("silence_time",
                       &p::silence_time,
                       "a pair without a report for longer than this sees nothing, s."),
        make_parameter("needed_below_db",
                       &p::needed_below_db,
                       "and the selected pair's SNR must be below this, dB; inf: "
                       "whatever it is."),
        make_parameter("soft_window",
                       &p::soft_window,
                       "soft handover: the pair that was left, the source, senses on for "
                       "this long, s; 0: a hard handover."),
        make_parameter(
            "soft_end_db", &p::soft_end_db, "...or until its SNR is below this, dB."),
        make_parameter("l3_coefficient",
                       &p::l3_coefficient,
                       "a of the filter F = (1 - a) F + a S over the SNR in dB that "
                       "pairs are compared by, above 0; 1: no filter."));
}

inline auto qos_parameter_list()
{
    using p = gr::isac::qos_parameters;
    return std::make_tuple(
        make_parameter("needed_sinr_db", &p::needed_sinr_db, "of every user, dB."),
        make_parameter("prohibit_time",
                       &p::prohibit_time,
                       "a user triggers nothing for this long after it triggered, s."));
}

//! Where the solver looks for an object.
inline auto place_parameter_list()
{
    using p = gr::isac::position_solver::parameters;
    return std::make_tuple(
        make_parameter("dimensions", &p::dimensions, "3, or 2: then z is known."),
        make_parameter("height", &p::height, "z where dimensions is 2, m."),
        make_parameter("side",
                       &p::side,
                       "() or (a, b, c, d): places with a x + b y + c z < d are ruled "
                       "out."));
}

inline auto motion_parameter_list()
{
    using p = gr::isac::object_track::parameters;
    return std::make_tuple(
        make_parameter("acceleration",
                       &p::acceleration,
                       "the velocity changes by so many m/s in a second, in each "
                       "direction; not negative."),
        make_parameter("speed",
                       &p::speed,
                       "standard deviation of the velocity in each direction at the "
                       "start, m/s, positive."),
        make_parameter("memory",
                       &p::memory,
                       "s without a usable look after which the track ends, not "
                       "negative."));
}

inline auto resource_list()
{
    using p = gr::isac::sensing_resources;
    return std::make_tuple(
        make_parameter("num_symbols",
                       &p::num_symbols,
                       "symbols of a frame for sensing, not negative."),
        make_parameter("num_subcarriers",
                       &p::num_subcarriers,
                       "subcarriers for sensing, not negative."),
        make_parameter(
            "tx_power_dbm", &p::tx_power_dbm, "power of the sensing signal, dBm."));
}

#endif /* INCLUDED_ISAC_SENSING_PARAMETERS_PYTHON_H */
