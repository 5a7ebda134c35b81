"""The target log: where the recorder showed a target, and when, on the film's time base.

As JSON, a file or the parameter ``target_log``::

    {"steps": [{"time_s": 0.512, "x_deg": 0, "y_deg": 0}, {"time_s": 2.530, "x_deg": 0, "y_deg": -12.5}, ...],
     "end_s": 61.2, "clock_error_s": 0.02, "screen_distance_cm": 50}

``x_deg`` is positive toward the patient's left, ``y_deg`` is positive down, both as angles at the eye from straight
ahead. A step with both ``null`` says that from then on no target is shown. All but ``steps`` may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import atan2, degrees, hypot
from pathlib import Path
from typing import Any, Final

from shared.bounds import Bound, checked_number, quoted
from shared.errors import InvalidParameterError
from shared.model import Segment, TargetDirection, TargetLog, TargetStep

MAX_STEPS: Final = 2000
"""A target every half second for a quarter of an hour."""

STEP_BOUNDS: Final[Mapping[str, Bound]] = {
    "time_s": Bound(float, -600, 86_400, "s", "When the target was shown there, from the film's first frame.", ""),
    "x_deg": Bound(float, -60, 60, "deg", "Eye angle to the target, positive toward the patient's left.", ""),
    "y_deg": Bound(float, -60, 60, "deg", "Eye angle to the target, positive down.", ""),
}
"""Bounds of one step's values. No eye turns farther than 60 degrees to any side."""

LOG_BOUNDS: Final[Mapping[str, Bound]] = {
    "end_s": Bound(float, -600, 86_400, "s", "When the last target vanished.", ""),
    "clock_error_s": Bound(float, 0, 1, "s", "How far the target's times may be off the film's.", ""),
    "screen_distance_cm": Bound(float, 10, 500, "cm", "From the eyes to the screen.", ""),
}
"""Bounds of the log's other values, all optional."""

AXIS_TOLERANCE_DEG: Final = 30.0
"""A step this near to an axis counts as along it, like saccades (:func:`shared.events.main_sequence.main_axis`)."""

CENTRE_DEG: Final = 2.0
"""Targets this near to straight ahead are for fixation."""

SETTLING_S: Final = 1.0
"""After a step gaze is on its way, s: usual latency, a saccade, one correction. Proposal."""

MIN_FIXATION_S: Final = 2.0
"""A target straight ahead is for fixation when it stays this long after ``SETTLING_S``; a shorter one is a stop
between two others. Proposal."""


def checked_target_log(value: Any) -> TargetLog | None:
    """An untrusted target log, checked.

    Args:
        value: a mapping as in the module's example, a list of steps alone, a :class:`TargetLog`, or None.

    Raises:
        InvalidParameterError: of another form, a value out of bounds, or times that do not increase.
    """
    if value is None or isinstance(value, TargetLog):
        return value
    given = value if isinstance(value, Mapping) else {"steps": value}
    unknown = given.keys() - {"steps", *LOG_BOUNDS}
    if unknown or "steps" not in given:
        raise InvalidParameterError(
            "target_log must have steps (a list of {time_s, x_deg, y_deg}) and may have "
            f"{', '.join(LOG_BOUNDS)}; nothing else.",
            field="target_log",
        )
    items = given["steps"]
    if isinstance(items, str) or not isinstance(items, Sequence) or not 2 <= len(items) <= MAX_STEPS:
        raise InvalidParameterError(f"target_log.steps must be a list of 2 to {MAX_STEPS} steps.", field="target_log")
    steps = tuple(_step(index, item) for index, item in enumerate(items))
    for before, after in pairwise(steps):
        if after.time_s <= before.time_s:
            raise InvalidParameterError(
                f"target_log.steps: the step at {after.time_s:g} s does not come after the one at {before.time_s:g} s.",
                field="target_log",
            )
    others = {name: _optional(f"target_log.{name}", given.get(name), bound) for name, bound in LOG_BOUNDS.items()}
    if others["end_s"] is not None and others["end_s"] <= steps[-1].time_s:
        raise InvalidParameterError(
            f"target_log.end_s is {others['end_s']:g}; it must come after the last step at {steps[-1].time_s:g} s.",
            field="target_log",
        )
    return TargetLog(steps, **others)


def _step(index: int, item: Any) -> TargetStep:
    name = f"target_log.steps[{index}]"
    if not isinstance(item, Mapping) or item.keys() != STEP_BOUNDS.keys():
        raise InvalidParameterError(f"{name} is {quoted(item)}; it must have time_s, x_deg and y_deg.", field=name)
    time_s = checked_number(f"{name}.time_s", item["time_s"], STEP_BOUNDS["time_s"])
    x_deg, y_deg = (_optional(f"{name}.{axis}", item[axis], STEP_BOUNDS[axis]) for axis in ("x_deg", "y_deg"))
    if (x_deg is None) != (y_deg is None):
        raise InvalidParameterError(f"{name} must have both x_deg and y_deg, or null for both.", field=name)
    return TargetStep(time_s, x_deg, y_deg)


def _optional(name: str, value: Any, bound: Bound) -> Any:
    return None if value is None else checked_number(name, value, bound)


def target_log_values(log: TargetLog | None) -> dict[str, Any] | None:
    """A target log as JSON values: what :func:`checked_target_log` reads back."""
    if log is None:
        return None
    return {
        "steps": [{"time_s": step.time_s, "x_deg": step.x_deg, "y_deg": step.y_deg} for step in log.steps],
        "end_s": log.end_s,
        "clock_error_s": log.clock_error_s,
        "screen_distance_cm": log.screen_distance_cm,
    }


def read_target_log(source: Path | bytes | str) -> TargetLog:
    """Read a target log: a file, or its text.

    Raises:
        InvalidParameterError: it cannot be opened, is no JSON, or is no target log.
    """
    try:
        content = json.loads(source.read_bytes() if isinstance(source, Path) else source)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidParameterError(
            "The target log could not be read. Use the JSON file that the recorder wrote.", field="target_log"
        ) from error
    log = checked_target_log(content)
    if log is None:
        raise InvalidParameterError("The target log is empty.", field="target_log")
    return log


def direction_of(x_deg: float, y_deg: float) -> TargetDirection:
    """Direction of a displacement, patient's own sides.

    >>> direction_of(0.0, -12.0), direction_of(10.0, 1.0), direction_of(5.0, 5.0)
    ('up', 'left', 'oblique')
    """
    angle = degrees(atan2(y_deg, x_deg)) % 360
    names: tuple[tuple[float, TargetDirection], ...] = ((0, "left"), (90, "down"), (180, "right"), (270, "up"))
    for middle, name in names:
        if abs((angle - middle + 180) % 360 - 180) <= AXIS_TOLERANCE_DEG:
            return name
    return "oblique"


def target_segments(log: TargetLog | None) -> tuple[Segment, ...]:
    """The stretches of the log as annotated stretches of the recording: ``up``, ``down``, ``left``, ``right`` by where
    the target stood, ``fixation`` for long looks straight ahead. Stretches without a target, and what came before the
    film, are left out; so is the last one where its end is unknown.
    """
    if log is None:
        return ()
    ends = [*(step.time_s for step in log.steps[1:]), log.end_s]
    return tuple(
        segment
        for step, end_s in zip(log.steps, ends, strict=True)
        if end_s is not None and (segment := _segment(step, end_s)) is not None
    )


def _segment(step: TargetStep, end_s: float) -> Segment | None:
    if step.x_deg is None or step.y_deg is None or end_s <= 0:
        return None
    distance_deg = hypot(step.x_deg, step.y_deg)
    start_s = max(step.time_s, 0.0)
    if distance_deg > CENTRE_DEG:
        return Segment(start_s, end_s, direction_of(step.x_deg, step.y_deg), distance_deg)
    settled_s = max(step.time_s + SETTLING_S, 0.0)
    return Segment(settled_s, end_s, "fixation", 0.0) if end_s - settled_s >= MIN_FIXATION_S else None
