"""The nouns of the project: what a recording is measured into and what is said about it.

Conventions, everywhere:

* Time is in seconds from the first frame, taken from each frame's presentation time stamp.
* Frames are counted from 0 in decode order; ranges of frames are inclusive at both ends.
* ``left`` and ``right`` are the **patient's own** eyes. In an unmirrored film the patient's left eye is on
  the right of the picture.
* Horizontal is positive toward the patient's left, vertical is positive **down** (the guide's sign).
* ``nan`` marks a missing sample inside arrays. It never leaves the program: JSON has ``null`` with a reason,
  CSV has an empty cell.
* Two instruments measure gaze and are never mixed. ``landmark``: iris landmarks against the eye corners, in
  units of the open lid gap. ``limbus``: a fit of the iris rim against a head reference, in iris diameters and
  approximate degrees. A threshold belongs to its instrument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

Instrument = Literal["landmark", "limbus", "lids", "video", "head"]
Eye = Literal["left", "right", "both"]


class Task(StrEnum):
    """What the patient was asked to do while filmed."""

    VERTICAL = "vertical"
    VERTICAL_HORIZONTAL = "vertical_horizontal"
    FIXATION = "fixation"
    FREE = "free"
    UNKNOWN = "unknown"


class PspStatus(StrEnum):
    """The screening result. ``INCONCLUSIVE`` is a first-class answer, not an error."""

    SUSPECTED = "suspected"
    NOT_SUSPECTED = "not_suspected"
    INCONCLUSIVE = "inconclusive"


class CheckStatus(StrEnum):
    """Outcome of a quality check. ``NOT_CHECKED``: a precondition was missing, so it could not run."""

    PASS = "pass"  # noqa: S105 - not a password
    WARNING = "warning"
    FAIL = "fail"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class VideoMeta:
    """What a probe or a full read learnt about a video file.

    Attributes:
        width_px, height_px: size after rotation, as a person sees the picture.
        frame_count: frames read (after a full read) or promised by the container (after a probe).
        duration_s: last time stamp minus first, plus one median frame interval.
        fps: mean frame rate from the time stamps, 1/s.
        frame_interval_jitter: 95th percentile of |interval - median interval| / median interval. 0 = even.
        rotation_deg: rotation that the container asked for and that was applied (0, 90, 180, 270).
        codec: short name of the video codec, e.g. ``h264``.
        container: short name of the container format.
        size_bytes: size of the file.
    """

    width_px: int
    height_px: int
    frame_count: int
    duration_s: float
    fps: float
    frame_interval_jitter: float = 0.0
    rotation_deg: int = 0
    codec: str = ""
    container: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, eq=False)
class EyeTrace:
    """One eye over N frames. Every array has shape ``(N,)``; ``nan`` where not measured.

    Attributes:
        iris_x_px, iris_y_px: landmark iris centre in the upright picture, px.
        iris_diameter_px: horizontal iris diameter by landmarks, px.
        eye_open: lid gap / corner distance, as the original defines it (landmarks 159/145 over 33/133,
            386/374 over 362/263). Dimensionless; compared with ``blink_thresh``.
        lid_opening: mean lid gap over three lid pairs, in iris diameters.
        h_offset, v_offset: *landmark* instrument, in units of the recording's open lid gap of this eye:
            iris centre from the middle of the own corners along, and perpendicular to, the corner line.
        limbus_h_iris, limbus_v_iris: *limbus* instrument, eye in head, iris diameters from the median gaze.
        limbus_h_deg, limbus_v_deg: the same in approximate degrees.
        limbus_confidence: 0 (no fit) to 1.
        limbus_occluded: 1 where the lids leave too little of the rim to say how high the eye stands (closed lids
            included): there ``limbus_v_deg`` is missing, and a range over the rest is a lower bound; else 0.
    """

    iris_x_px: FloatArray
    iris_y_px: FloatArray
    iris_diameter_px: FloatArray
    eye_open: FloatArray
    lid_opening: FloatArray
    h_offset: FloatArray
    v_offset: FloatArray
    limbus_h_iris: FloatArray
    limbus_v_iris: FloatArray
    limbus_h_deg: FloatArray
    limbus_v_deg: FloatArray
    limbus_confidence: FloatArray
    limbus_occluded: FloatArray

    @classmethod
    def empty(cls, frame_count: int, **arrays: FloatArray) -> EyeTrace:
        """An eye of ``frame_count`` frames in which all is missing but the arrays given."""
        names = (f.name for f in fields(cls))
        return cls(**{n: arrays.get(n, np.full(frame_count, np.nan)) for n in names})


@dataclass(frozen=True, eq=False)
class Trace:
    """What tracking made of a video: the only thing that analysis needs.

    Attributes:
        frame_idx: ``(N,)`` frame numbers in decode order; with ``step`` > 1 they are not contiguous.
        time_s: ``(N,)`` presentation time of each, s, strictly increasing.
        left, right: the patient's own eyes.
        valid: ``(N,)`` a face was found and both eyes' geometry is plausible. Blinks are *not* excluded
            here; analysis finds them and masks them.
        face_count: ``(N,)`` faces in the picture as far as looked for; 0 = none, -1 = not looked for here.
        head_yaw_deg, head_pitch_deg, head_roll_deg: ``(N,)`` head rotation against the camera, approximate;
            yaw positive when the nose turns toward the patient's left, pitch positive when it turns down,
            roll positive when the head tilts toward the patient's left shoulder.
        spectacles: whether they were seen before the eyes; None where nothing looked or it could not be told.
        meta: the video, or None for a trace read from a CSV alone.
        tracker: name and version of what measured, for the result's stamp.
        legacy: the trace was read from a CSV of the published original (its L is image-left).
    """

    frame_idx: IntArray
    time_s: FloatArray
    left: EyeTrace
    right: EyeTrace
    valid: BoolArray
    face_count: IntArray
    head_yaw_deg: FloatArray
    head_pitch_deg: FloatArray
    head_roll_deg: FloatArray
    spectacles: bool | None = None
    meta: VideoMeta | None = None
    tracker: Mapping[str, str] = field(default_factory=dict)
    legacy: bool = False

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def frame_rate_hz(self) -> float:
        """Mean rate of the samples, 1/s: the *effective* rate, after ``step``. 0 for fewer than two."""
        if len(self) < 2:
            return 0.0
        return float((len(self) - 1) / (self.time_s[-1] - self.time_s[0]))

    @property
    def duration_s(self) -> float:
        """Time covered, each sample counted for one mean interval, s."""
        return len(self) / self.frame_rate_hz if len(self) > 1 else 0.0

    def mean_of_eyes(self, name: str) -> FloatArray:
        """Mean of both eyes of the :class:`EyeTrace` array ``name``; one eye alone where the other is missing."""
        pair = np.stack([getattr(self.left, name), getattr(self.right, name)])
        have = np.isfinite(pair)
        count = have.sum(axis=0)
        total = np.where(have, pair, 0.0).sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def with_meta(self, meta: VideoMeta) -> Trace:
        """The same trace, stamped with its video."""
        return replace(self, meta=meta)


@dataclass(frozen=True)
class Segment:
    """A stretch of the recording in which the patient was asked for something.

    Attributes:
        start_s, end_s: from the first frame, s.
        label: e.g. ``up``, ``down``, ``left``, ``right``, ``fixation``, ``vertical``, ``horizontal``.
        target_deg: distance of the target from straight ahead, degrees, where known.
    """

    start_s: float
    end_s: float
    label: str
    target_deg: float | None = None


@dataclass(frozen=True)
class TargetStep:
    """At ``time_s`` the target is shown at a new place, and stays there until the next step.

    Attributes:
        time_s: on the film's time base, 0 = first frame, s. Steps before the film have negative times.
        x_deg, y_deg: eye angle from straight ahead that looks at it, degrees: x positive toward the patient's left,
            y positive down. None (both): from here on no target is shown.
    """

    time_s: float
    x_deg: float | None
    y_deg: float | None


@dataclass(frozen=True)
class TargetLog:
    """What the recorder showed to the patient, and when.

    Attributes:
        steps: in order of time.
        end_s: when the last target vanished, s; None where unknown (it then stays to the end of the film).
        clock_error_s: how far the target's times may be off the film's, s; None where unknown.
        screen_distance_cm: from the eyes to the screen, as the degrees were computed with; None where unknown.
    """

    steps: tuple[TargetStep, ...]
    end_s: float | None = None
    clock_error_s: float | None = None
    screen_distance_cm: float | None = None


TargetDirection = Literal["up", "down", "left", "right", "oblique"]
TargetOutcome = Literal["answered", "late", "anticipated", "none", "not_seen"]


@dataclass(frozen=True)
class TargetResponse:
    """What the eyes did after one step of the target. Gains are of degrees as measured, never calibrated to these
    same targets.

    Attributes:
        time_s: of the step, s.
        x_deg, y_deg: where the target went, degrees.
        size_deg: how far it went.
        direction: where to, the patient's own sides; ``oblique`` when more than 30 degrees off both axes.
        outcome: ``answered``; ``late``: answered after the usual time; ``anticipated``: the eye left too early to have
            seen the target; ``none``: no saccade toward it; ``not_seen``: gaze was lost when it should have come.
        latency_s: from the step to the onset of the first saccade toward the target; None unless answered or late.
        primary_gain: displacement of that saccade along the target's step over the size of the step.
        final_gain: displacement of steady gaze, from before this step to before the next, over the size of the step.
        saccade_start_s: onset of that saccade, s.
    """

    time_s: float
    x_deg: float
    y_deg: float
    size_deg: float
    direction: TargetDirection
    outcome: TargetOutcome
    latency_s: float | None = None
    primary_gain: float | None = None
    final_gain: float | None = None
    saccade_start_s: float | None = None


@dataclass(frozen=True)
class Blink:
    """A closing and opening of the lids.

    Attributes:
        start_frame, end_frame: first frame with the lid visibly lowered, last before it is back. Inclusive.
        start_s, end_s: their presentation times, s.
        kind: ``complete`` when the lids met (or all but met), else ``incomplete``.
        closed_start_frame, closed_end_frame: span with the lids shut; None for an incomplete blink.
        depth: greatest closure, 0 (open) to 1 (shut), mean of the eyes.
        eye: ``both``, or the one eye that closed.
        clipped: the recording begins or ends inside it, so its duration is a lower bound.
        closing_velocity_per_s: fastest closing over 1/60 s, open lid gaps per second; None below 60 frames/s.
    """

    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    kind: Literal["complete", "incomplete"]
    depth: float
    closed_start_frame: int | None = None
    closed_end_frame: int | None = None
    eye: Eye = "both"
    clipped: bool = False
    closing_velocity_per_s: float | None = None

    @property
    def duration_s(self) -> float:
        """From ``start_s`` to ``end_s``, s."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Saccade:
    """A rapid movement of gaze from one place to another.

    Attributes:
        start_s, end_s: onset and offset, s.
        amplitude_deg: size of the displacement, degrees (approximate where the trace is uncalibrated).
        direction_deg: 0 = toward the patient's left, 90 = down, 180 = right, 270 = up.
        peak_velocity_deg_s: by parametric fit; None where frame rate or noise cannot carry it.
        peak_velocity_low_deg_s, peak_velocity_high_deg_s: its 95 % interval.
        duration_s: by the same fit, s.
        qualifiers: why a number is missing or only a bound, as codes.
    """

    start_s: float
    end_s: float
    amplitude_deg: float
    direction_deg: float
    peak_velocity_deg_s: float | None = None
    peak_velocity_low_deg_s: float | None = None
    peak_velocity_high_deg_s: float | None = None
    duration_s: float | None = None
    start_frame: int | None = None
    end_frame: int | None = None
    qualifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class SquareWaveJerk:
    """A pair of opposite horizontal saccades that takes gaze off the target and back.

    Attributes:
        start_s, end_s: onset of the first saccade, offset of the second, s.
        amplitude_deg: mean size of the two, degrees.
        direction_deg: of the first, as in :class:`Saccade`.
        return_interval_s: from onset of the first to onset of the second, s.
    """

    start_s: float
    end_s: float
    amplitude_deg: float
    direction_deg: float
    return_interval_s: float


@dataclass(frozen=True)
class QualityCheck:
    """One question about the recording, with its answer in numbers.

    Attributes:
        code: stable identifier, e.g. ``IRIS_TOO_SMALL``: also the reason code when it fails.
        status: pass, warning, fail, or not_checked when a precondition was missing.
        message: a sentence for the clinician: what was found and, if not passed, what to do next time.
        value, threshold, unit: the number compared, or None.
        gate: G1 to G9 of the decision rule, or None for a check that only informs.
    """

    code: str
    status: CheckStatus
    message: str
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    gate: str | None = None


@dataclass(frozen=True)
class Reason:
    """Why the screening result is what it is: one code with its numbers."""

    code: str
    message: str
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    instrument: Instrument | None = None


@dataclass(frozen=True)
class Reference:
    """A published range to set a value against, and where it was published."""

    low: float | None
    high: float | None
    source: str
    population: str = ""


@dataclass(frozen=True)
class Metric:
    """One measured quantity, or the reason why it could not be measured.

    Exactly one of ``value`` and ``reason`` is set.

    Attributes:
        name: identifier with its unit, e.g. ``blink_rate_per_min``.
        label: for people.
        unit: e.g. ``deg``, ``1/min``, ``open lid gaps``.
        instrument: what measured it.
        reason: ``CODE: sentence`` when there is no value.
        qualifier: ``""``, ``"uncalibrated, +-20 %"``, ``"lower bound"`` and the like.
        definition: how it is computed, and where that is defined.
        start_s, end_s: the part of the film that it came from, s; None where there was nothing.
        is_lower_bound: the true value is at least this; the qualifier says why.
        count, counted: how many of what it came from, e.g. 812 ``frames``, 14 ``saccades``.
    """

    name: str
    label: str
    unit: str
    instrument: Instrument
    value: float | None = None
    reason: str | None = None
    reference: Reference | None = None
    qualifier: str = ""
    definition: str = ""
    start_s: float | None = None
    end_s: float | None = None
    count: int | None = None
    counted: str = ""
    is_lower_bound: bool = False


@dataclass(frozen=True)
class Finding:
    """A sign that the MDS-PSP criteria name, as far as this recording shows it. Never flips the status.

    Attributes:
        code: ``O1``, ``O2``, ``O3`` or ``SUPPORT_...``.
        state: ``present``, ``absent`` or ``not_measured``.
        message: the numbers in a sentence, or why not measured.
        definition, source: what was looked for and where that is defined.
        start_s, end_s: where in the film to look, s; None where the finding has no single place.
    """

    code: str
    label: str
    state: Literal["present", "absent", "not_measured"]
    message: str
    definition: str
    source: str
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True)
class AxisCalibration:
    """Degrees of one eye along one axis held against known targets: ``measured = offset + slope x target``.

    Attributes:
        eye, axis: whose, and along what.
        target_count: times a target was held and steady gaze was seen.
        slope: degrees measured for one degree of target; None where it could not be found.
        offset_deg: measured gaze when the target stood straight ahead, deg.
        residual_sd_deg: how far steady gaze lies from the line, robust standard deviation, deg.
        uncertainty: standard error of the slope over the slope.
        reason: ``CODE: sentence`` why it is not used; None where the result is calibrated by it.
    """

    eye: Literal["left", "right"]
    axis: Literal["horizontal", "vertical"]
    target_count: int
    slope: float | None = None
    offset_deg: float | None = None
    residual_sd_deg: float | None = None
    uncertainty: float | None = None
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """Everything that analysis says about one trace under one set of parameters.

    Attributes:
        psp_suspected: the guide's comparison ``vertical_peak_to_peak < vpp_thresh``; None where the range
            could not be measured. Never False by default.
        psp_status: what the dashboard shows; see :mod:`shared.screening`.
        vertical_peak_to_peak: P95 - P5 of the mean landmark ``v_offset`` over open, valid frames.
        usable: ``(N,)`` frames that entered the ranges: valid and not in a padded blink.
        blink_mask: ``(N,)`` frames inside a blink (not padded).
        parameters: name -> value, complete, as JSON values.
        target_responses: one for each step of the recorder's target; empty without a target log.
        calibration: of each eye and axis; empty without known targets.
    """

    psp_status: PspStatus
    psp_suspected: bool | None
    reasons: tuple[Reason, ...]
    quality: tuple[QualityCheck, ...]
    metrics: tuple[Metric, ...]
    findings: tuple[Finding, ...]
    blinks: tuple[Blink, ...]
    saccades: tuple[Saccade, ...]
    square_wave_jerks: tuple[SquareWaveJerk, ...]
    vertical_peak_to_peak: float | None
    vertical_offset_std: float | None
    usable: BoolArray
    blink_mask: BoolArray
    frames_processed: int
    fps: float
    duration_s: float
    parameters: Mapping[str, Any]
    analysis_version: str
    tracker: Mapping[str, str]
    video_meta: VideoMeta | None = None
    target_responses: tuple[TargetResponse, ...] = ()
    calibration: tuple[AxisCalibration, ...] = ()

    def metric(self, name: str) -> Metric:
        """The metric called ``name``.

        Raises:
            KeyError: there is none.
        """
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(name)
