"""Gaze signals with known saccades, for the tests of detection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from shared.model import FloatArray

BELL_EXPONENT = 1.374  # velocity (u (1 - u))^1.374: peak over mean velocity 1.65, and another shape than the fit's


@dataclass(frozen=True)
class KnownSaccade:
    """One saccade of known onset, duration and displacement."""

    start_s: float
    duration_s: float
    h_deg: float
    v_deg: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s

    @property
    def amplitude_deg(self) -> float:
        return float(np.hypot(self.h_deg, self.v_deg))

    @property
    def peak_velocity_deg_s(self) -> float:
        return 1.65 * self.amplitude_deg / self.duration_s


def healthy_duration_s(amplitude_deg: float) -> float:
    """Duration on the mean vertical main sequence of healthy people (Hopf et al. 2018)."""
    return float(1.65 * amplitude_deg / (418.0 * -np.expm1(-amplitude_deg / 7.5)))


def healthy(start_s: float, amplitude_deg: float, direction_deg: float = 0.0) -> KnownSaccade:
    angle = np.radians(direction_deg)
    return KnownSaccade(
        start_s,
        healthy_duration_s(amplitude_deg),
        float(amplitude_deg * np.cos(angle)),
        float(amplitude_deg * np.sin(angle)),
    )


def there_and_back(
    count: int, amplitude_deg: float, direction_deg: float = 0.0, every_s: float = 0.7
) -> list[KnownSaccade]:
    """Saccades out and back, alternating, from 0.5 s on, at times that drift against any frame grid."""
    return [
        healthy(0.5 + index * (every_s + 0.00731), amplitude_deg, direction_deg + 180.0 * (index % 2))
        for index in range(count)
    ]


def frame_times(rate_hz: float, duration_s: float, jitter: float = 0.0, seed: int = 0) -> FloatArray:
    """Time stamps; with ``jitter`` each interval varies by up to that share."""
    count = int(duration_s * rate_hz)
    intervals = np.full(count, 1.0 / rate_hz)
    intervals *= 1.0 + jitter * np.random.default_rng(seed).uniform(-1.0, 1.0, count)
    return np.cumsum(intervals) - intervals[0]


def gaze_of(
    time_s: FloatArray, saccades: list[KnownSaccade], noise_deg: float = 0.0, seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Horizontal and vertical gaze with white noise on both."""
    noise = np.random.default_rng(seed).normal(0.0, 1.0, (2, len(time_s))) * noise_deg
    h, v = noise
    for saccade in saccades:
        phase = np.clip((time_s - saccade.start_s) / saccade.duration_s, 0.0, 1.0)
        share = betainc(BELL_EXPONENT + 1.0, BELL_EXPONENT + 1.0, phase)
        h, v = h + saccade.h_deg * share, v + saccade.v_deg * share
    return h, v


def white(count: int, noise_deg: float, seed: int) -> FloatArray:
    """``(N, 2)`` errors that change with every sample."""
    return np.random.default_rng(seed).normal(0.0, noise_deg, (count, 2))


def drifting(time_s: FloatArray, noise_deg: float, seed: int) -> FloatArray:
    """Noise that keeps its value for about a tenth of a second, as a fit does that follows a lid."""
    rng, keep = np.random.default_rng(seed), np.exp(-np.median(np.diff(time_s)) / 0.1)
    out = rng.normal(0.0, noise_deg, (len(time_s), 2))
    for index in range(1, len(out)):
        out[index] = keep * out[index - 1] + np.sqrt(1 - keep**2) * out[index]
    return out


def jumping(time_s: FloatArray, size_deg: float, seed: int) -> FloatArray:
    """White noise, and thirty times a minute the fit hops elsewhere for a while."""
    rng = np.random.default_rng(seed)
    out = white(len(time_s), size_deg / 8, seed + 1)
    for start_s in np.arange(1.0, time_s[-1], 2.0) + rng.uniform(0.0, 1.0, len(np.arange(1.0, time_s[-1], 2.0))):
        held = (time_s >= start_s) & (time_s < start_s + rng.uniform(0.1, 0.8))
        out[held] += rng.normal(0.0, size_deg, 2)
    return out
