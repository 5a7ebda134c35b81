"""What is measured about a recording itself, before any threshold is asked: faces, time, size, head, lids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.gaze.binocular import binocular
from shared.gaze.landmark import LandmarkGaze
from shared.gaze.limbus import LimbusGaze, rim_hidden
from shared.gaze.ranges import MIN_SAMPLES
from shared.model import BoolArray, FloatArray, Saccade, Trace
from shared.parameters import Parameters
from shared.task import in_segments, vertical_segments

GAP_INTERVALS: Final = 3.0
"""G2: an interval longer than this many median intervals, and than two intervals of the least frame rate, is a
gap. A phone's variable frame rate stays below both. Proposal."""

OCCLUDED_OPENING: Final = 0.5
"""G7: the lids cover the eye when they are open less than this share of the recording's open value. Looking
40 degrees down lowers the opening to 0.66 (Read et al., Optom Vis Sci 2006;83,
doi 10.1097/01.opx.0000236811.78177.97), which must pass. Proposal."""

EXTREME_GAZE_FRACTION: Final = 0.10
"""G7: the highest and the lowest tenth of vertical gaze are extreme gaze. Proposal."""


@dataclass(frozen=True)
class Recording:
    """Numbers about a recording that no threshold of the rule enters. None: could not be measured.

    Attributes:
        frame_count: frames in the trace.
        face_share: share of frames with a face.
        valid_share: share of all frames that are valid and show open eyes.
        task_time_s: valid, blink-free time of the vertical task (of everything, where nothing is annotated), s.
        task_share: share of the usable time that the annotated vertical stretches fill; None without annotation.
        left_share, right_share: share of the frames with a face in which that eye was measured.
        frame_rate_hz: effective rate of the samples.
        interval_jitter: P95 of |interval - median interval| / median interval.
        lost_time_share: share of the recording that lies in gaps between frames.
        iris_diameter_px: median over usable frames, mean of the eyes.
        pitch_range_deg: P95 - P5 of head pitch over usable frames.
        yaw_deg, roll_deg: medians over usable frames.
        rim_hidden_share: share of the frames of extreme gaze in which the lids hide how high the iris stands.
        lid_occluded_share: share of the frames of extreme gaze in which the lids cover the eye.
        several_faces_share: share of the frames looked at for it with more than one face; None if none was.
        spectacles: whether they were seen; None where nothing could tell.
        legacy: read from a CSV of the published original.
    """

    frame_count: int
    face_share: float
    valid_share: float
    task_time_s: float
    task_share: float | None
    left_share: float
    right_share: float
    frame_rate_hz: float
    interval_jitter: float | None
    lost_time_share: float | None
    iris_diameter_px: float | None
    pitch_range_deg: float | None
    yaw_deg: float | None
    roll_deg: float | None
    lid_occluded_share: float | None
    rim_hidden_share: float | None
    several_faces_share: float | None
    spectacles: bool | None
    legacy: bool


@dataclass(frozen=True)
class Evidence:
    """All that the checks and the decision look at, for one way of finding blinks.

    Attributes:
        recording, landmark, limbus: what was measured.
        saccades: finds the saccades. A function, because only a small range asks for them, and looking for them takes
            longer than all the rest.
    """

    recording: Recording
    landmark: LandmarkGaze
    limbus: LimbusGaze
    saccades: Callable[[], tuple[Saccade, ...]] = tuple


def examine(
    trace: Trace, closed: BoolArray, usable: BoolArray, landmark: LandmarkGaze, parameters: Parameters
) -> Recording:
    """Measure the recording itself.

    Args:
        trace: N frames.
        closed: ``(N,)`` inside a blink or with the lids all but shut, not padded.
        usable: ``(N,)`` valid and outside padded blinks.
        landmark: ranges over ``usable``.
        parameters: ``segments`` and ``gates.min_frame_rate_hz`` are used.
    """
    count = len(trace)
    face = _has_face(trace)
    seen = trace.valid & ~closed
    weight_s = frame_durations_s(trace.time_s)
    vertical = vertical_segments(parameters)
    in_task = in_segments(trace.time_s, vertical) if vertical else np.ones(count, dtype=np.bool_)
    usable_s = float(weight_s[usable].sum())
    jitter, lost = _timing(trace.time_s, parameters.gates.min_frame_rate_hz)
    looked = trace.face_count >= 0
    return Recording(
        frame_count=count,
        face_share=_share(face, count),
        valid_share=_share(seen, count),
        task_time_s=float(weight_s[seen & in_task].sum()),
        task_share=float(weight_s[usable & in_task].sum()) / usable_s if vertical and usable_s > 0 else None,
        left_share=_share(face & np.isfinite(trace.left.v_offset), int(face.sum())),
        right_share=_share(face & np.isfinite(trace.right.v_offset), int(face.sum())),
        frame_rate_hz=trace.frame_rate_hz,
        interval_jitter=jitter,
        lost_time_share=lost,
        iris_diameter_px=_percentile(trace.mean_of_eyes("iris_diameter_px"), usable, 50),
        pitch_range_deg=_spread(trace.head_pitch_deg, usable),
        yaw_deg=_percentile(trace.head_yaw_deg, usable, 50),
        roll_deg=_percentile(trace.head_roll_deg, usable, 50),
        lid_occluded_share=_lid_occluded_share(trace, landmark),
        rim_hidden_share=_rim_hidden_share(trace, usable, landmark),
        several_faces_share=_share(trace.face_count > 1, int(looked.sum())) if looked.any() else None,
        spectacles=trace.spectacles,
        legacy=trace.legacy,
    )


def frame_durations_s(time_s: FloatArray) -> FloatArray:
    """``(N,)`` time that each frame stands for, s: up to the next one, but at most ``GAP_INTERVALS`` medians."""
    if len(time_s) < 2:
        return np.zeros(len(time_s))
    interval_s = np.diff(time_s)
    median_s = np.median(interval_s)
    return np.append(np.minimum(interval_s, GAP_INTERVALS * median_s), median_s)


def _has_face(trace: Trace) -> BoolArray:
    eyes = np.isfinite(trace.mean_of_eyes("iris_x_px"))
    return np.where(trace.face_count >= 0, trace.face_count > 0, trace.valid | eyes)


def _share(flags: BoolArray, of: int) -> float:
    return float(np.count_nonzero(flags)) / of if of else 0.0


def _percentile(values: FloatArray, usable: BoolArray, percent: float) -> float | None:
    chosen = values[usable & np.isfinite(values)]
    return float(np.percentile(chosen, percent)) if len(chosen) else None


def _spread(values: FloatArray, usable: BoolArray) -> float | None:
    chosen = values[usable & np.isfinite(values)]
    if len(chosen) < MIN_SAMPLES:
        return None
    low, high = np.percentile(chosen, (5, 95))
    return float(high - low)


def _timing(time_s: FloatArray, min_frame_rate_hz: float) -> tuple[float | None, float | None]:
    if len(time_s) < MIN_SAMPLES:
        return None, None
    interval_s = np.diff(time_s)
    median_s = float(np.median(interval_s))
    jitter = float(np.percentile(np.abs(interval_s - median_s), 95)) / median_s
    gap = interval_s > max(GAP_INTERVALS * median_s, 2 / min_frame_rate_hz)
    return jitter, float(interval_s[gap].sum() / interval_s.sum())


def _rim_hidden_share(trace: Trace, usable: BoolArray, landmark: LandmarkGaze) -> float | None:
    entered = binocular(trace, "limbus_v_deg", usable)[1]
    known = landmark.entered & (entered | rim_hidden(trace, usable, entered))
    if known.sum() < MIN_SAMPLES:
        return None
    gaze, hidden = landmark.vertical_signal[known], ~entered[known]
    upper, lower = np.quantile(gaze, (EXTREME_GAZE_FRACTION, 1 - EXTREME_GAZE_FRACTION))
    return float(max(hidden[gaze <= upper].mean(), hidden[gaze >= lower].mean()))


def _lid_occluded_share(trace: Trace, landmark: LandmarkGaze) -> float | None:
    opening = trace.mean_of_eyes("lid_opening")
    chosen = landmark.entered & np.isfinite(opening)
    if chosen.sum() < MIN_SAMPLES:
        return None
    gaze, opening = landmark.vertical_signal[chosen], opening[chosen]
    upper, lower = np.quantile(gaze, (EXTREME_GAZE_FRACTION, 1 - EXTREME_GAZE_FRACTION))
    open_value = np.percentile(opening, 75)
    covered = opening < OCCLUDED_OPENING * open_value
    # Up and down are judged apart: lids that cover all of down-gaze must not be averaged away by up-gaze.
    return float(max(covered[gaze <= upper].mean(), covered[gaze >= lower].mean()))
