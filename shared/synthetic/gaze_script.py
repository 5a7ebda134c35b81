"""What two eyes are asked to do, and by what camera they are seen: the script for :mod:`shared.synthetic.gaze`.

Published relations (named at each constant) shape it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from shared.model import FloatArray


@dataclass(frozen=True)
class Step:
    """The target jumps to ``(h_deg, v_deg)`` at ``at_s``. Left and down are positive."""

    at_s: float
    h_deg: float
    v_deg: float


@dataclass(frozen=True)
class Dynamics:
    """How fast and how far the eye goes.

    Attributes:
        vertical_max_deg_s, vertical_constant_deg: main sequence ``Vp = max (1 - exp(-A / constant))``, fitted to
            208 / 303 / 391 deg/s at 5 / 10 / 20 deg (Hopf et al. 2018, PMC6143243).
        horizontal_max_deg_s, horizontal_constant_deg: the same for 213 / 352 / 455 deg/s at 5 / 15 / 30 deg.
        vertical_speed, horizontal_speed: factor on the peak velocity; below 1 is slowed, as in PSP.
        vertical_gain, horizontal_gain: share of the way that the first saccade covers; a second saccade
            ``correction_delay_s`` after it covers the rest.
        vertical_limit_deg: the eye goes no farther than this up or down; None = no limit.
        latency_s: from the target's jump to the first saccade.
    """

    vertical_max_deg_s: float = 418.0
    vertical_constant_deg: float = 7.5
    horizontal_max_deg_s: float = 462.0
    horizontal_constant_deg: float = 9.1
    vertical_speed: float = 1.0
    horizontal_speed: float = 1.0
    vertical_gain: float = 1.0
    horizontal_gain: float = 1.0
    vertical_limit_deg: float | None = None
    latency_s: float = 0.2
    correction_delay_s: float = 0.18

    def peak_velocity_deg_s(self, h_deg: float, v_deg: float) -> float:
        """Peak velocity of a saccade by ``(h_deg, v_deg)``; oblique ones lie between the two main sequences.

        >>> round(Dynamics().peak_velocity_deg_s(0.0, 10.0))
        308
        """
        amplitude = float(np.hypot(h_deg, v_deg))
        vertical_share = (v_deg / amplitude) ** 2
        vertical = self.vertical_speed * self.vertical_max_deg_s * -np.expm1(-amplitude / self.vertical_constant_deg)
        horizontal = (
            self.horizontal_speed * self.horizontal_max_deg_s * -np.expm1(-amplitude / self.horizontal_constant_deg)
        )
        return float(vertical_share * vertical + (1 - vertical_share) * horizontal)


PSP_LIKE: Final = Dynamics(
    vertical_speed=0.35, vertical_gain=0.7, horizontal_gain=0.9, vertical_limit_deg=1.2, latency_s=0.35
)
"""Slowed, short vertical saccades and a small vertical range; horizontal ones nearly normal. Numbers are ours."""


@dataclass(frozen=True)
class BlinkStep:
    """One blink that is asked for: it begins at ``at_s`` and reaches ``depth`` (1 = shut)."""

    at_s: float
    depth: float = 1.0
    closing_s: float = 0.10
    closed_s: float = 0.04
    opening_s: float = 0.20
    eye: Literal["both", "left", "right"] = "both"

    @property
    def end_s(self) -> float:
        """When the lids are back."""
        return self.at_s + self.closing_s + self.closed_s + self.opening_s

    def closure(self, time_s: FloatArray) -> FloatArray:
        """Closure at each time, 0 to ``depth``: a quick fall, a short rest, a slower rise."""
        since = time_s - self.at_s
        falling = np.clip(since / self.closing_s, 0, 1)
        rising = np.clip((since - self.closing_s - self.closed_s) / self.opening_s, 0, 1)
        closed: FloatArray = self.depth * 0.5 * (np.cos(np.pi * rising) - np.cos(np.pi * falling))
        return closed


@dataclass(frozen=True)
class Script:
    """What the two eyes are to do for ``duration_s``.

    Attributes:
        steps: jumps of the target, in order.
        blinks: blinks at fixed times, in addition to random ones at ``blink_rate_per_min``.
        square_wave_rate_per_min, square_wave_amplitude_deg: random horizontal square-wave jerks in fixation.
        drift_sd_deg: slow wandering of gaze during fixation.
        noise_sd_deg: independent from frame to frame.
        blink_pull_deg: how far a full blink draws the eye down.
    """

    duration_s: float
    steps: tuple[Step, ...] = ()
    dynamics: Dynamics = field(default_factory=Dynamics)
    blinks: tuple[BlinkStep, ...] = ()
    blink_rate_per_min: float = 0.0
    square_wave_rate_per_min: float = 0.0
    square_wave_amplitude_deg: float = 1.5
    drift_sd_deg: float = 0.08
    noise_sd_deg: float = 0.02
    blink_pull_deg: float = 1.5


@dataclass(frozen=True)
class Camera:
    """When the pictures are taken.

    Attributes:
        rate_hz: mean frame rate.
        jitter: standard deviation of the frame times in frame intervals; 0 = even. Kept monotone.
        dropped_fraction: share of frames, chosen at random, that never reach the file. The first always does.
    """

    rate_hz: float = 30.0
    jitter: float = 0.0
    dropped_fraction: float = 0.0


def steps_between(start_s: float, targets_deg: list[tuple[float, float]], dwell_s: float = 0.9) -> tuple[Step, ...]:
    """Target jumps to each ``(h, v)`` in turn, ``dwell_s`` apart, the first at ``start_s``.

    >>> steps_between(1.0, [(0, 20), (0, 0)], dwell_s=0.5)
    (Step(at_s=1.0, h_deg=0, v_deg=20), Step(at_s=1.5, h_deg=0, v_deg=0))
    """
    return tuple(Step(start_s + i * dwell_s, h, v) for i, (h, v) in enumerate(targets_deg))
