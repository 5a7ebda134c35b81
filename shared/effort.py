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

from shared.events.main_sequence import PEAK_TO_MEAN_VELOCITY, main_axis, normal_band
from shared.model import Saccade

MIN_ATTEMPT_DEG: Final = 1.0
"""Smallest vertical saccade that counts as an attempt: fixational ones are about 0.5 deg
(doi 10.1007/s00221-023-06633-6). Proposal."""

MIN_TIMED: Final = 3
"""Fewest saccades for a typical duration. Proposal."""

_PUBLISHED_DEG: Final = (5.0, 20.0)
"""Amplitudes between which healthy vertical peak velocities are published (Hopf et al. 2018)."""

_CONSTANT_DEG: Final = 7.5
"""Of the main sequence Vp = Vmax (1 - exp(-A / 7.5)) through those means; below 5 degrees it is all but a line."""


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
    timed = [s.duration_s / longest_healthy_s(s.amplitude_deg) for s in vertical if s.duration_s is not None]
    down = sum(sin(radians(s.direction_deg)) > 0 for s in vertical)
    return VerticalEffort(len(vertical) - down, down, median(timed) if len(timed) >= MIN_TIMED else None)


def longest_healthy_s(amplitude_deg: float) -> float:
    """Duration of a healthy vertical saccade at mean peak velocity - 2 SD, s.

    Below the published amplitudes along the main sequence through them, above at the velocity of the largest.

    >>> [round(longest_healthy_s(deg), 3) for deg in (2.0, 5.0, 10.0)]
    [0.05, 0.061, 0.081]

    Raises:
        ValueError: the amplitude is not a number.
    """
    band = normal_band(float(np.clip(amplitude_deg, *_PUBLISHED_DEG)), "vertical")
    if band is None:
        raise ValueError(f"no saccade has an amplitude of {amplitude_deg} deg")
    smallest_deg = min(amplitude_deg, _PUBLISHED_DEG[0])
    share = expm1(-smallest_deg / _CONSTANT_DEG) / expm1(-_PUBLISHED_DEG[0] / _CONSTANT_DEG)
    return PEAK_TO_MEAN_VELOCITY * amplitude_deg / (band.low_deg_s * share)
