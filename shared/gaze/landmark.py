"""What the landmark instrument saw: ranges, noise and shifts, in open lid gaps.

The guide's range P95 - P5 is kept: ``vpp_thresh`` is compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.gaze.binocular import binocular
from shared.gaze.noise import fixation_noise
from shared.gaze.ranges import MIN_SAMPLES, GazeRange, gaze_range
from shared.gaze.shifts import ShiftSignal, shift_signal
from shared.model import BoolArray, FloatArray, Trace

LANDMARK_PERCENTILES: Final = (5.0, 95.0)
"""The guide's range: P95 - P5."""


@dataclass(frozen=True, eq=False)
class LandmarkGaze:
    """What the landmark instrument saw, in open lid gaps; None where it could not be measured.

    Attributes:
        vertical, horizontal: mean of both eyes.
        left_vertical, right_vertical: each eye alone.
        vertical_sd: standard deviation of vertical gaze, the original's ``vertical_offset_std``.
        noise: fixation noise (SD) of vertical gaze; ``horizontal_noise`` likewise.
        left_noise, right_noise: vertical noise of each eye alone.
        shifts: for counting horizontal gaze shifts.
        entered: ``(N,)`` frames that entered ``vertical``.
        vertical_signal: ``(N,)`` the signal itself.
    """

    vertical: GazeRange | None
    horizontal: GazeRange | None
    left_vertical: GazeRange | None
    right_vertical: GazeRange | None
    vertical_sd: float | None
    noise: float | None
    horizontal_noise: float | None
    left_noise: float | None
    right_noise: float | None
    shifts: ShiftSignal
    entered: BoolArray
    vertical_signal: FloatArray


def measure_landmark(trace: Trace, usable: BoolArray, fixation: BoolArray) -> LandmarkGaze:
    """Ranges, noise and shifts of the landmark instrument over ``usable`` frames.

    Args:
        trace: N frames.
        usable: ``(N,)`` valid and outside padded blinks.
        fixation: ``(N,)`` frames annotated as looking straight ahead; all False where nothing is annotated.
    """
    time_s = trace.time_s
    vertical, entered = binocular(trace, "v_offset", usable)
    horizontal, horizontal_entered = binocular(trace, "h_offset", usable)
    left, right = trace.left.v_offset, trace.right.v_offset
    left_usable, right_usable = usable & np.isfinite(left), usable & np.isfinite(right)
    measured = int(entered.sum()) >= MIN_SAMPLES
    return LandmarkGaze(
        vertical=gaze_range(time_s, vertical, entered, LANDMARK_PERCENTILES, fixation),
        horizontal=gaze_range(time_s, horizontal, horizontal_entered, LANDMARK_PERCENTILES, fixation),
        left_vertical=gaze_range(time_s, left, left_usable, LANDMARK_PERCENTILES, fixation),
        right_vertical=gaze_range(time_s, right, right_usable, LANDMARK_PERCENTILES, fixation),
        vertical_sd=float(np.std(vertical[entered])) if measured else None,
        noise=fixation_noise(time_s, vertical, entered),
        horizontal_noise=fixation_noise(time_s, horizontal, horizontal_entered),
        left_noise=fixation_noise(time_s, left, left_usable),
        right_noise=fixation_noise(time_s, right, right_usable),
        shifts=shift_signal(time_s, horizontal, horizontal_entered),
        entered=entered,
        vertical_signal=vertical,
    )
