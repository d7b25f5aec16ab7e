#!/usr/bin/env python3
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Fig. 3 at sample level: three access points send OFDM frames, the echoes of the object come through
the Scene Channel, every pair estimates them, and the Mono/Bistatic Combiner hands the sensing over."""

import sys

import case_study
import numpy as np
import pmt
from case_study import name
from gnuradio import blocks, gr, isac
from gnuradio.isac import reproduction

# The other way round is the same echo.
PAIRS = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
HYSTERESIS_DB = 3.0  # keeps the handovers of the best at once, and noise from undoing them
TIMEOUT_S = 300  # of the clock


def grid():
    """31 Msamples/s around 24 GHz; its cyclic prefix covers 600 m of total path."""
    return isac.ofdm_grid(fft_len=512, cp_len=64, num_symbols=64, subcarrier_spacing=60e3,
                          carrier_frequency=24e9, guard_low=52, guard_high=51)


class fig3_flowgraph(gr.top_block):
    """One frame a snapshot. Each pair senses on resources of its own, with the same frames."""

    def __init__(self, scene, hysteresis_db=HYSTERESIS_DB, seed=1):
        gr.top_block.__init__(self, "Sensing handover")
        own_grid = grid()
        step = float(np.diff(scene.times()[:2]))
        nodes = scene.node_names()
        self.combiner = isac.mono_bistatic_combiner(
            PAIRS, hysteresis_db=hysteresis_db, silence_time=2 * step, patience=60)
        self.looks = blocks.message_debug()
        self.configurations, self.fused = blocks.message_debug(), blocks.message_debug()
        self.msg_connect(self.combiner, "configuration", self.configurations, "store")
        self.msg_connect(self.combiner, "detections", self.fused, "store")
        power_dbm, = {node.power_dbm for node in scene.nodes()}
        modulator = isac.ofdm_modulator(own_grid, power_dbm, when_starved="wait")
        self.connect(blocks.vector_source_b(list(range(256)), True), modulator)
        for number, (tx, rx) in enumerate(PAIRS):
            # The direct path is taken as known and removed.
            channel = isac.scene_channel(
                own_grid, scene, [(nodes[tx], "object")], [(nodes[rx], "object")], paths="budget",
                revisit_interval=step, seed=seed + number)
            # Until the last message is read the modulator runs on, past the scene's end.
            channel.set_log_level("error")
            rows = isac.ofdm_demodulator(own_grid)
            estimator = isac.range_doppler_estimator(
                own_grid, tx=tx, rx=rx, reference="rows", max_targets=1)
            self.connect(modulator, channel, rows, estimator)
            self.connect((modulator, 1), (estimator, 1))
            self.msg_connect(estimator, "detections", self.combiner, "detections")
            self.msg_connect(estimator, "detections", self.looks, "store")


def messages(store):
    return [pmt.to_python(store.get_message(i)) for i in range(store.num_messages())]


def fly(scene, hysteresis_db=HYSTERESIS_DB, seed=1):
    """Runs the flowgraph over the scene's times.

    Returns:
        dict of times; sensed_db and budget_db, times x PAIRS, NaN where a pair saw nothing; and
        handovers and budget_handovers, lists of (time, from, to) with places in PAIRS.

    Raises:
        RuntimeError: if it does not come to its end.
    """
    times, nodes = scene.times(), scene.node_names()
    flowgraph = fig3_flowgraph(scene, hysteresis_db, seed)

    def finished():
        return (flowgraph.looks.num_messages() >= len(PAIRS) * len(times) and
                flowgraph.fused.num_messages() >= len(times))

    if not isac.run_until(flowgraph, finished, TIMEOUT_S):
        raise RuntimeError(f"the flowgraph took longer than {TIMEOUT_S} s")
    sensed = np.full((len(times), len(PAIRS)), np.nan)
    for look in messages(flowgraph.looks):
        if look["frame"] < len(times) and len(look["snr"]):
            sensed[look["frame"], PAIRS.index((look["tx"], look["rx"]))] = 10 * np.log10(look["snr"][0])
    # Frames begin at their snapshots, and are told by their middles.
    selected = [(times[np.searchsorted(times, s["scene_time"]) - 1], PAIRS.index((s["tx"], s["rx"])))
                for s in messages(flowgraph.configurations) if s["scene_time"] < times[-1] + 0.5]
    budget = case_study.sinr_db(scene, [(nodes[tx], nodes[rx]) for tx, rx in PAIRS])
    return {"times": times, "sensed_db": sensed, "budget_db": budget,
            "handovers": [(time, before, after)
                          for (_, before), (time, after) in zip(selected, selected[1:])],
            "budget_handovers": case_study.hand_over(
                budget, times, hysteresis_db=hysteresis_db)["handovers"]}


def pair_name(scene, pair):
    nodes = scene.node_names()
    return name([nodes[node] for node in PAIRS[pair]])


def drawing(scene, flight):
    def draw(pyplot):
        figure, axis = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
        times = flight["times"]
        for i, pair in enumerate(PAIRS):
            axis.plot(times, flight["budget_db"][:, i], f"C{i}", lw=1,
                      ls="-" if pair[0] == pair[1] else "--", label=pair_name(scene, i))
            axis.plot(times, flight["sensed_db"][:, i], f"C{i}", marker=".", ms=3, ls="")
        for letter, (time, _, _) in zip("ABCD", flight["handovers"]):
            axis.axvline(time, color="0.8", zorder=0)
            axis.annotate(letter, (time, 44), xytext=(3, 0), textcoords="offset points", weight="bold")
        axis.set(xlabel="Snapshot", ylabel="Sensing SNR (dB)\ndots sensed, lines budget", ylim=(-32, 48))
        axis.legend(fontsize="small", ncol=6, loc="upper center", bbox_to_anchor=(0.5, -0.15))
        return figure
    return draw


def tell(scene, flight):
    print("Handovers at sample level (by the link budget)")
    told = flight["budget_handovers"] + [None] * len(flight["handovers"])
    for (time, before, after), budget in zip(flight["handovers"], told):
        print(f"  snapshot {time:g} ({budget[0] if budget else '-'}): {pair_name(scene, before)} to "
              f"{pair_name(scene, after)}")
    error = flight["sensed_db"] - flight["budget_db"]
    strong = flight["budget_db"] > 0
    print(f"sensed minus budget SNR above 0 dB: mean {np.nanmean(error[strong]):+.3f} dB, standard "
          f"deviation {np.nanstd(error[strong]):.3f} dB")


def parse_arguments():
    parser = reproduction.parser(description=" ".join(__doc__.split()))
    reproduction.output_options(parser)
    parser.add_argument("--hysteresis", type=reproduction.not_negative, default=HYSTERESIS_DB,
                        metavar="DB", help="by which a pair must be better (default: %(default)s)")
    parser.add_argument("--seed", type=reproduction.seed, default=1, help="of the noise (default: 1)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    scene = isac.scene.load(case_study.FIG3)
    flight = fly(scene, arguments.hysteresis, arguments.seed)
    tell(scene, flight)
    result = {"pairs": [pair_name(scene, i) for i in range(len(PAIRS))],
              "handovers": [[float(time), pair_name(scene, before), pair_name(scene, after)]
                            for time, before, after in flight["handovers"]],
              "sensed_db": [[None if np.isnan(value) else value for value in row]
                            for row in flight["sensed_db"].tolist()],
              "budget_db": flight["budget_db"].tolist()}
    reproduction.write_output(arguments, result, {"figure_3_samples": drawing(scene, flight)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
