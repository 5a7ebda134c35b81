"""How detectors of saccades are scored against human coders, the same way for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from shared.events.velocity import runs
from shared.model import BoolArray, FloatArray
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
) -> float:
    """Saccades over 3 degrees after down-sampling and added white noise: matched in time, one to one.

    A coder's saccade over 3 degrees without a match is missed; a report over 3 degrees without a match is false.

    Args:
        recordings, detector: what is scored.
        rate_hz, noise_deg: of the camera.
        seeds: of the noise.
        allowance_s: by which every interval, a coder's or a detector's, is made longer on both sides first.
    """
    hits = missed = false = 0
    longer = np.array([-allowance_s, allowance_s])
    for seed in seeds:
        for recording in recordings:
            found = np.array(detector(*at_camera_rate(recording, rate_hz, noise_deg, seed))).reshape(-1, 3)
            for label in recording.labels:
                marked = marked_saccades(recording, label)
                pairs = matched(found[:, :2] + longer, marked[:, :2] + longer)
                taken, met = {i for i, _ in pairs}, {j for _, j in pairs}
                hits += sum(marked[j, 2] > LARGE_DEG for j in met)
                missed += sum(marked[j, 2] > LARGE_DEG and j not in met for j in range(len(marked)))
                false += sum(found[i, 2] > LARGE_DEG and i not in taken for i in range(len(found)))
    return 2 * hits / (2 * hits + missed + false)


def coders_f1(recordings: Sequence[Recording], *, allowance_s: float = 0.0) -> float:
    """The first coder scored as a detector against the second and the other way round, as in :func:`strict_f1`."""
    hits = missed = false = 0
    longer = np.array([-allowance_s, allowance_s])
    for recording in recordings:
        one, other = (marked_saccades(recording, label) for label in recording.labels)
        pairs = matched(one[:, :2] + longer, other[:, :2] + longer)
        for marked, met in ((one, {i for i, _ in pairs}), (other, {j for _, j in pairs})):
            large = np.flatnonzero(marked[:, 2] > LARGE_DEG)
            hits += sum(index in met for index in large)
            missed += sum(index not in met for index in large)
            false += sum(index not in met for index in large)
    return 2 * hits / (2 * hits + missed + false)
