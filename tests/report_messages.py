#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The module's messages, made and read by hand, for the tests of message blocks."""

import time
from typing import Callable, Iterable

import numpy as np
import pmt
from gnuradio import blocks, gr

SPEED_OF_LIGHT = 299792458.0


def changed(message, key: str, value):
    """The dictionary with another value of one key; arrays become f64 vectors."""
    if isinstance(value, np.ndarray):
        value = pmt.init_f64vector(len(value), value.tolist())
    elif not isinstance(value, pmt.pmt_base):
        value = pmt.to_pmt(value)
    return pmt.dict_add(message, pmt.intern(key), value)


def dictionary(entries: dict):
    """A PMT dictionary of Python values."""
    result = pmt.make_dict()
    for key, value in entries.items():
        result = changed(result, key, value)
    return result


def link(node: int, scene_time: float, rsrp_dbm: float, sinr_db: float = 20.0):
    """A `link` message."""
    return dictionary({
        "frame": 0, "node": node, "scene_time": float(scene_time),
        "rsrp_dbm": float(rsrp_dbm), "sinr_db": float(sinr_db),
        "evm_db": -20.0, "ber": 0.0,
    })


def detections(tx: int, rx: int, scene_time: float, ranges: Iterable[float] = (),
               snr=1.0, doppler: float = 0.0, deviation: float = 1.0, frame: int = 0):
    """A `detections` message; ranges in m with their standard deviation."""
    ranges = np.atleast_1d(np.asarray(ranges, dtype=float))
    ones = np.ones(len(ranges))
    per_metre = 2 / SPEED_OF_LIGHT
    return dictionary({
        "frame": frame, "scene_time": float(scene_time), "tx": tx, "rx": rx,
        "delay": ranges * per_metre, "doppler": ones * doppler,
        "range": ranges, "velocity": ones * doppler * -0.1, "snr": ones * snr,
        "var_delay": ones * (deviation * per_metre) ** 2, "var_doppler": ones,
    })


def track(position: Iterable[float], velocity: Iterable[float] = (0, 0, 0),
          scene_time: float = 0.0, deviation: float = 1.0):
    """A `tracks` message of one object; m, m/s, standard deviation of each in m and m/s."""
    return dictionary({
        "scene_time": float(scene_time), "position": np.asarray(position, float),
        "velocity_vector": np.asarray(velocity, float),
        "covariance": (deviation**2 * np.eye(6)).ravel()})


def signal(kind: str, scene_time: float, node: int, tx: int, rx: int, **more):
    """A `signalling` message."""
    return dictionary({"kind": kind, "scene_time": float(scene_time), "node": node,
                       "tx": tx, "rx": rx, **more})


def without(message, key: str):
    """The dictionary without one of its keys."""
    return pmt.dict_delete(message, pmt.intern(key))


def stored(debug: blocks.message_debug) -> list:
    """What a Message Debug has stored, as Python objects."""
    return [pmt.to_python(debug.get_message(i)) for i in range(debug.num_messages())]


def stored_so_far(debug: blocks.message_debug) -> list:
    """The same, with all that was published until now."""
    def messages():
        return [debug.get_message(i) for i in range(debug.num_messages())]

    def marks():
        return sum(pmt.is_bool(m) for m in messages())

    before = marks()
    debug.to_basic_block()._post(pmt.intern("store"), pmt.PMT_T)
    if not wait_until(lambda: marks() > before):
        raise RuntimeError("the message debug does not run")
    return [pmt.to_python(m) for m in messages() if not pmt.is_bool(m)]


def heard(block, port: str) -> bool:
    """Waits until a block has handled what was posted to a port before.

    Its ports are served in no order, so that nothing else tells. Leaves one fault behind.
    """
    def count():
        return block.faults().get("bad_" + port, 0)

    before = count()
    block.to_basic_block()._post(pmt.intern(port), pmt.PMT_NIL)
    return wait_until(lambda: count() > before)


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Waits for what happens in other threads; False if it does not."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


class message_player(gr.sync_block):
    """Publishes (port, message) pairs, `pause` seconds apart, and is done.

    It has a stream output, as a receiver or an estimator may have: the flowgraph ends when it does.
    """

    def __init__(self, messages: list, pause: float = 0.0):
        gr.sync_block.__init__(self, "message_player", None, [np.float32])
        self.messages = messages
        self.pause = pause
        for port in {port for port, _ in messages}:
            self.message_port_register_out(pmt.intern(port))

    def work(self, input_items, output_items):
        for port, message in self.messages:
            self.message_port_pub(pmt.intern(port), message)
            time.sleep(self.pause)
        return -1


class silent_publisher(gr.basic_block):
    """Publishes nothing on its port "none" and never ends.

    A message block beside the one under test ends with it, with messages unread; one that listens to
    this as well lives until the flowgraph is stopped.
    """

    def __init__(self):
        gr.basic_block.__init__(self, "silent_publisher", [], [])
        self.message_port_register_out(pmt.intern("none"))
