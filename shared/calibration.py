"""Calibration to degrees: steady gaze held against targets whose angles are known.

A line through steady gaze and targets, per eye and axis, by repeated medians (Siegel, Biometrika 1982;69:242), which
holds while up to half of the targets were missed. It assumes that the patient reached the targets, so it may only
remove what uncalibrated degrees are uncertain by: a slope farther from 1 means that the eyes did not get there, or
that the head went along, and is refused. Otherwise calibrating a gaze palsy would measure it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import atan2, cos, degrees, hypot, radians, sin
from typing import Final, Literal

import numpy as np

from shared.model import AxisCalibration, BoolArray, EyeTrace, FloatArray, Saccade, Segment, Trace
from shared.parameters import Parameters
from shared.targets.log import CENTRE_DEG
from shared.targets.responses import MIN_STEADY_SAMPLES, steady_span
from shared.task import FIXATION_WORDS

UNCALIBRATED: Final = "uncalibrated, +-20 %"

MIN_TARGETS: Final = 6
"""Fewest held targets along one axis. Proposal."""

MIN_LEVELS: Final = 3
"""Fewest different places of the target along the axis: with two, a line fits anything. Proposal."""

MIN_SPAN_DEG: Final = 10.0
"""Least distance between the outermost targets. Proposal."""

MAX_RESIDUAL_SHARE: Final = 0.15
"""Largest residual as a share of that distance. Proposal."""

MAX_SLOPE_ERROR: Final = 0.25
"""How far from 1 a slope may be: the 20 % that uncalibrated degrees are uncertain by, and its own error. Proposal."""

MAX_UNSTEADY_DEG: Final = 2.0
"""A hold in which gaze varies by more (robust standard deviation) is not steady and left out. Proposal."""

Axis = Literal["horizontal", "vertical"]
Eye = Literal["left", "right"]
AXES: Final[tuple[Axis, ...]] = ("horizontal", "vertical")
_ARRAYS: Final[dict[Axis, str]] = {"horizontal": "limbus_h_deg", "vertical": "limbus_v_deg"}
_WAYS: Final = {"up": (0, -1), "down": (0, 1), "left": (1, 0), "right": (-1, 0)}


@dataclass(frozen=True)
class Hold:
    """A target that was held: the stretch of steady gaze, s, and where the target stood, degrees."""

    start_s: float
    end_s: float
    h_deg: float
    v_deg: float


def known_holds(parameters: Parameters, film_end_s: float) -> tuple[Hold, ...]:
    """Every held target whose place is known, from the target log or else from annotated segments.

    Of each, the part before the next step: gaze has arrived by then.
    """
    log = parameters.target_log
    if log is None:
        return tuple(hold for segment in parameters.segments if (hold := _segment_hold(segment)) is not None)
    ends = [*(step.time_s for step in log.steps[1:]), film_end_s if log.end_s is None else log.end_s]
    return tuple(
        Hold(*steady_span(step.time_s, end_s), step.x_deg, step.y_deg)
        for step, end_s in zip(log.steps, ends, strict=True)
        if step.x_deg is not None and step.y_deg is not None and 0 < end_s <= film_end_s
    )


def _segment_hold(segment: Segment) -> Hold | None:
    """One of ``up``, ``down``, ``left``, ``right`` with a known distance, or straight ahead."""
    words = set(re.findall(r"[a-z]+", segment.label.casefold()))
    ways = [way for name, way in _WAYS.items() if name in words]
    span = steady_span(segment.start_s, segment.end_s)
    if len(ways) == 1 and segment.target_deg is not None:
        return Hold(*span, ways[0][0] * segment.target_deg, ways[0][1] * segment.target_deg)
    straight = segment.target_deg is None or segment.target_deg <= CENTRE_DEG
    return Hold(*span, 0.0, 0.0) if not ways and straight and words & FIXATION_WORDS else None


def calibrate(trace: Trace, usable: BoolArray, holds: Sequence[Hold]) -> tuple[AxisCalibration, ...]:
    """Slope and offset of every measured eye along both axes; empty without targets.

    Args:
        trace: N frames.
        usable: ``(N,)`` frames that may be used.
        holds: known targets.
    """
    if not holds:
        return ()
    found = [_axis(trace, eye, axis, usable, holds) for axis in AXES for eye in _measured_eyes(trace, axis, usable)]
    return tuple(_held_to_the_other(one, found) for one in found)


def degree_note(calibration: Sequence[AxisCalibration], *axes: Axis) -> str:
    """How far degrees along these axes can be trusted: calibrated only where all of them are.

    >>> degree_note((), "vertical")
    'uncalibrated, +-20 %'
    """
    chosen = [one for one in calibration if one.axis in axes]
    if {one.axis for one in chosen} != set(axes) or any(one.reason is not None for one in chosen):
        return UNCALIBRATED
    worst = max(one.uncertainty or 0.0 for one in chosen)
    residual_deg = max(one.residual_sd_deg or 0.0 for one in chosen)
    return (
        f"calibrated to {min(one.target_count for one in chosen)} targets, +-{200 * worst:.0f} %, "
        f"residual {residual_deg:.1f} deg, if the patient reached them"
    )


def calibrated_trace(trace: Trace, calibration: Sequence[AxisCalibration]) -> Trace:
    """The trace with limbus degrees calibrated along the axes where that is possible; 0 = straight ahead there."""
    eyes: dict[Eye, EyeTrace] = {"left": trace.left, "right": trace.right}
    for one in calibration:
        if one.reason is None and one.slope is not None and one.offset_deg is not None:
            name = _ARRAYS[one.axis]
            degrees_true = (getattr(eyes[one.eye], name) - one.offset_deg) / one.slope
            eyes[one.eye] = replace(eyes[one.eye], **{name: degrees_true})
    return replace(trace, left=eyes["left"], right=eyes["right"])


def calibrated_saccades(saccades: Iterable[Saccade], calibration: Sequence[AxisCalibration]) -> tuple[Saccade, ...]:
    """Saccades found in degrees as measured, in calibrated degrees: amplitude, direction and velocities."""
    horizontal, vertical = _factor(calibration, "horizontal"), _factor(calibration, "vertical")
    return tuple(_scaled(saccade, horizontal, vertical) for saccade in saccades)


def measured_saccades(saccades: Iterable[Saccade], calibration: Sequence[AxisCalibration]) -> tuple[Saccade, ...]:
    """The way back from :func:`calibrated_saccades`."""
    horizontal, vertical = _factor(calibration, "horizontal"), _factor(calibration, "vertical")
    return tuple(_scaled(saccade, 1 / horizontal, 1 / vertical) for saccade in saccades)


def _factor(calibration: Sequence[AxisCalibration], axis: Axis) -> float:
    """True degrees for one measured, mean of the eyes; 1 where uncalibrated."""
    slopes = [one.slope for one in calibration if one.axis == axis and one.reason is None and one.slope is not None]
    return len(slopes) / sum(slopes) if slopes else 1.0


def _scaled(saccade: Saccade, horizontal: float, vertical: float) -> Saccade:
    if horizontal == vertical == 1.0:
        return saccade
    angle = radians(saccade.direction_deg)
    h_share, v_share = horizontal * cos(angle), vertical * sin(angle)
    factor = hypot(h_share, v_share)

    def times(value: float | None) -> float | None:
        return None if value is None else factor * value

    return replace(
        saccade,
        amplitude_deg=factor * saccade.amplitude_deg,
        direction_deg=degrees(atan2(v_share, h_share)) % 360,
        peak_velocity_deg_s=times(saccade.peak_velocity_deg_s),
        peak_velocity_low_deg_s=times(saccade.peak_velocity_low_deg_s),
        peak_velocity_high_deg_s=times(saccade.peak_velocity_high_deg_s),
    )


def _measured_eyes(trace: Trace, axis: Axis, usable: BoolArray) -> Iterator[Eye]:
    sides: tuple[tuple[Eye, EyeTrace], ...] = (("left", trace.left), ("right", trace.right))
    for side, eye in sides:
        if (usable & np.isfinite(getattr(eye, _ARRAYS[axis]))).any():
            yield side


def _axis(trace: Trace, eye: Eye, axis: Axis, usable: BoolArray, holds: Sequence[Hold]) -> AxisCalibration:
    measured = getattr(trace.left if eye == "left" else trace.right, _ARRAYS[axis])
    pairs = [
        (hold.h_deg if axis == "horizontal" else hold.v_deg, gaze_deg)
        for hold in holds
        if (gaze_deg := _steady(trace.time_s, measured, usable, hold)) is not None
    ]
    target_deg, gaze_deg = np.array(pairs).reshape(-1, 2).T
    few = _too_few(target_deg)
    if few is not None:
        return AxisCalibration(eye, axis, len(pairs), reason=few)
    slope, offset_deg = repeated_median_line(target_deg, gaze_deg)
    residual_deg = gaze_deg - offset_deg - slope * target_deg
    sd_deg = float(1.4826 * np.median(np.abs(residual_deg)))
    spread_deg = float(np.std(target_deg) * np.sqrt(len(pairs)))
    # A repeated median has 64 % of the efficiency of least squares at best (Siegel 1982): hence the 0.8.
    uncertainty = sd_deg / (0.8 * spread_deg * abs(slope)) if slope else float("inf")
    reason = _unfit(slope, sd_deg, float(np.ptp(target_deg)))
    return AxisCalibration(eye, axis, len(pairs), slope, offset_deg, sd_deg, uncertainty, reason)


def _steady(time_s: FloatArray, measured: FloatArray, usable: BoolArray, hold: Hold) -> float | None:
    first, last = np.searchsorted(time_s, [hold.start_s, hold.end_s])
    seen = measured[first:last][usable[first:last] & np.isfinite(measured[first:last])]
    if len(seen) < MIN_STEADY_SAMPLES:
        return None
    middle = float(np.median(seen))
    return middle if 1.4826 * np.median(np.abs(seen - middle)) <= MAX_UNSTEADY_DEG else None


def repeated_median_line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Slope and offset of a line by repeated medians: the median over points of the median slope to all others.

    Args:
        x, y: ``(M,)``; of equal ``x`` at most all but one other value.

    >>> repeated_median_line(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 5.0, 40.0, 9.0]))
    (2.0, 1.0)
    """
    apart = x[:, None] - x[None, :]
    rise = y[:, None] - y[None, :]
    slopes = np.divide(rise, apart, out=np.full_like(rise, np.nan), where=apart != 0)
    slope = float(np.median(np.nanmedian(slopes, axis=1)))
    return slope, float(np.median(y - slope * x))


def _too_few(target_deg: FloatArray) -> str | None:
    levels = len(np.unique(np.round(target_deg)))
    span_deg = float(np.ptp(target_deg)) if len(target_deg) else 0.0
    if len(target_deg) >= MIN_TARGETS and levels >= MIN_LEVELS and span_deg >= MIN_SPAN_DEG:
        return None
    return (
        f"TOO_FEW_TARGETS: Steady gaze was seen at {len(target_deg)} targets in {levels} places over {span_deg:.0f} "
        f"deg; {MIN_TARGETS} in {MIN_LEVELS} places over {MIN_SPAN_DEG:g} deg are needed."
    )


def _unfit(slope: float, residual_sd_deg: float, span_deg: float) -> str | None:
    if abs(slope - 1) > MAX_SLOPE_ERROR:
        return (
            f"TARGETS_NOT_REACHED: Gaze moved {slope:.0%} of the way between the targets. That is farther from 100 % "
            "than uncalibrated degrees are uncertain by: the eyes did not reach the targets, the head turned along, "
            "or the distance to the screen is wrong."
        )
    if residual_sd_deg > MAX_RESIDUAL_SHARE * span_deg:
        return (
            f"CALIBRATION_TOO_ROUGH: Steady gaze lies {residual_sd_deg:.1f} deg from the line through the targets; at "
            f"most {MAX_RESIDUAL_SHARE * span_deg:.1f} deg are allowed."
        )
    return None


def _held_to_the_other(one: AxisCalibration, found: Sequence[AxisCalibration]) -> AxisCalibration:
    """An eye that fits is not used alone: the mean of a calibrated and an uncalibrated eye is neither."""
    if one.reason is not None or all(o.reason is None for o in found if o.axis == one.axis):
        return one
    return replace(one, reason="OTHER_EYE_NOT_CALIBRATED: The other eye could not be calibrated along this axis.")
