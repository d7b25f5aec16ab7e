#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""A live picture of a flight: RSRP, sensed range and the serving cell over scene time."""

import numpy as np
import pyqtgraph
from PyQt5 import QtCore, QtWidgets

from .handover_log import handover_log

COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b")


class handover_display(handover_log):
    """Draws what handover_log collects; place its `widget` in a Qt window.

    Upper plot: RSRP of each cell in dBm. Lower plot: sensed range of each cell (dots) over the
    true range (lines) in m. Vertical lines: handovers, with their cause.

    Args:
        serving_cell: the cell that serves before the first handover.
        span: scene time shown, s; 0 shows the whole flight.
        update_time: between two drawings, s, at least 0.05.

    Raises:
        ValueError: for a negative span or a shorter update_time.
    """

    def __init__(self, serving_cell: int = 0, span: float = 0.0, update_time: float = 0.2):
        if not span >= 0:
            raise ValueError(f"handover_display: span = {span} must not be negative")
        if not update_time >= 0.05:
            raise ValueError(f"handover_display: update_time = {update_time} must be at least 0.05")
        handover_log.__init__(self, name="isac.handover_display")
        self._serving_cell = serving_cell
        self._span = span
        self._items = {}
        self._markers = []

        self.widget = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(self.widget)
        self._state = QtWidgets.QLabel()
        layout.addWidget(self._state)
        pyqtgraph.setConfigOptions(background="w", foreground="k", antialias=True)
        self._rsrp = pyqtgraph.PlotWidget()
        self._rsrp.setLabel("left", "RSRP", units="dBm")
        self._range = pyqtgraph.PlotWidget()
        self._range.setLabel("left", "Range", units="m")
        self._range.setLabel("bottom", "Scene time", units="s")
        self._range.setXLink(self._rsrp)
        for plot in (self._rsrp, self._range):
            plot.addLegend(offset=(-10, 10), brush="#ffffffc0")
            plot.showGrid(x=True, y=True, alpha=0.3)
            for axis in ("left", "bottom"):
                plot.getAxis(axis).enableAutoSIPrefix(False)
            layout.addWidget(plot)

        # Messages arrive in the scheduler's threads; Qt is only touched here, in its own.
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._draw)
        self._timer.start(int(1000 * update_time))

    def set_span(self, span: float) -> None:
        """Scene time shown, s; 0 shows the whole flight."""
        self._span = max(0.0, span)

    def _item(self, plot, kind, cell, **style):
        if (kind, cell) not in self._items:
            self._items[kind, cell] = plot.plot(name=f"{kind}, cell {cell}", **style)
        return self._items[kind, cell]

    def _draw(self):
        latest = 0.0
        for cell in self.cells():
            colour = COLOURS[cell % len(COLOURS)]
            link, sensed, truth = self.link(cell), self.detections(cell), self.truth(cell)
            self._item(self._rsrp, "RSRP", cell, pen=pyqtgraph.mkPen(colour, width=2)).setData(
                link["scene_time"], link["rsrp_dbm"])
            self._item(self._range, "true", cell, pen=pyqtgraph.mkPen(colour, width=1)).setData(
                truth["scene_time"], truth["range"])
            self._item(self._range, "sensed", cell, pen=None, symbol="o", symbolSize=4,
                       symbolPen=None, symbolBrush=colour).setData(
                sensed["scene_time"], sensed["range"])
            for series in (link, sensed, truth):
                latest = max(latest, np.max(series["scene_time"], initial=0.0))

        handovers = self.handovers()
        for event in handovers[len(self._markers):]:
            marker = []
            for plot in (self._rsrp, self._range):
                line = pyqtgraph.InfiniteLine(
                    pos=event["scene_time"], pen=pyqtgraph.mkPen("k", style=QtCore.Qt.DashLine),
                    label=f"{event['from']} to {event['to']}: {event['cause']}",
                    labelOpts={"position": 0.5, "color": "k", "fill": "#ffffffc0",
                               "rotateAxis": (1, 0)})
                plot.addItem(line)
                marker.append(line)
            self._markers.append(marker)

        serving = handovers[-1]["to"] if handovers else self._serving_cell
        self._state.setText(
            f"{latest:.1f} s: cell {serving} serves, {len(handovers)} handovers")
        if self._span and latest:
            self._rsrp.setXRange(max(0.0, latest - self._span), latest, padding=0)
