"""Checks of gaze: gates G5 to G9 (task and effort, noise, lids, agreement, borderline) and the two instruments."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.checks.check import informed, judged, not_checked
from shared.effort import attempts_missing
from shared.effort import vertical_effort as effort_of
from shared.gaze.landmark import LandmarkGaze
from shared.gaze.limbus import MIN_LIMBUS_COVERAGE, LimbusGaze, saccades_hidden_by_size
from shared.model import CheckStatus, QualityCheck, Task
from shared.parameters import Parameters
from shared.recording import Evidence
from shared.task import far_vertical_targets, vertical_segments, vertical_task_recorded

MIN_TASK_SHARE: Final = 0.20
"""G5: the P5 and P95 of a recording see a vertical task only if it fills this share of it. Proposal."""

NOISE_RANGE_SD: Final = 3.29
"""P95 - P5 of white noise, in standard deviations: 2 x 1.645."""

CONTRADICTION_FRACTION: Final = 0.5
"""A limbus range below this share of ``range_thresh_deg`` contradicts "not suspected". Proposal."""


def vertical_task(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G5: the recording is not of fixation alone."""
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


def vertical_effort(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G5: a small vertical range needs proof that the patient tried to look up and down."""
    vertical, threshold = evidence.landmark.vertical, parameters.vpp_thresh
    if vertical is None:
        return not_checked("NO_VERTICAL_EFFORT", "G5", "the vertical range was not measured.")
    value = vertical.peak_to_peak
    if value >= threshold:
        missing, found = None, "The range of vertical gaze itself shows that the patient looked up and down."
    else:
        missing, found = _effort_missing(evidence, parameters)
    status = CheckStatus.PASS if missing is None else CheckStatus.FAIL
    return QualityCheck("NO_VERTICAL_EFFORT", status, missing or found, value, threshold, "open lid gaps", "G5")


def _effort_missing(evidence: Evidence, parameters: Parameters) -> tuple[str | None, str]:
    """What is missing from the proof of effort, or None; and what was found."""
    share = evidence.recording.task_share
    if not vertical_task_recorded(parameters):
        return (
            "Vertical gaze hardly moved, and nothing shows that the patient was asked to look up and down. Record the "
            "task with the film, and let the patient look up and down, then left and right.",
            "",
        )
    if share is not None and share < MIN_TASK_SHARE:
        return (
            f"Looking up and down fills only {share:.0%} of the recording, too little for its range to show in the "
            "whole. Upload that part of the film alone.",
            "",
        )
    limbus = evidence.limbus
    if limbus.vertical is None or limbus.coverage < MIN_LIMBUS_COVERAGE or not limbus.believable:
        return None, "The patient was asked to look up and down. Attempts could not be looked for without the iris rim."
    range_deg = limbus.vertical.peak_to_peak
    if range_deg >= parameters.range_thresh_deg:
        return None, f"The iris rim moved by about {range_deg:.0f} deg: the patient looked up and down."
    if saccades_hidden_by_size(evidence.recording.iris_diameter_px) is not None:
        return "The iris is too small in this film to see whether the patient tried. Film closer.", ""
    missing, found = attempts_missing(effort_of(evidence.saccades()), parameters.gates)
    if missing is not None and _is_hidden(limbus):
        hidden = limbus.hidden_up + limbus.hidden_down
        missing += f" In {hidden:.0%} of the frames the lids hid how high the iris stands."
    return missing, found


def horizontal_control(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G5: a small vertical range needs horizontal movement as proof that eyes and tracking work."""
    code, gates, landmark = "NO_HORIZONTAL_CONTROL", parameters.gates, evidence.landmark
    if landmark.vertical is None:
        return not_checked(code, "G5", "the vertical range was not measured.")
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


def too_noisy(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G6: noise of vertical gaze against the threshold."""
    noise = evidence.landmark.noise
    if noise is None:
        return not_checked("TOO_NOISY", "G6", "there are too few usable frames.")
    most = parameters.gates.max_noise_fraction * parameters.vpp_thresh
    return judged(
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


def lid_occluded(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G7: lids over the eye in extreme gaze, by the lid margins and by the rim of the iris.

    A rim that the lids hide makes a small range unknown. A range above the threshold is above it all the same, so there
    it only warns.
    """
    recording, most = evidence.recording, parameters.gates.max_lid_occluded_fraction
    lids, rims = recording.lid_occluded_share, recording.rim_hidden_share
    known = [share for share in (lids, rims) if share is not None]
    if not known:
        return not_checked("LID_OCCLUDED", "G7", "the lid opening was not measured.")
    share = max(known)
    vertical = evidence.landmark.vertical
    small = vertical is not None and vertical.peak_to_peak < parameters.vpp_thresh
    failed = (lids or 0.0) > most or ((rims or 0.0) > most and small)
    bound = not failed and evidence.limbus.vertical is not None and _is_hidden(evidence.limbus)
    if bound or (share > most and not failed):
        hidden = evidence.limbus.hidden_up + evidence.limbus.hidden_down
        return QualityCheck(
            "LID_OCCLUDED",
            CheckStatus.WARNING,
            f"The lids hide how high the iris stands in {hidden:.0%} of the frames, so the range in degrees is a lower "
            "bound. Place the camera slightly below eye height, or let an assistant hold the lids up.",
            share,
            most,
            "fraction",
            "G7",
        )
    return judged(
        "LID_OCCLUDED",
        "G7",
        failed,
        f"The lids cover the eye in {share:.0%} of the frames of extreme gaze.",
        f"The lids cover the eye in {share:.0%} of the frames of extreme gaze; at most {most:.0%} are allowed. Place "
        "the camera slightly below eye height, or let an assistant hold the lids up.",
        value=share,
        threshold=most,
        unit="fraction",
    )


def _is_hidden(limbus: LimbusGaze) -> bool:
    return limbus.up_is_bound or limbus.down_is_bound


def eyes_disagree(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G8: the eyes' vertical ranges against each other."""
    landmark, most = evidence.landmark, parameters.gates.max_eye_difference
    left, right = landmark.left_vertical, landmark.right_vertical
    if left is None or right is None:
        return not_checked("EYES_DISAGREE", "G8", "one of the eyes was not measured.")
    difference = abs(left.peak_to_peak - right.peak_to_peak)
    mean = (left.peak_to_peak + right.peak_to_peak) / 2
    value = difference / mean if mean > 0 else 0.0
    noise = NOISE_RANGE_SD * max(landmark.left_noise or 0.0, landmark.right_noise or 0.0)
    chance = float(np.hypot(left.half_width, right.half_width))
    return judged(
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


def borderline(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G9: distance from the threshold against its uncertainty."""
    vertical, threshold = evidence.landmark.vertical, parameters.vpp_thresh
    if vertical is None:
        return not_checked("BORDERLINE", "G9", "the vertical range was not measured.")
    distance = abs(vertical.peak_to_peak - threshold)
    margin = max(parameters.gates.borderline_fraction * threshold, vertical.half_width)
    return judged(
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


def instruments_disagree(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """The limbus range does not contradict what the landmark range says."""
    code, limit = "INSTRUMENTS_DISAGREE", parameters.range_thresh_deg
    rule, limbus = evidence.landmark.vertical, evidence.limbus
    if rule is None or limbus.vertical is None or limbus.coverage < MIN_LIMBUS_COVERAGE or not limbus.believable:
        return not_checked(code, None, "the limbus instrument has no vertical range to compare with.")
    value = limbus.vertical.peak_to_peak
    if parameters.range_flag and value < limit and limbus.vertical_is_bound:
        return not_checked(
            code, None, f"the limbus range of {value:.0f} deg is a lower bound: gaze may have gone farther."
        )
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
        contradicts = full and value < threshold and not limbus.vertical_is_bound
    return judged(
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


def task_recorded(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """Informs: what the patient was asked for is known."""
    return informed(
        "TASK_NOT_RECORDED",
        parameters.task is Task.UNKNOWN and not vertical_segments(parameters),
        "What the patient was asked to do is recorded.",
        "What the patient was asked to do is not recorded. Choose the task with the recording: without it a small "
        "range cannot be told from a patient who did not try.",
        value=None,
        threshold=None,
        unit="",
    )
