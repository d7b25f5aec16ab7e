#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""gr-isac: OFDM integrated sensing and communication for GNU Radio."""

from .isac_python import *
from . import sensing
from . import theory
from . import waveform
from .grid_presets import ofdm_grid_preset
from .handover_log import handover_log
from .run import run_until


def __getattr__(name):
    # Displays need Qt, which a headless machine may lack: imported when first asked for.
    if name == "handover_display":
        from .displays import handover_display
        return handover_display
    if name == "pair_display":
        from .pair_displays import pair_display
        return pair_display
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
