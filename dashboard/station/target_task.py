"""What the target does at a screening, second by second: rest, left and right, up and down, blinks.

Angles are those at the eye, as in :mod:`shared.targets.log`: ``x_deg`` positive toward the patient's left, which is
the left of the screen that the patient faces, ``y_deg`` positive down. The screen may not reach that far; then the
browser shows the target as far out as it can and logs where it really stood.

The holds are uneven, so that nobody can look ahead of the target, and the same at every screening, so that recordings
compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice
from typing import Final

HORIZONTAL_DEG: Final = 18.0
VERTICAL_DEG: Final = 18.0
"""Wanted, where the screen reaches so far; most screens reach 10 degrees up and down at arm's length."""


class Stage(StrEnum):
    """What the person is asked to do."""

    FIXATION = "fixation"
    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    BLINK = "blink"


@dataclass(frozen=True)
class TaskStep:
    """From ``at_s`` on (after the start of the task) the target stands there; both angles None: no target."""

    at_s: float
    stage: Stage
    x_deg: float | None
    y_deg: float | None


@dataclass(frozen=True)
class TargetTask:
    """The steps in order, and when the last one ends."""

    steps: tuple[TaskStep, ...]
    duration_s: float


@dataclass(frozen=True)
class _Plan:
    """``fixation_s`` at the centre, then shifts with the given holds, then ``blink_s`` for blinking."""

    fixation_s: float
    horizontal_shifts: int
    vertical_shifts: int
    holds_s: tuple[float, ...]
    blink_s: float


_PLANS: Final = {
    "trial": _Plan(1.6, 7, 7, (0.9, 1.1, 0.8, 1.0), 1.0),
    "standard": _Plan(12.0, 10, 16, (1.6, 1.2, 1.9, 1.4, 1.3, 2.0, 1.5), 8.0),
    "long": _Plan(20.0, 12, 22, (1.6, 1.2, 1.9, 1.4, 1.3, 2.0, 1.5), 10.0),
}
TASKS: Final = tuple(_PLANS)
"""Names of the tasks, shortest first. ``trial`` is for trying the station out: too short to judge anyone."""


def target_task(name: str) -> TargetTask:
    """The task called ``name``.

    >>> [round(target_task(name).duration_s) for name in TASKS]
    [18, 64, 86]
    """
    plan = _PLANS[name]
    steps = [TaskStep(0.0, Stage.FIXATION, 0.0, 0.0)]
    at_s = plan.fixation_s
    holds_s = cycle(plan.holds_s)
    for stage, count, reach_deg in (
        (Stage.HORIZONTAL, plan.horizontal_shifts, HORIZONTAL_DEG),
        (Stage.VERTICAL, plan.vertical_shifts, VERTICAL_DEG),
    ):
        for offset_deg in _sides(count, reach_deg):
            x_deg, y_deg = (offset_deg, 0.0) if stage is Stage.HORIZONTAL else (0.0, offset_deg)
            steps.append(TaskStep(at_s, stage, x_deg, y_deg))
            at_s += next(holds_s)
    steps.append(TaskStep(at_s, Stage.BLINK, None, None))
    return TargetTask(tuple(TaskStep(round(s.at_s, 3), s.stage, s.x_deg, s.y_deg) for s in steps), at_s + plan.blink_s)


def _sides(count: int, reach_deg: float) -> Iterator[float]:
    """From side to side, and back to the centre at the end."""
    pattern: Sequence[float] = (reach_deg, -reach_deg)
    yield from islice(cycle(pattern), count)
    yield 0.0
