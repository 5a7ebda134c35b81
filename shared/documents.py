"""The result as JSON: what the command line writes, what the HTTP answers and the history hold.

``{"summary": ..., "events": ..., "file": ..., "sha256": ...}``. A missing number is ``null``, never NaN. Every key
stands in :data:`FIELDS`, from which the README's data dictionary is made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple

from shared.errors import UnreadableTableError
from shared.model import Metric, Result, Saccade
from shared.screening import rule_text


class Field(NamedTuple):
    """One key of the document. ``[]`` in its name stands for each item of a list, ``*`` for each name in an object."""

    name: str
    meaning: str
    unit: str = ""


def summary(result: Result) -> dict[str, Any]:
    """The verdict with its reasons, quality, metrics and stamps, as JSON values."""
    blink_rate = result.metric("blink_rate_per_min").value
    return _object(
        {
            "frames_processed": result.frames_processed,
            "psp_suspected": result.psp_suspected,
            "psp_status": result.psp_status,
            "psp_rule_reason": rule_text(result.vertical_peak_to_peak, result.parameters["vpp_thresh"]),
            "blink_count": len(result.blinks),
            "blink_rate_per_min": blink_rate,
            "vertical_peak_to_peak": result.vertical_peak_to_peak,
            "vertical_offset_std": result.vertical_offset_std,
            "fps": result.fps,
            "duration_sec_est": result.duration_s,
            "video_meta": asdict(result.video_meta) if result.video_meta else None,
            "reasons": [asdict(reason) for reason in result.reasons],
            "findings": [asdict(finding) for finding in result.findings],
            "quality": [asdict(check) for check in result.quality],
            "metrics": {metric.name: _metric(metric) for metric in result.metrics},
            "calibration": [asdict(one) for one in result.calibration],
            "parameters": dict(result.parameters),
            "analysis_version": result.analysis_version,
            "tracker": dict(result.tracker),
        }
    )


def events(result: Result) -> dict[str, Any]:
    """Blinks, saccades and square-wave jerks in order of time, as JSON values; with a target log, answers to it too."""
    found: dict[str, Any] = {
        "blinks": [{**asdict(blink), "duration_s": blink.duration_s} for blink in result.blinks],
        "saccades": [_saccade(saccade) for saccade in result.saccades],
        "square_wave_jerks": [asdict(jerk) for jerk in result.square_wave_jerks],
    }
    if result.parameters.get("target_log") is not None:
        found["target_responses"] = [asdict(response) for response in result.target_responses]
    return _object(found)


def document(result: Result, *, file_name: str, sha256: str) -> dict[str, Any]:
    """The whole JSON document of one analysis.

    Args:
        result: of :func:`shared.analysis.analyse`.
        file_name: name of the video (or table), without its folder.
        sha256: of its bytes, hexadecimal.
    """
    return {"summary": summary(result), "events": events(result), "file": file_name, "sha256": sha256}


def dumps(content: Mapping[str, Any], *, indent: int | None = None) -> str:
    """JSON text, with Korean and other letters as they are. One line unless ``indent`` is given.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    return json.dumps(content, allow_nan=False, ensure_ascii=False, indent=indent)


def read_document(source: Path | bytes | str) -> dict[str, Any]:
    """Read a document back: a file, or its text.

    Raises:
        UnreadableTableError: it cannot be opened, is no JSON, or is another program's.
    """
    advice = "This file is not a result of this program. Use the JSON that an analysis wrote."
    try:
        content = json.loads(source.read_bytes() if isinstance(source, Path) else source)
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableTableError(advice) from error
    shape = {"summary": dict, "events": dict, "file": str, "sha256": str}
    if not isinstance(content, dict) or not all(isinstance(content.get(k), kind) for k, kind in shape.items()):
        raise UnreadableTableError(advice)
    return content


def _metric(metric: Metric) -> dict[str, Any]:
    return {key: value for key, value in asdict(metric).items() if key != "name"}


def _saccade(saccade: Saccade) -> dict[str, Any]:
    return {**asdict(saccade), "qualifiers": list(saccade.qualifiers)}


def _object(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _clean(item) for key, item in content.items()}


def _clean(value: Any) -> Any:
    """JSON values: no NaN or infinity, no enumerations, no tuples."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_clean(item) for item in value]
    return value


FIELDS: Final[tuple[Field, ...]] = (
    Field("file", "Name of the file that was analysed, without its folder."),
    Field("sha256", "SHA-256 of that file's bytes, hexadecimal."),
    Field("summary.frames_processed", "Frames measured.", "frames"),
    Field("summary.psp_suspected", "The rule vertical_peak_to_peak < vpp_thresh; null where it could not be measured."),
    Field("summary.psp_status", "suspected, not_suspected or inconclusive: the rule with all gates. Not a diagnosis."),
    Field("summary.psp_rule_reason", "The rule in a sentence with both numbers."),
    Field("summary.blink_count", "Blinks found, complete and incomplete.", "blinks"),
    Field("summary.blink_rate_per_min", "Blinks over the time in which the lids were seen; null below 5 s.", "1/min"),
    Field(
        "summary.vertical_peak_to_peak",
        "P95 - P5 of v_offset, mean of both eyes, over valid frames outside padded blinks (landmark instrument).",
        "open lid gaps",
    ),
    Field("summary.vertical_offset_std", "Standard deviation of v_offset over the same frames.", "open lid gaps"),
    Field("summary.fps", "Mean rate of the measured frames, from their time stamps, after step.", "1/s"),
    Field("summary.duration_sec_est", "Time that the measured frames cover.", "s"),
    Field("summary.video_meta", "The video file; null for a result that was computed from a table."),
    Field("summary.video_meta.width_px", "Width as a person sees the picture.", "px"),
    Field("summary.video_meta.height_px", "Height as a person sees the picture.", "px"),
    Field("summary.video_meta.frame_count", "Frames read from the file.", "frames"),
    Field("summary.video_meta.duration_s", "Length of the film.", "s"),
    Field("summary.video_meta.fps", "Mean frame rate from the time stamps.", "1/s"),
    Field("summary.video_meta.frame_interval_jitter", "P95 of |interval - median interval| / median interval."),
    Field("summary.video_meta.rotation_deg", "Rotation that the file asked for and that was applied.", "deg"),
    Field("summary.video_meta.codec", "Video codec."),
    Field("summary.video_meta.container", "Container format."),
    Field("summary.video_meta.size_bytes", "Size of the file.", "bytes"),
    Field("summary.reasons[].code", "Why the status is what it is; the rule first, then the gates that failed."),
    Field("summary.reasons[].message", "The same for people, with the numbers and what to do."),
    Field("summary.reasons[].value", "Number compared, or null.", "reasons[].unit"),
    Field("summary.reasons[].threshold", "Number it was compared with, or null.", "reasons[].unit"),
    Field("summary.reasons[].unit", "Unit of both."),
    Field("summary.reasons[].instrument", "landmark, limbus, lids, video or head; null where it does not apply."),
    Field("summary.findings[].code", "O1, O2, O3 (MDS-PSP criteria) or SUPPORT_..."),
    Field("summary.findings[].label", "Name for people."),
    Field("summary.findings[].state", "present, absent or not_measured. Never changes psp_status."),
    Field("summary.findings[].message", "The numbers, or why it was not measured."),
    Field("summary.findings[].definition", "What was looked for."),
    Field("summary.findings[].source", "Where that is defined."),
    Field("summary.findings[].start_s", "Where in the film to look, or null.", "s"),
    Field("summary.findings[].end_s", "Where in the film to look, or null.", "s"),
    Field("summary.quality[].code", "Name of the check; the reason's code when it fails."),
    Field("summary.quality[].status", "pass, warning, fail or not_checked."),
    Field("summary.quality[].message", "What was found and, if not passed, what to do next time."),
    Field("summary.quality[].value", "Number compared, or null.", "quality[].unit"),
    Field("summary.quality[].threshold", "Limit, or null.", "quality[].unit"),
    Field("summary.quality[].unit", "Unit of both."),
    Field("summary.quality[].gate", "G1 to G9, or null for a check that only informs."),
    Field("summary.metrics.*.label", "Name for people."),
    Field("summary.metrics.*.unit", "Unit of the value."),
    Field("summary.metrics.*.instrument", "landmark, limbus, lids, video or head. Instruments are never mixed."),
    Field("summary.metrics.*.value", "The number, or null with a reason.", "metrics.*.unit"),
    Field("summary.metrics.*.reason", "'CODE: sentence' why there is no value; null where there is one."),
    Field("summary.metrics.*.reference", "Published healthy range, or null."),
    Field("summary.metrics.*.reference.low", "Lower end, or null.", "metrics.*.unit"),
    Field("summary.metrics.*.reference.high", "Upper end, or null.", "metrics.*.unit"),
    Field("summary.metrics.*.reference.source", "Where it was published."),
    Field("summary.metrics.*.reference.population", "Who was measured."),
    Field("summary.metrics.*.qualifier", "How far the value can be trusted, e.g. 'uncalibrated, +-20 %'."),
    Field("summary.metrics.*.definition", "How it is computed, and where that is defined."),
    Field("summary.metrics.*.start_s", "First moment that it came from, or null.", "s"),
    Field("summary.metrics.*.end_s", "Last moment that it came from, or null.", "s"),
    Field("summary.metrics.*.count", "How many frames or events it came from, or null."),
    Field("summary.metrics.*.is_lower_bound", "The true value is at least this; the qualifier says why."),
    Field("summary.metrics.*.counted", "What was counted: frames, saccades, blinks, jerks or target steps."),
    Field("summary.calibration[].eye", "left or right (the patient's own). The list is empty without known targets."),
    Field("summary.calibration[].axis", "horizontal or vertical."),
    Field("summary.calibration[].target_count", "Targets at which steady gaze was seen."),
    Field(
        "summary.calibration[].slope",
        "Degrees measured for one degree of target. The CSV keeps degrees as measured.",
    ),
    Field("summary.calibration[].offset_deg", "Measured gaze with the target straight ahead.", "deg"),
    Field("summary.calibration[].residual_sd_deg", "Distance of steady gaze from that line, robust SD.", "deg"),
    Field("summary.calibration[].uncertainty", "Standard error of the slope over the slope."),
    Field("summary.calibration[].reason", "'CODE: sentence' why it is not used, or null."),
    Field("summary.parameters", "All parameters of this analysis, complete (see the table of parameters)."),
    Field("summary.analysis_version", "Version of the numbers; values of different versions may not be comparable."),
    Field("summary.tracker", "Names and versions of what measured."),
    Field("events.blinks[].start_frame", "First frame with the lids visibly lowered.", "frame"),
    Field("events.blinks[].end_frame", "Last frame before the lids are back, inclusive.", "frame"),
    Field("events.blinks[].start_s", "Time of start_frame.", "s"),
    Field("events.blinks[].end_s", "Time of end_frame.", "s"),
    Field("events.blinks[].duration_s", "end_s - start_s.", "s"),
    Field("events.blinks[].kind", "complete (the lids met, or all but met) or incomplete."),
    Field("events.blinks[].depth", "Greatest closure, 0 open to 1 shut, mean of the eyes."),
    Field(
        "events.blinks[].closed_start_frame", "First frame with the lids shut; null for an incomplete blink.", "frame"
    ),
    Field("events.blinks[].closed_end_frame", "Last frame with the lids shut; null for an incomplete blink.", "frame"),
    Field("events.blinks[].eye", "both, left or right (the patient's own)."),
    Field("events.blinks[].clipped", "The recording begins or ends inside it: its duration is a lower bound."),
    Field(
        "events.blinks[].closing_velocity_per_s",
        "Fastest closing over 1/60 s; null below 60 frames/s.",
        "open lid gaps/s",
    ),
    Field("events.saccades[].start_s", "Onset.", "s"),
    Field("events.saccades[].end_s", "Offset.", "s"),
    Field("events.saccades[].amplitude_deg", "Size of the displacement, approximate.", "deg"),
    Field("events.saccades[].direction_deg", "0 = toward the patient's left, 90 = down, 180 = right, 270 = up.", "deg"),
    Field("events.saccades[].peak_velocity_deg_s", "By fit; null where frame rate or noise cannot carry it.", "deg/s"),
    Field("events.saccades[].peak_velocity_low_deg_s", "Lower end of its 95 % interval.", "deg/s"),
    Field("events.saccades[].peak_velocity_high_deg_s", "Upper end of its 95 % interval.", "deg/s"),
    Field("events.saccades[].duration_s", "Duration.", "s"),
    Field("events.saccades[].start_frame", "Frame of the onset.", "frame"),
    Field("events.saccades[].end_frame", "Frame of the offset.", "frame"),
    Field("events.saccades[].qualifiers", "Codes that say why a number is missing or only a bound."),
    Field("events.square_wave_jerks[].start_s", "Onset of the first saccade.", "s"),
    Field("events.square_wave_jerks[].end_s", "Offset of the second saccade.", "s"),
    Field("events.square_wave_jerks[].amplitude_deg", "Mean size of the two.", "deg"),
    Field("events.square_wave_jerks[].direction_deg", "Of the first, as for saccades.", "deg"),
    Field("events.square_wave_jerks[].return_interval_s", "From onset of the first to onset of the second.", "s"),
    Field("events.target_responses[].time_s", "When the target of the recorder stepped; none without target_log.", "s"),
    Field("events.target_responses[].x_deg", "Where it went: eye angle, positive toward the patient's left.", "deg"),
    Field("events.target_responses[].y_deg", "Where it went: eye angle, positive down.", "deg"),
    Field("events.target_responses[].size_deg", "How far it went.", "deg"),
    Field("events.target_responses[].direction", "up, down, left, right (the patient's own) or oblique."),
    Field(
        "events.target_responses[].outcome",
        "answered; late (after 800 ms); anticipated (before 80 ms); none (no saccade toward it); not_seen (blink or "
        "loss).",
    ),
    Field("events.target_responses[].latency_s", "From the step to the onset of the first saccade toward it.", "s"),
    Field("events.target_responses[].primary_gain", "Way of that saccade over the step, in degrees as measured."),
    Field("events.target_responses[].final_gain", "Way of steady gaze from before to after the step over the step."),
    Field("events.target_responses[].saccade_start_s", "Onset of that saccade.", "s"),
)
"""Every key of the document: name, meaning, unit."""
