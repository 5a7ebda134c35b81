"""Gaze shifts of some size, counted to each side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import median_filter

from shared.gaze.ranges import MIN_SAMPLES
from shared.model import BoolArray, FloatArray

_GRID_RATE_HZ: Final = 25.0
_SMOOTHING_SAMPLES: Final = 5
_SHIFT_WINDOW_S: Final = 0.4
_LONGEST_BRIDGE_S: Final = 1.0


@dataclass(frozen=True, eq=False)
class ShiftSignal:
    """Displacement of smoothed gaze over 0.4 s on an even grid; nan over long gaps. Counted by size."""

    displacement: FloatArray

    def count(self, size: float) -> tuple[int, int]:
        """Shifts of at least ``size`` toward the patient's left, and toward the right."""
        return _runs(self.displacement >= size), _runs(self.displacement <= -size)


def shift_signal(time_s: FloatArray, signal: FloatArray, entered: BoolArray) -> ShiftSignal:
    """Prepare a gaze signal for counting shifts.

    Gaze is put on an even 25 Hz grid, bridged across blinks (patients like to blink while they shift gaze) and
    smoothed by a 0.2 s median. A shift is where it moves by enough within 0.4 s: even a slow horizontal
    saccade of 10 degrees at 60 degrees/s takes less.
    """
    if entered.sum() < MIN_SAMPLES:
        return ShiftSignal(np.empty(0))
    known_s, known = time_s[entered], signal[entered]
    grid_s = np.arange(known_s[0], known_s[-1], 1 / _GRID_RATE_HZ)
    smooth = median_filter(np.interp(grid_s, known_s, known), size=_SMOOTHING_SAMPLES, mode="nearest")
    following = np.clip(np.searchsorted(known_s, grid_s), 1, len(known_s) - 1)
    smooth[known_s[following] - known_s[following - 1] > _LONGEST_BRIDGE_S] = np.nan
    lag = round(_SHIFT_WINDOW_S * _GRID_RATE_HZ)
    return ShiftSignal(smooth[lag:] - smooth[:-lag] if len(smooth) > lag else np.empty(0))


def _runs(flags: BoolArray) -> int:
    """Number of unbroken runs of True."""
    if not len(flags):
        return 0
    return int(flags[0]) + int(np.count_nonzero(flags[1:] & ~flags[:-1]))
