#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""What blocks in Python that only take messages have in common."""

import functools
from typing import Callable

import pmt
from gnuradio import gr

from .isac_python import _message_linger


def guarded(handler: Callable) -> Callable:
    """Makes a message handler that counts what it cannot use, as `bad_` and its port's name.

    An exception would end the block's thread, and lose all further messages with it.
    """
    port = handler.__name__.replace("_on_", "", 1)

    @functools.wraps(handler)  # GNU Radio calls a Python handler by its name
    def handle(self, message):
        self._linger.message_came()
        try:
            handler(self, message)
        except (KeyError, ValueError, TypeError, IndexError, AttributeError,
                RuntimeError) as error:
            self._count(f"bad_{port}", error)
    return handle


class message_sink(gr.basic_block):
    """A block whose message inputs are its methods named `_on_<port>`, each `guarded`.

    It lives until the messages of all its upstream blocks have ended: GNU Radio would end it with
    the first of them.
    """

    def __init__(self, name: str, ports: tuple):
        gr.basic_block.__init__(self, name=name, in_sig=None, out_sig=None)
        self._linger = _message_linger(self.to_basic_block())
        self._log = gr.logger(name)
        self._faults = {}
        for port in ports:
            self.message_port_register_in(pmt.intern(port))
            self.set_msg_handler(pmt.intern(port), getattr(self, f"_on_{port}"))

    def start(self) -> bool:
        self._linger.start()
        return True

    def _count(self, kind: str, error: Exception) -> None:
        self._faults[kind] = self._faults.get(kind, 0) + 1
        if self._faults[kind] == 1:
            self._log.warn(f"{kind}: {error!r}; further ones are counted only")

    def faults(self) -> dict:
        """Messages that were dropped, by kind."""
        return dict(self._faults)
