/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/theory/array_gain.h>
#include <gnuradio/isac/theory/bit_error_rate.h>
#include <gnuradio/isac/theory/constants.h>
#include <gnuradio/isac/theory/crossing.h>
#include <gnuradio/isac/theory/data_rate.h>
#include <gnuradio/isac/theory/fisher.h>
#include <gnuradio/isac/theory/handover_probability.h>
#include <gnuradio/isac/theory/link_budget.h>
#include <gnuradio/isac/theory/range_crlb.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <cmath>
#include <optional>

namespace py = pybind11;

namespace {

namespace theory = gr::isac::theory;

using values = py::array_t<double, py::array::c_style | py::array::forcecast>;

// Counts come as rho * N, which is whole but for rounding; what is not is refused rather
// than cut down.
int64_t whole(const char* name, double value)
{
    const double rounded = std::round(value);
    gr::isac::require(std::abs(value - rounded) < 1e-6 && std::abs(value) < 1e15,
                      name,
                      value,
                      "must be a whole number");
    return static_cast<int64_t>(rounded);
}

py::object range_crlb(const values& snr,
                      const values& subcarrier_spacing,
                      const values& num_symbols,
                      const values& num_pilots,
                      const values& pilot_spacing,
                      const std::string& model,
                      double speed_of_light)
{
    const auto known = theory::phase_model_of(model);
    const auto one = [&](double gamma, double df, double m, double k, double s) {
        return theory::range_crlb(gamma,
                                  df,
                                  whole("range_crlb: num_symbols", m),
                                  whole("range_crlb: num_pilots", k),
                                  whole("range_crlb: pilot_spacing", s),
                                  known,
                                  speed_of_light);
    };
    return py::vectorize(one)(
        snr, subcarrier_spacing, num_symbols, num_pilots, pilot_spacing);
}

py::dict delay_doppler_bound(const values& snr,
                             const values& frequencies,
                             const values& times,
                             const std::optional<values>& weights,
                             const std::string& model)
{
    const auto require_vector = [](const char* name, const values& v) {
        gr::isac::require(v.ndim() == 1, name, v.ndim(), "dimensions, must be 1");
    };
    require_vector("delay_doppler_bound: frequencies with", frequencies);
    require_vector("delay_doppler_bound: times with", times);
    values used({ times.size(), frequencies.size() });
    if (weights) {
        gr::isac::require(weights->ndim() == 2 && weights->shape(0) == times.size() &&
                              weights->shape(1) == frequencies.size(),
                          "delay_doppler_bound: weights of size",
                          weights->size(),
                          "must be len(times) x len(frequencies)");
        used = *weights;
    } else {
        std::fill_n(used.mutable_data(), used.size(), 1.0);
    }
    const auto moments = theory::moments_of_rows(
        used.data(), frequencies.data(), frequencies.size(), times.data(), times.size());
    const auto known = theory::phase_model_of(model);
    const auto member = [&](double theory::delay_doppler_bound::*value) -> py::object {
        return py::vectorize([&moments, known, value](double gamma) {
            return theory::bound(moments, gamma, known).*value;
        })(snr);
    };
    py::dict result;
    result["var_delay"] = member(&theory::delay_doppler_bound::var_delay);
    result["var_doppler"] = member(&theory::delay_doppler_bound::var_doppler);
    result["covariance"] = member(&theory::delay_doppler_bound::covariance);
    return result;
}

// Along the last axis of y, as NumPy's reductions do.
py::object first_upward_crossing(const values& x, const values& y, double level)
{
    const auto axes = y.ndim();
    gr::isac::require(x.ndim() == 1,
                      "first_upward_crossing: x with",
                      x.ndim(),
                      "dimensions, must be 1");
    gr::isac::require(axes >= 1 && y.shape(axes - 1) == x.size(),
                      "first_upward_crossing: y of size",
                      y.size(),
                      "must have len(x) values along its last axis");
    const size_t count = x.size();
    values result(std::vector<py::ssize_t>(y.shape(), y.shape() + axes - 1));
    for (py::ssize_t i = 0; i < result.size(); i++)
        result.mutable_data()[i] =
            theory::first_upward_crossing(x.data(), y.data() + i * count, count, level);
    if (axes == 1)
        return py::float_(*result.data());
    return std::move(result);
}

void bind_link_budget(py::module& m)
{
    m.def("path_loss_uma_av",
          py::vectorize(&theory::path_loss_uma_av),
          py::arg("distance"),
          py::arg("carrier_frequency"),
          R"doc(
Line-of-sight loss of 3GPP TR 36.777, urban macro to an aerial user, dB.

28 + 22 log10(distance) + 20 log10(carrier_frequency / 1 GHz).

Args:
    distance: in space, m, positive.
    carrier_frequency: Hz, positive.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("path_loss_log_distance",
          py::vectorize(&theory::path_loss_log_distance),
          py::arg("distance"),
          py::arg("exponent"),
          py::arg("reference_loss"),
          R"doc(
reference_loss + 10 exponent log10(distance / 1 m), dB.

Args:
    distance: m, positive.
    exponent: of the distance, not negative.
    reference_loss: at 1 m, dB.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("free_space_path_loss",
          py::vectorize(&theory::free_space_path_loss),
          py::arg("distance"),
          py::arg("carrier_frequency"),
          R"doc(
(4 pi distance carrier_frequency / c)^2, dB.

Args:
    distance: m, positive.
    carrier_frequency: Hz, positive.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("echo_loss",
          py::vectorize(&theory::echo_loss),
          py::arg("path_loss"),
          py::arg("rcs"),
          py::arg("wavelength"),
          R"doc(
Loss out to a target and back: 2 L - 10 log10(rcs) + 10 log10(wavelength^2 / 4 pi), dB.

With the free-space loss this is the radar equation (4 pi)^3 d^4 / (wavelength^2 rcs). Source:
J. Li et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks", section II.

Args:
    path_loss: L, one way, dB.
    rcs: radar cross section, m^2, not negative; zero gives an infinite loss.
    wavelength: m, positive.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("bistatic_echo_loss",
          py::vectorize(&theory::bistatic_echo_loss),
          py::arg("path_loss_tx"),
          py::arg("path_loss_rx"),
          py::arg("rcs"),
          py::arg("wavelength"),
          R"doc(
echo_loss for a receiver elsewhere, which the echo reaches by a path of its own, dB.

Args:
    path_loss_tx: from the transmitter to the target, dB.
    path_loss_rx: from the target to the receiver, dB.
    rcs: bistatic radar cross section, m^2, not negative.
    wavelength: m, positive.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("thermal_noise_dbm",
          py::vectorize(&theory::thermal_noise_dbm),
          py::arg("bandwidth"),
          py::arg("noise_figure_db") = 0.0,
          R"doc(
k T B F with T = 290 K, dBm.

Args:
    bandwidth: Hz, positive.
    noise_figure_db: dB.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("array_gain",
          py::vectorize([](double steered, double u, double elements, double spacing) {
              const int64_t n = whole("array_gain: elements", elements);
              gr::isac::require(n >= 1, "array_gain: elements", n, "must be at least 1");
              return theory::array_gain(steered, u, n, spacing);
          }),
          py::arg("steered"),
          py::arg("u"),
          py::arg("elements"),
          py::arg("spacing") = 0.5,
          R"doc(
Power gain of a uniform line of isotropic elements with weights of unit norm.

[sin(n x) / sin(x)]^2 / n with x = pi spacing (u - steered), n where the beam points.

Args:
    steered: direction cosine to the line that the beam points to.
    u: direction cosine that is looked at.
    elements: n, at least 1.
    spacing: of the elements, wavelengths, positive.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("shadowing_std_uma_av",
          py::vectorize(&theory::shadowing_std_uma_av),
          py::arg("height"),
          R"doc(
Line-of-sight shadowing of 3GPP TR 36.777, urban macro to an aerial user: 4.64 exp(-0.0066 h), dB.

Args:
    height: of the user over ground, m, not negative.

Raises:
    ValueError: for a value out of its range.
)doc");
}

void bind_bounds(py::module& m)
{
    m.def("range_crlb",
          &range_crlb,
          py::arg("snr"),
          py::arg("subcarrier_spacing"),
          py::arg("num_symbols"),
          py::arg("num_pilots"),
          py::arg("pilot_spacing") = 1,
          py::arg("model") = "unknown_phase",
          py::arg("speed_of_light") = gr::isac::SPEED_OF_LIGHT,
          R"doc(
Cramer-Rao bound of a monostatic range by K pilots on a regular comb in each of M symbols, m^2.

unknown_phase: 3 c^2 / (8 pi^2 snr (s df)^2 M K (K^2 - 1)), what a real receiver can attain.
known_phase: 3 c^2 / (16 pi^2 snr (s df)^2 M K (K - 1) (2 K - 1)), known at the lowest pilot.
published: twice known_phase, eq. (7) of J. Li et al., "Sensing-Enhanced Handover Criterion for
Low-Altitude Wireless Networks", whose likelihood (5) is that of real noise.

Args:
    snr: linear, per resource element, not negative; zero gives an infinite variance.
    subcarrier_spacing: df, Hz, positive.
    num_symbols: M, at least 1.
    num_pilots: K a symbol, at least 1; one alone gives an infinite variance.
    pilot_spacing: s in subcarriers, at least 1.
    model: "unknown_phase", "known_phase" or "published".
    speed_of_light: c, m/s, for a paper that rounds it.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("delay_doppler_bound",
          &delay_doppler_bound,
          py::arg("snr"),
          py::arg("frequencies"),
          py::arg("times"),
          py::arg("weights") = py::none(),
          py::arg("model") = "unknown_phase",
          R"doc(
Cramer-Rao bound of delay and Doppler of one echo by any pattern of resource elements.

The inverse Fisher matrix of amplitude, phase, delay and Doppler. What the pattern cannot measure
has an infinite variance.

Args:
    snr: of a resource element of weight 1, linear, not negative; number or array.
    frequencies: offset of each subcarrier from the carrier, ascending, Hz.
    times: of each symbol from the middle of the frame, s (ofdm_grid.symbol_times()).
    weights: energy of each element, len(times) x len(frequencies), zero where it is not used;
        None: all 1.
    model: "unknown_phase", "known_phase" (at the carrier and time 0) or "published" (twice the
        variance of a phase known at the lowest frequency).

Returns:
    dict of var_delay (s^2), var_doppler (Hz^2) and covariance (s Hz), each shaped as snr.

Raises:
    ValueError: for a value out of its range.
)doc");
}

void bind_probabilities(py::module& m)
{
    m.def("handover_probability_rsrp",
          py::vectorize(&theory::handover_probability_rsrp),
          py::arg("path_loss_serving"),
          py::arg("path_loss_target"),
          py::arg("hysteresis"),
          py::arg("shadowing_std"),
          R"doc(
Probability that one decision by RSRP (event A3) hands over, both links shadowed independently.

Q((hysteresis + L_T - L_S) / (sqrt(2) shadowing_std)), eq. (8) of J. Li et al., "Sensing-Enhanced
Handover Criterion for Low-Altitude Wireless Networks".

Args:
    path_loss_serving: L_S, one way, dB.
    path_loss_target: L_T, one way, dB.
    hysteresis: dB.
    shadowing_std: dB, not negative.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("handover_probability_distance",
          py::vectorize(&theory::handover_probability_distance),
          py::arg("distance_serving"),
          py::arg("distance_target"),
          py::arg("threshold"),
          py::arg("variance_serving"),
          py::arg("variance_target"),
          R"doc(
Probability that one decision by sensed distance hands over.

Q((threshold + d_T - d_S) / sqrt(variance_S + variance_T)), eq. (9) of J. Li et al.,
"Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks".

Args:
    distance_serving: d_S, m, not negative.
    distance_target: d_T, m, not negative.
    threshold: m.
    variance_serving: of the measured distance, m^2, not negative, may be infinite.
    variance_target: likewise.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("handover_probability_joint",
          py::vectorize(&theory::handover_probability_joint),
          py::arg("p_rsrp"),
          py::arg("p_distance"),
          R"doc(
Probability of either of two independent conditions: p_R + p_D - p_R p_D, eq. (10) of J. Li et al.,
"Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks".

Args:
    p_rsrp: 0 to 1.
    p_distance: 0 to 1.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("first_upward_crossing",
          &first_upward_crossing,
          py::arg("x"),
          py::arg("y"),
          py::arg("level"),
          R"doc(
Where a sampled curve first comes up to a level, interpolated linearly.

The edges of a handover region are where the probability passes 0.1 and 0.9.

Args:
    x: ascending, one axis.
    y: its last axis as long as x; next to a NaN there is no crossing.
    level: finite.

Returns:
    One a curve, NaN when it never lies below the level and then at or above it.

Raises:
    ValueError: for an x that does not ascend, shapes that do not fit, or a level that is not finite.
)doc");
    m.def("data_rate",
          py::vectorize(&theory::data_rate),
          py::arg("snr"),
          py::arg("bandwidth"),
          py::arg("sensing_share") = 0.0,
          R"doc(
Capacity that sensing leaves to data, bit/s: (1 - sensing_share) bandwidth log2(1 + snr).

Source: J. Li et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks",
eq. (4).

Args:
    snr: linear, not negative.
    bandwidth: Hz, positive.
    sensing_share: of the resource elements, 0 to 1.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def("effective_rate",
          py::vectorize(&theory::effective_rate),
          py::arg("probability"),
          py::arg("rate_serving"),
          py::arg("rate_target"),
          R"doc(
Mean rate of one that hands over with this probability, bit/s: (1 - p) R_S + p R_T.

Source: J. Li et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks",
eq. (11).

Args:
    probability: of the handover, 0 to 1.
    rate_serving: R_S, bit/s, not negative.
    rate_target: R_T, bit/s, not negative.

Raises:
    ValueError: for a value out of its range.
)doc");
    m.def(
        "bit_error_rate",
        [](const values& snr, const std::string& modulation) {
            return py::vectorize([&modulation](double gamma) {
                return theory::bit_error_rate(gamma, modulation);
            })(snr);
        },
        py::arg("snr"),
        py::arg("modulation"),
        R"doc(
Exact bit error rate of Gray-mapped symbols in white Gaussian noise.

Source: K. Cho and D. Yoon, "On the general BER expression of one- and two-dimensional amplitude
modulations", IEEE Trans. Commun. 50(7), 2002.

Args:
    snr: symbol energy over noise density, linear, not negative.
    modulation: "bpsk", "qpsk", "16qam", "64qam" or "256qam".

Raises:
    ValueError: for a value out of its range.
)doc");
}

} // namespace

void bind_theory(py::module& m)
{
    py::module forms =
        m.def_submodule("_theory", "Closed forms; use gnuradio.isac.theory.");
    bind_link_budget(forms);
    bind_bounds(forms);
    bind_probabilities(forms);
}
