"""Recordings as a BIDS dataset with eye tracking (Brain Imaging Data Structure 1.11, BEP020).

One subject a patient code, one session a recording. The gaze of each eye is an ``eyetrack`` physiological recording
in the coordinate system ``eye-in-head``: degrees of the limbus instrument, with the film's own time stamps as first
column. ``recording-eye1`` is the patient's left eye and ``recording-eye2`` the right one.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from shared.model import EyeTrace, FloatArray, Trace

BIDS_VERSION: Final = "1.11.1"
_EYES: Final = (("eye1", "left"), ("eye2", "right"))
_EVENT_NAMES: Final = {"blinks": "blink", "saccades": "saccade", "square_wave_jerks": "square-wave jerk"}
_README: Final = """Eye movements measured from face videos by PSP eye review.

Gaze is the limbus instrument: a fit of the iris rim against a head reference, eye in head, approximate degrees
(about +-20 % unless the recording was calibrated). x is positive toward the patient's left, y is positive down.
recording-eye1 is the patient's own left eye, recording-eye2 the right one. The first column is the film's own time
stamp; films need not have an even frame rate, so SamplingFrequency is the mean.

The values are research and screening support, not a diagnosis. No film and no name is part of this dataset.
"""


@dataclass(frozen=True, eq=False)
class Recording:
    """What is exported of one analysis.

    Attributes:
        user_id: patient code.
        document: its result document (DESIGN 4.2).
        trace: its trace.
    """

    user_id: str
    document: Mapping[str, Any]
    trace: Trace


def bids_files(recordings: Sequence[Recording], *, name: str = "Eye movements from face videos") -> dict[str, bytes]:
    """A whole dataset, as path -> content. The same recordings give the same bytes.

    Args:
        recordings: in order of time; those of one patient become ``ses-01``, ``ses-02`` ...
        name: of the dataset.
    """
    files = {
        "dataset_description.json": _json(_description(name, recordings)),
        "README": _README.encode(),
    }
    sessions: dict[str, int] = {}
    for recording in recordings:
        subject = subject_label(recording.user_id)
        sessions[subject] = sessions.get(subject, 0) + 1
        files |= _recording_files(recording, subject, f"{sessions[subject]:02d}")
    files["participants.tsv"] = _tsv([["participant_id"], *([f"sub-{subject}"] for subject in sessions)])
    files["participants.json"] = _json(
        {"participant_id": {"Description": "The clinic's patient code, letters and digits only. Not a name."}}
    )
    return files


def subject_label(user_id: str) -> str:
    """A BIDS label (letters and digits) for a patient code; two codes never share one.

    >>> subject_label("P001"), subject_label("P-001") != subject_label("P001")
    ('P001', True)
    """
    plain = re.sub(r"[^A-Za-z0-9]", "", user_id)
    if plain == user_id:
        return plain
    return plain + "x" + hashlib.sha256(user_id.encode()).hexdigest()[:6]


def _recording_files(recording: Recording, subject: str, session: str) -> dict[str, bytes]:
    task = re.sub(r"[^A-Za-z0-9]", "", _task(recording))
    files: dict[str, bytes] = {}
    for label, side in _EYES:
        eye: EyeTrace = getattr(recording.trace, side)
        stem = f"sub-{subject}/ses-{session}/beh/sub-{subject}_ses-{session}_task-{task}_recording-{label}"
        files[f"{stem}_physio.tsv.gz"] = _gzip(_tsv(_samples(recording.trace.time_s, eye)))
        files[f"{stem}_physio.json"] = _json(_sample_sidecar(recording, side))
        files[f"{stem}_physioevents.tsv.gz"] = _gzip(_tsv(_event_rows(recording.document["events"], side)))
        files[f"{stem}_physioevents.json"] = _json(_event_sidecar(recording))
    return files


def _samples(time_s: FloatArray, eye: EyeTrace) -> Iterator[list[str]]:
    columns = (
        (time_s, 6),
        (eye.limbus_h_deg, 3),
        (eye.limbus_v_deg, 3),
        (eye.limbus_confidence, 4),
        (eye.lid_opening, 5),
    )
    texts = [
        ["n/a" if not np.isfinite(value) else f"{value:.{decimals}f}" for value in values.tolist()]
        for values, decimals in columns
    ]
    return (list(row) for row in zip(*texts, strict=True))


def _sample_sidecar(recording: Recording, side: str) -> dict[str, Any]:
    summary = recording.document["summary"]
    return {
        "Columns": ["timestamp", "x_coordinate", "y_coordinate", "confidence", "lid_opening"],
        "SamplingFrequency": summary["fps"],
        "StartTime": float(recording.trace.time_s[0]),
        "PhysioType": "eyetrack",
        "RecordedEye": side,
        "SampleCoordinateSystem": "eye-in-head",
        "Manufacturer": "any camera",
        "ManufacturersModelName": "face video",
        "SoftwareVersions": str(summary["analysis_version"]),
        "TaskName": _task(recording),
        "timestamp": {"Description": "The film's own time stamp, from the first frame.", "Units": "s"},
        "x_coordinate": {
            "Description": "Horizontal eye position in the head, positive toward the patient's left; 0 = median gaze.",
            "Units": "deg",
        },
        "y_coordinate": {
            "Description": "Vertical eye position in the head, positive down; 0 = median gaze.",
            "Units": "deg",
        },
        "confidence": {"Description": "How well the iris rim was seen, 0 (not) to 1."},
        "lid_opening": {"Description": "Mean lid gap in iris diameters."},
    }


def _event_rows(events: Mapping[str, Any], side: str) -> Iterator[list[str]]:
    listed = [
        (event["start_s"], event["end_s"], kind)
        for name, kind in _EVENT_NAMES.items()
        for event in events[name]
        if event.get("status") != "rejected" and event.get("eye", "both") in {"both", side}
    ]
    for start_s, end_s, kind in sorted(listed):
        yield [f"{start_s:.6f}", f"{end_s - start_s:.6f}", kind, "1" if kind == "blink" else "0", "n/a"]


def _event_sidecar(recording: Recording) -> dict[str, Any]:
    return {
        "TaskName": _task(recording),
        "Columns": ["onset", "duration", "trial_type", "blink", "message"],
        "OnsetSource": "timestamp",
        "Description": "Events that the program found in the samples; those that a reviewer rejected are left out.",
        "onset": {"Description": "Start of the event on the clock of timestamp.", "Units": "s"},
        "duration": {"Description": "From its start to its end.", "Units": "s"},
        "trial_type": {
            "Description": "What was found.",
            "Levels": {
                "blink": "The lids closed and opened.",
                "saccade": "A rapid movement of gaze.",
                "square-wave jerk": "Two opposite horizontal saccades, off the target and back.",
            },
        },
        "blink": {"Description": "1 in a blink.", "Levels": {"0": "eye open", "1": "blink"}},
        "message": {"Description": "Not used."},
    }


def _description(name: str, recordings: Sequence[Recording]) -> dict[str, Any]:
    versions = sorted({str(recording.document["summary"]["analysis_version"]) for recording in recordings})
    return {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "psp-eye-review", "Version": ", ".join(versions) or "n/a"}],
    }


def _task(recording: Recording) -> str:
    return str(recording.document["summary"]["parameters"].get("task", "unknown"))


def _tsv(rows: Iterable[Sequence[str]]) -> bytes:
    return "".join("\t".join(row) + "\n" for row in rows).encode()


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _gzip(content: bytes) -> bytes:
    target = io.BytesIO()
    # mtime 0 and no name: the same samples are the same bytes.
    with gzip.GzipFile(filename="", fileobj=target, mode="wb", mtime=0) as stream:
        stream.write(content)
    return target.getvalue()
