#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Closed forms: link budget, array gain, Cramer-Rao bounds, handover probabilities, rates, bit
error rates.

Every function takes numbers or NumPy arrays that broadcast against each other.
"""

from .isac_python._theory import (
    array_gain,
    bistatic_echo_loss,
    bit_error_rate,
    data_rate,
    delay_doppler_bound,
    echo_loss,
    effective_rate,
    first_upward_crossing,
    free_space_path_loss,
    handover_probability_distance,
    handover_probability_joint,
    handover_probability_rsrp,
    path_loss_log_distance,
    path_loss_uma_av,
    range_crlb,
    shadowing_std_uma_av,
    thermal_noise_dbm,
)

__all__ = [
    "array_gain",
    "bistatic_echo_loss",
    "bit_error_rate",
    "data_rate",
    "delay_doppler_bound",
    "echo_loss",
    "effective_rate",
    "first_upward_crossing",
    "free_space_path_loss",
    "handover_probability_distance",
    "handover_probability_joint",
    "handover_probability_rsrp",
    "path_loss_log_distance",
    "path_loss_uma_av",
    "range_crlb",
    "shadowing_std_uma_av",
    "thermal_noise_dbm",
]
