"""Noise of a gaze signal from frame to frame."""

from __future__ import annotations

import numpy as np

from shared.gaze.ranges import MIN_SAMPLES
from shared.model import BoolArray, FloatArray


def fixation_noise(time_s: FloatArray, signal: FloatArray, entered: BoolArray) -> float | None:
    """Standard deviation of the frame-to-frame noise, from second differences.

    A second difference cancels position and steady movement; its median ignores the few frames of a saccade.
    White noise of SD s gives second differences of SD sqrt(6) s. Slow drift is not seen.

    Args:
        time_s, signal, entered: ``(N,)``. Only runs of three frames without a gap between them count.

    Returns:
        SD in the unit of ``signal``, or None for fewer than ``MIN_SAMPLES`` such runs.
    """
    if len(time_s) < MIN_SAMPLES:
        return None
    interval_s = np.diff(time_s)
    even = interval_s <= 1.5 * np.median(interval_s)
    chosen = entered[:-2] & entered[1:-1] & entered[2:] & even[:-1] & even[1:]
    if chosen.sum() < MIN_SAMPLES:
        return None
    middle = np.flatnonzero(chosen) + 1
    second = signal[middle - 1] - 2 * signal[middle] + signal[middle + 1]
    return float(1.4826 * np.median(np.abs(second)) / np.sqrt(6))
