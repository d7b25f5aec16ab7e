#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""OFDM grids by name."""

from .isac_python import ofdm_grid


def ofdm_grid_preset(name: str, **overrides) -> ofdm_grid:
    """A grid by its preset's name, with any parameter of ofdm_grid overridden.

    Args:
        name: "LAWN", "LAWN flight", or "NR mu 0" to "NR mu 6".
        overrides: parameters of ofdm_grid that differ from the preset.

    Raises:
        ValueError: for an unknown preset or a value out of range.
    """
    return ofdm_grid(**{**ofdm_grid.preset_parameters(name), **overrides})
