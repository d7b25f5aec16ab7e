/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing_parameters_python.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/configuration_selector.h>
#include <gnuradio/isac/mobility/qos_selector.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace py = pybind11;

namespace {

using gr::isac::configuration_selector;
using gr::isac::qos_parameters;
using gr::isac::qos_selector;
using gr::isac::require;
using gr::isac::selection_parameters;

using values = py::array_t<double, py::array::c_style | py::array::forcecast>;

const double* one_each(const values& given, const char* name, size_t count)
{
    require(given.ndim() == 1 && static_cast<size_t>(given.size()) == count,
            name,
            given.size(),
            "values, must be " + std::to_string(count));
    return given.data();
}

py::dict run(configuration_selector& selector, const values& times, const values& snr_db)
{
    const size_t pairs = selector.num_pairs();
    require(times.ndim() == 1,
            "configuration: times with",
            times.ndim(),
            "dimensions, must be 1");
    require(snr_db.ndim() == 2 && snr_db.shape(0) == times.size() &&
                static_cast<size_t>(snr_db.shape(1)) == pairs,
            "configuration: snr_db with",
            snr_db.size(),
            "values, must be len(times) x num_pairs");
    const py::ssize_t steps = times.size();
    py::array_t<int> selected(steps), source(steps);
    values effective(steps);
    for (py::ssize_t i = 0; i < steps; i++) {
        selector.step(times.data()[i], snr_db.data() + i * pairs);
        selected.mutable_data()[i] = selector.selected();
        source.mutable_data()[i] = selector.source();
        effective.mutable_data()[i] = selector.snr_db();
    }
    py::dict result;
    result["selected"] = selected;
    result["source"] = source;
    result["snr_db"] = effective;
    return result;
}

py::dict
run_drops(configuration_selector& selector, const values& times, const values& snr_db)
{
    const size_t pairs = selector.num_pairs();
    require(times.ndim() == 1,
            "configuration: times with",
            times.ndim(),
            "dimensions, must be 1");
    require(snr_db.ndim() == 3 && snr_db.shape(1) == times.size() &&
                static_cast<size_t>(snr_db.shape(2)) == pairs,
            "configuration: snr_db with",
            snr_db.size(),
            "values, must be drops x len(times) x num_pairs");
    const py::ssize_t drops = snr_db.shape(0), steps = times.size();
    py::array_t<int> selected({ drops, steps });
    values effective({ drops, steps });
    py::array_t<uint64_t> changes(drops);
    const double* row = snr_db.data();
    const double* const time = times.data();
    int* selected_out = selected.mutable_data();
    double* effective_out = effective.mutable_data();
    uint64_t* const changes_out = changes.mutable_data();
    {
        py::gil_scoped_release release;
        for (py::ssize_t drop = 0; drop < drops; drop++) {
            selector.reset();
            for (py::ssize_t i = 0; i < steps; i++, row += pairs) {
                selector.step(time[i], row);
                *selected_out++ = selector.selected();
                *effective_out++ = selector.snr_db();
            }
            changes_out[drop] = selector.num_changes();
        }
        selector.reset();
    }
    py::dict result;
    result["selected"] = selected;
    result["snr_db"] = effective;
    result["num_changes"] = changes;
    return result;
}

void bind_selector(py::module& m)
{
    const auto parameters = selection_parameter_list();
    py::class_<configuration_selector> bound(m,
                                             "configuration_selector",
                                             (R"doc(
Selects, step by step, the Tx-Rx pair that sees the target best: the kernel of
mono_bistatic_combiner. Event A3 with the SNR for RSRP; of equal pairs the first.

In a soft handover the pair that was left, the source, senses on beside the selected one, until
the window ends, it sees too little, end_soft(), or the next handover. Source: Y. S. Ribeiro et al.,
"Mobility Management in Integrated Sensing and Communications Networks", section II.

Args:
    num_pairs: 1 to 65536.
)doc" + documentation(parameters) + R"doc(
Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
                                                 .c_str());
    def_init<selection_parameters>(
        bound,
        parameters,
        arguments<size_t>{},
        [](size_t num_pairs, const selection_parameters& p) {
            return std::make_unique<configuration_selector>(num_pairs, p);
        },
        py::arg("num_pairs"));
    bound
        .def(
            "step",
            [](configuration_selector& selector, double time, const values& snr_db) {
                return selector.step(
                    time,
                    one_each(snr_db, "configuration: snr_db with", selector.num_pairs()));
            },
            py::arg("time"),
            py::arg("snr_db"),
            R"doc(
One step; one back in time does nothing.

Args:
    time: s.
    snr_db: one a pair; -inf: it sees no target, NaN: no report.

Returns:
    Whether the selection changed, also from none to the first.
)doc")
        .def("run",
             &run,
             py::arg("times"),
             py::arg("snr_db"),
             R"doc(
Many steps at once, going on from the present state.

Args:
    times: s, ascending.
    snr_db: as in step, len(times) x num_pairs.

Returns:
    dict of selected and source (-1: none) after each step, and snr_db, what both saw together.
)doc")
        .def("run_drops",
             &run_drops,
             py::arg("times"),
             py::arg("snr_db"),
             R"doc(
Many runs over the same times, each from the start; the selector is reset before and after.

Args:
    times: s, ascending.
    snr_db: as in step, drops x len(times) x num_pairs.

Returns:
    dict of selected and snr_db, as in run, drops x len(times) each, and num_changes of each drop.
)doc")
        .def("selected", &configuration_selector::selected, "-1 until one sees a target.")
        .def("source",
             &configuration_selector::source,
             "The pair that senses beside it in a soft handover, else -1.")
        .def("snr_db",
             &configuration_selector::snr_db,
             "Sum of what both saw in the last step, dB.")
        .def("end_soft", &configuration_selector::end_soft, "Ends a soft handover.")
        .def("num_pairs", &configuration_selector::num_pairs)
        .def("num_changes",
             &configuration_selector::num_changes,
             "Changes from one pair to another.")
        .def("reset", &configuration_selector::reset, "As made.");
}

void bind_qos(py::module& m)
{
    const auto parameters = qos_parameter_list();
    py::class_<qos_selector> bound(m,
                                   "qos_selector",
                                   (R"doc(
Selects the Tx-Rx pair for the users' sake: a step with users below the SINR they need, whose
prohibit timers are idle, selects the pair of the highest sensing SINR among those whose receiver
serves none of them, and starts their timers. Where no pair is left the selection stays. Source:
Y. S. Ribeiro et al., "Mobility Management in Integrated Sensing and Communications Networks", Fig. 4.

Args:
    receivers: node that receives in each pair.
    servers: node that serves each user.
    initial: pair that is selected at first.
)doc" + documentation(parameters) + R"doc(
Raises:
    ValueError: naming the parameter, its value and its limit.
)doc")
                                       .c_str());
    using nodes = std::vector<int64_t>;
    def_init<qos_parameters>(
        bound,
        parameters,
        arguments<nodes, nodes, size_t>{},
        [](const nodes& receivers,
           const nodes& servers,
           size_t initial,
           const qos_parameters& p) {
            return std::make_unique<qos_selector>(receivers, servers, initial, p);
        },
        py::arg("receivers"),
        py::arg("servers"),
        py::arg("initial") = 0);
    bound
        .def(
            "step",
            [](qos_selector& selector,
               double time,
               const values& sensing_db,
               const values& user_sinr_db) {
                return selector.step(
                    time,
                    one_each(sensing_db, "qos: sensing_db with", selector.num_pairs()),
                    one_each(
                        user_sinr_db, "qos: user_sinr_db with", selector.num_users()));
            },
            py::arg("time"),
            py::arg("sensing_db"),
            py::arg("user_sinr_db"),
            R"doc(
One step; one back in time does nothing.

Args:
    time: s.
    sensing_db: sensing SINR, one a pair; NaN or -inf: no echo.
    user_sinr_db: one a user, under the selected pair; NaN: no report.

Returns:
    Whether the selection changed.
)doc")
        .def("selected", &qos_selector::selected)
        .def("num_changes", &qos_selector::num_changes)
        .def(
            "triggered",
            [](const qos_selector& selector) {
                std::vector<size_t> users;
                for (size_t user = 0; user < selector.num_users(); user++)
                    if (selector.triggered(user))
                        users.push_back(user);
                return users;
            },
            "Users that triggered in the last step.");
}

} // namespace

void bind_configuration_selector(py::module& m)
{
    bind_selector(m);
    bind_qos(m);
}
