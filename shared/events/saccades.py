"""Saccades in a gaze signal of any tracker, 30 to 1000 samples a second, evenly timed or not.

Two ways to find them, by what the signal can carry: where it samples a saccade densely and quietly, by speed
(:mod:`shared.events.speed_threshold`), else by the rests between them (:mod:`shared.events.rest_segmentation`).
One fit then measures them all (:mod:`shared.events.saccade_fit`), and says where it cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import atan2, degrees

import numpy as np

from shared.events.main_sequence import is_slow_by_duration
from shared.events.rest_segmentation import RestSegmentation, rest_statistics, rests, sample_noise_deg
from shared.events.saccade_fit import (
    LIKELY_DRIFT_DEG_S,
    MAX_DURATION_S,
    MIN_DURATION_S,
    SaccadeFits,
    SearchRange,
    fit_saccades,
    usual_duration_s,
)
from shared.events.speed_threshold import SpeedThreshold, fast_phase, fast_stretches
from shared.events.velocity import runs
from shared.model import BoolArray, FloatArray, Saccade

FRAME_RATE_TOO_LOW = "FRAME_RATE_TOO_LOW_FOR_VELOCITY"
TOO_UNCERTAIN = "VELOCITY_TOO_UNCERTAIN"
SLOW_BY_DURATION = "SLOW_BY_DURATION"
MULTI_STEP = "MULTI_STEP"

BRIDGED_LOSS_S = 0.020  # shorter gaps are bridged on a straight line
LONG_GAP_S, LONG_GAP_INTERVALS = 0.075, 3.5  # a gap in time of more than both is a loss
DENSE_INTERVAL_S = 0.0045  # sparser samples (under about 220 Hz) have no speed profile
QUIET_SPEED_DEG_S = 4.0  # with more speed noise the speed threshold misses small and slow saccades
NOISY_SPEED_DEG_S = 12.0  # with more it misses most
LEAST_ADDED_DEG, LEAST_ADDED_DEG_S, ADDED_APART_S = (
    1.0,
    30.0,
    0.060,
)  # what the search for rests may add to what speed found
BLOCK_S = 1 / 60  # dense but noisy samples are averaged to this interval before the search for rests
GUARD_S = 0.080  # around a loss lids drag the signal: no saccade is reported that reaches so near
TIE_S = 1e-7  # instants that differ by less are the same, however the clock was set
DOUBT_BEFORE_S, DOUBT_AFTER_S = 0.095, 0.250  # so near to a loss only a brisk one is
BRISK = 2.2  # times the usual duration of its size
CROWDED_S, CROWDED_SHARE = 0.100, 0.2  # more short gaps than this within the time make a loss of the whole
VELOCITY_INTERVAL_S = 1 / 55  # at longer frame intervals only long saccades have a measurable peak velocity
LONG_S = 0.100
MAX_RELATIVE_UNCERTAINTY = 0.6  # half the 95 % interval over the value
LEAST_GAIN = 14.0  # of the fit: drop of the squared residual over the noise variance
SAMPLES_FOR_FIRST_CUT = 4000  # enough to tell noise and drift
REST_SIDE_S = 0.255  # rest on each side that enters a fit
PROFILE_SKEW = 0.12  # real saccades brake longer than they accelerate: share of the duration by which the middle lags
MAX_SKEW_S = 0.006
LEAST_VELOCITY_DEG_S = 20.0  # slower movements are pursuit or drift
EDGE_WIDENING = 1.2  # standard deviations of the middle that are added to an interval whose place is uncertain
OSCILLATION_GAP_S, OSCILLATION_SHARE = 0.030, 0.35
MULTI_STEP_GAP_S, MULTI_STEP_ANGLE_DEG = 0.120, 45.0


@dataclass(frozen=True, eq=False)
class _Gaze:
    """A signal with short gaps bridged: ``time_s (N,)``, ``deg (N, 2)``, ``lost (N,)``, ``interval_s``."""

    time_s: FloatArray
    deg: FloatArray
    lost: BoolArray
    interval_s: float


def detect_saccades(
    time_s: FloatArray, h_deg: FloatArray, v_deg: FloatArray, *, least_noise_deg: float = 0.0
) -> tuple[Saccade, ...]:
    """All saccades, in order of time.

    Post-saccadic oscillations are neither part of a saccade nor saccades of their own. Near a loss (a blink) nothing
    is reported. ``start_frame`` and ``end_frame`` of the results are the first and last sample, counted from 0.

    Args:
        time_s: ``(N,)`` strictly increasing, s.
        h_deg, v_deg: ``(N,)`` gaze, degrees; ``nan`` where lost or masked (blinks).
        least_noise_deg: standard deviation of a sample that is known from elsewhere (films:
            :attr:`shared.events.conjugacy.Disagreement.sample_deg`). Differences of neighbours, from which noise is
            estimated otherwise, do not show errors that last for some frames.

    Raises:
        ValueError: the arrays differ in length or time does not increase.
    """
    if not len(time_s) == len(h_deg) == len(v_deg):
        raise ValueError("time_s, h_deg and v_deg must have the same length")
    if (np.diff(time_s) <= 0).any():
        raise ValueError("time_s must increase strictly")
    if len(time_s) < 5:
        return ()
    gaze = _prepared(np.asarray(time_s, dtype=np.float64), np.stack([h_deg, v_deg], axis=1).astype(np.float64))
    constants = SpeedThreshold()
    guard = _near_loss(gaze, GUARD_S, GUARD_S)
    phase = None
    if gaze.interval_s <= DENSE_INTERVAL_S:
        phase = fast_phase(gaze.time_s, gaze.deg[:, 0], gaze.deg[:, 1], guard, constants)
    if phase is None or phase.typical_noise_deg_s > NOISY_SPEED_DEG_S:
        return with_multi_steps(_by_rests(gaze, least_noise_deg))
    found = _by_speed(gaze, fast_stretches(gaze.time_s, phase, guard, constants))
    if phase.typical_noise_deg_s > QUIET_SPEED_DEG_S:  # then the threshold is over the speed of small and slow ones
        found = _joined(found, _by_rests(gaze, least_noise_deg))
    return with_multi_steps(found)


def _joined(found: list[Saccade], further: list[Saccade]) -> list[Saccade]:
    """Both lists, without those of the second that are small, slow, or lie on or close behind one of the first."""
    starts, ends = np.array([one.start_s for one in found]), np.array([one.end_s for one in found])
    added = [
        one
        for one in further
        if one.amplitude_deg >= LEAST_ADDED_DEG
        and (one.peak_velocity_deg_s or 0.0) >= LEAST_ADDED_DEG_S
        and not ((one.start_s < ends + ADDED_APART_S) & (one.end_s > starts - ADDED_APART_S)).any()
    ]
    return sorted([*found, *added], key=lambda one: one.start_s)


def _by_speed(gaze: _Gaze, stretches: list[tuple[int, int]]) -> list[Saccade]:
    """Edges and displacement from the samples, velocity from the fit."""
    doubtful = _near_loss(gaze, DOUBT_BEFORE_S, DOUBT_AFTER_S)
    stretches = [
        (one, other) for one, other in stretches if not doubtful[one : other + 1].any() or _is_brisk(gaze, one, other)
    ]
    if not stretches:
        return []
    first, last = np.array(stretches).T
    start_s, end_s = gaze.time_s[first], gaze.time_s[last]
    # A short rest is enough here, and a long one after the saccade would take in the oscillation.
    earliest = np.concatenate([[-np.inf], end_s[:-1]])
    latest = np.concatenate([start_s[1:], [np.inf]])
    length_s = np.maximum(end_s - start_s, 2 * gaze.interval_s)
    search = SearchRange(
        first=np.searchsorted(gaze.time_s, np.maximum(start_s - np.maximum(0.030, length_s / 4) - TIE_S, earliest)),
        beyond=np.searchsorted(
            gaze.time_s, np.minimum(end_s + np.maximum(0.010, length_s / 4) + TIE_S, latest), side="right"
        ),
        middle_s=(start_s + end_s) / 2,
        shift_s=length_s * 0.3,
        shortest_s=np.maximum(length_s * 0.5, MIN_DURATION_S),
        longest_s=np.minimum(length_s * 2.0, MAX_DURATION_S),
    )
    noise = np.array([sample_noise_deg(axis, 0.02) for axis in gaze.deg.T])
    fits = fit_saccades(gaze.time_s, gaze.deg, noise, search)
    found = []
    for index, (one, other) in enumerate(stretches):
        moved = gaze.deg[other] - gaze.deg[one]
        found.append(_saccade(gaze, fits, index, (float(start_s[index]), float(end_s[index])), moved))
    return found


def _by_rests(gaze: _Gaze, least_noise_deg: float) -> list[Saccade]:
    """Edges, displacement and velocity from the fit, which places them between the samples."""
    noise = np.array([max(sample_noise_deg(axis), least_noise_deg) for axis in gaze.deg.T])
    constants = RestSegmentation()
    first_rests = _rests(gaze, noise, constants, SAMPLES_FOR_FIRST_CUT)
    drift_deg_s = LIKELY_DRIFT_DEG_S
    statistics = rest_statistics(gaze.time_s, gaze.deg, [span for spans in first_rests for span in spans])
    if statistics is not None:  # the first cut tells the noise and the drift better than differences did
        noise, drift_deg_s = np.maximum(statistics.noise_deg, least_noise_deg), statistics.drift_deg_s
        constants = replace(constants, drift_deg_s=drift_deg_s)
    search = _breaks(gaze, _rests(gaze, noise, constants, len(gaze.time_s)))
    if search is None:
        return []
    fits = fit_saccades(gaze.time_s, gaze.deg, noise, search, drift_deg_s)
    found: list[Saccade] = []
    for index in np.flatnonzero((fits.gain >= LEAST_GAIN) & (fits.peak_velocity_deg_s >= LEAST_VELOCITY_DEG_S)):
        middle_s = fits.likely_middle_s[index] + min(PROFILE_SKEW * fits.likely_duration_s[index], MAX_SKEW_S)
        length_s = fits.likely_duration_s[index] + EDGE_WIDENING * fits.middle_deviation_s[index]
        start_s = max(float(middle_s - length_s / 2), float(gaze.time_s[0]))
        end_s = min(float(middle_s + length_s / 2), float(gaze.time_s[-1]))
        if found:
            start_s = max(start_s, found[-1].end_s)
        if end_s <= start_s or start_s <= gaze.time_s[0]:  # cut by the begin of the recording
            continue
        moved = np.array([fits.h_deg[index], fits.v_deg[index]])
        saccade = _saccade(gaze, fits, int(index), (start_s, end_s), moved)
        if not (found and _is_oscillation(found[-1], saccade)):
            found.append(saccade)
    return found


def _rests(
    gaze: _Gaze, noise_deg: FloatArray, constants: RestSegmentation, most_samples: int
) -> list[list[tuple[int, int]]]:
    """Rests of the stretches between losses, as sample ranges, until ``most_samples`` have been cut."""
    block = _block(gaze)
    found: list[list[tuple[int, int]]] = []
    left = most_samples
    for start, end in runs(~gaze.lost):
        beyond = min(end, start + left)
        left -= beyond - start
        if beyond - start < 4 * block:
            continue
        usable = start + (beyond - start) // block * block
        time = gaze.time_s[start:usable].reshape(-1, block).mean(axis=1)
        scaled = gaze.deg[start:usable].reshape(-1, block, 2).mean(axis=1) / (noise_deg / np.sqrt(block))
        spans = rests(time, scaled, float(noise_deg.mean() / np.sqrt(block)), constants)
        found.append([(start + first * block, start + last * block) for first, last in spans])
    return found


def _block(gaze: _Gaze) -> int:
    """Samples that are averaged before the search for rests."""
    return max(1, int(BLOCK_S / gaze.interval_s + 1e-6))


def _breaks(gaze: _Gaze, stretches: list[list[tuple[int, int]]]) -> SearchRange | None:
    """Where rests break, as ranges for the fit; None where nowhere."""
    near = _near_loss(gaze, DOUBT_BEFORE_S, DOUBT_BEFORE_S)
    ranges: list[tuple[int, int, float, float]] = []
    for spans in stretches:
        for (before, left), (right, after) in pairwise(spans):
            if near[left - 1] or near[right]:
                continue
            left_s, right_s = gaze.time_s[left - 1], gaze.time_s[right]
            first = max(before, int(np.searchsorted(gaze.time_s, left_s - REST_SIDE_S)))
            last = min(after, int(np.searchsorted(gaze.time_s, right_s + REST_SIDE_S)))
            reach_s = (right_s - left_s) / 2 + _block(gaze) * gaze.interval_s / 2
            ranges.append((first, last, (left_s + right_s) / 2, reach_s))
    if not ranges:
        return None
    first_all, beyond_all, middle, shift = (np.array(column) for column in zip(*ranges, strict=True))
    shortest, longest = np.full(len(ranges), MIN_DURATION_S), np.full(len(ranges), MAX_DURATION_S)
    return SearchRange(first_all, beyond_all, middle, shift, shortest, longest)


def _saccade(gaze: _Gaze, fits: SaccadeFits, index: int, span_s: tuple[float, float], moved: FloatArray) -> Saccade:
    """One saccade with its peak velocity, or with the reason why it has none."""
    start_s, end_s = span_s
    amplitude, duration_s = float(np.hypot(*moved)), float(fits.duration_s[index])
    peak, low, high = (
        float(column[index])
        for column in (fits.peak_velocity_deg_s, fits.peak_velocity_low_deg_s, fits.peak_velocity_high_deg_s)
    )
    qualifiers = []
    shortest_likely_s = duration_s * peak / high if high > 0 else 0.0
    slow = is_slow_by_duration(amplitude, shortest_likely_s)
    if slow:
        qualifiers.append(SLOW_BY_DURATION)
    measurable = gaze.interval_s <= VELOCITY_INTERVAL_S or shortest_likely_s > LONG_S
    certain = (high - low) / 2 <= MAX_RELATIVE_UNCERTAINTY * peak
    if not measurable:
        qualifiers.append(FRAME_RATE_TOO_LOW)
    elif not certain:
        qualifiers.append(TOO_UNCERTAIN)
    reported = measurable and certain
    return Saccade(
        start_s=start_s,
        end_s=end_s,
        amplitude_deg=amplitude,
        direction_deg=degrees(atan2(moved[1], moved[0])) % 360.0,
        peak_velocity_deg_s=peak if reported else None,
        peak_velocity_low_deg_s=low if reported else None,
        peak_velocity_high_deg_s=high if reported else None,
        duration_s=duration_s,
        start_frame=_nearest(gaze.time_s, start_s),
        end_frame=_nearest(gaze.time_s, end_s),
        qualifiers=tuple(qualifiers),
    )


def _nearest(time_s: FloatArray, instant_s: float) -> int:
    """Index of the sample nearest to an instant."""
    after = min(max(int(np.searchsorted(time_s, instant_s)), 1), len(time_s) - 1)
    return after - int(instant_s - time_s[after - 1] <= time_s[after] - instant_s)


def _is_oscillation(before: Saccade, after: Saccade) -> bool:
    """Whether a movement right behind a saccade is the lens or globe settling."""
    soon = after.start_s - before.end_s < OSCILLATION_GAP_S
    return soon and after.amplitude_deg < OSCILLATION_SHARE * before.amplitude_deg


def with_multi_steps(saccades: Sequence[Saccade]) -> tuple[Saccade, ...]:
    """Marks saccades that follow one another at once in the same direction: one shift of gaze in several steps.

    Marks that are there already are made anew, so that a list from which some were taken can be given.
    """
    saccades = [replace(one, qualifiers=tuple(q for q in one.qualifiers if q != MULTI_STEP)) for one in saccades]
    marked = set()
    for index in range(len(saccades) - 1):
        one, other = saccades[index], saccades[index + 1]
        turn = abs((other.direction_deg - one.direction_deg + 180.0) % 360.0 - 180.0)
        if other.start_s - one.end_s < MULTI_STEP_GAP_S and turn < MULTI_STEP_ANGLE_DEG:
            marked |= {index, index + 1}
    return tuple(
        replace(saccade, qualifiers=(*saccade.qualifiers, MULTI_STEP)) if index in marked else saccade
        for index, saccade in enumerate(saccades)
    )


def _prepared(time_s: FloatArray, deg: FloatArray) -> _Gaze:
    """The signal with short gaps bridged on straight lines and all other losses as ``nan`` in both axes."""
    interval_s = float(np.median(np.diff(time_s)))
    known = np.isfinite(deg).all(axis=1)
    for before in np.flatnonzero(np.diff(time_s) > max(LONG_GAP_S, LONG_GAP_INTERVALS * interval_s)):
        known[before : before + 2] = False  # samples left out of the file are lost like those marked lost
    filled = np.where(known[:, None], deg, np.nan)
    lost = ~known
    crowded = _local_share(time_s, lost) > CROWDED_SHARE
    for first, beyond in runs(~known):
        inside = first > 0 and beyond < len(time_s)
        if inside and not crowded[first] and time_s[beyond] - time_s[first - 1] < BRIDGED_LOSS_S:
            share = (time_s[first:beyond] - time_s[first - 1]) / (time_s[beyond] - time_s[first - 1])
            filled[first:beyond] = filled[first - 1] + share[:, None] * (filled[beyond] - filled[first - 1])
            lost[first:beyond] = False
    return _Gaze(time_s, filled, lost, interval_s)


def _local_share(time_s: FloatArray, mask: BoolArray) -> FloatArray:
    """Share of true samples within ``CROWDED_S / 2`` of each sample."""
    total = np.concatenate([[0], np.cumsum(mask)])
    low = np.searchsorted(time_s, time_s - CROWDED_S / 2 - TIE_S)
    high = np.searchsorted(time_s, time_s + CROWDED_S / 2 + TIE_S, side="right")
    return np.asarray((total[high] - total[low]) / (high - low))


def _near_loss(gaze: _Gaze, before_s: float, after_s: float) -> BoolArray:
    """Samples that are lost, or less than ``before_s`` before or ``after_s`` after a loss."""
    mask = gaze.lost.copy()
    for first, beyond in runs(gaze.lost):
        last = min(beyond, len(gaze.time_s) - 1)
        low = np.searchsorted(gaze.time_s, gaze.time_s[first] - before_s - TIE_S)
        high = np.searchsorted(gaze.time_s, gaze.time_s[last] + after_s + TIE_S, side="right")
        mask[low:high] = True
    return mask


def _is_brisk(gaze: _Gaze, first: int, last: int) -> bool:
    """Whether a movement is about as short as healthy saccades of its size; what lids do to the signal is slower."""
    amplitude = float(np.hypot(*(gaze.deg[last] - gaze.deg[first])))
    return bool(gaze.time_s[last] - gaze.time_s[first] <= BRISK * usual_duration_s(amplitude))
