"""Whether small vertical gaze was tried: the proof of effort that a small range needs before it may mean anything.

A patient with a gaze palsy tries: small vertical saccades follow the instruction, and they are slow. A healthy person
who does not care leaves the eyes still, or moves them a little at normal speed. Speed is read from the duration of the
fitted saccade, which a film of 30 frames/s still carries where it does not carry peak velocity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, radians, sin
from statistics import median
from typing import Final

import numpy as np

from shared.events.main_sequence import PEAK_TO_MEAN_VELOCITY, Axis, main_axis, normal_band
from shared.model import Saccade
from shared.parameters import Gates

MIN_ATTEMPT_DEG: Final = 1.0
"""Smallest vertical saccade that counts as an attempt: fixational ones are about 0.5 deg
(doi 10.1007/s00221-023-06633-6). Proposal."""

MIN_TIMED: Final = 3
"""Fewest saccades for a typical duration. Proposal."""

_PUBLISHED_DEG: Final[dict[Axis, tuple[float, float]]] = {"vertical": (5.0, 20.0), "horizontal": (5.0, 30.0)}
"""Amplitudes between which healthy peak velocities are published (Hopf et al. 2018)."""

_CONSTANT_DEG: Final[dict[Axis, float]] = {"vertical": 7.5, "horizontal": 9.1}
"""Of the main sequence Vp = Vmax (1 - exp(-A / constant)) through those means; below 5 degrees all but a line."""


@dataclass(frozen=True)
class VerticalEffort:
    """What vertical saccades say of trying.

    Attributes:
        up, down: saccades of at least ``MIN_ATTEMPT_DEG`` within 30 degrees of the vertical.
        slowness: typical duration of them over the longest healthy one of that size (mean peak velocity - 2 SD); 1
            and more is slow. None for fewer than ``MIN_TIMED`` fitted durations.
    """

    up: int
    down: int
    slowness: float | None


def vertical_effort(saccades: Sequence[Saccade]) -> VerticalEffort:
    """Attempts to look up and down, and how slow they were."""
    vertical = [s for s in saccades if s.amplitude_deg >= MIN_ATTEMPT_DEG and main_axis(s.direction_deg) == "vertical"]
    timed = slowness(vertical, "vertical")
    down = sum(sin(radians(s.direction_deg)) > 0 for s in vertical)
    return VerticalEffort(len(vertical) - down, down, median(timed) if len(timed) >= MIN_TIMED else None)


def slowness(saccades: Sequence[Saccade], axis: Axis) -> list[float]:
    """Fitted duration of each over the longest healthy one of its size; those without a duration are left out."""
    return [s.duration_s / longest_healthy_s(s.amplitude_deg, axis) for s in saccades if s.duration_s is not None]


def attempts_missing(effort: VerticalEffort, gates: Gates) -> tuple[str | None, str]:
    """What is missing from the proof that the patient tried to look up and down, or None; and what was found."""
    count, least = effort.up + effort.down, gates.min_vertical_attempts
    found = f"{effort.up} saccades up and {effort.down} down show that the patient tried"
    if least and (count < least or not effort.up or not effort.down):
        return (
            f"Vertical gaze all but stood still ({effort.up} saccades up, {effort.down} down), so a complete palsy and "
            "a patient who did not try look the same. Watch the film, examine by hand whether turning the head moves "
            "the eyes up and down, and repeat with a target to look at.",
            "",
        )
    if effort.slowness is None:
        return None, f"{found}."
    times = f"{effort.slowness:.1f} times the longest healthy duration of their size"
    if effort.slowness < gates.min_saccade_slowness:
        return (
            f"The {count} vertical saccades were small but as fast as healthy ones ({times}), as in someone who does "
            "not try hard. Repeat with targets to look at, and encourage the patient to look as far as possible.",
            "",
        )
    return None, f"{found}, and they last {times}."


def longest_healthy_s(amplitude_deg: float, axis: Axis = "vertical") -> float:
    """Duration of a healthy saccade at mean peak velocity - 2 SD, s.

    Below the published amplitudes along the main sequence through them, above at the velocity of the largest.

    >>> [round(longest_healthy_s(deg), 3) for deg in (2.0, 5.0, 10.0)]
    [0.05, 0.061, 0.081]

    Raises:
        ValueError: the amplitude is not a number.
    """
    smallest, largest = _PUBLISHED_DEG[axis]
    band = normal_band(float(np.clip(amplitude_deg, smallest, largest)), axis)
    if band is None:
        raise ValueError(f"no saccade has an amplitude of {amplitude_deg} deg")
    constant = _CONSTANT_DEG[axis]
    share = expm1(-min(amplitude_deg, smallest) / constant) / expm1(-smallest / constant)
    return PEAK_TO_MEAN_VELOCITY * amplitude_deg / (band.low_deg_s * share)
