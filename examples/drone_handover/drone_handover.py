#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""A drone flies between two base stations that send it a file and sense it with the same OFDM frames.

Each station sends frames that carry the payload, hears the drone's echo, and measures its range
and velocity; the drone measures both downlinks. Three handover deciders watch the same flight: by
RSRP, by sensed distance, and by both with a veto on the RSRP's returns. The scene is that of
J. Li et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks", with the
noise counted once and a grid that fits the scene.
"""

import argparse
import csv
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from gnuradio import blocks, gr, isac
from gnuradio.isac import theory

HERE = Path(__file__).resolve().parent
CRITERIA = ("rsrp", "distance", "joint_veto")

STATIONS = ((-1000.0, 0.0, 25.0), (1000.0, 0.0, 25.0))  # m
TX_POWER_DBM = 42.0
ARRAY_GAIN_DB = 10 * math.log10(32)  # 8 x 4 elements: once to send, once more to receive
NOISE_FIGURE_DB = 4.0
RCS_M2 = 0.1
HYSTERESIS_DB = 2.0
DISTANCE_THRESHOLD_M = 50.0


def built_in_flight():
    """From one station to the other and back, 200 m high, at 20 m/s."""
    return np.array([0.0, 100.0, 200.0]), np.array(
        [(-1000.0, 0.0, 200.0), (1000.0, 0.0, 200.0), (-1000.0, 0.0, 200.0)])


def recorded_flight(path):
    """Waypoints of a CSV with columns time_s, east_m, north_m, altitude_m, one row a reading."""
    columns = ("time_s", "east_m", "north_m", "altitude_m")
    readings = {}
    try:
        with open(path, newline="", encoding="utf-8") as file:
            table = csv.DictReader(file)
            absent = [name for name in columns if name not in (table.fieldnames or ())]
            if absent:
                sys.exit(f"{path}: has no column {', '.join(absent)}")
            for row in table:
                try:
                    values = [float(row[name]) for name in columns]
                except (TypeError, ValueError):
                    continue  # a torn row, or a reading without a place
                if all(map(math.isfinite, values)):
                    readings.setdefault(values[0], values)
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"{path}: {error}")
    rows = np.array([readings[instant] for instant in sorted(readings)])
    if len(rows) < 2:
        sys.exit(f"{path}: fewer than two readings with time, place and altitude")
    return rows[:, 0] - rows[0, 0], rows[:, 1:]


class drone_flight(gr.top_block):
    """Two cells on resources of their own, one drone, and a decider for each criterion."""

    def __init__(self, times, positions, payload, revisit_interval, shadowing_std_db, seed):
        gr.top_block.__init__(self, "Drone handover")
        self.grid = isac.ofdm_grid_preset("LAWN flight")
        self.log = isac.handover_log(keep_payload=True)
        self.monitors = []
        self.estimators = []
        self.receivers = []
        drone = isac.trajectory(times=list(times), positions=[tuple(p) for p in positions])
        self.deciders = {
            criterion: isac.handover_decider(
                cells=list(range(len(STATIONS))), criterion=criterion,
                hysteresis_db=HYSTERESIS_DB, distance_threshold_m=DISTANCE_THRESHOLD_M,
                initial_cell=0)
            for criterion in CRITERIA}
        self.decisions = {criterion: isac.handover_log() for criterion in CRITERIA}
        for criterion, decider in self.deciders.items():
            self.msg_connect(decider, "handover", self.decisions[criterion], "handover")

        # Both cells send the same bytes, from one source: neither can run ahead of the other by
        # more frames than its buffer holds.
        source = blocks.vector_source_b(list(payload), True)
        for cell, station in enumerate(STATIONS):
            station = isac.trajectory(position=station)
            modulator = isac.ofdm_modulator(
                self.grid, tx_power_dbm=TX_POWER_DBM, input="stream", when_starved="wait")
            common = dict(
                tx=cell, tx_gain_db=ARRAY_GAIN_DB, noise_figure_db=NOISE_FIGURE_DB,
                shadowing_std_db=shadowing_std_db, shadowing_correlation_m=50.0,
                revisit_interval=revisit_interval)
            # The echo and the downlink of a cell pass the same air: the same seed gives both the
            # same shadowing.
            echo = isac.echo_channel(
                self.grid, station, station, [isac.target(drone, rcs=RCS_M2)], rx=cell,
                rx_gain_db=ARRAY_GAIN_DB, seed=seed + cell, **common)
            downlink = isac.echo_channel(
                self.grid, station, drone, [], rx=len(STATIONS), direct_path=True,
                seed=seed + cell, **common)
            echo_rows = isac.ofdm_demodulator(self.grid)
            drone_rows = isac.ofdm_demodulator(self.grid)
            estimator = isac.range_doppler_estimator(
                self.grid, tx=cell, rx=cell, reference="rows", pfa=1e-6)
            receiver = isac.ofdm_receiver(self.grid, node=cell)
            monitor = isac.crlb_monitor(self.grid, reference="rows")

            self.connect(source, modulator, echo, echo_rows, estimator)
            self.connect((modulator, 1), (estimator, 1))
            self.connect(modulator, downlink, drone_rows, receiver)
            self.msg_connect(estimator, "detections", monitor, "detections")
            self.msg_connect(echo, "ground_truth", monitor, "ground_truth")
            self.msg_connect(monitor, "bounds", self.log, "bounds")
            self.msg_connect(estimator, "detections", self.log, "detections")
            self.msg_connect(echo, "ground_truth", self.log, "ground_truth")
            self.msg_connect(receiver, "link", self.log, "link")
            self.msg_connect(receiver, "pdus", self.log, "pdus")
            for decider in self.deciders.values():
                self.msg_connect(receiver, "link", decider, "link")
                self.msg_connect(estimator, "detections", decider, "detections")
            self.monitors.append(monitor)
            self.estimators.append(estimator)
            self.receivers.append(receiver)

    def frames_done(self):
        """Frames of which every report has arrived."""
        return min(self.log.frames(port, cell) for cell in range(len(STATIONS))
                   for port in ("link", "detections", "ground_truth", "bounds"))


def active_subcarriers(grid):
    """Subcarriers that share the transmitted power; all of them are known to the station."""
    return grid.num_active() // grid.num_symbols()


def link_budget(grid, positions):
    """RSRP in dBm and echo SNR per resource element in dB of each station, in closed form."""
    rsrp, snr = [], []
    element_dbm = TX_POWER_DBM - 10 * math.log10(active_subcarriers(grid))
    noise_dbm = theory.thermal_noise_dbm(grid.subcarrier_spacing(), NOISE_FIGURE_DB)
    for station in STATIONS:
        distance = np.linalg.norm(positions - np.array(station), axis=1)
        loss = theory.path_loss_uma_av(distance, grid.carrier_frequency())
        echo = theory.echo_loss(loss, RCS_M2, grid.wavelength())
        rsrp.append(element_dbm + ARRAY_GAIN_DB - loss)
        snr.append(element_dbm + 2 * ARRAY_GAIN_DB - echo - noise_dbm)
    return np.array(rsrp), np.array(snr)


def range_bound(grid, snr):
    """Cramer-Rao bound of the range at a linear SNR per resource element, m^2."""
    return theory.range_crlb(snr, grid.subcarrier_spacing(), grid.num_symbols(),
                             active_subcarriers(grid))


def closed_form_region(grid, criterion, shadowing_std_db, outbound, levels=(0.01, 0.99)):
    """Where along the built-in flight the probability of a handover passes from one level to the
    other, m (x at y = 0, 200 m high)."""
    x = np.arange(-1000.0, 1000.5, 0.5) * (1 if outbound else -1)
    positions = np.column_stack([x, np.zeros_like(x), np.full_like(x, 200.0)])
    serving, target = (0, 1) if outbound else (1, 0)
    distance = [np.linalg.norm(positions - np.array(s), axis=1) for s in STATIONS]
    loss = [theory.path_loss_uma_av(d, grid.carrier_frequency()) for d in distance]
    by_rsrp = theory.handover_probability_rsrp(
        loss[serving], loss[target], HYSTERESIS_DB, max(shadowing_std_db, 1e-3))
    snr = 10 ** (link_budget(grid, positions)[1] / 10)
    variance = range_bound(grid, snr)
    by_distance = theory.handover_probability_distance(
        distance[serving], distance[target], DISTANCE_THRESHOLD_M,
        variance[serving], variance[target])
    probability = {"rsrp": by_rsrp, "distance": by_distance,
                   "joint_veto": theory.handover_probability_joint(by_rsrp, by_distance)}[criterion]
    return [float(x[np.argmax(probability >= level)]) for level in levels]


class report:
    """Prints the flight as it goes, and what it showed at the end."""

    def __init__(self, flight, times, positions, num_frames):
        self.flight, self.times, self.positions = flight, times, positions
        self.num_frames = num_frames
        self.told = {criterion: 0 for criterion in CRITERIA}
        self.next_line = 0
        print(f"\n{'done':>5} {'scene':>8} {'x':>7} {'RSRP 0':>8} {'RSRP 1':>8} {'range 0':>8} "
              f"{'range 1':>8}  event", flush=True)

    def place(self, scene_time):
        return np.array([np.interp(scene_time, self.times, self.positions[:, i])
                         for i in range(3)])

    def line(self, scene_time, done, event):
        def last(series, key):
            before = series["scene_time"] <= scene_time + 1e-6
            return f"{series[key][before][-1]:8.1f}" if before.any() else f"{'-':>8}"
        log = self.flight.log
        print(f"{100 * done:4.0f}% {scene_time:7.1f}s {self.place(scene_time)[0]:6.0f}m "
              f"{last(log.link(0), 'rsrp_dbm')} {last(log.link(1), 'rsrp_dbm')} "
              f"{last(log.detections(0), 'range')} {last(log.detections(1), 'range')}  {event}",
              flush=True)

    def update(self):
        """Called while the flight runs; tells whether it is over."""
        frames = self.flight.frames_done()
        done = min(1.0, frames / self.num_frames)
        for criterion, log in self.flight.decisions.items():
            events = log.handovers()
            for event in events[self.told[criterion]:]:
                self.line(event["scene_time"], done,
                          f"{criterion}: {event['from']} -> {event['to']} ({event['cause']})")
            self.told[criterion] = len(events)
        over = frames >= self.num_frames
        if frames and (frames >= self.next_line or over):
            series = self.flight.log.link(0)["scene_time"]
            self.line(series[min(frames, self.num_frames) - 1], done, "")
            self.next_line = frames + self.num_frames / 20
        return over


def delivered(flight, payload, num_frames):
    """Payload bytes of the serving cells' frames in order, and how many are as sent."""
    decisions = flight.decisions["joint_veto"].handovers()
    times = flight.log.link(0)["scene_time"]
    received = bytearray()
    for frame in range(num_frames):
        serving = 0
        for event in decisions:
            if event["scene_time"] < times[frame]:
                serving = event["to"]
        received += flight.log.payload(serving, frame) or b""
    sent = payload * (len(received) // len(payload) + 1)
    return bytes(received), bytes(received) == sent[:len(received)]


def first_frames(series, num_frames):
    """A series of the log without the frames that followed the flight's end."""
    within = series["frame"] < num_frames
    return {name: values[within] for name, values in series.items()}


def summary(flight, times, positions, num_frames, shadowing_std_db, payload, built_in):
    """What the flight showed, beside what closed forms say."""
    grid, log = flight.grid, flight.log
    result = {"frames": num_frames, "cells": [], "handovers": {}}
    for cell in range(len(STATIONS)):
        truth, sensed, link = (first_frames(series(cell), num_frames) for series in
                               (log.truth, log.detections, log.link))
        _, in_truth, in_sensed = np.intersect1d(
            truth["frame"], sensed["frame"], return_indices=True)
        place = np.column_stack([np.interp(truth["scene_time"], times, positions[:, i])
                                 for i in range(3)])
        rsrp_budget, snr_budget = link_budget(grid, place)
        shadowing_db = link["rsrp_dbm"] - rsrp_budget[cell]
        snr_true_db = 10 * np.log10(truth["snr"])
        snr_sensed_db = 10 * np.log10(np.maximum(sensed["snr"][in_sensed], 1e-12))
        error = sensed["range"][in_sensed] - truth["range"][in_truth]
        gated = np.abs(error) < grid.range_resolution()
        bound = range_bound(grid, truth["snr"][in_truth][gated])
        result["cells"].append({
            "frames_sensed": int(len(in_sensed)),
            "outliers": int(np.sum(~gated)),
            "range_rmse_m": float(np.sqrt(np.mean(error[gated] ** 2))),
            "range_bound_m": float(np.sqrt(np.mean(bound))),
            # Every frame counts the same here; the RMSE is that of the farthest.
            "range_rms_over_bound": float(np.sqrt(np.mean(error[gated] ** 2 / bound))),
            # The echo passes the shadowing of the downlink twice.
            "snr_channel_minus_budget_db": float(np.mean(
                snr_true_db - snr_budget[cell] - 2 * shadowing_db)),
            "snr_estimate_minus_channel_db": float(np.mean(
                snr_sensed_db[gated] - snr_true_db[in_truth][gated])),
            "shadowing_db": float(np.mean(shadowing_db)),
            "failed_crcs": int(flight.receivers[cell].num_failed_crcs()),
        })
    for criterion, decisions in flight.decisions.items():
        events = [{**event, "x_m": float(np.interp(event["scene_time"], times, positions[:, 0]))}
                  for event in decisions.handovers() if event["scene_time"] <= times[-1]]
        if built_in:
            for event in events:
                outbound = event["from"] == 0
                event["closed_form_x_m"] = closed_form_region(
                    grid, criterion, shadowing_std_db, outbound)
        decider = flight.deciders[criterion]
        result["handovers"][criterion] = {
            "events": events, "handovers": decider.num_handovers(),
            "ping_pongs": decider.num_ping_pongs()}
    received, intact = delivered(flight, payload, num_frames)
    result["payload"] = {"bytes": len(payload), "received_bytes": len(received),
                         "bit_for_bit": bool(intact and len(received) >= len(payload))}
    return result


def print_summary(result):
    print("\ncell  sensed  outliers  range RMSE    bound   channel-budget  estimate-channel  "
          "shadowing  failed CRCs")
    for cell, r in enumerate(result["cells"]):
        print(f"{cell:4d} {r['frames_sensed']:7d} {r['outliers']:9d} "
              f"{100 * r['range_rmse_m']:8.2f} cm {100 * r['range_bound_m']:5.2f} cm "
              f"{r['snr_channel_minus_budget_db']:12.2f} dB "
              f"{r['snr_estimate_minus_channel_db']:14.2f} dB "
              f"{r['shadowing_db']:7.2f} dB {r['failed_crcs']:11d}")
    print("\ncriterion   handovers  ping-pongs  at x (closed form from 1% to 99%)")
    for criterion, r in result["handovers"].items():
        places = []
        for event in r["events"]:
            text = f"{event['x_m']:.0f} m"
            if "closed_form_x_m" in event:
                low, high = event["closed_form_x_m"]
                text += f" ({low:.0f} to {high:.0f})"
            places.append(text)
        shown = ", ".join(places[:4]) + (", ..." if len(places) > 4 else "")
        print(f"{criterion:11s} {r['handovers']:9d} {r['ping_pongs']:11d}  {shown}")
    p = result["payload"]
    print(f"\npayload: {p['bytes']} bytes, {p['received_bytes']} received through the serving "
          f"cells, {'bit for bit as sent' if p['bit_for_bit'] else 'NOT as sent or not whole'}")


def plot(flight, times, positions, path):
    """RSRP, sensed range with its error against the bound, and who serves, over scene time."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (rsrp, ranges, errors, serving) = pyplot.subplots(
        4, 1, sharex=True, figsize=(10, 11), layout="constrained",
        height_ratios=(3, 3, 2, 1.5))
    log, grid = flight.log, flight.grid
    for cell in range(len(STATIONS)):
        colour = f"C{cell}"
        link, sensed, truth = log.link(cell), log.detections(cell), log.truth(cell)
        rsrp.plot(link["scene_time"], link["rsrp_dbm"], colour, lw=1, label=f"cell {cell}")
        ranges.plot(sensed["scene_time"], sensed["range"], colour, marker=".", ls="", ms=3,
                    label=f"cell {cell}, sensed")
        ranges.plot(truth["scene_time"], truth["range"], colour, lw=0.8, alpha=0.6,
                    label=f"cell {cell}, true")
        _, a, b = np.intersect1d(truth["frame"], sensed["frame"], return_indices=True)
        bound = np.sqrt(range_bound(grid, truth["snr"]))
        errors.semilogy(sensed["scene_time"][b],
                        np.maximum(np.abs(sensed["range"][b] - truth["range"][a]), 1e-4),
                        colour, marker=".", ls="", ms=2, alpha=0.6)
        errors.semilogy(truth["scene_time"], bound, colour, lw=1.5,
                        label=f"cell {cell}, Cramer-Rao bound")
    end = max(np.max(log.link(c)["scene_time"], initial=0) for c in range(len(STATIONS)))
    for row, (criterion, decisions) in enumerate(flight.decisions.items()):
        start, cell = 0.0, 0
        for event in decisions.handovers() + [{"scene_time": end, "to": None}]:
            serving.barh(row, event["scene_time"] - start, left=start, color=f"C{cell}",
                         height=0.7)
            start, cell = event["scene_time"], event["to"]
    rsrp.set_ylabel("RSRP (dBm)")
    ranges.set_ylabel("Range (m)")
    errors.set_ylabel("Range error (m)")
    serving.set_yticks(range(len(CRITERIA)), CRITERIA)
    serving.set_ylabel("Serving cell")
    serving.set_xlabel("Scene time (s)")
    for axes in (rsrp, ranges, errors):
        axes.grid(alpha=0.3)
        axes.legend(loc="upper right", ncol=2, fontsize="small")
    rsrp.set_title("A drone between two base stations that sense it")
    figure.savefig(path, dpi=110)


def natural(text):
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gui", action="store_true", help="open the live flowgraph instead")
    parser.add_argument("--payload", type=Path, metavar="FILE", default=HERE.parents[1] / "README.md",
                        help="file that the stations send, over and over (default: the README)")
    parser.add_argument("--flight", type=Path, metavar="CSV",
                        help="fly a recorded trajectory: columns time_s, east_m, north_m, altitude_m")
    parser.add_argument("--revisit", type=float, metavar="S",
                        help="scene time between two frames (default: 800 frames a flight)")
    parser.add_argument("--shadowing", type=float, metavar="DB",
                        help="standard deviation (default: that of UMa-AV at 200 m, 1.24 dB)")
    parser.add_argument("--seed", type=natural, default=1, help="of shadowing and noise (default: 1)")
    parser.add_argument("--plot", type=Path, metavar="FILE", default=Path("drone_handover.png"),
                        help="picture to write (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    return parser.parse_args()


def open_gui():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["grcc", "-o", folder, str(HERE / "drone_handover.grc")], check=True)
        return subprocess.run([sys.executable, str(Path(folder) / "drone_handover_live.py")],
                              check=False).returncode


def main():
    arguments = parse_arguments()
    if arguments.gui:
        return open_gui()
    try:
        payload = arguments.payload.read_bytes()
    except OSError as error:
        sys.exit(f"{arguments.payload}: {error.strerror}")
    if not payload:
        sys.exit(f"{arguments.payload}: is empty, there is nothing to send")
    times, positions = (recorded_flight(arguments.flight) if arguments.flight
                        else built_in_flight())
    shadowing = (theory.shadowing_std_uma_av(200.0) if arguments.shadowing is None
                 else arguments.shadowing)
    revisit = arguments.revisit or max(times[-1] / 800, 0.016)
    num_frames = max(1, int(times[-1] / revisit))
    try:
        flight = drone_flight(times, positions, payload, revisit, shadowing, arguments.seed)
    except ValueError as error:
        sys.exit(str(error))

    print(f"grid: {flight.grid}")
    print(f"flight: {times[-1]:.0f} s in {num_frames} frames of "
          f"{1e3 * flight.grid.frame_duration():.1f} ms, one every {revisit:.3f} s; "
          f"payload {arguments.payload.name}, {len(payload)} bytes")
    started = time.monotonic()
    table = report(flight, times, positions, num_frames)
    isac.run_until(flight, table.update)
    elapsed = time.monotonic() - started

    result = summary(flight, times, positions, num_frames, shadowing, payload,
                     arguments.flight is None)
    print_summary(result)
    plot(flight, times, positions, arguments.plot)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    print(f"picture: {arguments.plot}; flown in {elapsed:.0f} s")
    return 0 if result["payload"]["bit_for_bit"] else 1


if __name__ == "__main__":
    sys.exit(main())
