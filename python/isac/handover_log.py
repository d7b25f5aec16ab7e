#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Collects what cells measure of one user, for displays and for reports after a run."""

import functools
import threading
from collections import defaultdict

import numpy as np
import pmt
from gnuradio import gr

# What is kept of each message, beside its scene_time.
LINK_FIELDS = ("scene_time", "frame", "rsrp_dbm", "sinr_db", "evm_db", "ber")
TARGET_FIELDS = ("scene_time", "frame", "delay", "doppler", "range", "velocity", "snr",
                 "var_delay", "var_doppler")
BOUND_FIELDS = ("scene_time", "frame", "efficiency_delay", "rmse_delay")


def guarded(handler):
    """A message handler under self._lock that counts what it cannot read in self.num_dropped."""
    # An exception would end the block's thread, and all further messages with it. The name must
    # stay, GNU Radio calls a Python handler by it.
    @functools.wraps(handler)
    def handle(self, message):
        try:
            with self._lock:
                handler(self, message)
        except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
            self.num_dropped += 1
            if self.num_dropped == 1:
                gr.logger(self.name()).warn(
                    f"a message was dropped: {error!r}; further ones are counted only")
    return handle


class handover_log(gr.basic_block):
    """Message sink that keeps the flight of one user as series of numbers.

    Input messages:
        link: of any number of cells, kept by node.
        detections: of any number of cells, kept by tx; the strongest target of each frame.
        ground_truth: likewise, the first target of each frame.
        bounds: kept by tx.
        handover: kept in order.
        pdus: received payload, kept by its `frame` and `node` metadata when keep_payload is set.

    Messages that are no dictionaries or lack a key are counted in num_dropped.
    """

    def __init__(self, keep_payload: bool = False, name: str = "isac.handover_log"):
        gr.basic_block.__init__(self, name=name, in_sig=None, out_sig=None)
        self._lock = threading.Lock()
        self._keep_payload = keep_payload
        self.num_dropped = 0
        self.clear()
        for port, handler in (("link", self._on_link),
                              ("detections", self._on_detections),
                              ("ground_truth", self._on_truth),
                              ("bounds", self._on_bounds),
                              ("handover", self._on_handover),
                              ("pdus", self._on_pdu)):
            self.message_port_register_in(pmt.intern(port))
            self.set_msg_handler(pmt.intern(port), handler)

    def clear(self) -> None:
        """Forgets everything, to begin another flight."""
        with self._lock:
            self._links = defaultdict(list)
            self._detections = defaultdict(list)
            self._truths = defaultdict(list)
            self._bounds = defaultdict(list)
            self._handovers = []
            self._payload = {}
            self._frames = defaultdict(int)

    @guarded
    def _on_link(self, message):
        report = pmt.to_python(message)
        self._links[report["node"]].append([report[key] for key in LINK_FIELDS])
        self._frames["link", report["node"]] += 1

    @guarded
    def _on_detections(self, message):
        report = pmt.to_python(message)
        self._frames["detections", report["tx"]] += 1
        if len(report["snr"]):
            self._keep_target(self._detections, report, int(np.argmax(report["snr"])))

    @guarded
    def _on_truth(self, message):
        report = pmt.to_python(message)
        self._frames["ground_truth", report["tx"]] += 1
        targets = np.flatnonzero(np.asarray(report["target"]) >= 0)
        if len(targets):
            self._keep_target(self._truths, report, int(targets[0]))

    @staticmethod
    def _keep_target(series, report, index):
        series[report["tx"]].append(
            [report["scene_time"], report["frame"]] +
            [report[key][index] for key in TARGET_FIELDS[2:]])

    @guarded
    def _on_bounds(self, message):
        report = pmt.to_python(message)
        self._bounds[report["tx"]].append([report[key] for key in BOUND_FIELDS])
        self._frames["bounds", report["tx"]] += 1

    @guarded
    def _on_handover(self, message):
        report = pmt.to_python(message)
        self._handovers.append({key: report[key] for key in
                                ("scene_time", "from", "to", "cause")})

    @guarded
    def _on_pdu(self, message):
        meta = pmt.to_python(pmt.car(message))
        self._frames["pdus", meta["node"]] += 1
        if self._keep_payload:
            data = bytes(pmt.u8vector_elements(pmt.cdr(message)))
            self._payload[meta["node"], meta["frame"]] = data

    def _series(self, store, key, fields):
        with self._lock:
            values = np.array(store.get(key, []), dtype=float).reshape(-1, len(fields))
        return {field: values[:, i] for i, field in enumerate(fields)}

    def frames(self, port: str, cell: int) -> int:
        """Messages that a port has received of a cell."""
        with self._lock:
            return self._frames[port, cell]

    def cells(self) -> list:
        """Cells that were heard or that sensed, ascending."""
        with self._lock:
            return sorted(set(self._links) | set(self._detections) | set(self._truths))

    def link(self, node: int) -> dict:
        """What was measured of a cell's downlink: arrays by the names of LINK_FIELDS."""
        return self._series(self._links, node, LINK_FIELDS)

    def detections(self, tx: int) -> dict:
        """What a cell sensed: arrays by the names of TARGET_FIELDS."""
        return self._series(self._detections, tx, TARGET_FIELDS)

    def truth(self, tx: int) -> dict:
        """What was there to sense: arrays by the names of TARGET_FIELDS."""
        return self._series(self._truths, tx, TARGET_FIELDS)

    def bounds(self, tx: int) -> dict:
        """Bounds of a cell: arrays by the names of BOUND_FIELDS."""
        return self._series(self._bounds, tx, BOUND_FIELDS)

    def handovers(self) -> list:
        """Dicts with scene_time, from, to and cause, in order."""
        with self._lock:
            return list(self._handovers)

    def payload(self, node: int, frame: int):
        """Bytes that a cell delivered in a frame, or None."""
        with self._lock:
            return self._payload.get((node, frame))
