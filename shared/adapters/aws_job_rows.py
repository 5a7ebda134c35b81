"""A job as a row of the table, and back; rows of the published original too.

    analysisId (S, HASH)   testType (S, RANGE) "eye-tracking"
    userId, timestamp      the index ``userId-timestamp-index``; the timestamp is when the film was recorded
    openState, createdAt   the sparse index ``openState-createdAt-index``: only jobs with something left to do
    status, results        as the original wrote them
    and what this program adds; ``revision`` counts the changes and guards each of them

The original's rows hold ``status`` ``completed`` and ``results`` ``{type, summary, video_path, csv_path}`` alone. Its
verdict was never gated and read ``false`` where no face was seen, so such a row is shown as *inconclusive*.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.adapters.layout import CSV_NAME, ORIGINAL_SOURCE, analysis_prefix, display_name
from shared.parameters import Parameters
from shared.ports import Job, JobError, JobStatus, Progress, StoredVideo

EYE_TRACKING: Final = "eye-tracking"
EYE_IMAGE: Final = "eye-image"
OPEN: Final = "open"
DELETING: Final = "deleting"
SCHEMA_VERSION: Final = 1
_LARGEST_SUMMARY_BYTES: Final = 64 * 1024
_ESSENTIALS: Final = (
    *("frames_processed", "psp_suspected", "psp_status", "psp_rule_reason", "blink_count", "blink_rate_per_min"),
    *("vertical_peak_to_peak", "vertical_offset_std", "fps", "duration_sec_est", "reasons", "analysis_version"),
)


@dataclass(frozen=True)
class Origin:
    """What a job was made from, kept beside it.

    Attributes:
        request_hash: of the request, so that the same one is recognised.
        source_key: the object to analyse.
        version_id, etag: which version of it was checked.
        size_bytes: its length.
    """

    request_hash: str = ""
    source_key: str = ""
    version_id: str | None = None
    etag: str = ""
    size_bytes: int = 0


def params_hash(parameters: Mapping[str, Any]) -> str:
    """SHA-256 of a complete set of parameters, the same for 1 and 1.0."""
    return hashlib.sha256(json.dumps(_canonical(parameters), sort_keys=True, allow_nan=False).encode()).hexdigest()


def row_of(job: Job, bucket_name: str) -> dict[str, Any]:
    """All attributes of a job; those that are None are not to be stored."""
    open_state = {JobStatus.QUEUED: OPEN, JobStatus.RUNNING: OPEN, JobStatus.DELETING: DELETING}.get(job.status)
    return {
        "userId": job.user_id,
        "timestamp": job.recorded_at,
        "createdAt": job.created_at,
        "updatedAt": job.updated_at,
        "openState": open_state,
        "status": job.status.value,
        "results": _results(job, bucket_name) if job.summary is not None else None,
        "progress": {
            "stage": job.progress.stage,
            "framesDone": job.progress.frames_done,
            "framesTotal": job.progress.frames_total,
        },
        "attempt": job.attempt,
        "leaseOwner": job.lease_owner,
        "leaseUntil": job.lease_until,
        "cancelRequested": job.cancel_requested or None,
        "error": (
            {"code": job.error.code, "message": job.error.message, "retryable": job.error.retryable}
            if job.error
            else None
        ),
        "video": {
            "key": job.video.key,
            "fileName": job.video.file_name,
            "sizeBytes": job.video.size_bytes,
            "sha256": job.video.sha256,
        },
        "parameters": dict(job.parameters),
        "paramsHash": params_hash(job.parameters),
        "analysisVersion": job.analysis_version,
        "source": job.source,
        "label": job.label,
        "schemaVersion": SCHEMA_VERSION,
    }


def origin_row(origin: Origin) -> dict[str, Any]:
    """The attributes that hold a job's origin."""
    return {
        "requestHash": origin.request_hash,
        "sourceObject": {
            "key": origin.source_key,
            "versionId": origin.version_id,
            "etag": origin.etag,
            "sizeBytes": origin.size_bytes,
        },
    }


def origin_of(row: Mapping[str, Any]) -> Origin:
    """The origin that a row holds; empty where it holds none."""
    found = row.get("sourceObject") or {}
    return Origin(
        request_hash=str(row.get("requestHash", "")),
        source_key=str(found.get("key", "")),
        version_id=found.get("versionId"),
        etag=str(found.get("etag", "")),
        size_bytes=int(found.get("sizeBytes", 0)),
    )


def job_of(row: Mapping[str, Any]) -> Job:
    """The job that a row holds, whoever wrote it."""
    if "schemaVersion" not in row:
        return _original_job(row)
    progress = row.get("progress") or {}
    error = row.get("error")
    video = row.get("video") or {}
    results = row.get("results") or {}
    return Job(
        analysis_id=row["analysisId"],
        user_id=row["userId"],
        video=StoredVideo(video["key"], video["fileName"], int(video["sizeBytes"]), video["sha256"]),
        parameters=row.get("parameters") or {},
        status=JobStatus(row["status"]),
        created_at=row["createdAt"],
        updated_at=row["updatedAt"],
        recorded_at=row["timestamp"],
        progress=Progress(progress.get("stage", "queued"), progress.get("framesDone", 0), progress.get("framesTotal")),
        attempt=int(row.get("attempt", 0)),
        lease_owner=row.get("leaseOwner"),
        lease_until=row.get("leaseUntil"),
        cancel_requested=bool(row.get("cancelRequested", False)),
        error=JobError(error["code"], error["message"], bool(error["retryable"])) if error else None,
        summary=results.get("summary"),
        analysis_version=row.get("analysisVersion"),
        source=row.get("source", "lambda"),
        label=row.get("label", ""),
    )


def _results(job: Job, bucket_name: str) -> dict[str, Any]:
    return {
        "type": "video",
        "summary": _bounded(job.summary or {}),
        "video_path": f"s3://{bucket_name}/{job.video.key}",
        "csv_path": f"s3://{bucket_name}/{analysis_prefix(job.user_id, job.analysis_id)}/{CSV_NAME}",
    }


def _bounded(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The summary, or its essentials where all of it is too much for a row; ``summary.json`` holds it whole."""
    if len(json.dumps(summary, ensure_ascii=False).encode()) <= _LARGEST_SUMMARY_BYTES:
        return dict(summary)
    return {name: summary[name] for name in _ESSENTIALS if name in summary}


def _canonical(value: Any) -> Any:
    """Numbers as floats, so that what came back from the table hashes as what went in."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in value.items()}
    return [_canonical(item) for item in value]


def _original_job(row: Mapping[str, Any]) -> Job:
    """A row of the published original, completed as it understood it."""
    results = row.get("results") or {}
    summary = dict(results.get("summary") or {})
    seconds = float(row.get("timestamp", 0))
    key = str(results.get("video_path") or "").removeprefix("s3://").partition("/")[2]
    if "psp_status" not in summary:
        summary["psp_status"] = "inconclusive"
        summary["reasons"] = [
            {"code": "LEGACY_TRACE", "message": "Analysed by the original program, which checked no quality."}
        ]
    return Job(
        analysis_id=row["analysisId"],
        user_id=row.get("userId", ""),
        video=StoredVideo(key, display_name(key), 0, ""),
        parameters=Parameters().as_dict(),
        status=JobStatus.COMPLETED,
        created_at=seconds,
        updated_at=seconds,
        recorded_at=seconds,
        progress=Progress("saving"),
        summary=summary,
        source=ORIGINAL_SOURCE,
    )
