"""From a trace to a result: no video, no disk, milliseconds.

Change a parameter and call :func:`analyse` again; tracking the film need not be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Final

import numpy as np

from shared.calibration import UNCALIBRATED, calibrate, calibrated_saccades, known_holds, measured_saccades
from shared.events.blinks import blink_mask, closed_mask, detect_blinks, usable_mask
from shared.events.conjugacy import Disagreement, EyePair, bridged, confirmed, disagreement
from shared.events.head_turns import gaze_shifts
from shared.events.saccades import detect_saccades, with_multi_steps
from shared.events.square_waves import detect_square_wave_jerks
from shared.findings import find_signs
from shared.gaze.binocular import binocular
from shared.gaze.landmark import measure_landmark
from shared.gaze.limbus import LimbusGaze, measure_limbus, saccades_hidden_by_size
from shared.measures.definitions import described, origins
from shared.metrics import Events, ObservedTime, compute_metrics, limbus_reason
from shared.model import Blink, BoolArray, EyeTrace, FloatArray, Result, Saccade, SquareWaveJerk, TargetResponse, Trace
from shared.parameters import Parameters
from shared.quality import run_checks
from shared.recording import Evidence, examine, frame_durations_s
from shared.screening import psp_status, psp_suspected, reasons
from shared.targets.metrics import target_metrics
from shared.targets.responses import MeasuredGaze, target_responses
from shared.task import fixation_segments, in_segments
from shared.version import ANALYSIS_VERSION

_DEFAULTS: Final = Parameters()


@dataclass(frozen=True)
class FoundSaccades:
    """Saccades, and how far they could be looked for.

    Attributes:
        saccades: in order of time.
        smallest_deg: amplitude from which they are told from chance; None where only one eye was measured.
        not_sought: code and sentence why none were looked for; None if they were.
    """

    saccades: tuple[Saccade, ...]
    smallest_deg: float | None
    not_sought: str | None = None


@dataclass(frozen=True, eq=False)
class SaccadeGaze:
    """What saccades are looked for in.

    Attributes:
        gaze: ``(N, 2)`` horizontal and vertical, deg, nan where it may not be used; None if nowhere known.
        pair: both eyes' gaze behind it; None where it is the gaze of one eye.
        errors: how far the two eyes differ; None without a pair, or where too little is known of both.
    """

    gaze: FloatArray | None = None
    pair: EyePair | None = None
    errors: Disagreement | None = None


@dataclass(frozen=True, eq=False)
class Looked:
    """What does not depend on the rule's threshold: blinks, masks, ranges. One for each way of finding blinks.

    Saccades are looked for when ``search`` is called, once: they take longer than all the rest.
    """

    blinks: tuple[Blink, ...]
    blink_mask: BoolArray
    usable: BoolArray
    fixation: BoolArray
    evidence: Evidence
    search: Callable[[], FoundSaccades]


def analyse(trace: Trace, parameters: Parameters = _DEFAULTS, *, reviewed: Events | None = None) -> Result:
    """Everything that can be said about a trace under one set of parameters.

    A trace that cannot be judged, down to an empty one, gives an inconclusive result with reasons.

    Args:
        trace: what tracking measured, or what :func:`shared.read_trace` read from a CSV.
        parameters: thresholds, task and gates.
        reviewed: events as a reviewer left them (:mod:`shared.review`); nothing is then detected anew, and the
            ranges leave out these blinks.

    Raises:
        InvalidParameterError: a duration was set that the frame rate cannot carry.
    """
    if parameters.blink_max_duration_s != _DEFAULTS.blink_max_duration_s:
        # The default is no wish of the caller: a film too slow for it is inconclusive by its frame rate.
        parameters.check_against_rate(trace.frame_rate_hz)
    looked = look(trace, parameters, reviewed)
    landmark, limbus = looked.evidence.landmark, looked.evidence.limbus
    events, observed = _events(trace, looked, reviewed)
    checks = run_checks(looked.evidence, parameters)
    suspected = psp_suspected(landmark.vertical, parameters)
    responses = _responses(trace, looked, events, parameters)
    counted = _counted(events, looked.fixation, trace)
    rim_frames = limbus_gaze(trace, looked.usable)[2]
    known = origins(trace.time_s, landmark.entered, rim_frames, looked.fixation, counted)
    metrics = (
        *described(compute_metrics(landmark, limbus, counted, observed), known),
        *target_metrics(parameters.target_log, responses, UNCALIBRATED, limbus_reason(limbus)),
    )
    return Result(
        psp_status=psp_status(suspected, checks, parameters),
        psp_suspected=suspected,
        reasons=reasons(landmark.vertical, checks, parameters),
        quality=checks,
        metrics=metrics,
        findings=find_signs(metrics, counted, observed, parameters),
        blinks=events.blinks,
        saccades=events.saccades,
        square_wave_jerks=events.square_wave_jerks,
        vertical_peak_to_peak=landmark.vertical.peak_to_peak if landmark.vertical else None,
        vertical_offset_std=landmark.vertical_sd,
        usable=looked.usable,
        blink_mask=looked.blink_mask,
        frames_processed=len(trace),
        fps=trace.frame_rate_hz,
        duration_s=trace.duration_s,
        parameters=parameters.as_dict(),
        analysis_version=ANALYSIS_VERSION,
        tracker=dict(trace.tracker),
        video_meta=trace.meta,
        target_responses=responses,
        calibration=limbus.calibration,
    )


def look(trace: Trace, parameters: Parameters, reviewed: Events | None = None) -> Looked:
    """Find blinks and measure ranges, or take the blinks of a reviewer; ``vpp_thresh`` takes no part."""
    trace = finite(trace)
    blinks = detect_blinks(trace, parameters) if reviewed is None else reviewed.blinks
    usable = usable_mask(trace, blinks, parameters.blink_padding_s)
    fixation = in_segments(trace.time_s, fixation_segments(parameters))
    landmark = measure_landmark(trace, usable, fixation)
    recording = examine(trace, closed_mask(trace, blinks), usable, landmark, parameters)
    limbus = measure_limbus(
        trace, usable, fixation, calibrate(trace, usable, known_holds(parameters, trace.duration_s))
    )
    eyes = saccade_gaze(trace, usable)
    limbus = replace(limbus, eye_step_deg=eyes.errors.smallest_saccade_deg if eyes.errors is not None else None)

    @cache
    def search() -> FoundSaccades:
        small = saccades_hidden_by_size(recording.iris_diameter_px)
        if small is not None:
            return FoundSaccades(reviewed.saccades if reviewed else (), None, small)
        return find_saccades(trace, eyes, limbus, reviewed)

    evidence = Evidence(recording, landmark, limbus, lambda: search().saccades)
    return Looked(blinks, blink_mask(trace, blinks), usable, fixation, evidence, search)


def find_saccades(trace: Trace, eyes: SaccadeGaze, limbus: LimbusGaze, reviewed: Events | None = None) -> FoundSaccades:
    """Saccades in the best degrees there are, with frame numbers of the film, that stand out from chance events.

    Args:
        trace: N frames.
        eyes: what they are looked for in.
        limbus: its calibration is applied.
        reviewed: events to take instead of looking for any.
    """
    if eyes.gaze is None:
        return FoundSaccades(reviewed.saccades if reviewed else (), None)
    smallest_deg = limbus.eye_step_deg
    if reviewed is not None:
        return FoundSaccades(reviewed.saccades, smallest_deg)
    noise_deg = eyes.errors.sample_deg if eyes.errors is not None else 0.0
    found = detect_saccades(trace.time_s, *eyes.gaze.T, least_noise_deg=noise_deg)
    if eyes.pair is not None:
        found = confirmed(found, eyes.pair, eyes.errors) if eyes.errors is not None else ()
    head_deg = np.stack([trace.head_yaw_deg, trace.head_pitch_deg], axis=1)
    found = with_multi_steps(gaze_shifts(found, trace.time_s, eyes.gaze, head_deg))
    named = (_with_frames(saccade, trace) for saccade in found)
    return FoundSaccades(calibrated_saccades(named, limbus.calibration), smallest_deg)


def finite(trace: Trace) -> Trace:
    """The same trace with nan in place of infinite values, which a damaged table may hold."""
    return replace(trace, left=_finite_eye(trace.left), right=_finite_eye(trace.right))


def _finite_eye(eye: EyeTrace) -> EyeTrace:
    infinite = {f.name: np.isinf(getattr(eye, f.name)) for f in fields(eye)}
    if not any(mask.any() for mask in infinite.values()):
        return eye
    return EyeTrace(**{name: np.where(mask, np.nan, getattr(eye, name)) for name, mask in infinite.items()})


def _events(trace: Trace, looked: Looked, reviewed: Events | None) -> tuple[Events, ObservedTime]:
    measured = limbus_gaze(trace, looked.usable)[2]
    found = looked.search()
    jerks = detect_square_wave_jerks(found.saccades)
    weight_s = frame_durations_s(trace.time_s)
    fixation_only = bool(looked.fixation.any())
    counted = measured & looked.fixation if fixation_only else measured
    observed = ObservedTime(
        lids_s=float(weight_s[trace.valid | looked.blink_mask].sum()),
        gaze_s=float(weight_s[counted].sum()),
        fixation_only=fixation_only,
        frame_rate_hz=trace.frame_rate_hz,
        smallest_saccade_deg=found.smallest_deg,
        saccades_not_sought=found.not_sought,
    )
    return reviewed or Events(looked.blinks, found.saccades, jerks), observed


def _responses(trace: Trace, looked: Looked, events: Events, parameters: Parameters) -> tuple[TargetResponse, ...]:
    """Answers to the recorder's targets, in degrees as measured."""
    limbus = looked.evidence.limbus
    if parameters.target_log is None or limbus_reason(limbus) is not None:
        return ()
    horizontal, vertical, _ = limbus_gaze(trace, looked.usable)
    jerks = [(jerk.start_s, jerk.end_s) for jerk in events.square_wave_jerks]
    voluntary = (s for s in events.saccades if not any(start <= s.start_s <= end for start, end in jerks))
    gaze = MeasuredGaze(trace.time_s, horizontal, vertical)
    return target_responses(parameters.target_log, gaze, measured_saccades(voluntary, limbus.calibration))


def limbus_gaze(trace: Trace, usable: BoolArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Horizontal and vertical limbus gaze for finding saccades, degrees, nan where it may not be used.

    Returns:
        ``(N,)`` horizontal, ``(N,)`` vertical, and ``(N,)`` where both are known.
    """
    trace = finite(trace)
    horizontal, horizontal_ok = binocular(trace, "limbus_h_deg", usable)
    vertical, vertical_ok = binocular(trace, "limbus_v_deg", usable)
    measured = horizontal_ok & vertical_ok
    return np.where(measured, horizontal, np.nan), np.where(measured, vertical, np.nan), measured


def saccade_gaze(trace: Trace, usable: BoolArray) -> SaccadeGaze:
    """The gaze in which saccades are looked for, over frames that may be used ``(N,)``, and the eyes behind it."""
    horizontal, vertical, measured = limbus_gaze(trace, usable)
    if not measured.any():
        return SaccadeGaze()
    gaze = bridged(trace.time_s, np.stack([horizontal, vertical], axis=1), usable)
    pair = _eye_pair(trace, gaze, usable)
    return SaccadeGaze(gaze, pair, None if pair is None else disagreement(pair))


def _eye_pair(trace: Trace, gaze: FloatArray, usable: BoolArray) -> EyePair | None:
    """Both eyes' gaze where saccades are looked for; None where that is the gaze of one eye."""
    seen = np.isfinite(gaze).all(axis=1)
    eyes = (_finite_eye(eye) for eye in (trace.left, trace.right))
    left, right = (np.stack([eye.limbus_h_deg, eye.limbus_v_deg], axis=1) for eye in eyes)
    half_difference = bridged(trace.time_s, left / 2 - right / 2, usable & seen)
    if 2 * np.isfinite(half_difference[seen]).all(axis=1).sum() < seen.sum():
        return None
    return EyePair(trace.time_s, gaze, np.where(seen[:, None], half_difference, np.nan))


def _with_frames(saccade: Saccade, trace: Trace) -> Saccade:
    """A saccade whose sample positions are made frame numbers, which differ where ``step`` > 1."""
    if saccade.start_frame is None or saccade.end_frame is None:
        return saccade
    first, last = trace.frame_idx[[saccade.start_frame, saccade.end_frame]]
    return replace(saccade, start_frame=int(first), end_frame=int(last))


def _counted(events: Events, fixation: BoolArray, trace: Trace) -> Events:
    """The same events with only the jerks of annotated fixation, where there is any."""
    if not fixation.any():
        return events

    def inside(jerk: SquareWaveJerk) -> bool:
        nearest = min(int(np.searchsorted(trace.time_s, jerk.start_s)), len(trace) - 1)
        return bool(fixation[nearest])

    return replace(events, square_wave_jerks=tuple(j for j in events.square_wave_jerks if inside(j)))
