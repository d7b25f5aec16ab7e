#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""gr-isac: OFDM integrated sensing and communication for GNU Radio."""

from .isac_python import *
from .grid_presets import ofdm_grid_preset
from . import theory, waveform
