/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_ESTIMATOR_PARAMETERS_PYTHON_H
#define INCLUDED_ISAC_ESTIMATOR_PARAMETERS_PYTHON_H

#include "parameter_list.h"
#include <gnuradio/isac/sensing/target_estimator.h>

// What the sensing's kernels share with the Range-Doppler Estimator.

//! What the cells of a map are.
inline auto cell_parameter_list()
{
    using p = gr::isac::range_doppler_map::parameters;
    return std::make_tuple(
        make_parameter("window",
                       &p::window,
                       "\"rectangular\", \"hann\", \"hamming\", \"blackman\", "
                       "\"blackman_harris\", \"nuttall\", \"flattop\", \"kaiser\" or "
                       "\"tukey\"."),
        make_parameter("window_parameter",
                       &p::window_parameter,
                       "beta of \"kaiser\", alpha of \"tukey\"."),
        make_parameter("pad_delay", &p::pad_delay, ""),
        make_parameter(
            "pad_doppler", &p::pad_doppler, "zero-padding of the axes, 1, 2, 4 or 8."));
}

inline auto map_parameter_list()
{
    using p = gr::isac::range_doppler_map::parameters;
    return std::tuple_cat(std::make_tuple(make_parameter(
                              "mode", &p::mode, "\"matched_filter\" or \"division\".")),
                          cell_parameter_list());
}

//! After all others.
inline auto thread_list()
{
    using p = gr::isac::range_doppler_map::parameters;
    return std::make_tuple(make_parameter(
        "threads", &p::threads, "that share the work of a frame's map, 1 to 64."));
}

inline auto threshold_parameter_list()
{
    using p = gr::isac::cfar::parameters;
    return std::make_tuple(
        make_parameter(
            "pfa", &p::pfa, "probability of false alarm of a cell, above 0, below 1."),
        make_parameter("guard_delay", &p::guard_delay, ""),
        make_parameter("guard_doppler", &p::guard_doppler, ""),
        make_parameter("training_delay", &p::training_delay, ""),
        make_parameter("training_doppler",
                       &p::training_doppler,
                       "cells on each side, in independent cells."),
        make_parameter(
            "os_rank",
            &p::rank,
            "order statistic of \"os\" and \"osgo\", as a share of the training "
            "cells."));
}

inline auto detector_parameter_list()
{
    using p = gr::isac::cfar::parameters;
    return std::tuple_cat(
        std::make_tuple(make_parameter(
            "cfar",
            &p::kind,
            "\"ca\", \"os\", \"osgo\", or \"none\": the strongest peak of a frame is "
            "its one target.")),
        threshold_parameter_list());
}

//! Before what a block keeps, and target_parameter_list() after it.
inline auto most_targets_list()
{
    using p = gr::isac::target_estimator::parameters;
    return std::make_tuple(make_parameter(
        "max_targets", &p::max_targets, "strongest targets a frame that are kept."));
}

inline auto target_parameter_list()
{
    using p = gr::isac::target_estimator::parameters;
    return std::make_tuple(
        make_parameter("dynamic_range_db",
                       &p::dynamic_range_db,
                       "what is weaker than the strongest cell of a frame by more is no "
                       "target, 10 to 140 dB."),
        make_parameter("super_resolution",
                       &p::super_resolution,
                       "whether each target is tried for two that are closer than a cell "
                       "in delay; not with cfar \"none\"."),
        make_parameter("compensate_motion",
                       &p::compensate_motion,
                       "whether range migration and intercarrier interference of fast "
                       "targets are compensated, at some thirty times the cost of a "
                       "map."));
}

#endif /* INCLUDED_ISAC_ESTIMATOR_PARAMETERS_PYTHON_H */
