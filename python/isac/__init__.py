#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""gr-isac: OFDM integrated sensing and communication for GNU Radio."""

import importlib

from .isac_python import *
from . import sensing
from . import theory
from . import waveform
from .grid_presets import ofdm_grid_preset
from .handover_log import handover_log
from .message_router import message_router
from .run import run_until


def __getattr__(name):
    # Imported when first asked for: scenes need PyYAML and are a program too, displays need Qt,
    # which a headless machine may lack.
    if name == "scene":
        return importlib.import_module(".scene", __name__)
    if name == "handover_display":
        from .displays import handover_display
        return handover_display
    if name == "pair_display":
        from .pair_displays import pair_display
        return pair_display
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
