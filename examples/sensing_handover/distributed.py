#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Three stations sense a drone, one process each, and a centre hands the sensing over.

Every station runs its own flowgraph from payload to detections, and its Sensing Node answers the
centre's requests. They push what they see to the centre and subscribe to what it decides, over
ZeroMQ. With --central all is one flowgraph, and the result is the same. With --kill one of the
stations dies in flight: it is dropped, and the sensing goes on.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np
import pmt
from gnuradio import blocks, gr, isac, zeromq
from gnuradio.isac import reproduction

STATIONS = {0: (0.0, 0.0, 25.0), 1: (1000.0, 0.0, 25.0), 2: (500.0, 900.0, 25.0)}  # m
PAIRS = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2)]  # (tx, rx)
HEIGHT = 100.0  # of the drone, m
# From the first station past the second to the third, in a bend.
TIMES = np.linspace(0, 40, 81)  # s
SHARE = (TIMES / TIMES[-1])[:, None]
POSITIONS = ((1 - SHARE)**2 * (150.0, 150.0, HEIGHT) + 2 * SHARE * (1 - SHARE) * (
    1200.0, 150.0, HEIGHT) + SHARE**2 * (550.0, 700.0, HEIGHT))
RCS_M2 = 1.0
TX_POWER_DBM = 40.0
GAIN_DB = 9.0
RESOURCES = {"num_symbols": 64, "num_subcarriers": 205, "tx_power_dbm": TX_POWER_DBM}


def grid():
    return isac.ofdm_grid(fft_len=256, cp_len=192, num_symbols=64, subcarrier_spacing=120e3,
                          guard_low=26, guard_high=25)


def combiner(options):
    return isac.mono_bistatic_combiner(
        PAIRS, hysteresis_db=2, soft_window=3, nodes=STATIONS, dimensions=2, height=HEIGHT,
        locate_by_all=True, acceleration=5, handshake=True, reply_time=options.patience,
        retry_time=5, patience=options.patience, silence_time=5, **RESOURCES)


class station:
    """What one station does in a flowgraph: its echoes, its detections, its part in handovers."""

    def __init__(self, top, node, frames):
        drone = isac.target(isac.trajectory(times=TIMES.tolist(),
                                            positions=POSITIONS.tolist()), rcs=RCS_M2)
        ofdm = grid()
        self.node = isac.sensing_node(
            node, position=STATIONS[node], beamwidth=0.1, sector_width=2 * np.pi, **RESOURCES)
        self.beams = blocks.message_debug(False)
        self.estimators, self.modulators = [], []
        for tx, rx in PAIRS:
            if rx != node:
                continue
            # A frame a PDU. What the others send is known here, as its payload is.
            modulator = isac.ofdm_modulator(
                ofdm, TX_POWER_DBM, input="pdu", when_starved="wait")
            channel = isac.echo_channel(
                ofdm, STATIONS[tx], STATIONS[rx], [drone], tx=tx, rx=rx, path_loss="free_space",
                tx_gain_db=GAIN_DB, rx_gain_db=GAIN_DB, revisit_interval=float(TIMES[-1]) / frames,
                seed=1 + 10 * tx + rx)
            rows = isac.ofdm_demodulator(ofdm)
            estimator = isac.range_doppler_estimator(
                ofdm, tx, rx, reference="rows", pad_delay=2, pad_doppler=2, max_targets=1)
            top.connect(modulator, channel, rows, estimator)
            top.connect((modulator, 1), (estimator, 1))
            top.msg_connect(estimator, "detections", self.node, "detections")
            self.modulators.append(modulator)
            self.estimators.append(estimator)
        top.msg_connect(self.node, "beam", self.beams, "store")

    def send_frame(self, number):
        payload = np.random.default_rng(number).integers(0, 256, self.modulators[0].capacity())
        pdu = pmt.cons(pmt.make_dict(), pmt.init_u8vector(len(payload), payload.tolist()))
        for modulator in self.modulators:
            modulator.to_basic_block()._post(pmt.intern("pdus"), pdu)


class centre:
    """What decides, and a record of what it decided."""

    def __init__(self, top, options):
        self.combiner = combiner(options)
        self.configurations, self.tracks = (blocks.message_debug(False) for _ in range(2))
        top.msg_connect(self.combiner, "configuration", self.configurations, "store")
        top.msg_connect(self.combiner, "tracks", self.tracks, "store")

    def wait(self, frames, seconds):
        """Until the last step is decided."""
        end = time.monotonic() + seconds
        while self.combiner.num_steps() < frames:
            if time.monotonic() > end:
                raise SystemExit(f"only {self.combiner.num_steps()} of {frames} steps in {seconds} s")
            time.sleep(0.01)


def send_frames(stations, frames, pace):
    """Frames to all of these stations, `pace` a second (0: as fast as they go).

    The streams do not end, since what has only messages would end with the first of them; so one
    frame more pushes the last one through.
    """
    start = time.monotonic()
    for number in range(frames + 1):
        if pace:
            time.sleep(max(0.0, start + number / pace - time.monotonic()))
        for s in stations:
            s.send_frame(number)


def addresses(options):
    """Where the centre hears, and where it speaks."""
    return tuple(f"tcp://{options.host}:{options.port + i}" for i in range(2))


def run_central(options):
    top = gr.top_block("Sensing handover, central")
    decision = centre(top, options)
    stations = [station(top, node, options.frames) for node in STATIONS]
    for s in stations:
        for estimator in s.estimators:
            top.msg_connect(estimator, "detections", decision.combiner, "detections")
        top.msg_connect(s.node, "signalling", decision.combiner, "signalling")
        for port in ("signalling", "configuration", "tracks"):
            top.msg_connect(decision.combiner, port, s.node, port)
    top.start()
    send_frames(stations, options.frames, options.pace)
    decision.wait(options.frames, options.time_limit)
    top.stop()
    top.wait()
    return decision


def run_node(options):
    """A station in a process of its own; it ends when its standard input does."""
    to_centre, from_centre = addresses(options)
    top = gr.top_block(f"Station {options.node}")
    s = station(top, options.node, options.frames)
    push = zeromq.push_msg_sink(to_centre, 100, False)
    subscription = zeromq.sub_msg_source(from_centre, 100, False)
    router = isac.message_router()
    for estimator in s.estimators:
        top.msg_connect(estimator, "detections", push, "in")
    top.msg_connect(s.node, "signalling", push, "in")
    top.msg_connect(subscription, "out", router, "messages")
    for port in ("signalling", "configuration", "tracks"):
        top.msg_connect(router, port, s.node, port)
    top.start()
    # A subscriber hears nothing of what was published before it joined: the centre publishes
    # (empty) tracks until all have joined.
    while not router.counts()["tracks"]:
        time.sleep(0.01)
    print("joined", flush=True)
    sys.stdin.readline()
    send_frames([s], options.frames, options.pace)
    sys.stdin.read()
    top.stop()
    top.wait()


class processes:
    """The stations as processes of this one."""

    def __init__(self, options):
        self.all = {node: subprocess.Popen(
            [sys.executable, __file__, "--node", str(node), "--host", options.host,
             "--port", str(options.port), "--frames", str(options.frames),
             "--pace", str(options.pace)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for node in STATIONS}

    def wait_until_joined(self):
        for node, process in self.all.items():
            if process.stdout.readline() != "joined\n":
                raise SystemExit(f"station {node} has not joined")

    def begin(self):
        for process in self.all.values():
            process.stdin.write("begin\n")
            process.stdin.flush()

    def kill(self, node):
        self.all[node].kill()

    def end(self):
        for process in self.all.values():
            process.stdin.close()
        for process in self.all.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def run_distributed(options):
    hears, speaks = addresses(options)
    top = gr.top_block("Sensing handover, centre")
    decision = centre(top, options)
    pull = zeromq.pull_msg_source(hears, 100, True)
    publication = zeromq.pub_msg_sink(speaks, 100, True)
    router = isac.message_router()
    top.msg_connect(pull, "out", router, "messages")
    for port in ("detections", "signalling"):
        top.msg_connect(router, port, decision.combiner, port)
    for port in ("signalling", "configuration", "tracks"):
        top.msg_connect(decision.combiner, port, publication, "in")
    nothing = pmt.to_pmt({"scene_time": 0.0})
    for key in ("position", "velocity_vector", "covariance"):
        nothing = pmt.dict_add(nothing, pmt.intern(key), pmt.make_f64vector(0, 0))
    hello = blocks.message_strobe(nothing, 50)
    top.msg_connect(hello, "strobe", publication, "in")
    stations = processes(options)
    try:
        top.start()
        stations.wait_until_joined()
        stations.begin()
        if options.kill is not None:
            decision.wait(options.kill_at, options.time_limit)
            stations.kill(options.kill)
        decision.wait(options.frames, options.time_limit)
    finally:
        stations.end()
        top.stop()
        top.wait()
    return decision


def messages(debug):
    return [pmt.to_python(debug.get_message(i)) for i in range(debug.num_messages())]


def summary(decision, frames):
    """What was decided in these frames, and how far the track was from the drone."""
    configurations, tracks = ([m for m in messages(debug) if m["scene_time"] < TIMES[-1]]
                              for debug in (decision.configurations, decision.tracks))
    tracks = [t for t in tracks if len(t["position"])]
    truth = np.column_stack([np.interp([t["scene_time"] for t in tracks], TIMES, axis)
                             for axis in POSITIONS.T])
    errors = np.linalg.norm([t["position"] for t in tracks] - truth, axis=1) if tracks else []
    return {
        "steps": min(decision.combiner.num_steps(), frames),
        "configurations": configurations,
        "located": len(tracks),
        "position_rmse_m": float(np.sqrt(np.mean(np.square(errors)))),
        "last_position_m": [float(x) for x in tracks[-1]["position"]],
        "faults": decision.combiner.faults(),
    }


def print_summary(result):
    for c in result["configurations"]:
        source = f", {c['source_tx']} -> {c['source_rx']} beside" if c["source_tx"] >= 0 else ""
        print(f"{c['scene_time']:6.2f} s  {c['tx']} -> {c['rx']} ({c['cause']}){source}")
    print(f"{result['steps']} steps, located in {result['located']}, "
          f"position RMSE {result['position_rmse_m']:.2f} m, missed: {result['faults'] or 'nothing'}")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--central", action="store_true", help="one flowgraph, one process")
    parser.add_argument("--node", type=int, choices=STATIONS, help="be this station")
    parser.add_argument("--frames", type=reproduction.count, default=100)
    parser.add_argument("--pace", type=reproduction.not_negative, default=0,
                        help="frames a second; 0: as fast as they go (default)")
    parser.add_argument("--patience", type=reproduction.positive, default=2,
                        help="s after which a station that does not report, or answer, is dropped")
    parser.add_argument("--kill", type=int, choices=STATIONS, help="this station dies...")
    parser.add_argument("--kill-at", type=reproduction.count, default=30, help="...at this frame")
    parser.add_argument("--host", default="127.0.0.1", help="of the centre")
    parser.add_argument("--port", type=reproduction.count, default=5590, help="and the next one")
    parser.add_argument("--time-limit", type=reproduction.positive, default=300, help="s")
    parser.add_argument("--json", metavar="FILE", help="write the result there")
    return parser.parse_args()


def main():
    options = arguments()
    if options.node is not None:
        return run_node(options)
    decision = run_central(options) if options.central else run_distributed(options)
    result = summary(decision, options.frames)
    print_summary(result)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
