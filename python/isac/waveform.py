#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The waveform's kernels on NumPy arrays, without a flowgraph."""

from .isac_python._waveform import (
    constellation,
    demodulate,
    frame_codec,
    frame_receiver,
    map_frame,
    modulate,
)

__all__ = [
    "constellation",
    "demodulate",
    "frame_codec",
    "frame_receiver",
    "map_frame",
    "modulate",
]
