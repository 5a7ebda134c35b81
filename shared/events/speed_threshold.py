"""Saccades as stretches of speed over a threshold that follows the noise: for rates that sample a saccade densely.

In order: velocity by :mod:`shared.events.velocity`; the slow part (pursuit, drift, optokinetic slow phases) is taken
off as a running median; what remains is compared with a multiple of its own local median, which follows the noise of
the recording from stretch to stretch. From each peak the saccade extends while the velocity *along its own direction*
stays up: a post-saccadic oscillation swings back, so the saccade ends where it begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from shared.events.velocity import local_velocity, runs
from shared.model import BoolArray, FloatArray

RAYLEIGH_MEDIAN = 1.1774  # median of the speed of isotropic noise with unit standard deviation per axis


@dataclass(frozen=True)
class SpeedThreshold:
    """Constants of the method, chosen on the development recordings of ``tests/accuracy/saccades.py``.

    Attributes:
        half_window_s: of the line fit that gives velocity.
        widest_half_window_s: the same where samples are sparse.
        slow_phase_s: width of the running median that is taken off.
        steady_s: over this time a movement other than noise keeps its velocity.
        noise_window_s: width of the running median of what jitters faster than that.
        peak_floor_deg_s, onset_floor_deg_s, offset_floor_deg_s: least thresholds.
        peak_noise, onset_noise, offset_noise: the same as multiples of the local noise.
        onset_share, offset_share: the same as shares of the peak speed.
        fastest_deg_s: faster ones are artefacts: no eye reaches it.
        min_duration_s: shorter ones are noise.
        oscillation_gap_s, oscillation_share: a following movement within this gap and below this share of the peak
            speed is post-saccadic oscillation.
    """

    half_window_s: float = 0.007
    widest_half_window_s: float = 0.0085
    slow_phase_s: float = 0.70
    steady_s: float = 0.13
    noise_window_s: float = 0.42
    peak_floor_deg_s: float = 30.0
    peak_noise: float = 8.7
    onset_floor_deg_s: float = 11.0
    onset_noise: float = 6.5
    onset_share: float = 0.15
    offset_floor_deg_s: float = 2.7
    offset_noise: float = 1.5
    offset_share: float = 0.015
    fastest_deg_s: float = 1000.0
    min_duration_s: float = 0.009
    oscillation_gap_s: float = 0.06
    oscillation_share: float = 1.0


@dataclass(frozen=True, eq=False)
class FastPhase:
    """Velocity of a signal with the slow phase taken off; every array has shape ``(N,)``.

    Attributes:
        h_deg_s, v_deg_s: velocity, deg/s.
        known: where it could be computed.
        speed_deg_s: its size; 0 where not known.
        noise_deg_s: local standard deviation of one axis, deg/s.
    """

    h_deg_s: FloatArray
    v_deg_s: FloatArray
    known: BoolArray
    speed_deg_s: FloatArray
    noise_deg_s: FloatArray

    @property
    def typical_noise_deg_s(self) -> float:
        """Median of the local noise."""
        return float(np.median(self.noise_deg_s))


def fast_phase(
    time_s: FloatArray, h_deg: FloatArray, v_deg: FloatArray, guard: BoolArray, constants: SpeedThreshold
) -> FastPhase | None:
    """Velocity of a signal without pursuit and drift; None where too little of it is clear of losses.

    Args:
        time_s, h_deg, v_deg: ``(N,)`` gaze, s and degrees; ``nan`` where lost.
        guard: ``(N,)`` samples at and around losses, which tell nothing about noise.
        constants: of the method.
    """
    interval_s = float(np.median(np.diff(time_s)))
    # Three samples make a noisy line: take five where they fit into the widest window, three where they must do.
    half_s = max(constants.half_window_s, min(2.01 * interval_s, constants.widest_half_window_s), 1.01 * interval_s)
    velocity_h, velocity_v = local_velocity(time_s, h_deg, half_s), local_velocity(time_s, v_deg, half_s)
    whole = (time_s >= time_s[0] + half_s) & (time_s <= time_s[-1] - half_s)  # a window cut short is noisier
    known = whole & np.isfinite(velocity_h) & np.isfinite(velocity_v)
    clear = known & ~guard
    if not clear.any():
        return None
    # Over a short window a slow saccade cancels and counts as no noise; over a long one it stays and can be found.
    rough_h, rough_v = np.where(clear, velocity_h, 0.0), np.where(clear, velocity_v, 0.0)
    jitter = np.hypot(
        rough_h - _running_median(rough_h, constants.steady_s, interval_s),
        rough_v - _running_median(rough_v, constants.steady_s, interval_s),
    )
    typical = np.where(clear, jitter, np.median(jitter[clear]))
    noise = _running_median(typical, constants.noise_window_s, interval_s) / RAYLEIGH_MEDIAN
    velocity_h = velocity_h - _running_median(rough_h, constants.slow_phase_s, interval_s)
    velocity_v = velocity_v - _running_median(rough_v, constants.slow_phase_s, interval_s)
    speed = np.where(known, np.hypot(velocity_h, velocity_v), 0.0)
    return FastPhase(velocity_h, velocity_v, known, speed, noise)


def fast_stretches(
    time_s: FloatArray, phase: FastPhase, guard: BoolArray, constants: SpeedThreshold
) -> list[tuple[int, int]]:
    """First and last sample of every saccade.

    Args:
        time_s: ``(N,)`` s.
        phase: its velocity.
        guard: ``(N,)`` samples at and around losses; a movement that reaches one of them is not reported.
        constants: of the method.
    """
    velocity_h, velocity_v, known, speed, noise = (
        phase.h_deg_s,
        phase.v_deg_s,
        phase.known,
        phase.speed_deg_s,
        phase.noise_deg_s,
    )
    peak_threshold = np.maximum(constants.peak_floor_deg_s, constants.peak_noise * noise)
    onset_threshold = np.maximum(constants.onset_floor_deg_s, constants.onset_noise * noise)
    offset_threshold = np.maximum(constants.offset_floor_deg_s, constants.offset_noise * noise)

    found: list[tuple[int, int]] = []
    taken_to, last_end_s, last_peak = -1, -np.inf, 0.0
    for start, beyond in runs(speed > peak_threshold):
        if beyond <= taken_to + 1:
            continue
        top = max(start, taken_to + 1)
        top += int(np.argmax(speed[top:beyond]))
        peak = float(speed[top])
        along = (velocity_h * velocity_h[top] + velocity_v * velocity_v[top]) / peak
        first, last = top, top
        onset_speed = max(onset_threshold[top], constants.onset_share * peak)
        offset_speed = max(offset_threshold[top], constants.offset_share * peak)
        while first > taken_to + 1 and known[first - 1] and along[first - 1] > onset_speed:
            first -= 1
        while last + 1 < len(time_s) and known[last + 1] and along[last + 1] > offset_speed:
            last += 1
        taken_to = last
        if peak > constants.fastest_deg_s:
            continue
        if time_s[last] - time_s[first] < constants.min_duration_s - 1e-6 or guard[first : last + 1].any():
            continue
        follows = time_s[first] - last_end_s < constants.oscillation_gap_s
        if follows and peak < constants.oscillation_share * last_peak:
            continue
        found.append((first, last))
        last_end_s, last_peak = float(time_s[last]), peak
    return found


def _running_median(values: FloatArray, width_s: float, interval_s: float) -> FloatArray:
    width = max(5, int(width_s / interval_s) | 1)
    filtered: FloatArray = median_filter(values, size=width, mode="nearest")
    return filtered
