#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What docs/sensing.md states of the windows is what maps show."""

from pathlib import Path

import numpy as np
from gnuradio import gr_unittest, isac

PAGE = Path(__file__).parents[2] / "docs" / "sensing.md"
HEADING = "## Windows"
PARAMETERS = {"kaiser": (4.0, 6.76, 10.0), "tukey": (0.25, 0.5)}
N = 1024  # subcarriers; the figures move by less than the table's last digit from 256 on
PAD = 8   # places a cell


def cut_of(window, parameter):
    """Powers over delay of an echo at a cell's centre, in units of its gain without a window.

    Two symbols: of fewer than three taps every window is a rectangle, so that delay alone has one.
    """
    grid = isac.ofdm_grid(fft_len=N, cp_len=72, num_symbols=2, pilots="all")
    delay = 64
    ramp = np.exp(-2j * np.pi * np.arange(N) * delay / N)
    powers, _, _ = isac.sensing.range_doppler_map(
        (grid.pilot_rows() * ramp).astype(np.complex64), grid, window=window,
        window_parameter=parameter, pad_delay=PAD)
    return np.roll(powers[1], -delay * PAD) / grid.num_pilots()


def measure(window, parameter):
    """Loss at a cell's centre and half a cell beside it, dB; width between the half powers, cells;
    highest sidelobe, dB under the peak."""
    cut = cut_of(window, parameter)
    side = 10 * np.log10(cut[:len(cut) // 2] / cut[0] + 1e-20)
    fallen = np.argmax(side < -10 * np.log10(2))
    share = (side[fallen - 1] + 10 * np.log10(2)) / (side[fallen - 1] - side[fallen])
    end = fallen + np.argmax(np.diff(side[fallen:]) > 0)
    return (-10 * np.log10(cut[0]), -10 * np.log10(cut[PAD // 2]),
            2 * (fallen - 1 + share) / PAD, -np.max(side[end:]))


def stated():
    """The page's rows: name, then numbers."""
    page = PAGE.read_text()
    for line in page[page.index(HEADING):].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[1][0].isdigit():
            yield cells[0], [float(cell) for cell in cells[1:]]


class qa_windows(gr_unittest.TestCase):
    def test_the_page_states_what_is_measured(self):
        rows = dict(stated())
        names = {(f"{window} ({parameter:g})" if window in PARAMETERS else window):
                 (window, parameter)
                 for window in isac.sensing.window_names()
                 for parameter in PARAMETERS.get(window, (0.0,))}
        self.assertEqual(set(rows), set(names))
        for name, of in names.items():
            measured = measure(*of)
            # The last digit, and what single precision knows of sidelobes near -100 dB.
            deltas = (0.006, 0.006, 0.006, 0.06 if measured[3] < 80 else 0.5)
            for told, found, delta in zip(rows[name], measured, deltas):
                self.assertAlmostEqual(told, found, delta=delta, msg=name)

    def test_windows_are_those_of_closed_forms(self):
        # F. J. Harris, "On the Use of Windows for Harmonic Analysis with the DFT", Proc. IEEE
        # 66(1), 1978, Table 1: loss is the equivalent noise bandwidth in dB; its digits.
        for window, loss, sidelobe in (("rectangular", 0.0, 13), ("hann", 1.76, 32),
                                       ("hamming", 1.34, 43), ("blackman_harris", 3.02, 92)):
            told = measure(window, 0.0)
            self.assertAlmostEqual(told[0], loss, delta=0.02)
            self.assertAlmostEqual(told[3], sidelobe, delta=1)


if __name__ == "__main__":
    gr_unittest.run(qa_windows)
