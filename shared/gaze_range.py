"""How far the eyes moved: percentile ranges, their uncertainty, the noise under them, and gaze shifts.

A range between two percentiles ignores the few percent of samples that tracking got wrong. The landmark
instrument keeps the guide's P95 - P5, which ``vpp_thresh`` is compared with; the limbus instrument uses
P97.5 - P2.5. Both see a direction only if gaze was held there for more than the cut-off share of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import median_filter

from shared.calibration import calibrated_trace
from shared.fixation import annotated_fixation_area
from shared.model import AxisCalibration, BoolArray, FloatArray, Trace

LANDMARK_PERCENTILES: Final = (5.0, 95.0)
"""The guide's range: P95 - P5."""

LIMBUS_PERCENTILES: Final = (2.5, 97.5)
"""Metric set of the limbus instrument: P97.5 - P2.5."""

MIN_SAMPLES: Final = 20
"""Fewest samples for a range: with fewer than 1 / 0.05 the 5th percentile is just the smallest sample."""

HOLD_TIME_S: Final = 2.0
"""How long gaze is held at a target in the bedside script. Samples within one hold are one observation, so
uncertainty is computed over blocks of this length. Proposal."""

MIN_BLOCKS: Final = 5
"""Fewest blocks for an uncertainty; short recordings get shorter blocks."""

MIN_LIMBUS_COVERAGE: Final = 0.5
"""Share of the usable frames that must have a limbus fit for a range. Proposal."""

MIN_SACCADE_IRIS_PX: Final = 14.0
"""Smallest iris diameter in the film, px, with which single saccades are looked for: the smallest with which the rim
fit was measured against known truth. Below, a pixel is 5 deg and more."""

FULL_LIMBUS_COVERAGE: Final = 0.8
"""With a fit in fewer frames a range is a lower bound: fits fail most in extreme gaze. Proposal."""

HIDDEN_FRACTION: Final = 0.025
"""With the rim hidden in more of the usable frames than the percentile leaves out, the range is a lower bound."""

MAX_RANGE_DEG: Final = 110.0
"""No eye turns further from side to side: 47.4 + 46.4 deg in young adults (Lim et al., Ophthalmology 2014;121:870,
doi 10.1016/j.ophtha.2013.11.019), with room for the 20 % that degrees are uncertain by. More is a wrong fit."""

MOST_EYE_STEP_DEG: Final = 10.0
"""Where only larger steps are told from chance, by what the eyes do not have in common, the fits jump and no range is
given: half of the 20 deg below which a range counts as small. Proposal; computer-drawn faces have 0.8 to 6, films of
people 2 to 11, faces whose rims were mistaken 17 and 21."""

_GRID_RATE_HZ: Final = 25.0
_SMOOTHING_SAMPLES: Final = 5
_SHIFT_WINDOW_S: Final = 0.4
_LONGEST_BRIDGE_S: Final = 1.0


@dataclass(frozen=True)
class GazeRange:
    """Range of one signal.

    Attributes:
        low, high: the two percentiles, in the signal's unit.
        primary: gaze straight ahead: median of the fixation, or of all samples.
        half_width: half of the 95 % interval of ``high - low``; see :func:`range_half_width`.
        sample_count: samples that entered.
    """

    low: float
    high: float
    primary: float
    half_width: float
    sample_count: int

    @property
    def peak_to_peak(self) -> float:
        """``high - low``."""
        return self.high - self.low

    @property
    def below(self) -> float:
        """From ``primary`` to ``low``, not negative: *up* for a vertical signal, *right* for a horizontal one."""
        return max(0.0, self.primary - self.low)

    @property
    def above(self) -> float:
        """From ``primary`` to ``high``, not negative: *down* for a vertical signal, *left* for a horizontal one."""
        return max(0.0, self.high - self.primary)


@dataclass(frozen=True, eq=False)
class ShiftSignal:
    """Displacement of smoothed gaze over 0.4 s on an even grid; nan over long gaps. Counted by size."""

    displacement: FloatArray

    def count(self, size: float) -> tuple[int, int]:
        """Shifts of at least ``size`` toward the patient's left, and toward the right."""
        return _runs(self.displacement >= size), _runs(self.displacement <= -size)


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


@dataclass(frozen=True)
class LimbusGaze:
    """What the limbus instrument saw, in approximate degrees; None where it could not be measured.

    Attributes:
        vertical, horizontal: mean of both eyes.
        vertical_noise, horizontal_noise: fixation noise (SD).
        coverage, horizontal_coverage: share of the usable frames with vertical, and with horizontal gaze.
        calibration: by which the degrees were made; see :func:`shared.calibration.degree_note`.
        hidden_up, hidden_down: share of the usable frames in which the lids hide the height of the iris, by the side
            of the median on which the landmark instrument sees gaze then. From ``HIDDEN_FRACTION`` on, the range on
            that side is a lower bound: gaze went at least so far.
        fixation_area_deg2: of annotated fixation (:mod:`shared.fixation`); None without enough of it.
        eye_step_deg: step of gaze that is told from chance by the difference of the eyes
            (:mod:`shared.events.conjugacy`); None where that is not known.
    """

    vertical: GazeRange | None
    horizontal: GazeRange | None
    vertical_noise: float | None
    horizontal_noise: float | None
    coverage: float
    calibration: tuple[AxisCalibration, ...] = ()
    fixation_area_deg2: float | None = None
    hidden_up: float = 0.0
    hidden_down: float = 0.0
    horizontal_coverage: float = 1.0
    eye_step_deg: float | None = None

    @property
    def up_is_bound(self) -> bool:
        """Whether gaze may have gone farther up than was measured."""
        return self.hidden_up > HIDDEN_FRACTION

    @property
    def down_is_bound(self) -> bool:
        """Whether gaze may have gone farther down than was measured."""
        return self.hidden_down > HIDDEN_FRACTION

    @property
    def vertical_is_bound(self) -> bool:
        """Whether the vertical range may be larger than measured: up or down is a bound, or rims are missing."""
        return self.up_is_bound or self.down_is_bound or self.explained < FULL_LIMBUS_COVERAGE

    @property
    def explained(self) -> float:
        """Share of the usable frames with vertical gaze or with lids that hide it; the rest are fits that failed."""
        return self.coverage + self.hidden_up + self.hidden_down

    @property
    def possible(self) -> bool:
        """Whether both ranges, as far as measured, are ones that an eye can have."""
        return all(g is None or g.peak_to_peak <= MAX_RANGE_DEG for g in (self.vertical, self.horizontal))

    @property
    def eyes_agree(self) -> bool:
        """Whether the eyes have so much in common that a range can be read from them; so too where that is unknown."""
        return self.eye_step_deg is None or self.eye_step_deg <= MOST_EYE_STEP_DEG

    @property
    def believable(self) -> bool:
        """Whether what was fitted can be the rims of two eyes that move together."""
        return self.possible and self.eyes_agree


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


def measure_limbus(
    trace: Trace, usable: BoolArray, fixation: BoolArray, calibration: tuple[AxisCalibration, ...] = ()
) -> LimbusGaze:
    """Ranges and noise of the limbus instrument over ``usable`` frames; arguments as in :func:`measure_landmark`.

    Args:
        trace: N frames, its degrees as measured.
        usable, fixation: ``(N,)``.
        calibration: what to calibrate them by.
    """
    trace = calibrated_trace(trace, calibration)
    time_s = trace.time_s
    vertical, entered = binocular(trace, "limbus_v_deg", usable)
    horizontal, horizontal_entered = binocular(trace, "limbus_h_deg", usable)
    count = int(usable.sum())
    hidden_up, hidden_down = _hidden_shares(trace, usable, entered)
    return LimbusGaze(
        vertical=gaze_range(time_s, vertical, entered, LIMBUS_PERCENTILES, fixation),
        horizontal=gaze_range(time_s, horizontal, horizontal_entered, LIMBUS_PERCENTILES, fixation),
        vertical_noise=fixation_noise(time_s, vertical, entered),
        horizontal_noise=fixation_noise(time_s, horizontal, horizontal_entered),
        coverage=float(entered.sum()) / count if count else 0.0,
        calibration=calibration,
        fixation_area_deg2=annotated_fixation_area(
            horizontal, vertical, fixation & entered & horizontal_entered, trace.frame_rate_hz
        ),
        horizontal_coverage=float(horizontal_entered.sum()) / count if count else 0.0,
        hidden_up=hidden_up,
        hidden_down=hidden_down,
    )


def rim_hidden(trace: Trace, usable: BoolArray, entered: BoolArray) -> BoolArray:
    """``(N,)`` usable frames without vertical limbus gaze because a lid hides the height of an iris.

    Args:
        trace: N frames.
        usable: ``(N,)``.
        entered: ``(N,)`` frames with vertical limbus gaze.
    """
    hidden = (trace.left.limbus_occluded == 1) | (trace.right.limbus_occluded == 1)
    return np.asarray(usable & ~entered & hidden)


def _hidden_shares(trace: Trace, usable: BoolArray, entered: BoolArray) -> tuple[float, float]:
    """Share of the usable frames in which the rim is hidden while gaze is above its median, and below it."""
    count, hidden = int(usable.sum()), rim_hidden(trace, usable, entered)
    if not hidden.any():
        return 0.0, 0.0
    landmark = trace.mean_of_eyes("v_offset")
    known = usable & np.isfinite(landmark)
    middle = float(np.median(landmark[known])) if known.any() else 0.0
    # Where even the landmarks say nothing it is taken for down: that is where lids cover the eye.
    up = int((hidden & (landmark < middle)).sum())
    return up / count, (int(hidden.sum()) - up) / count


def binocular(trace: Trace, name: str, usable: BoolArray) -> tuple[FloatArray, BoolArray]:
    """One gaze signal out of two eyes, and the frames of it that may be used.

    The eyes rest at different offsets, so a frame in which one eye is missing would look like a gaze shift.
    Frames with both eyes are used where they are the majority, otherwise the eye that is measured more often.

    Args:
        trace: N frames.
        name: array of :class:`~shared.model.EyeTrace`.
        usable: ``(N,)`` frames to choose from.

    Returns:
        ``(N,)`` signal and ``(N,)`` usable frames in which it is finite.
    """
    left, right = getattr(trace.left, name), getattr(trace.right, name)
    left_ok, right_ok = usable & np.isfinite(left), usable & np.isfinite(right)
    both = left_ok & right_ok
    if 2 * both.sum() >= (left_ok | right_ok).sum():
        signal, entered = trace.mean_of_eyes(name), both
    elif left_ok.sum() >= right_ok.sum():
        signal, entered = left, left_ok
    else:
        signal, entered = right, right_ok
    return signal, entered & np.isfinite(signal)


def gaze_range(
    time_s: FloatArray, signal: FloatArray, entered: BoolArray, percentiles: tuple[float, float], fixation: BoolArray
) -> GazeRange | None:
    """Percentile range of ``signal`` over the frames ``entered``, or None for fewer than ``MIN_SAMPLES``.

    Args:
        time_s, signal, entered: ``(N,)``.
        percentiles: low and high, per cent.
        fixation: ``(N,)`` frames of looking straight ahead, for ``primary``; its median is used when it has
            ``MIN_SAMPLES`` frames, else the median of all.
    """
    values = signal[entered]
    if len(values) < MIN_SAMPLES:
        return None
    ordered = np.sort(values)
    low, high = (quantile(ordered, p / 100) for p in percentiles)
    fixed = signal[entered & fixation]
    primary = float(np.median(fixed)) if len(fixed) >= MIN_SAMPLES else quantile(ordered, 0.5)
    half_width = range_half_width(time_s[entered], values, ordered, percentiles)
    return GazeRange(low, high, primary, half_width, len(values))


def quantile(ordered: FloatArray, share: float) -> float:
    """Quantile of sorted values with linear interpolation, equal to ``numpy.percentile(values, 100 * share)``.

    >>> quantile(np.array([0.0, 1.0, 2.0]), 0.25)
    0.5
    """
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    step = ordered[above] - ordered[below]
    weight = position - below
    # The two branches are numpy's own and keep the last bit equal to numpy.percentile.
    return float(ordered[above] - step * (1 - weight) if weight >= 0.5 else ordered[below] + step * weight)


def range_half_width(
    time_s: FloatArray, values: FloatArray, ordered: FloatArray, percentiles: tuple[float, float]
) -> float:
    """Half of the 95 % interval of a percentile range, in the unit of ``values``.

    Woodruff's order-statistic interval (J Am Stat Assoc 1952;47:635): the share of samples
    beyond a percentile has a 95 % interval, which is read back through the samples. The standard error of the share
    comes from whole blocks of ``HOLD_TIME_S``, because the samples of one fixation repeat each other. Same meaning
    as a block bootstrap, but without random numbers and thousands of times faster.

    Args:
        time_s, values: ``(M,)`` samples in order of time.
        ordered: the same values, sorted.
        percentiles: low and high, per cent.
    """
    count = len(values)
    span_s = float(time_s[-1] - time_s[0])
    block_s = min(HOLD_TIME_S, span_s / MIN_BLOCKS)
    block = np.floor((time_s - time_s[0]) / block_s).astype(np.intp)
    squares = 0.0
    for percent in percentiles:
        share = percent / 100
        beyond = values <= quantile(ordered, share)
        sums = np.bincount(block, weights=beyond - beyond.mean())
        blocks = int(np.count_nonzero(np.bincount(block)))
        error = float(np.sqrt(blocks / max(blocks - 1, 1) * np.sum(sums**2))) / count
        low, high = _share_interval(share, error)
        squares += ((quantile(ordered, high) - quantile(ordered, low)) / 2) ** 2
    return float(np.sqrt(squares))


def _share_interval(share: float, error: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share with this standard error: unlike share +- 1.96 error it holds near 0 and 1."""
    # z^2 / n for the number n of independent samples that would give the same error.
    loss = 1.96**2 * error**2 / (share * (1 - share))
    middle = (share + loss / 2) / (1 + loss)
    half = 1.96 * float(np.sqrt(error**2 + (loss / 1.96) ** 2 / 4)) / (1 + loss)
    return max(0.0, middle - half), min(1.0, middle + half)


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


def saccades_hidden_by_size(iris_diameter_px: float | None) -> str | None:
    """Why single saccades cannot be looked for in irises of this size (px in the film); None where they can."""
    if iris_diameter_px is None or iris_diameter_px >= MIN_SACCADE_IRIS_PX:
        return None
    return (
        f"IRIS_TOO_SMALL: The iris is {iris_diameter_px:.1f} px wide; single saccades are looked for from "
        f"{MIN_SACCADE_IRIS_PX:.0f} px. Film closer."
    )
