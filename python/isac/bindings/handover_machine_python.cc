/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "handover_parameters_python.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/handover_machine.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace py = pybind11;

namespace {

using gr::isac::handover_machine;
using gr::isac::handover_parameters;
using gr::isac::require;

using values = py::array_t<double, py::array::c_style | py::array::forcecast>;

// What a cell's column holds, or nothing when the argument was None.
const double* checked(const std::optional<values>& given,
                      const char* name,
                      size_t num_steps,
                      size_t num_cells,
                      bool one_step)
{
    if (!given)
        return nullptr;
    const bool fits =
        one_step
            ? given->ndim() == 1 && static_cast<size_t>(given->size()) == num_cells
            : given->ndim() == 2 && static_cast<size_t>(given->shape(0)) == num_steps &&
                  static_cast<size_t>(given->shape(1)) == num_cells;
    require(fits,
            name,
            given->size(),
            one_step ? "values, must be one a cell" : "values, must be steps x cells");
    return given->data();
}

py::object step(handover_machine& machine,
                double time,
                const std::optional<values>& rsrp,
                const std::optional<values>& distance,
                const std::optional<values>& sinr,
                const std::optional<values>& variance)
{
    const size_t cells = machine.num_cells();
    handover_machine::measurement m;
    m.rsrp_dbm = checked(rsrp, "handover: rsrp with", 1, cells, true);
    m.distance_m = checked(distance, "handover: distance with", 1, cells, true);
    m.sinr_db = checked(sinr, "handover: sinr with", 1, cells, true);
    m.distance_variance = checked(variance, "handover: variance with", 1, cells, true);
    const auto event = machine.step(time, m);
    if (!event)
        return py::none();
    py::dict d;
    d["scene_time"] = event->time;
    d["from"] = event->from;
    d["to"] = event->to;
    d["cause"] = event->cause();
    return d;
}

py::dict run(handover_machine& machine,
             const values& times,
             const std::optional<values>& rsrp,
             const std::optional<values>& distance,
             const std::optional<values>& sinr,
             const std::optional<values>& variance)
{
    require(
        times.ndim() == 1, "handover: times with", times.ndim(), "dimensions, must be 1");
    const size_t steps = times.size();
    const size_t cells = machine.num_cells();
    const double* const time = times.data();
    const double* columns[] = {
        checked(rsrp, "handover: rsrp with", steps, cells, false),
        checked(distance, "handover: distance with", steps, cells, false),
        checked(sinr, "handover: sinr with", steps, cells, false),
        checked(variance, "handover: variance with", steps, cells, false),
    };
    py::array_t<int> serving(steps);
    int* const serving_out = serving.mutable_data();
    std::vector<handover_machine::event> events;
    {
        py::gil_scoped_release release;
        const auto row = [&](int column, size_t i) {
            return columns[column] ? columns[column] + i * cells : nullptr;
        };
        for (size_t i = 0; i < steps; i++) {
            handover_machine::measurement m;
            m.rsrp_dbm = row(0, i);
            m.distance_m = row(1, i);
            m.sinr_db = row(2, i);
            m.distance_variance = row(3, i);
            if (const auto event = machine.step(time[i], m))
                events.push_back(*event);
            serving_out[i] = machine.serving();
        }
    }
    py::array_t<double> event_time(events.size());
    py::array_t<int> from(events.size()), to(events.size());
    py::list cause;
    for (size_t i = 0; i < events.size(); i++) {
        event_time.mutable_at(i) = events[i].time;
        from.mutable_at(i) = static_cast<int>(events[i].from);
        to.mutable_at(i) = static_cast<int>(events[i].to);
        cause.append(events[i].cause());
    }
    py::dict result;
    result["serving"] = serving;
    result["scene_time"] = event_time;
    result["from"] = from;
    result["to"] = to;
    result["cause"] = cause;
    return result;
}

// A measurement of many flights, or of one that all of them share.
class flight_columns
{
public:
    flight_columns(const std::optional<values>& given,
                   const char* name,
                   size_t num_flights,
                   size_t num_steps,
                   size_t num_cells)
        : d_num_cells(num_cells)
    {
        if (!given)
            return;
        const auto axes = given->ndim();
        const bool shared = axes == 2;
        const bool fits = (shared || axes == 3) &&
                          static_cast<size_t>(given->shape(axes - 1)) == num_cells &&
                          static_cast<size_t>(given->shape(axes - 2)) == num_steps &&
                          (shared || static_cast<size_t>(given->shape(0)) == num_flights);
        require(fits,
                name,
                given->size(),
                "values, must be flights x steps x cells, or steps x cells for all");
        d_values = given->data();
        d_flight_stride = shared ? 0 : num_steps * num_cells;
    }

    const double* row(size_t flight, size_t step) const
    {
        return d_values ? d_values + flight * d_flight_stride + step * d_num_cells
                        : nullptr;
    }

private:
    const double* d_values = nullptr;
    size_t d_flight_stride = 0;
    size_t d_num_cells;
};

py::dict run_flights(handover_machine& machine,
                     const values& times,
                     const std::optional<values>& rsrp,
                     const std::optional<values>& distance,
                     const std::optional<values>& sinr,
                     const std::optional<values>& variance)
{
    require(
        times.ndim() == 1, "handover: times with", times.ndim(), "dimensions, must be 1");
    size_t flights = 1;
    for (const auto& given : { rsrp, distance, sinr, variance })
        if (given && given->ndim() == 3)
            flights = given->shape(0);
    const size_t steps = times.size();
    const size_t cells = machine.num_cells();
    const flight_columns rsrps(rsrp, "handover: rsrp with", flights, steps, cells);
    const flight_columns distances(
        distance, "handover: distance with", flights, steps, cells);
    const flight_columns sinrs(sinr, "handover: sinr with", flights, steps, cells);
    const flight_columns variances(
        variance, "handover: variance with", flights, steps, cells);
    py::array_t<uint64_t> handovers(flights), ping_pongs(flights);
    py::array_t<double> outage(flights), first_time(flights);
    const double* const time = times.data();
    uint64_t* const handovers_out = handovers.mutable_data();
    uint64_t* const ping_pongs_out = ping_pongs.mutable_data();
    double* const outage_out = outage.mutable_data();
    double* const first_time_out = first_time.mutable_data();
    {
        py::gil_scoped_release release;
        for (size_t flight = 0; flight < flights; flight++) {
            machine.reset();
            first_time_out[flight] = std::numeric_limits<double>::quiet_NaN();
            for (size_t i = 0; i < steps; i++) {
                handover_machine::measurement m;
                m.rsrp_dbm = rsrps.row(flight, i);
                m.distance_m = distances.row(flight, i);
                m.sinr_db = sinrs.row(flight, i);
                m.distance_variance = variances.row(flight, i);
                const auto event = machine.step(time[i], m);
                if (event && std::isnan(first_time_out[flight]))
                    first_time_out[flight] = event->time;
            }
            const auto& counts = machine.counts();
            handovers_out[flight] = counts.handovers;
            ping_pongs_out[flight] = counts.ping_pongs;
            outage_out[flight] = counts.outage();
        }
        machine.reset();
    }
    py::dict result;
    result["handovers"] = handovers;
    result["ping_pongs"] = ping_pongs;
    result["outage"] = outage;
    result["first_time"] = first_time;
    return result;
}

} // namespace

void bind_handover_machine(py::module& m)
{
    const auto parameters = handover_parameter_list();
    py::class_<handover_machine> bound(m,
                                       "handover_machine",
                                       (R"doc(
Decides, step by step, which of several cells serves one user: the kernel of handover_decider.

A measurement that is NaN is missing: it triggers nothing, and what held before holds on for
measurement_hold. An RSRP of -inf is a cell that was looked for and not heard. Distance and joint
criteria: J. Li et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks";
event A3 and L3 filter: 3GPP TS 38.331.

Args:
    num_cells: 1 to 65536.
)doc" + documentation(parameters) + R"doc(
Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
                                           .c_str());
    def_init<handover_parameters>(
        bound,
        parameters,
        arguments<size_t>{},
        [](size_t num_cells, const handover_parameters& p) {
            return std::make_unique<handover_machine>(num_cells, p);
        },
        py::arg("num_cells"));
    bound
        .def("step",
             &step,
             py::arg("time"),
             py::arg("rsrp") = py::none(),
             py::arg("distance") = py::none(),
             py::arg("sinr") = py::none(),
             py::arg("variance") = py::none(),
             R"doc(
One step of measurements.

Args:
    time: s; a step back in time is refused: counted, and nothing else happens.
    rsrp: dBm, one a cell, or None.
    distance: m, one a cell, or None.
    sinr: dB, one a cell, or None.
    variance: of the distances, m^2, or None; needed when distance_confidence or
        distance_acceleration is above 0.

Returns:
    dict of scene_time, from, to and cause ("rsrp", "distance" or "rsrp+distance"), or None.
)doc")
        .def("run",
             &run,
             py::arg("times"),
             py::arg("rsrp") = py::none(),
             py::arg("distance") = py::none(),
             py::arg("sinr") = py::none(),
             py::arg("variance") = py::none(),
             R"doc(
Many steps at once, going on from the present state.

Args:
    times: s, ascending.
    rsrp, distance, sinr, variance: as in step, len(times) x num_cells each, or None.

Returns:
    dict of serving (the cell after each step's decision, -1 while none is known) and, one entry a
    handover, scene_time, from, to and cause.
)doc")
        .def("run_flights",
             &run_flights,
             py::arg("times"),
             py::arg("rsrp") = py::none(),
             py::arg("distance") = py::none(),
             py::arg("sinr") = py::none(),
             py::arg("variance") = py::none(),
             R"doc(
Many flights over the same times, each from the start; the machine is reset before and after.

Args:
    times: s, ascending.
    rsrp, distance, sinr, variance: as in step, flights x len(times) x num_cells each, or
        len(times) x num_cells for all flights alike, or None.

Returns:
    dict of handovers, ping_pongs, outage (share of the steps) and first_time (of the first
    handover, s; NaN without one), one entry a flight.
)doc")
        .def("parameters",
             [parameters](const handover_machine& machine) {
                 return to_dict(parameters, machine.parameters());
             })
        .def(
            "set_parameters",
            [parameters](handover_machine& machine, const py::kwargs& changes) {
                handover_parameters p = machine.parameters();
                set_by_name(parameters, p, changes);
                machine.set_parameters(p);
            },
            "Changes any parameters but num_cells by name; filters, timers and counts "
            "stay.")
        .def("num_cells", &handover_machine::num_cells)
        .def("serving",
             &handover_machine::serving,
             "The serving cell, -1 while none is known.")
        .def(
            "filtered_rsrp",
            [](const handover_machine& machine) {
                py::array_t<double> rsrp(machine.num_cells());
                for (size_t i = 0; i < machine.num_cells(); i++)
                    rsrp.mutable_at(i) = machine.filtered_rsrp(i);
                return rsrp;
            },
            "One a cell, dBm, NaN before its first measurement.")
        .def(
            "counts",
            [](const handover_machine& machine) {
                const auto& counts = machine.counts();
                py::dict d;
                d["steps"] = counts.steps;
                d["refused"] = counts.refused;
                d["handovers"] = counts.handovers;
                d["ping_pongs"] = counts.ping_pongs;
                d["sinr_steps"] = counts.sinr_steps;
                d["outage_steps"] = counts.outage_steps;
                d["outage"] = counts.outage();
                return d;
            },
            "dict of steps, refused (back in time), handovers, ping_pongs, sinr_steps, "
            "outage_steps and outage (their share). The SINR is that of the cell that "
            "served "
            "when the step was measured.")
        .def("reset", &handover_machine::reset, "As made: no history, no counts.");
}
