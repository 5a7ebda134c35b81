"""How detectors of saccades are scored against human coders, the same way for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from shared.events.velocity import runs
from shared.model import BoolArray, FloatArray, IntArray
from tests.accuracy.labelled_gaze import SACCADE, Recording, marked_saccades
from tests.accuracy.saccade_detectors import Detector, Interval

LARGE_DEG = 3.0


def sample_mask(found: Sequence[Interval], time_s: FloatArray) -> BoolArray:
    """Samples inside any of the intervals, ends included."""
    mask = np.zeros(len(time_s), dtype=np.bool_)
    for start_s, end_s, _ in found:
        mask |= (time_s >= start_s - 1e-9) & (time_s <= end_s + 1e-9)
    return mask


def kappa(one: BoolArray, other: BoolArray) -> float:
    """Cohen's kappa of two maskings of the same samples."""
    agreed = float((one == other).mean())
    chance = float(one.mean() * other.mean() + (1 - one.mean()) * (1 - other.mean()))
    return (agreed - chance) / (1 - chance)


def sample_f1(one: BoolArray, other: BoolArray) -> float:
    """F1 over samples."""
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def matched(found: FloatArray, marked: FloatArray, least_overlap: float = 0.5) -> list[tuple[int, int]]:
    """Pairs of intervals, one to one, best first, whose shared time is at least that share of their joint time.

    Args:
        found, marked: ``(M, 2)`` starts and ends.
    """
    candidates = []
    for index, (start, end) in enumerate(found):
        for other in np.flatnonzero((marked[:, 0] < end) & (marked[:, 1] > start)):
            shared = min(end, marked[other, 1]) - max(start, marked[other, 0])
            joint = max(end, marked[other, 1]) - min(start, marked[other, 0])
            if shared / joint >= least_overlap:
                candidates.append((shared / joint, index, int(other)))
    pairs: dict[int, int] = {}
    for _, index, other in sorted(candidates, reverse=True):
        if index not in pairs and other not in pairs.values():
            pairs[index] = other
    return list(pairs.items())


def pooled_kappa(recordings: Sequence[Recording], masks: dict[str, BoolArray]) -> float:
    """Saccade against all else, every sample, pooled over recordings, mean over coders."""
    found = np.concatenate([masks[r.name] for r in recordings])
    coders = range(len(recordings[0].labels))
    return float(np.mean([kappa(found, np.concatenate([r.labels[c] == SACCADE for r in recordings])) for c in coders]))


def pooled_f1(recordings: Sequence[Recording], masks: dict[str, BoolArray], *, clean: bool) -> float:
    """Sample F1 against the first coder; ``clean`` leaves out blinks and undefined samples."""
    keep = [r.clean if clean else np.ones(len(r.time_s), dtype=np.bool_) for r in recordings]
    found = np.concatenate([masks[r.name][k] for r, k in zip(recordings, keep, strict=True)])
    marked = np.concatenate([(r.labels[0] == SACCADE)[k] for r, k in zip(recordings, keep, strict=True)])
    return sample_f1(found, marked)


def event_f1(recordings: Sequence[Recording], masks: dict[str, BoolArray]) -> float:
    """Events outside blinks that match by at least half of their joint time, mean over coders."""
    scores = []
    for coder in range(len(recordings[0].labels)):
        hits = total = 0
        for recording in recordings:
            clean = recording.clean
            found = np.array(runs(masks[recording.name] & clean), dtype=float).reshape(-1, 2)
            marked = np.array(runs((recording.labels[coder] == SACCADE) & clean), dtype=float).reshape(-1, 2)
            hits += len(matched(found, marked))
            total += len(found) + len(marked)
        scores.append(2 * hits / total)
    return float(np.mean(scores))


def masks_of(recordings: Sequence[Recording], detector: Detector) -> dict[str, BoolArray]:
    """Saccade samples by a detector, by recording."""
    return {r.name: sample_mask(detector(r.time_s, r.x_deg, r.y_deg), r.time_s) for r in recordings}


@lru_cache(maxsize=512)
def at_camera_rate(
    recording: Recording, rate_hz: float, noise_deg: float, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times, x and y of a recording as a camera would have sampled it, with white noise on both axes."""
    rng = np.random.default_rng(seed + sum(map(ord, recording.name)))
    times = np.arange(0.0, recording.time_s[-1], 1.0 / rate_hz)
    chosen = np.round(times / recording.interval_s).astype(int)
    chosen = chosen[chosen < len(recording.time_s)]
    x_deg, y_deg = (
        axis[chosen] + rng.normal(0.0, noise_deg, len(chosen)) for axis in (recording.x_deg, recording.y_deg)
    )
    return recording.time_s[chosen], x_deg, y_deg


def strict_f1(
    recordings: Sequence[Recording],
    detector: Detector,
    rate_hz: float,
    noise_deg: float,
    *,
    seeds: Sequence[int] = (0, 1),
    allowance_s: float = 0.0,
    misplaced_once: bool = False,
) -> float:
    """Saccades over 3 degrees after down-sampling and added white noise: matched in time, one to one.

    A coder's saccade over 3 degrees without a match is missed; a report over 3 degrees without a match is false.

    Args:
        recordings, detector: what is scored.
        rate_hz, noise_deg: of the camera.
        seeds: of the noise.
        allowance_s: by which every interval, a coder's or a detector's, is made longer on both sides first.
        misplaced_once: a report that touches a coder's saccade without matching it is not false: that saccade is
            missed already.
    """
    counts = np.zeros(3, dtype=np.int64)
    for seed in seeds:
        for recording in recordings:
            found = np.array(detector(*at_camera_rate(recording, rate_hz, noise_deg, seed))).reshape(-1, 3)
            for label in recording.labels:
                counts += _strict_counts(found, marked_saccades(recording, label), allowance_s, misplaced_once)
    return _f1(counts)


def coders_f1(recordings: Sequence[Recording], *, allowance_s: float = 0.0, misplaced_once: bool = False) -> float:
    """The first coder scored as a detector against the second and the other way round, as in :func:`strict_f1`."""
    counts = np.zeros(3, dtype=np.int64)
    for recording in recordings:
        one, other = (marked_saccades(recording, label) for label in recording.labels)
        counts += _strict_counts(one, other, allowance_s, misplaced_once)
        counts += _strict_counts(other, one, allowance_s, misplaced_once)
    return _f1(counts)


def _strict_counts(found: FloatArray, marked: FloatArray, allowance_s: float, misplaced_once: bool) -> IntArray:
    """``(3,)`` hits, missed, false among saccades over 3 degrees; both lists ``(M, 3)`` start, end, size."""
    longer = np.array([-allowance_s, allowance_s])
    pairs = matched(found[:, :2] + longer, marked[:, :2] + longer)
    taken, met = [i for i, _ in pairs], [j for _, j in pairs]
    large, hit = marked[:, 2] > LARGE_DEG, np.isin(np.arange(len(marked)), met)
    false = (found[:, 2] > LARGE_DEG) & ~np.isin(np.arange(len(found)), taken)
    if misplaced_once:
        touches = (found[:, :1] < marked[:, 1]) & (found[:, 1:2] > marked[:, 0])
        false &= ~touches.any(axis=1)
    return np.array([(large & hit).sum(), (large & ~hit).sum(), false.sum()])


def _f1(counts: IntArray) -> float:
    hits, missed, false = counts
    return float(2 * hits / (2 * hits + missed + false))
