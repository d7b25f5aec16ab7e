/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing_parameters_python.h"
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/object_track.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <algorithm>
#include <optional>
#include <tuple>

namespace py = pybind11;

namespace {

using gr::isac::object_state;
using gr::isac::object_track;
using gr::isac::path_look;
using gr::isac::position_estimate;
using gr::isac::position_prior;
using gr::isac::position_solver;
using gr::isac::range_sum;
using gr::isac::require;
using gr::isac::vector3;

using values = py::array_t<double, py::array::c_style | py::array::forcecast>;

void require_shape(const values& given,
                   const char* name,
                   const std::vector<py::ssize_t>& shape,
                   const char* wanted)
{
    require(std::vector<py::ssize_t>(given.shape(), given.shape() + given.ndim()) ==
                shape,
            name,
            given.size(),
            std::string("values, must be ") + wanted);
}

template <typename T>
py::array_t<double> array(const T& list)
{
    return py::array_t<double>(list.size(), list.data());
}

template <typename T>
py::array_t<double> matrix(const T& elements, py::ssize_t size)
{
    py::array_t<double> m({ size, size });
    std::copy(elements.begin(), elements.end(), m.mutable_data());
    return m;
}

// The looks of several pairs, one row each.
std::vector<path_look> looks_of(const values& transmitters,
                                const values& receivers,
                                const values& lengths,
                                const values& variances,
                                const std::optional<values>& rates = {},
                                const std::optional<values>& rate_variances = {})
{
    require(lengths.ndim() == 1,
            "positions: lengths with",
            lengths.ndim(),
            "dimensions, must have 1");
    const py::ssize_t count = lengths.size();
    require_shape(transmitters, "positions: transmitters with", { count, 3 }, "n x 3");
    require_shape(receivers, "positions: receivers with", { count, 3 }, "n x 3");
    require_shape(variances, "positions: variances with", { count }, "n");
    require(rates.has_value() == rate_variances.has_value(),
            "positions: rates",
            "without rate_variances",
            "must be given together");
    if (rates) {
        require_shape(*rates, "positions: rates with", { count }, "n");
        require_shape(*rate_variances, "positions: rate_variances with", { count }, "n");
    }
    std::vector<path_look> looks(count);
    for (py::ssize_t i = 0; i < count; i++) {
        std::copy_n(transmitters.data(i, 0), 3, looks[i].transmitter.begin());
        std::copy_n(receivers.data(i, 0), 3, looks[i].receiver.begin());
        looks[i].length = lengths.at(i);
        looks[i].variance = variances.at(i);
        if (rates) {
            looks[i].rate = rates->at(i);
            looks[i].rate_variance = rate_variances->at(i);
        }
    }
    return looks;
}

py::dict to_dict(const position_estimate& e)
{
    py::dict d;
    d["status"] = to_string(e.status);
    d["position"] = array(e.position);
    d["covariance"] = matrix(e.covariance, 3);
    d["residual"] = e.residual;
    d["degrees_of_freedom"] = e.degrees_of_freedom;
    d["alternative"] = py::none();
    if (e.status == position_estimate::state::ambiguous)
        d["alternative"] = array(e.alternative);
    d["num_used"] = e.num_used;
    d["outlier"] = e.outlier;
    return d;
}

auto solver_list()
{
    using p = position_solver::parameters;
    return std::tuple_cat(
        place_parameter_list(),
        std::make_tuple(
            make_parameter("gate",
                           &p::gate,
                           "two solutions whose costs differ by less than its square "
                           "are ambiguous, standard deviations, positive."),
            make_parameter("false_alarm",
                           &p::false_alarm,
                           "probability that sound ranges are called inconsistent, "
                           "above 0, below 1.")));
}

void bind_solver(py::module& m)
{
    const auto parameters = solver_list();
    py::class_<position_solver> bound(m,
                                      "position_solver",
                                      (R"doc(
Where an object is, by the lengths of its echoes' paths over known nodes: the place p that minimises

    sum_i (|p - t_i| + |p - r_i| - l_i)^2 / var_i  [+ (p - m)' C^-1 (p - m)]

with transmitter t_i, receiver r_i and length l_i = c * delay_i of each Tx-Rx pair, and a prior of
mean m and covariance C if there is one. Its covariance is the inverse Fisher matrix

    (sum_i g_i g_i' / var_i [+ C^-1])^-1,  g_i = grad(|p - t_i| + |p - r_i|)

Two ranges in a plane, or nodes in one line or plane, leave two mirror places. The prior, a further
range or the side decides between them; where none does, the result is ambiguous. A range that
contradicts at least two spare ones is left out.

Args:
)doc" + documentation(parameters) + R"doc(
Raises:
    ValueError: naming the parameter, its value and its limit.

Source: M. Malanowski and K. Kulpa, "Two methods for target localization in multistatic passive
radar", IEEE Trans. AES 48(1), 2012; S. M. Kay, "Fundamentals of Statistical Signal Processing:
Estimation Theory", ch. 3.
)doc")
                                          .c_str());
    def_init<position_solver::parameters>(
        bound, parameters, arguments<>{}, [](const position_solver::parameters& p) {
            return std::make_unique<position_solver>(p);
        });
    bound.def(
        "solve",
        [](position_solver& solver,
           const values& transmitters,
           const values& receivers,
           const values& lengths,
           const values& variances,
           const std::optional<std::tuple<vector3, values>>& prior) {
            const auto looks = looks_of(transmitters, receivers, lengths, variances);
            const std::vector<range_sum> ranges(looks.begin(), looks.end());
            position_prior known;
            if (prior) {
                const auto& [mean, covariance] = *prior;
                require_shape(covariance,
                              "positions: covariance of the prior with",
                              { 3, 3 },
                              "3 x 3");
                known.mean = mean;
                std::copy_n(covariance.data(), 9, known.covariance.begin());
            }
            return to_dict(
                solver.solve(ranges.data(), ranges.size(), prior ? &known : nullptr));
        },
        py::arg("transmitters"),
        py::arg("receivers"),
        py::arg("lengths"),
        py::arg("variances"),
        py::arg("prior") = py::none(),
        R"doc(
The place that explains the ranges best.

Args:
    transmitters: n x 3, m.
    receivers: n x 3, m; the transmitter's own place for a monostatic pair.
    lengths: c * delay of each pair, n, m. What is not finite or negative is passed over.
    variances: of the lengths, n, m^2, positive; what is not is passed over.
    prior: (mean, 3 x 3 covariance) of the position, m and m^2, or None.

Returns:
    dict of status ("none", "undetermined", "inconsistent", "ambiguous" or "unique"), position (m),
    covariance (3 x 3, m^2; infinite variances when undetermined), residual (sum of squared
    deviations over variances), degrees_of_freedom (of the residual), alternative (the other place
    of an ambiguous one, else None), num_used, outlier (index of the range that was left out, or
    None).
)doc");
}

void bind_track(py::module& m)
{
    const auto parameters =
        std::tuple_cat(within(&object_track::parameters::solver, solver_list()),
                       motion_parameter_list());
    py::class_<object_track> bound(m,
                                   "object_track",
                                   (R"doc(
Follows one object by the ranges and range rates of Tx-Rx pairs: a Kalman filter of nearly constant
velocity whose prediction is the prior of a position_solver. A single range suffices once it is
followed. A range rate is

    (u_t + u_r)' v,  u = unit vectors from transmitter and receiver to the object

It starts with the first position that is unique.

Args:
)doc" + documentation(parameters) + R"doc(
Raises:
    ValueError: naming the parameter, its value and its limit.

Source: Y. Bar-Shalom, X. R. Li and T. Kirubarajan, "Estimation with Applications to Tracking and
Navigation", sections 6.2.2 and 10.3.
)doc")
                                       .c_str());
    def_init<object_track::parameters>(
        bound, parameters, arguments<>{}, [](const object_track::parameters& p) {
            return std::make_unique<object_track>(p);
        });
    bound
        .def(
            "step",
            [](object_track& track,
               double time,
               const values& transmitters,
               const values& receivers,
               const values& lengths,
               const values& variances,
               const std::optional<values>& rates,
               const std::optional<values>& rate_variances) {
                const auto looks = looks_of(
                    transmitters, receivers, lengths, variances, rates, rate_variances);
                return to_dict(track.step(time, looks.data(), looks.size()));
            },
            py::arg("time"),
            py::arg("transmitters"),
            py::arg("receivers"),
            py::arg("lengths"),
            py::arg("variances"),
            py::arg("rates") = py::none(),
            py::arg("rate_variances") = py::none(),
            R"doc(
One step; one back in time does nothing.

Args:
    time: s.
    transmitters, receivers, lengths, variances: as in position_solver.solve.
    rates: of the lengths, n, m/s, positive when receding, or None.
    rate_variances: n, m^2/s^2, or None; infinite: unknown.

Returns:
    dict as of position_solver.solve, by these looks alone; of two mirror places the one nearer to
    the track.
)doc")
        .def(
            "predict",
            [](const object_track& track, double time) -> py::object {
                if (!track.active(time))
                    return py::none();
                const object_state s = track.predict(time);
                py::dict d;
                d["time"] = s.time;
                d["position"] = array(s.position);
                d["velocity"] = array(s.velocity);
                d["covariance"] = matrix(s.covariance, 6);
                return d;
            },
            py::arg("time"),
            "dict of time (s), position (m), velocity (m/s) and their 6 x 6 covariance; "
            "None without a track.")
        .def("reset", &object_track::reset, "As made.");
}

} // namespace

void bind_positions(py::module& m)
{
    bind_solver(m);
    bind_track(m);
}
