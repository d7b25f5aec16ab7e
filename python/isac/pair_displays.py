#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""A live picture of the Tx-Rx pairs that sense a target, and of the one that is selected."""

import itertools
import threading
from collections import defaultdict

import numpy as np
import pmt
import pyqtgraph
from PyQt5 import QtCore, QtWidgets

from .displays import COLOURS
from .message_sink import guarded, message_sink


class pair_display(message_sink):
    """Draws what Tx-Rx pairs sense of one target; place its `widget` in a Qt window.

    Upper plot: SNR of each pair's strongest detection, a resource element, in dB. Lower plot:
    range of the combined detections in m, in the colour of their pair. Vertical lines: changes
    of the selected pair.

    Input messages:
        detections: of any number of pairs, from Range-Doppler Estimators.
        combined: `detections` of a Mono/Bistatic Combiner.
        configuration: of the same.

    Messages that are no dictionaries, lack a key or hold a value of another type are counted in
    faults().

    Args:
        span: scene time shown, s; 0 shows the whole flight.
        update_time: between two drawings, s, at least 0.05.

    Raises:
        ValueError: for a negative span or a shorter update_time.
    """

    def __init__(self, span: float = 0.0, update_time: float = 0.2):
        if not span >= 0:
            raise ValueError(f"pair_display: span = {span} must not be negative")
        if not update_time >= 0.05:
            raise ValueError(f"pair_display: update_time = {update_time} must be at least 0.05")
        self._lock = threading.Lock()
        self._span = span
        self._snr, self._range = defaultdict(list), defaultdict(list)  # (time, value) by pair
        self._configurations = []
        self._pairs, self._curves, self._num_lines = [], {}, 0
        message_sink.__init__(
            self, "isac.pair_display", ("detections", "combined", "configuration"))

        self.widget = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(self.widget)
        self._state = QtWidgets.QLabel("no pair sees a target yet")
        layout.addWidget(self._state)
        pyqtgraph.setConfigOptions(background="w", foreground="k", antialias=True)
        self._plots = pyqtgraph.PlotWidget(), pyqtgraph.PlotWidget()
        for plot, label, unit in zip(self._plots, ("Echo SNR", "Combined range"), ("dB", "m")):
            plot.setLabel("left", label, units=unit)
            plot.setMinimumHeight(200)
            plot.showGrid(x=True, y=True, alpha=0.3)
            for axis in ("left", "bottom"):
                plot.getAxis(axis).enableAutoSIPrefix(False)
            layout.addWidget(plot)
        self._plots[1].setLabel("bottom", "Scene time", units="s")
        self._plots[1].setXLink(self._plots[0])
        self._plots[0].addLegend(offset=(-10, -10), colCount=4, brush="#ffffffc0")

        # Messages arrive in the scheduler's threads; Qt is only touched here, in its own.
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._draw)
        self._timer.start(int(1000 * update_time))

    def set_span(self, span: float) -> None:
        """Scene time shown, s; 0 shows the whole flight."""
        self._span = max(0.0, span)

    @guarded
    def _on_detections(self, message):
        self._keep_strongest(self._snr, pmt.to_python(message), "snr")

    @guarded
    def _on_combined(self, message):
        self._keep_strongest(self._range, pmt.to_python(message), "range")

    @guarded
    def _on_configuration(self, message):
        report = pmt.to_python(message)
        mode = pmt.symbol_to_string(pmt.dict_ref(message, pmt.intern("mode"), pmt.PMT_NIL))
        change = {"scene_time": float(report["scene_time"]), "tx": int(report["tx"]),
                  "rx": int(report["rx"]), "mode": mode}
        with self._lock:
            self._configurations.append(change)

    def _keep_strongest(self, kept, report, key):
        pair, time = (int(report["tx"]), int(report["rx"])), float(report["scene_time"])
        snr, values = (np.asarray(report[name], dtype=float) for name in ("snr", key))
        if not len(snr):
            return
        entry = time, float(values[np.argmax(snr)])
        with self._lock:
            kept[pair].append(entry)

    def series(self):
        """What is drawn: (time in s, linear SNR) by pair, (time in s, range in m) by pair, and
        the configurations in order."""
        with self._lock:
            snr, ranges = ({pair: np.array(values) for pair, values in kept.items()}
                           for kept in (self._snr, self._range))
            return snr, ranges, list(self._configurations)

    def _draw(self):
        snr, ranges, configurations = self.series()
        for values in snr.values():
            values[:, 1] = 10 * np.log10(values[:, 1])
        pairs = sorted(set(snr) | set(ranges))
        if pairs != self._pairs:
            # From the start, so that legend and colours follow the order of the pairs.
            self._pairs, self._curves, self._num_lines = pairs, {}, 0
            for plot in self._plots:
                plot.clear()
                for pair, colour in zip(pairs, itertools.cycle(COLOURS)):
                    self._curves[plot, pair] = plot.plot(
                        name=f"{pair[0]} → {pair[1]}", pen=None, symbol="o", symbolSize=4,
                        symbolPen=None, symbolBrush=colour)
        for plot, kept in zip(self._plots, (snr, ranges)):
            for pair, values in kept.items():
                self._curves[plot, pair].setData(values[:, 0], values[:, 1])

        for change in configurations[self._num_lines:]:
            for plot in self._plots:
                plot.addItem(pyqtgraph.InfiniteLine(
                    pos=change["scene_time"], pen=pyqtgraph.mkPen("k", style=QtCore.Qt.DashLine),
                    label=f"{change['tx']} → {change['rx']}",
                    labelOpts={"position": 0.9, "color": "k", "fill": "#ffffffc0"}))
        self._num_lines = len(configurations)

        latest = max((values[-1, 0] for values in snr.values()), default=0.0)
        if configurations:
            now = configurations[-1]
            self._state.setText(f"{latest:.1f} s: {now['tx']} → {now['rx']} senses, "
                                f"{now['mode']}")
        if self._span and latest:
            self._plots[0].setXRange(max(0.0, latest - self._span), latest, padding=0)
