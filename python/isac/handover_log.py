#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Collects what cells measure of one user, for displays and for reports after a run."""

import threading
from collections import defaultdict

import numpy as np
import pmt

from .message_sink import guarded, message_sink

PORTS = ("link", "detections", "ground_truth", "bounds", "handover", "pdus")

# What is kept of each message, beside its scene_time.
LINK_FIELDS = ("scene_time", "frame", "rsrp_dbm", "sinr_db", "evm_db", "ber")
TARGET_FIELDS = ("scene_time", "frame", "delay", "doppler", "range", "velocity", "snr",
                 "var_delay", "var_doppler")
BOUND_FIELDS = ("scene_time", "frame", "efficiency_delay", "rmse_delay")


def numbers(report: dict, fields: tuple) -> list:
    """The fields of a message, all of them numbers."""
    return [float(report[field]) for field in fields]


class handover_log(message_sink):
    """Message sink that keeps the flight of one user as series of numbers.

    Input messages:
        link: of any number of cells, kept by node.
        detections: of any number of cells, kept by tx; the strongest target of each frame.
        ground_truth: likewise, the first target of each frame.
        bounds: kept by tx.
        handover: kept in order.
        pdus: received payload, kept by its `frame` and `node` metadata when keep_payload is set.

    Messages that are no dictionaries, lack a key or hold a value of another type are counted in
    faults(), as "bad_" and the name of their port, and dropped.
    """

    def __init__(self, keep_payload: bool = False, name: str = "isac.handover_log"):
        self._lock = threading.Lock()
        self._keep_payload = keep_payload
        self.clear()
        message_sink.__init__(self, name, PORTS)

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
        self._keep("link", self._links, int(report["node"]), numbers(report, LINK_FIELDS))

    @guarded
    def _on_detections(self, message):
        report = pmt.to_python(message)
        target = int(np.argmax(report["snr"])) if len(report["snr"]) else None
        self._keep_target("detections", self._detections, report, target)

    @guarded
    def _on_ground_truth(self, message):
        report = pmt.to_python(message)
        targets = np.flatnonzero(np.asarray(report["target"]) >= 0)
        target = int(targets[0]) if len(targets) else None
        self._keep_target("ground_truth", self._truths, report, target)

    @guarded
    def _on_bounds(self, message):
        report = pmt.to_python(message)
        self._keep("bounds", self._bounds, int(report["tx"]), numbers(report, BOUND_FIELDS))

    @guarded
    def _on_handover(self, message):
        report = pmt.to_python(message)
        cause = pmt.dict_ref(message, pmt.intern("cause"), pmt.PMT_NIL)
        event = {"scene_time": float(report["scene_time"]), "from": int(report["from"]),
                 "to": int(report["to"]), "cause": pmt.symbol_to_string(cause)}
        with self._lock:
            self._handovers.append(event)

    @guarded
    def _on_pdus(self, message):
        meta = pmt.to_python(pmt.car(message))
        data = bytes(pmt.u8vector_elements(pmt.cdr(message)))
        node, frame = int(meta["node"]), int(meta["frame"])
        with self._lock:
            self._frames["pdus", node] += 1
            if self._keep_payload:
                self._payload[node, frame] = data

    def _keep(self, port, series, cell, row):
        with self._lock:
            self._frames[port, cell] += 1
            if row:
                series[cell].append(row)

    def _keep_target(self, port, series, report, target):
        row = numbers(report, TARGET_FIELDS[:2])
        vectors = [np.asarray(report[key], dtype=float) for key in TARGET_FIELDS[2:]]
        chosen = [] if target is None else row + [float(vector[target]) for vector in vectors]
        self._keep(port, series, int(report["tx"]), chosen)

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
