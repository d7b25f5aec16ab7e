#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Every parameter of everything that is made in Python refuses what is out of its range.

A parameter that the table forgets fails the test. The same parameters stand in GRC, where an assert,
a list of options or the type keeps out what is out of range.
"""

import math
import os
import re
import unittest
from pathlib import Path

import yaml
from gnuradio import isac

GRC = Path(os.environ["ISAC_SOURCE_DIR"]) / "grc"
NAN, INF = math.nan, math.inf
GRID = isac.ofdm_grid(fft_len=64, cp_len=16, num_symbols=16)
ULA = isac.scene.antenna_array(4)
SCENE = isac.scene.scene([isac.scene.node("AP1", isac.trajectory((0, 0, 0)), ULA, 30, -90)],
                         objects=[isac.scene.sensed_object("object", isac.target((50, 40, 0)))],
                         carrier_frequency=3.5e9)
SENSES = [("AP1", "object")]
NO_PILOTS = isac.ofdm_grid(fft_len=64, cp_len=16, num_symbols=16, pilots="none")
NO_DATA = isac.ofdm_grid(fft_len=64, cp_len=16, num_symbols=16, pilots="all")
NOT_NEGATIVE = (-1.0, -1e-9, NAN, INF)
POSITIVE = (0.0, -1.0, NAN, INF)
FINITE = (NAN, INF, -INF)
CELL = {"pilots": "cells"}
COMB = {"pilots": "comb"}

# What cannot be out of range, since it is one of two.
SWITCHES = {"preamble", "dc_null", "repeat_frame", "noise_enabled", "bound_missing",
            "super_resolution", "compensate_motion", "locate_by_all", "handshake"}


class given:
    """A value that is wrong together with other parameters, or that is told of by another name."""

    def __init__(self, value, told=None, shown=None, in_grc=True, **others):
        self.value, self.told, self.shown, self.others = value, told, shown, others
        self.in_grc = in_grc


# For each: the parameters that have to be given, and what is wrong for each parameter.
TABLE = {
    "ofdm_grid": ({}, {
        "fft_len": (0, -2, 1, 63, 65538),
        "cp_len": (-1, 1025, [72, -1], given([], shown="0"), given([1] * 113, shown="113")),
        "num_symbols": (0, -1, 65537),
        "subcarrier_spacing": POSITIVE,
        "carrier_frequency": POSITIVE,
        "pilots": ("", "some"),
        "pilot_share": [given(v, pilots="contiguous") for v in (0.0, -0.1, 1.1, NAN)],
        "comb_spacing_frequency": [given(v, **COMB) for v in (0, -1, 1025)],
        "comb_spacing_time": [given(v, **COMB) for v in (0, -1, 113)],
        "comb_offset_frequency": [given(v, **COMB) for v in (-1, 4)],
        "comb_offset_time": [given(v, **COMB) for v in (-1, 1)],
        "comb_stagger": [given(v, **COMB) for v in (-1, 4)],
        "pilot_cells": (given([(0, 0), (0, 0)], shown="symbol 0, subcarrier 0", **CELL),
                        given([(112, 0)], "pilot symbol", "112", **CELL),
                        given([(0, 1024)], "pilot subcarrier", "1024", **CELL),
                        given([(0, 0, 2 + 0j)], "pilot value", "2", **CELL),
                        given([(0, 512)], shown="subcarrier 512", dc_null=True, **CELL)),
        "modulation": ("", "8psk"),
        "guard_low": (-1, 1024),
        "guard_high": (-1, 1024),
        "pilot_seed": (-1,),
    }),
    "ofdm_modulator": ({"grid": GRID}, {
        "grid": (given(None, shown="none"), given(NO_DATA, shown="0")),
        "tx_power_dbm": (-201.0, 101.0, NAN, INF),
        "input": ("", "bytes"),
        "num_frames": (-1,),
        # Without an input GRC hides it, and makes it "idle".
        "when_starved": ("", "stop", given("wait", in_grc=False, input="none")),
    }),
    "ofdm_demodulator": ({"grid": GRID}, {
        "grid": (given(None, shown="none"),),
        "timing_advance": (-1, 17),
    }),
    "ofdm_receiver": ({"grid": GRID}, {
        "grid": (given(None, shown="none"), given(NO_PILOTS, shown="0")),
        "node": (-1,),
        "channel": ("", "guessed"),
    }),
    "echo_channel": ({"grid": GRID, "transmitter": (0, 0, 0)}, {
        "grid": (given(None, shown="none"),),
        "transmitter": (given((NAN, 0, 0), "position", "nan"),),
        "receiver": (given((0, INF, 0), "position", "inf"),),
        "targets": (given([None], shown="none"),),
        "tx": (-1,),
        "rx": (-1,),
        "path_loss": ("", "rural"),
        "path_loss_exponent": NOT_NEGATIVE,
        "reference_loss_db": FINITE,
        "direct_path": (given(True, shown="true"),),
        "tx_gain_db": FINITE,
        "rx_gain_db": FINITE,
        "noise_figure_db": NOT_NEGATIVE,
        "self_interference": ("", "some"),
        "leakage_gain_db": FINITE,
        "leakage_delay": NOT_NEGATIVE,
        "residual_dbm": FINITE,
        "shadowing_std_db": NOT_NEGATIVE,
        "shadowing_correlation_m": NOT_NEGATIVE,
        "dwell_frames": (0, -1),
        "revisit_interval": NOT_NEGATIVE,
        "start_time": FINITE,
        "seed": (-1,),
    }),
    "scene_channel": ({"grid": GRID, "scene": SCENE, "transmit": SENSES, "receive": SENSES}, {
        "grid": (given(None, shown="none"),),
        "scene": (given(None, shown="none"),),
        "transmit": (given([], shown="none"),
                     given([("AP2", "object")], shown="'AP2'", in_grc=False),
                     given([("AP1", "AP1")], shown="'AP1'", in_grc=False)),
        "receive": (given([], shown="none"), given(["AP2"], shown="'AP2'", in_grc=False),
                    given(["AP1"], shown="''", in_grc=False)),
        "paths": ("", "some"),
        "self_interference": ("", "some"),
        "fading": ("", "rayleigh"),
        "dwell_frames": (0, -1),
        "revisit_interval": NOT_NEGATIVE,
        "start_time": FINITE,
        "seed": (-1,),
    }),
    "range_doppler_estimator": ({"grid": GRID}, {
        "grid": (given(None, shown="none"), given(NO_PILOTS, "pilots", "0")),
        "tx": (-1,),
        "rx": (-1,),
        "reference": ("", "none"),
        "mode": ("", "ratio"),
        "window": ("", "round"),
        "window_parameter": [given(v, window="tukey") for v in (-0.1, 1.1, NAN)] +
                            [given(v, window="kaiser") for v in (-0.1, 101.0, NAN)],
        "pad_delay": (0, -1, 3, 16),
        "pad_doppler": (0, -1, 3, 16),
        "cfar": ("", "go"),
        "pfa": (0.0, 1.0, -1.0, 2.0, NAN),
        "guard_delay": (-1, 1025),
        "guard_doppler": (-1, 1025),
        "training_delay": (-1, 1025, given(0, "training", training_doppler=0)),
        "training_doppler": (-1, 1025),
        "os_rank": (0.0, -0.1, 1.1, NAN),
        "max_targets": (0, -1, 1025),
        "dynamic_range_db": (9, 141, NAN, INF),
        "reference_frames": (-1, 1025),
        "threads": (0, -1, 65),
        "clutter": ("", "average"),
        "clutter_memory": (0, 65537),
        "clutter_cutoff": [given(v, clutter="mti") for v in (0.0, -1.0, 100.0, NAN)],
        "clutter_delays": (given([], "delays", "0", clutter="eca"),
                           given([-1e-6], "delay", "-1e-06", clutter="eca")),
    }),
    "range_doppler_detector": ({"grid": GRID}, {
        "grid": (given(None, shown="none"), given(NO_PILOTS, "pilots", "0")),
        "tx": (-1,),
        "rx": (-1,),
        "reference": ("", "none"),
        "inputs": (0, -1, 17),
        "frames": (0, -1, 1025, given(65, inputs=16)),
        "hop": (-1, 3, 16),
        "window": ("", "round"),
        "window_parameter": [given(v, window="tukey") for v in (-0.1, 1.1, NAN)] +
                            [given(v, window="kaiser") for v in (-0.1, 101.0, NAN)],
        "pad_delay": (0, -1, 3, 16),
        "pad_doppler": (0, -1, 3, 16),
        "cfar": ("", "none"),
        "pfa": (0.0, 1.0, -1.0, 2.0, NAN),
        "guard_delay": (-1, 1025),
        "guard_doppler": (-1, 1025),
        "training_delay": (-1, 1025, given(0, "training", training_doppler=0)),
        "training_doppler": (-1, 1025),
        "os_rank": (0.0, -0.1, 1.1, NAN),
        "max_targets": (0, -1, 1025),
    }),
    "crlb_monitor": ({"grid": GRID}, {
        "grid": (given(None, shown="none"), given(NO_PILOTS, "pilots", "0")),
        "reference": ("", "none"),
        "model": ("", "some"),
        "gate_delay": POSITIVE,
        "gate_doppler": POSITIVE,
        "window": (-1, 1000001),
    }),
    "handover_decider": ({"cells": [0, 1]}, {
        "cells": (given([], shown="0"), given([0, -1], shown="-1"), given([1, 1], shown="1")),
        "criterion": ("", "best"),
        "hysteresis_db": NOT_NEGATIVE,
        "l3_coefficient": (0.0, -1.0, 1.1, NAN),
        "l3_period": NOT_NEGATIVE,
        "time_to_trigger": NOT_NEGATIVE,
        "distance_threshold_m": NOT_NEGATIVE,
        "distance_confidence": NOT_NEGATIVE,
        "distance_acceleration": NOT_NEGATIVE,
        "distance_gate": POSITIVE,
        "prohibit_time": NOT_NEGATIVE,
        "return_hysteresis_db": NOT_NEGATIVE,
        "return_time": NOT_NEGATIVE,
        "ping_pong_window": NOT_NEGATIVE,
        "outage_sinr_db": FINITE,
        "measurement_hold": NOT_NEGATIVE,
        "initial_cell": (-2, 2),
        "tolerance": NOT_NEGATIVE,
        "patience": NOT_NEGATIVE,
    }),
    "mono_bistatic_combiner": ({"pairs": [(0, 0)]}, {
        "pairs": (given([], shown="0"), given([(0, -1)], shown="-1"),
                  given([(0, 1), (0, 1)], shown="0")),
        "hysteresis_db": NOT_NEGATIVE,
        "time_to_trigger": NOT_NEGATIVE,
        "silence_time": NOT_NEGATIVE,
        "l3_coefficient": (0.0, -1.0, 1.1, NAN),
        "needed_below_db": (NAN,),
        "soft_window": NOT_NEGATIVE,
        "soft_end_db": (NAN,),
        "users": (given([-1], shown="-1"), given([1, 1], shown="1")),
        "needed_sinr_db": FINITE,
        "prohibit_time": NOT_NEGATIVE,
        "reports_per_pair": (0, -1),
        "window": NOT_NEGATIVE,
        "gate": POSITIVE,
        "patience": NOT_NEGATIVE,
        "nodes": (given({1: (0, 0, 0)}, shown="0"),
                  given({0: (0, NAN, 0)}, "position of a node", "nan")),
        "dimensions": (1, 4),
        "height": FINITE,
        "side": (given((1.0,), shown="1"), given((1.0, 0.0, 0.0, INF), shown="inf")),
        "acceleration": NOT_NEGATIVE,
        "speed": POSITIVE,
        "memory": NOT_NEGATIVE,
        "reply_time": NOT_NEGATIVE,
        "retry_time": POSITIVE,
        "num_symbols": (-1,),
        "num_subcarriers": (-1,),
        "tx_power_dbm": FINITE,
        "lead_time": NOT_NEGATIVE,
        "coverage_range": (0.0, -1.0, NAN),
        "walls": (given([((1, 1, 0), (1, 1, 5))], "wall", "0"),
                  given([((0, 0, 0), (1, NAN, 0))], "wall", "nan")),
        "restricted_beams": (given({-1: [(0, 1)]}, shown="-1"),
                             given({0: [(0, INF)]}, shown="inf")),
        "user_positions": (given([(0, 0, NAN)], shown="nan"),),
        "interference_angle": (-0.1, 3.2, NAN),
        "resolution_angle": (-0.1, 3.2, NAN),
        "fade_db": (0.0, -1.0, NAN),
    }),
    "sensing_node": ({"node": 0}, {
        "node": (-1,),
        "position": (given((0, 0, NAN), shown="nan"),),
        "beamwidth": (0.0, -1.0, 3.2, NAN),
        "sector_azimuth": FINITE,
        "sector_width": (0.0, -1.0, 6.3, NAN),
        "sector_elevation": (-1.6, 1.6, NAN),
        "sector_height": (-0.1, 3.2, NAN),
        "num_symbols": (-1,),
        "num_subcarriers": (-1,),
        "tx_power_dbm": FINITE,
        "release_snr_db": (NAN,),
    }),
    "target": ({"trajectory": (0, 0, 0)}, {
        "trajectory": (given((0, 0, NAN), "position", "nan"),),
        "rcs": POSITIVE,
        "swerling": (-1, 5),
    }),
    "trajectory": ({"position": (0, 0, 0)}, {
        "position": (given((NAN, 0, 0), shown="nan"), given(None, shown="")),
        "velocity": (given((0, INF, 0), shown="inf"),),
        "times": [given(v, shown=s, position=None, positions=[(0, 0, 0)] * len(v)) for v, s in
                  (([], "0"), ([NAN], "nan"), ([1.0, 1.0], "1"), ([2.0, 1.0], "1"))],
        "positions": (given([(0, 0, 0)], shown="1", position=None, times=[0.0, 1.0]),
                      given([(0, 0, INF)], shown="inf", position=None, times=[0.0])),
    }),
}


def parameters_of(name: str) -> list:
    """Of the constructor, by the signature in its docstring."""
    signature = getattr(isac, name).__init__.__doc__.splitlines()[0]
    return re.findall(r"[(,] (\w+): ", signature.replace("(self", "( self"))[1:]


def shown(value) -> str:
    """How a message shows a value, without the zeros that C++ leaves out."""
    return f"{value:g}" if isinstance(value, float) else str(value)


class qa_refusals(unittest.TestCase):
    def test_no_parameter_is_forgotten(self):
        for name, (_, wrong) in TABLE.items():
            self.assertEqual(set(wrong), set(parameters_of(name)) - SWITCHES, name)
        made = {path.name.split(".")[0].replace("isac_", "", 1)
                for path in GRC.glob("isac_*.block.yml")}
        # Displays have tests of their own, and so has what is wrong in the file of a scene; the
        # router has no parameters.
        tested_apart = {"handover_display", "pair_display", "scene", "message_router"}
        self.assertEqual(made - tested_apart, set(TABLE))

    def test_wrong_values_are_refused(self):
        for name, (needed, wrong) in TABLE.items():
            make = getattr(isac, name)
            make(**needed)
            for parameter, values in wrong.items():
                for case in values:
                    case = case if isinstance(case, given) else given(case)
                    with self.subTest(made=name, **{parameter: case.value}):
                        self.refuse(make, {**needed, **case.others, parameter: case.value},
                                    case.told or parameter, case)

    def refuse(self, make, arguments, told, case):
        with self.assertRaises(ValueError) as caught:
            make(**{key: value for key, value in arguments.items()
                    if make is not isac.trajectory or value is not None})
        text = str(caught.exception)
        value = case.shown
        if value is None:
            values = case.value if isinstance(case.value, list) else [case.value]
            value = shown(values[-1])
        # The parameter, the value, and a limit.
        self.assertIn(told, text)
        self.assertIn(value, text)
        self.assertRegex(text, "must|needs|give|twice")

    def test_unknown_presets_are_refused(self):
        with self.assertRaisesRegex(ValueError, "preset = LAWN flite must be LAWN"):
            isac.ofdm_grid_preset("LAWN flite")

    def test_grc_keeps_the_same_out(self):
        for name, (_, wrong) in TABLE.items():
            text = yaml.safe_load((GRC / f"isac_{name}.block.yml").read_text())
            parameters = {parameter["id"]: parameter for parameter in text["parameters"]}
            asserts = " ".join(text.get("asserts", []))
            for parameter in wrong:
                if parameter == "grid":  # GRC refuses a name that it does not know
                    continue
                with self.subTest(block=name, parameter=parameter):
                    self.assertIn(parameter, parameters)
                    guarded = ("options" in parameters[parameter] or
                               re.search(rf"\b{parameter}\b", asserts))
                    self.assertTrue(guarded, "neither options nor an assert")
            for line in text.get("asserts", []):
                self.assertEqual(line.count("${"), 1, line)

    def test_grc_refuses_the_same_values(self):
        for name, (_, wrong) in TABLE.items():
            text = yaml.safe_load((GRC / f"isac_{name}.block.yml").read_text())
            if "value" in text:  # of a variable, which is made, and refused, while it is edited
                continue
            parameters = {parameter["id"]: parameter for parameter in text["parameters"]}
            for parameter, values in wrong.items():
                for case in values:
                    case = case if isinstance(case, given) else given(case)
                    # That a place is finite, only the trajectory asks.
                    if not case.in_grc or case.told == "position" or case.value is None:
                        continue
                    with self.subTest(block=name, **{parameter: case.value}):
                        self.assertFalse(self.passes_grc(
                            text, parameters, {**case.others, parameter: case.value}))

    @staticmethod
    def passes_grc(text, parameters, changed):
        scope = {"grid": GRID, "scene": SCENE}
        for key, parameter in parameters.items():
            if key in changed:
                options = parameter.get("options")
                if options and str(changed[key]) not in options:
                    return False
                scope[key] = changed[key]
            elif key not in scope:
                default = parameter["default"]
                scope[key] = default if parameter["dtype"] == "string" else eval(default)
        return all(eval(line.strip()[2:-1], scope) for line in text.get("asserts", []))


if __name__ == "__main__":
    unittest.main()
