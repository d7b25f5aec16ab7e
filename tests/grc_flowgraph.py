#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Flowgraphs as GNU Radio Companion stores them, for tests that compile and run them."""

import yaml


def block(name: str, key: str, **parameters) -> dict:
    """A block of a flowgraph; parameters that are not given keep their defaults."""
    return {
        "name": name,
        "id": key,
        "parameters": {k: str(v) for k, v in parameters.items()},
        "states": {"state": "enabled"},
    }


def flowgraph(name: str, blocks: list, connections: list) -> str:
    """The text of a .grc file without a GUI."""
    return yaml.safe_dump({
        "options": {
            "parameters": {"id": name, "generate_options": "no_gui",
                           "output_language": "python", "run_options": "run", "title": name},
            "states": {"state": "enabled"},
        },
        "blocks": blocks,
        "connections": connections,
        "metadata": {"file_format": 1},
    })
