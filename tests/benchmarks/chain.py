#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""CPU time a frame of the simulated sensing chain, beside gr-radar's, in one run.

Ours: payload, modulator, channel with one target (noise off), demodulator, range-Doppler map, CFAR
and its estimate. gr-radar's: symbol mapper, OFDM modulator, static target simulator, demodulator and
range-Doppler map. They take turns, and their least times are compared; beside that ratio stands the one
of their medians, and both of the first ten frames alone with what a flowgraph's start takes.
"""

import contextlib
import statistics
import sys
from functools import partial

import numpy as np
from gnuradio import blocks, digital, fft, gr, isac
from gnuradio.fft import window

from timing import frame_cost, frames_for, on_one_cpu, tell

try:
    from gnuradio import radar
except ImportError:
    radar = None

# Later frames of gr-radar's chain: what the first ten take, which touch buffers of two frames each for
# the first time, moves by more than a few frames' time.
FEWEST_FRAMES = 20
# gr-radar's chain over ours.
RATIOS = ("ratio", "median_ratio", "first_ratio", "median_first_ratio")


def isac_chain(n, m, frames, noise=False):
    """Our chain: samples of `frames` frames through one target to detections."""
    grid = isac.ofdm_grid(fft_len=n, cp_len=n // 4, num_symbols=m, subcarrier_spacing=5e6 / n,
                          carrier_frequency=2.45e9, pilots="comb", modulation="qpsk")
    payload = np.random.default_rng(1).integers(0, 256, 1 << 16).astype(np.uint8)
    top = gr.top_block()
    source = blocks.vector_source_b(payload.tolist(), True)
    modulator = isac.ofdm_modulator(grid, tx_power_dbm=10, num_frames=frames,
                                    when_starved="wait")
    station = isac.trajectory(position=(0, 0, 10))
    target = isac.target(isac.trajectory(position=(100, 0, 10), velocity=(20, 0, 0)), rcs=10.0)
    channel = isac.echo_channel(grid, station, station, [target], noise_enabled=noise)
    demodulator = isac.ofdm_demodulator(grid)
    estimator = isac.range_doppler_estimator(grid, reference="rows", max_targets=1)
    top.connect(source, modulator, channel, demodulator, estimator)
    top.connect((modulator, 1), (estimator, 1))
    return top


def gr_radar_chain(n, m, frames):
    """The peer's chain from its own OFDM radar example, headless."""
    key = "packet_len"
    cp = n // 4
    top = gr.top_block()
    symbols = np.random.default_rng(1).integers(0, 4, n * m).astype(np.uint8)
    source = blocks.vector_source_b(symbols.tolist(), True)
    head = blocks.head(1, n * m * frames)
    tagged = blocks.stream_to_tagged_stream(1, 1, n * m, key)
    mapper = digital.chunks_to_symbols_bc(digital.constellation_qpsk().points(), 1)
    allocator = digital.ofdm_carrier_allocator_cvc(
        n, [list(range(-n // 2, n // 2))], ((),), ((),), (), key, True)
    inverse = fft.fft_vcc(n, False, (), True, 1)
    prefixer = digital.ofdm_cyclic_prefixer(n, n + cp, 0, key)
    target = radar.static_target_simulator_cc(
        [100.0], [50.0], [1e25], [0], [0], 5000000, 2.45e9, -10, True, True, key)
    remover = radar.ofdm_cyclic_prefix_remover_cvc(n, cp, key)
    forward = fft.fft_vcc(n, True, (), True, 1)
    divide = radar.ofdm_divide_vcvc(n, n, (), 0, key)
    over_range = fft.fft_vcc(n, True, window.blackmanharris(n), False, 1)
    turn = radar.transpose_matrix_vcvc(n, m, key)
    over_doppler = fft.fft_vcc(m, False, window.blackmanharris(m), False, 1)
    turn_back = radar.transpose_matrix_vcvc(m, n, key)
    power = blocks.complex_to_mag_squared(n)
    sink = blocks.null_sink(gr.sizeof_float * n)
    for block, items in ((mapper, 2 * n * m), (allocator, 2 * m), (inverse, 2 * m),
                         (prefixer, 2 * m * (n + cp)), (target, 2 * m * (n + cp)),
                         (remover, 2 * m), (forward, 2 * m), (divide, 2 * m),
                         (over_range, 2 * m), (turn, 2 * n), (over_doppler, 2 * n),
                         (turn_back, 2 * m)):
        block.set_min_output_buffer(0, items)
    top.connect(source, head, tagged, mapper, allocator, inverse, prefixer, target, remover,
                forward, (divide, 1))
    top.connect(allocator, (divide, 0))
    top.connect(divide, over_range, turn, over_doppler, turn_back, power, sink)
    return top


def measure(n, m, repeats, turns):
    """Milliseconds of CPU a frame, of turns taken before and of these."""
    frames = frames_for(n, m)
    chains = {"isac_ms": (isac_chain, frames),
              "isac_with_noise_ms": (partial(isac_chain, noise=True), frames)}
    if radar:
        chains["gr_radar_ms"] = (gr_radar_chain, max(frames // 4, FEWEST_FRAMES))
    costs = {key: frame_cost(partial(chain, n, m), count, turns.setdefault(key, {}))
             for key, (chain, count) in chains.items()}
    for _ in range(repeats):
        for cost in costs.values():
            cost.take_turn()
    row = {"size": f"{n}x{m}", **{key: cost.milliseconds() for key, cost in costs.items()}}
    if radar:
        ours, theirs = costs["isac_ms"], costs["gr_radar_ms"]
        for prefix, of in (("", min), ("median_", statistics.median)):
            row[prefix + "ratio"] = theirs.milliseconds(of) / ours.milliseconds(of)
            row[prefix + "first_ratio"] = theirs.first_milliseconds(of) / ours.first_milliseconds(of)
    return row


def print_table(sizes, repeats, turns):
    """Measures and prints row after row."""
    rows = []
    print(f"{'size':>10} {'CPUs':>5} {'gr-isac':>12} {'with noise':>12} {'gr-radar':>12} "
          f"{'ratio':>7} {'medians':>7} {'first':>7} {'medians':>7}   (ms of CPU a frame)")
    for n, m in sizes:
        for cpus, where in (("one", on_one_cpu), ("all", contextlib.nullcontext)):
            with where():
                row = {"cpus": cpus, **measure(n, m, repeats, turns.setdefault(f"{n}x{m} {cpus}", {}))}
            rows.append(row)
            print(f"{row['size']:>10} {cpus:>5} {row['isac_ms']:12.3f} "
                  f"{row['isac_with_noise_ms']:12.3f} {row.get('gr_radar_ms', float('nan')):12.3f} "
                  + " ".join(f"{row.get(key, float('nan')):7.1f}" for key in RATIOS), flush=True)
    if not radar:
        print("gr-radar is not installed: its column is empty", file=sys.stderr)
    return rows


if __name__ == "__main__":
    tell(__doc__, print_table)
