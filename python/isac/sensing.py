#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""Sensing on NumPy arrays, without a flowgraph: the kernels of the blocks.

A frame is an array of M symbols x N subcarriers in ascending frequency, as OFDM Demodulator
puts rows out. Where no reference is given the grid's pilots alone are known.
"""

from functools import lru_cache
from typing import Dict, Optional, Sequence, Tuple

import numpy as np

from .isac_python import _sensing, ofdm_grid
from .isac_python._sensing import (
    ca_multiplier,
    ca_probability,
    cfar,
    clutter_filter,
    os_multiplier,
    os_probability,
    osgo_multiplier,
    osgo_probability,
    range_cells,
    window_names,
)

SPEED_OF_LIGHT = 299792458.0

__all__ = [
    "ca_multiplier",
    "ca_probability",
    "cfar",
    "clutter_filter",
    "coherent_sum",
    "estimate",
    "mean_map",
    "os_multiplier",
    "os_probability",
    "osgo_multiplier",
    "osgo_probability",
    "range_cells",
    "range_doppler_map",
    "window_names",
]


# Planning transforms takes longer than using them: the last few kernels are kept.
@lru_cache(maxsize=8)
def _map_kernel(grid: ofdm_grid, **options) -> _sensing.range_doppler_map:
    return _sensing.range_doppler_map(grid, **options)


@lru_cache(maxsize=8)
def _estimator_kernel(grid: ofdm_grid, **options) -> _sensing.target_estimator:
    return _sensing.target_estimator(grid, **options)


def _complex_rows(name: str, rows) -> np.ndarray:
    rows = np.asarray(rows)
    if rows.dtype.kind not in "fciu":
        raise ValueError(f"{name} must be an array of numbers, not of {rows.dtype}")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(rows, dtype=np.complex64)


def _frame(rows, reference):
    rows = _complex_rows("rows", rows)
    return rows, None if reference is None else _complex_rows("reference", reference)


def range_doppler_map(
    rows: np.ndarray,
    grid: ofdm_grid,
    reference: Optional[np.ndarray] = None,
    mode: str = "matched_filter",
    window: str = "rectangular",
    window_parameter: float = 6.76,
    pad_delay: int = 1,
    pad_doppler: int = 1,
    threads: int = 1,
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The range-Doppler map of a frame, with its axes.

    White noise of unit power a resource element has mean 1 in every cell. With pilots on a comb
    the map holds the unambiguous cells only.

    Args:
        rows: received, M x N complex.
        grid: what was sent when.
        reference: transmitted, M x N complex, zero where nothing was sent; None: pilots alone.
        mode: "matched_filter" or "division".
        window: one of window_names(), on both axes.
        window_parameter: beta of "kaiser", alpha of "tukey".
        pad_delay, pad_doppler: zero-padding of each axis, 1, 2, 4 or 8.
        threads: that share the work, 1 to 64.

    Returns:
        Powers (Doppler rows x range columns), range of the columns in m (half the total path),
        and velocity of the rows in m/s (positive when receding).

    Raises:
        ValueError: for a wrong shape, a NaN or infinity, or a parameter out of range.
    """
    rows, reference = _frame(rows, reference)
    kernel = _map_kernel(
        grid,
        pilots_only=reference is None,
        mode=mode,
        window=window,
        window_parameter=window_parameter,
        pad_delay=pad_delay,
        pad_doppler=pad_doppler,
        threads=threads,
    )
    powers = kernel.process(rows, reference)
    delay = np.arange(kernel.range_cells()) * kernel.delay_step()
    bins = np.arange(kernel.doppler_cells()) - kernel.doppler_cells() // 2
    doppler = bins * kernel.doppler_step()
    wavelength = SPEED_OF_LIGHT / grid.carrier_frequency()
    return powers, 0.5 * SPEED_OF_LIGHT * delay, -0.5 * wavelength * doppler


def coherent_sum(
    frames: np.ndarray,
    grid: ofdm_grid,
    references: Optional[np.ndarray] = None,
    times: Optional[Sequence[float]] = None,
    doppler: float = 0.0,
) -> Tuple[np.ndarray, np.ndarray]:
    """Frames, of which the echo's phase holds, as one frame of their energy together.

    Each element is combined with the weights of its reference (maximum ratio). F frames raise the
    SNR of an echo by F where its phase turns from frame to frame as `doppler` says; at another
    Doppler, d away, by abs(sum exp(j 2 pi d t))^2 / F. White noise stays as strong as it was.

    Args:
        frames: received, F x M x N complex.
        grid: what was sent when.
        references: transmitted, F x M x N complex; None: pilots alone.
        times: of the frames, s; needed where doppler is not 0.
        doppler: Doppler that the frames are aligned for, Hz.

    Returns:
        Rows and their reference, M x N complex, for range_doppler_map(), estimate() and their like.

    Raises:
        ValueError: for shapes or lengths that do not fit.
    """
    frames = _complex_rows("frames", frames)
    pilots = np.asarray(grid.pilot_rows())
    sent = np.broadcast_to(pilots, frames.shape) if references is None else references
    sent = _complex_rows("references", sent)
    if frames.ndim != 3 or frames.shape[1:] != pilots.shape or sent.shape != frames.shape:
        raise ValueError(f"frames and references must be of F x {pilots.shape[0]} x {pilots.shape[1]}")
    times = np.zeros(len(frames)) if times is None and doppler == 0 else np.asarray(times, float)
    if times.shape != (len(frames),) or not len(times):
        raise ValueError(f"times must be those of {len(frames)} frames, one at least")
    turns = np.exp(-2j * np.pi * doppler * times)[:, None, None]
    energy = np.sqrt(np.sum(np.abs(sent) ** 2, axis=0))
    products = np.sum(turns * frames * np.conj(sent), axis=0)
    rows = np.divide(products, energy, out=np.zeros_like(products), where=energy > 0)
    return rows.astype(np.complex64), energy.astype(np.complex64)


def mean_map(
    frames: np.ndarray, grid: ofdm_grid, references: Optional[np.ndarray] = None, **options
) -> Tuple[np.ndarray, int]:
    """The mean of the range-Doppler maps of frames, or antennas, whose phases do not matter.

    Args:
        frames: received, ... x M x N complex: frames, antennas, or both.
        grid: what was sent when.
        references: transmitted, of the shape of frames, or one for all; None: pilots alone.
        options: those of range_doppler_map().

    Returns:
        Powers (Doppler rows x range columns) and the number of maps: `looks` of cfar().

    Raises:
        ValueError: as range_doppler_map() does.
    """
    frames = np.asarray(frames)
    if frames.ndim < 2 or not frames.size:
        raise ValueError("frames must be an array of ... x symbols x subcarriers")
    if references is not None:
        references = np.broadcast_to(references, frames.shape).reshape(-1, *frames.shape[-2:])
    frames = frames.reshape(-1, *frames.shape[-2:])
    powers = 0.0
    for i, rows in enumerate(frames):
        sent = None if references is None else references[i]
        powers = powers + range_doppler_map(rows, grid, sent, **options)[0] / len(frames)
    return powers, len(frames)


def estimate(
    rows: np.ndarray,
    grid: ofdm_grid,
    reference: Optional[np.ndarray] = None,
    pfa: float = 1e-6,
    mode: str = "matched_filter",
    window: str = "rectangular",
    window_parameter: float = 6.76,
    pad_delay: int = 1,
    pad_doppler: int = 1,
    kind: str = "ca",
    guard: Tuple[int, int] = (2, 2),
    training: Tuple[int, int] = (6, 4),
    rank: float = 0.9,
    max_targets: int = 32,
    dynamic_range_db: float = 80.0,
    super_resolution: bool = False,
    compensate_motion: bool = False,
    threads: int = 1,
    frame: int = 0,
    scene_time: float = 0.0,
    tx: int = 0,
    rx: int = 0,
) -> Dict[str, object]:
    """The targets of a frame, at the precision that the Cramer-Rao bound allows.

    Args:
        rows, grid, reference, mode, window, window_parameter, pad_delay, pad_doppler: see
            range_doppler_map(); delay and Doppler do not depend on window and padding.
        pfa: probability of false alarm of a cell, above 0 and below 1.
        kind: CFAR, "ca", "os" or "osgo", see cfar(), or "none": the strongest peak is the one
            target, whatever its power, as for curves of accuracy that no threshold censors.
        guard, training: cells on each side of a cell, (delay, doppler), in independent cells.
        rank: for "os" and "osgo", the order statistic as a share of the training cells.
        max_targets: strongest ones kept, 1 to 1024.
        dynamic_range_db: what is weaker than the strongest cell by more is no target, 10 to 140 dB.
        super_resolution: whether each target is tried for two that are closer than a cell in
            delay; not with kind "none".
        compensate_motion: whether range migration and intercarrier interference of fast targets
            are compensated, at some thirty times the cost of a map.
        threads: that share the work of the map, 1 to 64.
        frame, scene_time, tx, rx: passed on.

    Returns:
        The keys of `detections`: frame, scene_time (s), tx, rx, and arrays of delay (s, total
        path over c), doppler (Hz, positive when closing), range (m), velocity (m/s, positive
        when receding), snr (linear, a resource element), var_delay (s^2), var_doppler (Hz^2);
        strongest first.

    Raises:
        ValueError: for a wrong shape, a NaN or infinity, or a parameter out of range.
    """
    rows, reference = _frame(rows, reference)
    guard_delay, guard_doppler = guard
    training_delay, training_doppler = training
    kernel = _estimator_kernel(
        grid,
        pilots_only=reference is None,
        mode=mode,
        window=window,
        window_parameter=window_parameter,
        pad_delay=pad_delay,
        pad_doppler=pad_doppler,
        pfa=pfa,
        cfar=kind,
        guard_delay=guard_delay,
        guard_doppler=guard_doppler,
        training_delay=training_delay,
        training_doppler=training_doppler,
        os_rank=rank,
        max_targets=max_targets,
        dynamic_range_db=dynamic_range_db,
        super_resolution=super_resolution,
        compensate_motion=compensate_motion,
        threads=threads,
    )
    head = {"frame": frame, "scene_time": scene_time, "tx": tx, "rx": rx}
    return {**head, **kernel.process(rows, reference)}
