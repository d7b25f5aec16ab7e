#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Tells the module's messages apart, where several kinds come over one connection."""

import threading

import pmt

from .message_sink import guarded, message_sink

# By the first of these keys that a message has.
KIND_OF = (("kind", "signalling"), ("rsrp_dbm", "link"), ("crlb_delay", "bounds"),
           ("power_dbm", "ground_truth"), ("delay", "detections"), ("mode", "configuration"),
           ("velocity_vector", "tracks"), ("width", "beam"), ("from", "handover"))
PORTS = tuple(port for _, port in KIND_OF)


class message_router(message_sink):
    """Publishes each message on the port that is named for what it is.

    Between processes one socket a direction suffices then, and what was sent first comes first.

    Input messages:
        messages: any of the module's.

    Output messages:
        signalling, link, bounds, ground_truth, detections, configuration, tracks, beam, handover.

    A message that is none of these is counted in faults(), as "bad_messages", and dropped.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._counts = {port: 0 for port in PORTS}
        message_sink.__init__(self, "isac.message_router", ("messages",))
        for port in PORTS:
            self.message_port_register_out(pmt.intern(port))

    @guarded
    def _on_messages(self, message):
        if not pmt.is_dict(message):
            raise TypeError("the message is not a dictionary")
        for key, port in KIND_OF:
            if pmt.dict_has_key(message, pmt.intern(key)):
                with self._lock:
                    self._counts[port] += 1
                return self.message_port_pub(pmt.intern(port), message)
        raise KeyError("the message is of no kind")

    def counts(self) -> dict:
        """Messages published, by port."""
        with self._lock:
            return dict(self._counts)
