"""How the eyes answered each step of the target: latency, and how far they went.

Degrees here are as measured, never calibrated to these same targets: a calibration would make every patient reach
every target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import cos, hypot, radians, sin
from typing import Final

import numpy as np

from shared.model import FloatArray, Saccade, TargetLog, TargetResponse, TargetStep
from shared.targets.log import direction_of

MIN_LATENCY_S: Final = 0.080
"""Saccades that begin earlier were planned before the target was seen: visual input cannot change a saccade in the
last 80 to 100 ms before it (Becker & Jürgens, Vision Res 1979;19:967); anticipatory ones end below 75 ms (Fischer &
Ramsperger, Exp Brain Res 1986;64:569)."""

USUAL_LATENCY_S: Final = 0.800
"""Later answers are counted as *late*, not thrown away as studies of healthy people do: the median of vertical ones in
progressive supranuclear palsy was 903 ms (J Clin Mov Disord 2019, doi 10.1186/s40734-019-0081-2). Proposal."""

ANTICIPATION_S: Final = 0.200
"""A saccade to the new place so shortly before the step anticipates it. Proposal."""

TOWARD_DEG: Final = 45.0
"""A saccade goes toward the target within this angle of the way to it. Proposal."""

MIN_STEP_DEG: Final = 2.0
"""Smaller steps of the target are not measured."""

MIN_SHARE, MIN_PRIMARY_DEG = 0.10, 1.0
"""Least way toward the target that makes a saccade an answer: both a share of the step and degrees. Proposals."""

EARLY_SHARE: Final = 0.5
"""Least share of the step that an early saccade covers to have anticipated it; smaller ones are chance. Proposal."""

LOST_S: Final = 0.100
"""Gaze lost for longer than this while the answer is due may have hidden it. Proposal."""

STEADY_S: Final = 0.6
"""Time before the next step from which steady gaze is taken, at most half of the target's time, s. Proposal."""

MIN_STEADY_SAMPLES: Final = 5


@dataclass(frozen=True, eq=False)
class MeasuredGaze:
    """Gaze to hold against targets: ``(N,)`` times, s, and ``(N,)`` degrees, nan where it may not be used."""

    time_s: FloatArray
    h_deg: FloatArray
    v_deg: FloatArray

    def steady(self, start_s: float, end_s: float) -> tuple[float, float] | None:
        """Median gaze in a stretch, or None for fewer than ``MIN_STEADY_SAMPLES`` samples."""
        first, last = np.searchsorted(self.time_s, [start_s, end_s])
        h_deg, v_deg = self.h_deg[first:last], self.v_deg[first:last]
        known = np.isfinite(h_deg) & np.isfinite(v_deg)
        if known.sum() < MIN_STEADY_SAMPLES:
            return None
        return float(np.median(h_deg[known])), float(np.median(v_deg[known]))

    def lost_s(self, start_s: float, end_s: float) -> float:
        """Longest stretch without gaze within the given one, s."""
        first, last = np.searchsorted(self.time_s, [start_s, end_s])
        known = np.isfinite(self.h_deg[first:last]) & np.isfinite(self.v_deg[first:last])
        seen_s = np.concatenate([[start_s], self.time_s[first:last][known], [end_s]])
        return float(np.diff(seen_s).max())


@dataclass(frozen=True)
class _Hold:
    """A target that was shown from ``time_s`` to ``end_s`` after another one."""

    time_s: float
    end_s: float
    before_s: float
    target: TargetStep
    way_deg: tuple[float, float]

    @property
    def size_deg(self) -> float:
        return hypot(*self.way_deg)

    def along(self, h_deg: float, v_deg: float) -> float:
        """Part of a displacement that goes the target's way, degrees."""
        return (h_deg * self.way_deg[0] + v_deg * self.way_deg[1]) / self.size_deg


def target_responses(log: TargetLog, gaze: MeasuredGaze, saccades: Sequence[Saccade]) -> tuple[TargetResponse, ...]:
    """One response for each step of at least ``MIN_STEP_DEG`` from one shown target to another, within the film.

    Args:
        log: the targets.
        gaze: degrees as measured.
        saccades: found in ``gaze``, in order of time, without those of square-wave jerks, which answer no target.
    """
    if not len(gaze.time_s):
        return ()
    return tuple(_response(hold, gaze, saccades) for hold in _holds(log, float(gaze.time_s[-1])))


def _holds(log: TargetLog, film_end_s: float) -> Iterator[_Hold]:
    last_end_s = film_end_s if log.end_s is None else log.end_s
    ends = [*(step.time_s for step in log.steps[2:]), last_end_s]
    for (before, target), end_s in zip(pairwise(log.steps), ends, strict=True):
        if before.x_deg is None or before.y_deg is None or target.x_deg is None or target.y_deg is None:
            continue
        way_deg = (target.x_deg - before.x_deg, target.y_deg - before.y_deg)
        if hypot(*way_deg) >= MIN_STEP_DEG and 0 <= target.time_s < film_end_s:
            yield _Hold(target.time_s, min(end_s, film_end_s), before.time_s, target, way_deg)


def _response(hold: _Hold, gaze: MeasuredGaze, saccades: Sequence[Saccade]) -> TargetResponse:
    toward = [s for s in saccades if _answers(s, hold)]
    early = any(
        s.start_s < hold.time_s + MIN_LATENCY_S and _along(s, hold) >= EARLY_SHARE * hold.size_deg for s in toward
    )
    answer = next((s for s in toward if s.start_s >= hold.time_s + MIN_LATENCY_S), None)
    due_s = answer.start_s if answer else min(hold.time_s + USUAL_LATENCY_S, hold.end_s)
    response = TargetResponse(
        time_s=hold.time_s,
        x_deg=hold.target.x_deg or 0.0,
        y_deg=hold.target.y_deg or 0.0,
        size_deg=hold.size_deg,
        direction=direction_of(*hold.way_deg),
        outcome="none",
        final_gain=_final_gain(hold, gaze),
    )
    if early:
        return replace(response, outcome="anticipated")
    if gaze.lost_s(hold.time_s, due_s) > LOST_S:
        return replace(response, outcome="not_seen")
    if answer is None:
        return response
    latency_s = answer.start_s - hold.time_s
    return replace(
        response,
        outcome="late" if latency_s > USUAL_LATENCY_S else "answered",
        latency_s=latency_s,
        primary_gain=_along(answer, hold) / hold.size_deg,
        saccade_start_s=answer.start_s,
    )


def _answers(saccade: Saccade, hold: _Hold) -> bool:
    """Whether a saccade near or after the step, before the next one could be answered, goes toward the target."""
    if not hold.time_s - ANTICIPATION_S <= saccade.start_s < hold.end_s + MIN_LATENCY_S:
        return False
    along_deg = _along(saccade, hold)
    far_enough = along_deg >= max(MIN_PRIMARY_DEG, MIN_SHARE * hold.size_deg)
    return far_enough and along_deg >= saccade.amplitude_deg * cos(radians(TOWARD_DEG))


def _along(saccade: Saccade, hold: _Hold) -> float:
    angle = radians(saccade.direction_deg)
    return hold.along(saccade.amplitude_deg * cos(angle), saccade.amplitude_deg * sin(angle))


def _final_gain(hold: _Hold, gaze: MeasuredGaze) -> float | None:
    before = gaze.steady(*steady_span(hold.before_s, hold.time_s))
    after = gaze.steady(*steady_span(hold.time_s, hold.end_s))
    if before is None or after is None:
        return None
    return hold.along(after[0] - before[0], after[1] - before[1]) / hold.size_deg


def steady_span(start_s: float, end_s: float) -> tuple[float, float]:
    """The last part of a target's time, when gaze has arrived: up to the next step, which no one answers sooner."""
    return max(end_s - STEADY_S, (start_s + end_s) / 2), end_s
