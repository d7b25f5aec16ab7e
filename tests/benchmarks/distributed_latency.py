#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""From a detection to the decision on it, both at the node: in one flowgraph, and over ZeroMQ.

A node reports of two pairs; the other is better in every step, so that each step is a handover.
The time runs from the last detection that is posted to the configuration that comes back. With
--central the Mono/Bistatic Combiner is in the same flowgraph; else in another process, and both
ways are TCP on loopback.
"""

import argparse
import queue
import statistics
import subprocess
import sys
import time

import numpy as np
import pmt
from gnuradio import gr, isac, zeromq

PAIRS = [(0, 0), (1, 1)]


class listener(gr.basic_block):
    """Notes when a message came."""

    def __init__(self):
        gr.basic_block.__init__(self, "listener", None, None)
        self.came = queue.SimpleQueue()
        self.message_port_register_in(pmt.intern("in"))
        self.set_msg_handler(pmt.intern("in"), self.note)

    def note(self, message):
        del message
        self.came.put(time.perf_counter())


class sender(gr.basic_block):
    """Publishes what it is told to."""

    def __init__(self):
        gr.basic_block.__init__(self, "sender", None, None)
        self.message_port_register_out(pmt.intern("out"))

    def send(self, message):
        self.message_port_pub(pmt.intern("out"), message)


def detections(pair, scene_time, snr):
    report = pmt.to_pmt({"frame": 0, "scene_time": scene_time, "tx": pair[0], "rx": pair[1]})
    for key in ("delay", "doppler", "range", "velocity", "var_delay", "var_doppler"):
        report = pmt.dict_add(report, pmt.intern(key), pmt.init_f64vector(1, [1.0]))
    return pmt.dict_add(report, pmt.intern("snr"), pmt.init_f64vector(1, [snr]))


def centre(port):
    """The other process; ends when its standard input does."""
    top = gr.top_block()
    combiner = isac.mono_bistatic_combiner(PAIRS, hysteresis_db=0)
    pull = zeromq.pull_msg_source(f"tcp://127.0.0.1:{port}", 100, True)
    router = isac.message_router()
    publication = zeromq.pub_msg_sink(f"tcp://127.0.0.1:{port + 1}", 100, True)
    top.msg_connect(pull, "out", router, "messages")
    top.msg_connect(router, "detections", combiner, "detections")
    top.msg_connect(combiner, "configuration", publication, "in")
    top.start()
    sys.stdin.read()
    top.stop()
    top.wait()


def measure(top, source, heard, steps):
    """Seconds from detection to decision, one a step."""
    top.start()
    time.sleep(1)  # until the sockets have found each other
    latencies = []
    for i in range(steps):
        source.send(detections(PAIRS[0], float(i), 1.0 + i % 2))
        begin = time.perf_counter()
        source.send(detections(PAIRS[1], float(i), 2.0 - i % 2))
        latencies.append(heard.came.get(timeout=20) - begin)
    top.stop()
    top.wait()
    return latencies


def central(steps):
    top, source, heard = gr.top_block(), sender(), listener()
    combiner = isac.mono_bistatic_combiner(PAIRS, hysteresis_db=0)
    top.msg_connect(source, "out", combiner, "detections")
    top.msg_connect(combiner, "configuration", heard, "in")
    return measure(top, source, heard, steps)


def distributed(steps, port):
    top, source, heard = gr.top_block(), sender(), listener()
    push = zeromq.push_msg_sink(f"tcp://127.0.0.1:{port}", 100, False)
    subscription = zeromq.sub_msg_source(f"tcp://127.0.0.1:{port + 1}", 100, False)
    top.msg_connect(source, "out", push, "in")
    top.msg_connect(subscription, "out", heard, "in")
    other = subprocess.Popen([sys.executable, __file__, "--centre", "--port", str(port)],
                             stdin=subprocess.PIPE)
    try:
        time.sleep(3)  # until it has started
        return measure(top, source, heard, steps)
    finally:
        other.stdin.close()
        other.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--central", action="store_true", help="one flowgraph")
    parser.add_argument("--port", type=int, default=5690, help="and the next one")
    parser.add_argument("--centre", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.centre:
        return centre(options.port)
    latencies = central(options.steps) if options.central else distributed(options.steps,
                                                                           options.port)
    latencies = 1e3 * np.array(latencies)
    print(f"median {statistics.median(latencies):.2f} ms, 90% {np.quantile(latencies, 0.9):.2f} ms, "
          f"99% {np.quantile(latencies, 0.99):.2f} ms ({len(latencies)} steps)")


if __name__ == "__main__":
    main()
