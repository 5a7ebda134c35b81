"""Saccades that both eyes made: what tells them from chance events of the instrument.

A film measures each eye on its own, and its errors are not the white noise that a detector allows for: a fit that
jumps to a lid, lashes, the blocks of the codec. Saccades are conjugate, both eyes make them together, so **half the
difference of the eyes is a recording of the instrument's errors, made at the same moment, without the saccades**.
(Demanding a saccade in both eyes is an old remedy: Engbert & Mergenthaler, PNAS 2006, doi 10.1073/pnas.0509557103.)

A saccade is reported when gaze moved by more than ``LEAST_DEVIATIONS`` standard deviations of the same measurement
made on that difference, and when the eyes agree about it. Errors of independent eyes are as large in the difference
as in the mean. Errors that both eyes share (head reference, coding) are not in it; they are taken to be as large
again, hence the root of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from shared.model import BoolArray, FloatArray, IntArray, Saccade

REST_S: Final = 0.100
"""Time on each side of a movement over which gaze is averaged, s: about the shortest fixation."""

CHANCE_DEVIATIONS: Final = 4.5
"""Standard deviations per axis that a step of white noise exceeds with a chance of exp(-4.5^2 / 2): about once in ten
minutes at 30 samples a second, before the root of two. Errors have heavier tails than that."""

LEAST_DEVIATIONS: Final = CHANCE_DEVIATIONS * 2**0.5

MOST_DISAGREEMENT: Final = 0.5
"""Largest half difference of the eyes' movements, as a share of their mean: then one eye moved three times as far."""

MOST_GAIN_DIFFERENCE: Final = 0.3
"""How differently the two eyes may be scaled (half difference over mean); more is no matter of scale."""

FEWEST_STEPS: Final = 20
"""Fewer steps do not tell their standard deviation."""

FEWEST_REST_SAMPLES: Final = 2
"""Samples taken on each side even where a neighbouring saccade claims them: edges are no surer than that."""

LONGEST_BRIDGE_INTERVALS: Final = 2.5
"""A single lost sample is bridged where its neighbours are no further apart, in median intervals."""

FULL_TURN_DEG: Final = 360.0
"""No gaze; larger numbers are damage."""

TIE_S: Final = 1e-6
_ROUNDS, _HUBER = 10, 1.5
_MAD_TO_SD: Final = 1.4826


@dataclass(frozen=True, eq=False)
class EyePair:
    """Gaze of two eyes.

    Attributes:
        time_s: ``(N,)`` s.
        mean_deg: ``(N, 2)`` mean of the eyes, horizontal and vertical, degrees; ``nan`` where either is lost.
        half_difference_deg: ``(N, 2)`` (left - right) / 2.
    """

    time_s: FloatArray
    mean_deg: FloatArray
    half_difference_deg: FloatArray


@dataclass(frozen=True)
class Disagreement:
    """How much the eyes differ in what is no difference of scale.

    Attributes:
        gain: half difference over mean, horizontal and vertical: the eyes' scales differ by twice that.
        step_deg: standard deviation, per axis, of the step between two rests of ``REST_S``, degrees.
        rest_samples: samples in such a rest.
    """

    gain: tuple[float, float]
    step_deg: float
    rest_samples: int

    @property
    def sample_deg(self) -> float:
        """Standard deviation of single samples with which steps of white noise would be as large, degrees."""
        return self.step_deg * sqrt(self.rest_samples / 2)

    @property
    def smallest_saccade_deg(self) -> float:
        """Amplitude from which a saccade between two full rests is told from chance, degrees."""
        return LEAST_DEVIATIONS * self.step_deg


def bridged(time_s: FloatArray, deg: FloatArray, usable: BoolArray) -> FloatArray:
    """``(N, 2)`` the same with single lost samples on the straight line between their neighbours.

    A rim that could not be fitted on one frame is no blink; those are known from the lids. Left as a loss, it would
    forbid every saccade around it.

    Args:
        time_s: ``(N,)`` s.
        deg: ``(N, 2)`` degrees; ``nan`` where lost.
        usable: ``(N,)`` samples that may be bridged: lids open, and not next to a blink.
    """
    lost = ~np.isfinite(deg).all(axis=1)
    alone = np.zeros_like(lost)
    if len(time_s) > 2:
        apart_s = time_s[2:] - time_s[:-2]
        near = apart_s <= LONGEST_BRIDGE_INTERVALS * float(np.median(np.diff(time_s)))
        alone[1:-1] = lost[1:-1] & ~lost[:-2] & ~lost[2:] & near & usable[1:-1]
    out = deg.copy()
    for index in np.flatnonzero(alone):
        before_s, here_s, after_s = time_s[index - 1 : index + 2]
        share = (here_s - before_s) / (after_s - before_s)
        out[index] = deg[index - 1] + share * (deg[index + 1] - deg[index - 1])
    return out


def disagreement(pair: EyePair) -> Disagreement | None:
    """Errors of the instrument, from the difference of the eyes; None where too little of it is known."""
    if len(pair.time_s) < FEWEST_STEPS:
        return None
    if (
        np.nanmax(np.abs(pair.mean_deg), initial=0.0) + np.nanmax(np.abs(pair.half_difference_deg), initial=0.0)
        > FULL_TURN_DEG
    ):
        return None  # a damaged table; its squares might overflow
    seen = np.isfinite(pair.mean_deg).all(axis=1)
    interval_s = np.diff(pair.time_s)[seen[1:] & seen[:-1]]  # parts of a film without a face may have another rate
    if not len(interval_s):
        return None
    samples = max(FEWEST_REST_SAMPLES, round(REST_S / float(np.median(interval_s))))
    moved, parted = _steps(pair.mean_deg, samples), _steps(pair.half_difference_deg, samples)
    known = np.isfinite(moved).all(axis=1) & np.isfinite(parted).all(axis=1)
    if known.sum() < FEWEST_STEPS:
        return None
    horizontal, vertical = (_gain(moved[known, axis], parted[known, axis]) for axis in (0, 1))
    residual = parted[known] - moved[known] * np.array([horizontal, vertical])
    return Disagreement((horizontal, vertical), float(np.sqrt(np.mean(residual**2))), samples)


def confirmed(saccades: Sequence[Saccade], pair: EyePair, errors: Disagreement) -> tuple[Saccade, ...]:
    """The saccades, in order of time, that stand out from the errors and that both eyes made.

    Args:
        saccades: found in the mean of the eyes.
        pair: the eyes.
        errors: of this recording.
    """
    ends = [-np.inf, *(saccade.end_s for saccade in saccades)]
    starts = [*(saccade.start_s for saccade in saccades[1:]), np.inf]
    return tuple(
        saccade
        for saccade, earliest_s, latest_s in zip(saccades, ends, starts, strict=False)
        if _stands_out(saccade, pair, errors, earliest_s, latest_s)
    )


def _stands_out(saccade: Saccade, pair: EyePair, errors: Disagreement, earliest_s: float, latest_s: float) -> bool:
    before, after = _rests(saccade, pair, errors.rest_samples, earliest_s, latest_s)
    if not len(before) or not len(after):
        return False
    moved = pair.mean_deg[after].mean(axis=0) - pair.mean_deg[before].mean(axis=0)
    parted = pair.half_difference_deg[after].mean(axis=0) - pair.half_difference_deg[before].mean(axis=0)
    parted -= moved * np.array(errors.gain)
    distance = float(np.hypot(*moved))
    # Shorter rests are less sure of their level.
    shortness = np.sqrt((1 / len(before) + 1 / len(after)) * errors.rest_samples / 2)
    agreed = float(np.hypot(*parted)) <= MOST_DISAGREEMENT * distance
    smallest_deg = errors.smallest_saccade_deg
    return bool(agreed and distance >= smallest_deg * shortness and saccade.amplitude_deg >= smallest_deg)


def _rests(
    saccade: Saccade, pair: EyePair, samples: int, earliest_s: float, latest_s: float
) -> tuple[IntArray, IntArray]:
    """Samples just before and just after a saccade, clear of its neighbours; empty where gaze was not seen for long
    enough on both sides. One more sample must have been seen: whatever ends a measurement may begin in its last one.
    """
    time_s = pair.time_s
    last = int(np.searchsorted(time_s, saccade.start_s + TIE_S))
    first = int(np.searchsorted(time_s, saccade.end_s - TIE_S))
    before, after = np.arange(last - samples, last), np.arange(first, first + samples)
    around = np.array([before[0] - 1, *before, *after, after[-1] + 1])
    inside = around[0] >= 0 and around[-1] < len(time_s)
    if not (inside and np.isfinite(pair.mean_deg[around]).all()):
        return before[:0], after[:0]
    clear_before = samples - int((time_s[before] < earliest_s - TIE_S).sum())
    clear_after = int((time_s[after] <= latest_s + TIE_S).sum())
    return before[-max(clear_before, FEWEST_REST_SAMPLES) :], after[: max(clear_after, FEWEST_REST_SAMPLES)]


def _steps(deg: FloatArray, samples: int) -> FloatArray:
    """``(M, 2)`` mean over ``samples`` minus mean over as many one sample earlier; ``nan`` where any is lost."""
    known = np.isfinite(deg).all(axis=1)
    total = np.concatenate([np.zeros((1, 2)), np.cumsum(np.where(known[:, None], deg, 0.0), axis=0)])
    lost = np.concatenate([[0], np.cumsum(~known)])
    first = np.arange(len(deg) - 2 * samples)
    level = (total[samples:] - total[:-samples]) / samples
    whole: BoolArray = lost[samples:] == lost[:-samples]
    step = level[first + samples + 1] - level[first]
    step[~(whole[first] & whole[first + samples + 1])] = np.nan
    return np.asarray(step)


def _gain(moved: FloatArray, parted: FloatArray) -> float:
    """Slope of the eyes' difference on their mean, by Huber's weights: errors must not set it."""
    gain = 0.0
    for _ in range(_ROUNDS):
        residual = np.abs(parted - gain * moved)
        scale = _MAD_TO_SD * float(np.median(residual))
        weight = np.minimum(1.0, _HUBER * scale / np.maximum(residual, 1e-9)) if scale > 0 else np.ones_like(residual)
        squares = float((weight * moved * moved).sum())
        if squares <= 0:
            return 0.0
        gain = float((weight * moved * parted).sum()) / squares
    return float(np.clip(gain, -MOST_GAIN_DIFFERENCE, MOST_GAIN_DIFFERENCE))
