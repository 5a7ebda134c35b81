"""Whether a recording can be judged: one check for every code, each with its number, limit and advice.

Gates G1 to G9 follow the decision rule of the project's clinical reference; nearly all of their limits are
proposals without a published value, so they stand in :class:`shared.parameters.Gates` and can be moved or
switched off. What a check could not see is ``not_checked``, never ``pass``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shared.gaze_range import FULL_LIMBUS_COVERAGE, MIN_LIMBUS_COVERAGE, MIN_SAMPLES, LandmarkGaze, LimbusGaze
from shared.model import BoolArray, CheckStatus, FloatArray, QualityCheck, Task, Trace
from shared.parameters import Parameters
from shared.task import far_vertical_targets, in_segments, vertical_segments, vertical_task_recorded

NO_FACE_FRACTION: Final = 0.05
"""With a face in fewer frames than this there is no face. Proposal."""

EYE_MEASURED_FRACTION: Final = 0.5
"""An eye counts as measured when it is seen in this share of the frames with a face. Proposal."""

FRAME_RATE_TOLERANCE: Final = 0.005
"""Film at 24/1.001 frames/s is 24 frames/s."""

MAX_LOST_TIME_FRACTION: Final = 0.10
"""G2: share of the recording that may lie in gaps between frames. Proposal."""

GAP_INTERVALS: Final = 3.0
"""G2: an interval longer than this many median intervals, and than two intervals of the least frame rate, is a
gap. A phone's variable frame rate stays below both. Proposal."""

OCCLUDED_OPENING: Final = 0.5
"""G7: the lids cover the eye when they are open less than this share of the recording's open value. Looking
40 degrees down lowers the opening to 0.66 (Read et al., Optom Vis Sci 2006;83,
doi 10.1097/01.opx.0000236811.78177.97), which must pass. Proposal."""

EXTREME_GAZE_FRACTION: Final = 0.10
"""G7: the highest and the lowest tenth of vertical gaze are extreme gaze. Proposal."""

MIN_TASK_SHARE: Final = 0.20
"""G5: the P5 and P95 of a recording see a vertical task only if it fills this share of it. Proposal."""

NOISE_RANGE_SD: Final = 3.29
"""P95 - P5 of white noise, in standard deviations: 2 x 1.645."""

SEVERAL_FACES_FRACTION: Final = 0.02
"""A second face in fewer frames than this is taken for a false detection. Proposal."""

VELOCITY_FRAME_RATE_HZ: Final = 60.0
"""Least frame rate for a fitted peak velocity; 90 is advised (Korean KOSES study: F1 <= .91 at 60 Hz)."""

UPSIDE_DOWN_DEG: Final = 90.0
"""Roll beyond which the picture, not the head, is turned."""

CONTRADICTION_FRACTION: Final = 0.5
"""A limbus range below this share of ``range_thresh_deg`` contradicts "not suspected". Proposal."""


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
        lid_occluded_share: share of the frames of extreme gaze in which the lids cover the eye.
        several_faces_share: share of the frames looked at for it with more than one face; None if none was.
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
    several_faces_share: float | None
    legacy: bool


@dataclass(frozen=True)
class Evidence:
    """All that the checks and the decision look at, for one way of finding blinks."""

    recording: Recording
    landmark: LandmarkGaze
    limbus: LimbusGaze


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
        several_faces_share=_share(trace.face_count > 1, int(looked.sum())) if looked.any() else None,
        legacy=trace.legacy,
    )


def frame_durations_s(time_s: FloatArray) -> FloatArray:
    """``(N,)`` time that each frame stands for, s: up to the next one, but at most ``GAP_INTERVALS`` medians."""
    if len(time_s) < 2:
        return np.zeros(len(time_s))
    interval_s = np.diff(time_s)
    median_s = np.median(interval_s)
    return np.append(np.minimum(interval_s, GAP_INTERVALS * median_s), median_s)


def run_checks(evidence: Evidence, parameters: Parameters) -> tuple[QualityCheck, ...]:
    """Every check, most important first; a failed check of a switched-off gate is a warning that says so."""
    off = parameters.gates.disabled
    return tuple(_switched_off(check(evidence, parameters), off) for check in _CHECKS)


def _switched_off(check: QualityCheck, disabled: tuple[str, ...]) -> QualityCheck:
    if check.status is not CheckStatus.FAIL or check.gate not in disabled:
        return check
    message = f"{check.message} Gate {check.gate} is switched off, so this does not count."
    return replace(check, status=CheckStatus.WARNING, message=message)


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


def _judged(
    code: str, gate: str | None, failed: bool, good: str, bad: str, *, value: float, threshold: float, unit: str
) -> QualityCheck:
    status = CheckStatus.FAIL if failed else CheckStatus.PASS
    return QualityCheck(code, status, bad if failed else good, value, threshold, unit, gate)


def _informed(
    code: str, warned: bool, good: str, bad: str, *, value: float | None, threshold: float | None, unit: str
) -> QualityCheck:
    status = CheckStatus.WARNING if warned else CheckStatus.PASS
    return QualityCheck(code, status, bad if warned else good, value, threshold, unit)


def _not_checked(code: str, gate: str | None, why: str) -> QualityCheck:
    return QualityCheck(code, CheckStatus.NOT_CHECKED, f"Not checked: {why}", gate=gate)


_NO_USABLE: Final = "there are too few usable frames."


def _no_face(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    share = evidence.recording.face_share
    return _judged(
        "NO_FACE",
        "G1",
        share < NO_FACE_FRACTION,
        f"A face was found in {share:.0%} of the frames.",
        f"A face was found in only {share:.0%} of the frames. Film the whole face from the front, in even light, "
        "without a mask.",
        value=share,
        threshold=NO_FACE_FRACTION,
        unit="fraction",
    )


def _one_eye_only(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    recording = evidence.recording
    if recording.face_share < NO_FACE_FRACTION:
        return _not_checked("ONE_EYE_ONLY", "G1", "there is no face.")
    less, more = sorted((recording.left_share, recording.right_share))
    name = "left" if recording.left_share > recording.right_share else "right"
    return _judged(
        "ONE_EYE_ONLY",
        "G1",
        less < EYE_MEASURED_FRACTION <= more,
        f"Each eye was measured in at least {less:.0%} of the frames with a face.",
        f"Almost only the patient's {name} eye could be measured (the other in {less:.0%} of the frames). "
        "Keep both eyes in the picture: no hair, hand or eye patch over one, head straight.",
        value=less,
        threshold=EYE_MEASURED_FRACTION,
        unit="fraction",
    )


def _too_few_valid(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    recording, least = evidence.recording, parameters.gates.min_valid_fraction
    if recording.face_share < NO_FACE_FRACTION:
        return _not_checked("TOO_FEW_VALID_FRAMES", "G1", "there is no face.")
    share = recording.valid_share
    return _judged(
        "TOO_FEW_VALID_FRAMES",
        "G1",
        share < least,
        f"Both open eyes were measured in {share:.0%} of the frames.",
        f"Both open eyes were measured in only {share:.0%} of the frames; {least:.0%} are needed. Keep the face in "
        "the picture, turned to the camera, in even light, and let the patient rest if the lids keep closing.",
        value=share,
        threshold=least,
        unit="fraction",
    )


def _task_too_short(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    recording, least = evidence.recording, parameters.gates.min_task_duration_s
    if recording.face_share < NO_FACE_FRACTION:
        return _not_checked("TASK_TOO_SHORT", "G1", "there is no face.")
    seconds = recording.task_time_s
    what = "the vertical task" if vertical_segments(parameters) else "the recording"
    return _judged(
        "TASK_TOO_SHORT",
        "G1",
        seconds < least,
        f"{seconds:.1f} s of {what} could be measured.",
        f"Only {seconds:.1f} s of {what} could be measured; {least:g} s are needed. Record at least six times up "
        "and down, two seconds each.",
        value=seconds,
        threshold=least,
        unit="s",
    )


def _frame_rate(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    rate, least = evidence.recording.frame_rate_hz, parameters.gates.min_frame_rate_hz
    if evidence.recording.frame_count < 2:
        return _not_checked("FRAME_RATE_TOO_LOW", "G2", "there are fewer than two frames.")
    return _judged(
        "FRAME_RATE_TOO_LOW",
        "G2",
        rate < least * (1 - FRAME_RATE_TOLERANCE),
        f"{rate:.1f} frames/s were measured.",
        f"Only {rate:.1f} frames/s were measured; {least:g} are needed. Film at 30 frames/s or more, better 60 to "
        "240, in bright light, and measure every frame (step 1).",
        value=rate,
        threshold=least,
        unit="1/s",
    )


def _uneven_times(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    recording, gates = evidence.recording, parameters.gates
    jitter, lost = recording.interval_jitter, recording.lost_time_share
    if jitter is None or lost is None:
        return _not_checked("UNEVEN_FRAME_TIMES", "G2", "there are too few frames.")
    if lost > MAX_LOST_TIME_FRACTION:
        return QualityCheck(
            "UNEVEN_FRAME_TIMES",
            CheckStatus.FAIL,
            f"{lost:.0%} of the recording lies in gaps between frames. Film with the phone's own camera, with "
            "nothing else running, and upload the original file rather than one sent through a messenger.",
            lost,
            MAX_LOST_TIME_FRACTION,
            "fraction",
            "G2",
        )
    uneven = jitter > gates.max_interval_jitter
    return QualityCheck(
        "UNEVEN_FRAME_TIMES",
        CheckStatus.WARNING if uneven else CheckStatus.PASS,
        f"The frame intervals vary by {jitter:.0%}. The true time of each frame is known and used, so ranges hold; "
        "velocities are less certain. Turn off variable frame rate if the camera offers it."
        if uneven
        else f"The frame intervals vary by {jitter:.0%}.",
        jitter,
        gates.max_interval_jitter,
        "fraction",
        "G2",
    )


def _iris_too_small(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    size, least = evidence.recording.iris_diameter_px, parameters.gates.min_iris_diameter_px
    if size is None:
        return _not_checked("IRIS_TOO_SMALL", "G3", "no iris size was measured.")
    return _judged(
        "IRIS_TOO_SMALL",
        "G3",
        size < least,
        f"The iris is {size:.0f} px wide.",
        f"The iris is only {size:.0f} px wide; {least:g} are needed. Move the camera closer so that the face fills the "
        "picture, and film at 1080p or more.",
        value=size,
        threshold=least,
        unit="px",
    )


def _head_moved(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    spread, most = evidence.recording.pitch_range_deg, parameters.gates.max_head_pitch_range_deg
    if spread is None:
        return _not_checked("HEAD_MOVED", "G4", "the head's pose was not measured.")
    return _judged(
        "HEAD_MOVED",
        "G4",
        spread > most,
        f"The head nodded by {spread:.1f} deg.",
        f"The head nodded by {spread:.1f} deg; at most {most:g} deg are allowed, because the head can do the eyes' "
        "work. Use a chin rest or a hand on the forehead, and ask to move the eyes only.",
        value=spread,
        threshold=most,
        unit="deg",
    )


def _upside_down(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    roll = evidence.recording.roll_deg
    if roll is None:
        return _not_checked("UPSIDE_DOWN", "G4", "the head's pose was not measured.")
    return _judged(
        "UPSIDE_DOWN",
        "G4",
        abs(roll) > UPSIDE_DOWN_DEG,
        "The picture is the right way up.",
        "The face is upside down, so up and down are exchanged. Rotate the video and upload it again.",
        value=abs(roll),
        threshold=UPSIDE_DOWN_DEG,
        unit="deg",
    )


def _head_turned(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    recording, most = evidence.recording, parameters.gates.max_head_turn_deg
    if recording.yaw_deg is None or recording.roll_deg is None:
        return _not_checked("HEAD_TURNED", "G4", "the head's pose was not measured.")
    yaw, roll = abs(recording.yaw_deg), abs(recording.roll_deg)
    if roll > UPSIDE_DOWN_DEG:
        roll = 180 - roll
    turn = max(yaw, roll)
    how = "turned sideways" if yaw >= roll else "tilted"
    return _judged(
        "HEAD_TURNED",
        "G4",
        turn > most,
        f"The head faces the camera within {turn:.0f} deg.",
        f"The head is {how} by {turn:.0f} deg; at most {most:g} deg are allowed. Place the camera straight in front of "
        "the face, at eye height, and hold it level.",
        value=turn,
        threshold=most,
        unit="deg",
    )


def _vertical_task(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    fixation = parameters.task is Task.FIXATION
    return QualityCheck(
        "NO_VERTICAL_TASK",
        CheckStatus.FAIL if fixation else CheckStatus.PASS,
        "The patient was asked to look straight ahead, so the range of vertical gaze was not tested. Record a film "
        "in which the patient looks up and down."
        if fixation
        else "The recording is not marked as fixation only.",
        gate="G5",
    )


def _vertical_effort(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    vertical, threshold = evidence.landmark.vertical, parameters.vpp_thresh
    if vertical is None:
        return _not_checked("NO_VERTICAL_EFFORT", "G5", "the vertical range was not measured.")
    share = evidence.recording.task_share
    value = vertical.peak_to_peak
    if value >= threshold:
        failed, message = False, "The range of vertical gaze itself shows that the patient looked up and down."
    elif not vertical_task_recorded(parameters):
        failed, message = (
            True,
            "Vertical gaze hardly moved, and nothing shows that the patient was asked to look up and down. Record the "
            "task with the film, and let the patient look up and down, then left and right.",
        )
    elif share is not None and share < MIN_TASK_SHARE:
        failed, message = (
            True,
            f"Looking up and down fills only {share:.0%} of the recording, too little for its range to show in the "
            "whole. Upload that part of the film alone.",
        )
    else:
        failed, message = False, "The patient was asked to look up and down."
    status = CheckStatus.FAIL if failed else CheckStatus.PASS
    return QualityCheck("NO_VERTICAL_EFFORT", status, message, value, threshold, "open lid gaps", "G5")


def _horizontal_control(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    code, gates, landmark = "NO_HORIZONTAL_CONTROL", parameters.gates, evidence.landmark
    if landmark.vertical is None:
        return _not_checked(code, "G5", "the vertical range was not measured.")
    least = gates.min_horizontal_ratio * parameters.vpp_thresh
    value = landmark.horizontal.peak_to_peak if landmark.horizontal is not None else 0.0
    needed = landmark.vertical.peak_to_peak < parameters.vpp_thresh and vertical_task_recorded(parameters)
    left, right = landmark.shifts.count(shift_size(landmark, parameters))
    moved = value >= least and min(left, right) >= gates.min_shifts_each_way
    found = f"Horizontal range {value:.3f}, {left} gaze shifts to the left and {right} to the right."
    if needed and not moved and not far_vertical_targets(parameters):
        status = CheckStatus.FAIL
        message = (
            f"{found} At least {least:.3f} and {gates.min_shifts_each_way} each way are needed to show that the eyes "
            "and the tracking work at all. Let the patient also look left and right several times."
        )
    else:
        status, message = CheckStatus.PASS, found
    return QualityCheck(code, status, message, value, least, "open lid gaps", "G5")


def shift_size(landmark: LandmarkGaze, parameters: Parameters) -> float:
    """Least size of a counted horizontal gaze shift, open lid gaps.

    Half of the horizontal range that G5 asks for, so that two shifts to one side cannot be one shift in two
    pieces, and at least six times the noise.
    """
    noise = landmark.horizontal_noise if landmark.horizontal_noise is not None else 0.0
    # The tiny number keeps a threshold of 0 from counting a still eye as a shift.
    return max(0.5 * parameters.gates.min_horizontal_ratio * parameters.vpp_thresh, 6 * noise, 1e-6)


def _too_noisy(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    noise = evidence.landmark.noise
    if noise is None:
        return _not_checked("TOO_NOISY", "G6", _NO_USABLE)
    most = parameters.gates.max_noise_fraction * parameters.vpp_thresh
    return _judged(
        "TOO_NOISY",
        "G6",
        4 * noise > most,
        f"Four times the noise of gaze is {4 * noise:.4f}, below {most:.4f}.",
        f"Four times the noise of gaze is {4 * noise:.4f}; at most {most:.4f} are allowed for this threshold. Film "
        "closer, in brighter even light, with the camera on a stand.",
        value=4 * noise,
        threshold=most,
        unit="open lid gaps",
    )


def _lid_occluded(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    share, most = evidence.recording.lid_occluded_share, parameters.gates.max_lid_occluded_fraction
    if share is None:
        return _not_checked("LID_OCCLUDED", "G7", "the lid opening was not measured.")
    return _judged(
        "LID_OCCLUDED",
        "G7",
        share > most,
        f"The lids cover the eye in {share:.0%} of the frames of extreme gaze.",
        f"The lids cover the eye in {share:.0%} of the frames of extreme gaze; at most {most:.0%} are allowed. Place "
        "the camera slightly below eye height, or let an assistant hold the lids up.",
        value=share,
        threshold=most,
        unit="fraction",
    )


def _eyes_disagree(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    landmark, most = evidence.landmark, parameters.gates.max_eye_difference
    left, right = landmark.left_vertical, landmark.right_vertical
    if left is None or right is None:
        return _not_checked("EYES_DISAGREE", "G8", "one of the eyes was not measured.")
    difference = abs(left.peak_to_peak - right.peak_to_peak)
    mean = (left.peak_to_peak + right.peak_to_peak) / 2
    value = difference / mean if mean > 0 else 0.0
    noise = NOISE_RANGE_SD * max(landmark.left_noise or 0.0, landmark.right_noise or 0.0)
    chance = float(np.hypot(left.half_width, right.half_width))
    return _judged(
        "EYES_DISAGREE",
        "G8",
        value > most and difference > max(noise, chance),
        f"The eyes' vertical ranges are {left.peak_to_peak:.3f} (left) and {right.peak_to_peak:.3f} (right).",
        f"The eyes' vertical ranges differ: {left.peak_to_peak:.3f} (left), {right.peak_to_peak:.3f} (right). Film "
        "straight from the front with the same light on both eyes; if it recurs, examine each eye by hand.",
        value=value,
        threshold=most,
        unit="fraction",
    )


def _borderline(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    vertical, threshold = evidence.landmark.vertical, parameters.vpp_thresh
    if vertical is None:
        return _not_checked("BORDERLINE", "G9", "the vertical range was not measured.")
    distance = abs(vertical.peak_to_peak - threshold)
    margin = max(parameters.gates.borderline_fraction * threshold, vertical.half_width)
    return _judged(
        "BORDERLINE",
        "G9",
        distance <= margin,
        f"The vertical range is {distance:.3f} away from the threshold; its uncertainty is {margin:.3f}.",
        f"The vertical range is only {distance:.3f} away from the threshold, within its uncertainty of {margin:.3f}. "
        "Repeat the recording, with more repetitions of up and down.",
        value=distance,
        threshold=margin,
        unit="open lid gaps",
    )


def _instruments_disagree(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    code, limit = "INSTRUMENTS_DISAGREE", parameters.range_thresh_deg
    rule, limbus = evidence.landmark.vertical, evidence.limbus
    if rule is None or limbus.vertical is None or limbus.coverage < MIN_LIMBUS_COVERAGE or not limbus.possible:
        return _not_checked(code, None, "the limbus instrument has no vertical range to compare with.")
    value = limbus.vertical.peak_to_peak
    below_rule = rule.peak_to_peak < parameters.vpp_thresh
    if below_rule:
        threshold, contradicts = limit, value >= limit
    elif parameters.range_flag:
        threshold, contradicts = limit, value < limit
    else:
        # Narrow on the limbus while the horizontal range is full: the landmarks may have followed the lids.
        threshold = CONTRADICTION_FRACTION * limit
        # A limbus lost in part of the recording reads too little and contradicts nothing.
        full = limbus.horizontal is not None and limbus.horizontal.peak_to_peak >= limit
        contradicts = full and value < threshold and limbus.coverage >= FULL_LIMBUS_COVERAGE
    return _judged(
        code,
        None,
        contradicts,
        f"The limbus instrument reads about {value:.0f} deg, which does not contradict the landmark instrument.",
        f"The landmark instrument reads {'below' if below_rule else 'not below'} its threshold, but the limbus "
        f"instrument reads about {value:.0f} deg vertically. Look at the film, and repeat the recording closer and "
        "in better light.",
        value=value,
        threshold=threshold,
        unit="deg",
    )


def _several_faces(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    share = evidence.recording.several_faces_share
    if share is None:
        return _not_checked("SEVERAL_FACES", None, "nothing looked for a second face.")
    return _informed(
        "SEVERAL_FACES",
        share > SEVERAL_FACES_FRACTION,
        "Only one face is in the picture.",
        f"More than one face is in the picture in {share:.0%} of the frames. Check that the patient was measured; "
        "film the patient alone.",
        value=share,
        threshold=SEVERAL_FACES_FRACTION,
        unit="fraction",
    )


def _velocity_rate(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    rate = evidence.recording.frame_rate_hz
    return _informed(
        "LOW_FRAME_RATE_FOR_VELOCITY",
        rate < VELOCITY_FRAME_RATE_HZ * (1 - FRAME_RATE_TOLERANCE),
        f"{rate:.0f} frames/s carry fitted peak velocities.",
        f"{rate:.0f} frames/s do not carry the peak velocity of saccades. Film at 120 to 240 frames/s to get it.",
        value=rate,
        threshold=VELOCITY_FRAME_RATE_HZ,
        unit="1/s",
    )


def _task_recorded(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    return _informed(
        "TASK_NOT_RECORDED",
        parameters.task is Task.UNKNOWN and not vertical_segments(parameters),
        "What the patient was asked to do is recorded.",
        "What the patient was asked to do is not recorded. Choose the task with the recording: without it a small "
        "range cannot be told from a patient who did not try.",
        value=None,
        threshold=None,
        unit="",
    )


def _legacy(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    return _informed(
        "LEGACY_TRACE",
        evidence.recording.legacy,
        "The trace was measured by this program.",
        "The trace comes from the published original, which joined each iris with the other eye's corners and divided "
        "by the momentary lid gap. Analyse the video again to get comparable numbers.",
        value=None,
        threshold=None,
        unit="",
    )


_CHECKS: Final[tuple[Callable[[Evidence, Parameters], QualityCheck], ...]] = (
    _no_face,
    _one_eye_only,
    _upside_down,
    _too_few_valid,
    _task_too_short,
    _vertical_task,
    _vertical_effort,
    _horizontal_control,
    _frame_rate,
    _uneven_times,
    _iris_too_small,
    _head_turned,
    _head_moved,
    _lid_occluded,
    _too_noisy,
    _eyes_disagree,
    _instruments_disagree,
    _borderline,
    _several_faces,
    _task_recorded,
    _velocity_rate,
    _legacy,
)
