"""How well saccades can be placed at a camera's rate at all: an observer who is told nearly everything.

It is told that there is a saccade, roughly where (within 1.2 frames), where its neighbours end and begin, how large the
noise is, what shape saccades have and how long they last by size. It weighs every middle and duration by its likelihood
and answers with the interval that is most likely to share half of the joint time with the true one. It never reports
where there is nothing. What it misses, no detector can find that scores by these marks, but by chance or because
real saccades depart from that shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.events.saccade_fit import step_profile, usual_duration_s
from shared.model import FloatArray
from tests.accuracy.labelled_gaze import SACCADE, Recording, marked_saccades
from tests.accuracy.saccade_scores import LARGE_DEG, at_camera_rate

FRAMES_ASIDE = 8  # on each side
TOLD_WITHIN_FRAMES = 1.2
DURATION_LOG_SD = 0.2  # of what coders give to saccades of one size
FIXATION_DEG = 0.1  # gaze itself is not stiller
MIDDLES, DURATIONS_S = np.linspace(-1.0, 1.0, 41), np.geomspace(0.014, 0.09, 25)
CENTRES_SD, LENGTHS = np.linspace(-2.0, 2.0, 15), np.linspace(0.7, 2.2, 10)


@dataclass(frozen=True)
class Told:
    """What is known of a kind of signal.

    Attributes:
        lag_share, most_lag_s: real saccades brake longer than they accelerate: by so much of the duration, and by so
            much at most, the middle of the time lies behind the middle of the way.
        drift_deg_s: standard deviation of the slow movement underneath.
    """

    lag_share: float
    most_lag_s: float
    drift_deg_s: float


OF_PEOPLE = Told(lag_share=0.12, most_lag_s=0.006, drift_deg_s=4.0)
MADE = Told(lag_share=0.0, most_lag_s=0.0, drift_deg_s=0.3)


def told_share(recordings: Sequence[Recording], rate_hz: float, noise_deg: float, told: Told) -> float:
    """Share of the saccades over 3 degrees that the told observer places, F1 at the same time: it has no others."""
    placed = [
        _is_placed(at_camera_rate(recording, rate_hz, noise_deg, 0), marked, index, noise_deg, told)
        for recording in recordings
        for marked in (marked_saccades(recording, label) for label in recording.labels)
        for index in np.flatnonzero(marked[:, 2] > LARGE_DEG)
    ]
    return float(np.mean(placed))


def made_recordings(models: Sequence[Recording], count: int = 2, duration_s: float = 100.0) -> list[Recording]:
    """Signals at 500 Hz of rests and of saccades with the sizes and durations that coders marked in ``models``."""
    sizes = np.concatenate([marked_saccades(model, label) for model in models for label in model.labels])
    sizes = sizes[sizes[:, 2] > FIXATION_DEG]
    made = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        time_s = np.arange(0.0, duration_s, 1 / 500)
        gaze, label = np.zeros((len(time_s), 2)), np.ones(len(time_s), dtype=np.int64)
        now_s = 0.5
        while now_s < duration_s - 1.0:
            begin_s, end_s, amplitude_deg = sizes[rng.integers(len(sizes))]
            angle, length_s = rng.uniform(0, 2 * np.pi), end_s - begin_s
            step = step_profile((time_s - now_s) / length_s)
            gaze += amplitude_deg * step[:, None] * np.array([np.cos(angle), np.sin(angle)])
            label[(time_s >= now_s) & (time_s < now_s + length_s)] = SACCADE
            now_s += length_s + 0.08 + rng.gamma(3.0, 0.09)
        made.append(Recording(f"made {seed}", "made", False, time_s, gaze[:, 0], gaze[:, 1], (label,)))
    return made


def _is_placed(
    signal: tuple[FloatArray, FloatArray, FloatArray], marked: FloatArray, index: int, noise_deg: float, told: Told
) -> bool:
    """Whether the observer's interval shares half of the joint time with the marked one."""
    time_s, x_deg, y_deg = signal
    frame_s = float(np.median(np.diff(time_s)))
    start_s, end_s = marked[index, :2]
    middle_s, reach_s = (start_s + end_s) / 2, (FRAMES_ASIDE + 0.5) * frame_s
    low_s = max(marked[index - 1, 1] if index else -np.inf, middle_s - reach_s)
    high_s = min(marked[index + 1, 0] if index + 1 < len(marked) else np.inf, middle_s + reach_s)
    near = (time_s > low_s) & (time_s < high_s) & np.isfinite(x_deg) & np.isfinite(y_deg)
    if not ((time_s[near] < start_s).any() and (time_s[near] > end_s).any()):
        return False
    about_s = middle_s + np.random.default_rng(index).uniform(-0.3, 0.3) * frame_s
    middles_s = about_s + TOLD_WITHIN_FRAMES * frame_s * MIDDLES
    low, high = _answer(time_s[near], np.stack([x_deg[near], y_deg[near]], axis=1), middles_s, noise_deg, told)
    shared = min(high, end_s) - max(low, start_s)
    return bool(shared >= 0.5 * (max(high, end_s) - min(low, start_s)))


def _answer(
    time_s: FloatArray, gaze: FloatArray, middles_s: FloatArray, noise_deg: float, told: Told
) -> tuple[float, float]:
    """Start and end of the interval most likely to match."""
    middle, duration = (grid.ravel() for grid in np.meshgrid(middles_s, DURATIONS_S, indexing="ij"))
    step = step_profile((time_s - middle[:, None]) / duration[:, None] + 0.5)
    noise = float(np.hypot(noise_deg, FIXATION_DEG))
    rest = _without_drift(step, time_s, noise / told.drift_deg_s)
    information = np.maximum((step * rest).sum(axis=1), 1e-6)
    moved = rest @ gaze / information[:, None]
    saved = (moved**2).sum(axis=1) * information / noise**2
    unusual = (np.log(duration) - np.log(usual_duration_s(np.hypot(*moved.T)))) / DURATION_LOG_SD
    weight = np.exp(0.5 * (saved - saved.max())) / (1.0 + unusual**2 / 3.0) ** 2
    weight /= weight.sum()
    lag_s = min(told.lag_share * float(weight @ duration), told.most_lag_s)
    low, high = _most_shared(middle, duration, weight)
    return low + lag_s, high + lag_s


def _without_drift(step: FloatArray, time_s: FloatArray, ridge: float) -> FloatArray:
    """Steps ``(K, N)`` without their level, and without slope as far as drift makes one likely."""
    ramp = time_s - time_s.mean()
    level = step - step.mean(axis=1, keepdims=True)
    slope = (level @ ramp) / (float(ramp @ ramp) + ridge**2)
    return np.asarray(level - slope[:, None] * ramp)


def _most_shared(middle: FloatArray, duration: FloatArray, weight: FloatArray) -> tuple[float, float]:
    centre = float(weight @ middle)
    deviation = max(float(np.sqrt(weight @ (middle - centre) ** 2)), 1e-3)
    centres, lengths = np.meshgrid(centre + deviation * CENTRES_SD, float(weight @ duration) * LENGTHS, indexing="ij")
    low, high = (centres - lengths / 2).ravel(), (centres + lengths / 2).ravel()
    start, end = middle - duration / 2, middle + duration / 2
    shared = np.minimum(high[:, None], end) - np.maximum(low[:, None], start)
    joint = np.maximum(high[:, None], end) - np.minimum(low[:, None], start)
    best = int(((shared >= 0.5 * joint) @ weight).argmax())
    return float(low[best]), float(high[best])
