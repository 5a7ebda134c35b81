"""Jobs in SQLite. Each change reads the row, applies a rule of :mod:`shared.adapters.job_rules` and writes it back
inside one write transaction, so of several simultaneous callers exactly one wins."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from shared.adapters import job_rules
from shared.adapters.layout import check_analysis_id, check_key, check_user_id
from shared.adapters.local_schema import Database
from shared.adapters.ruled_jobs import RuledJobs
from shared.errors import ConflictError, NotFoundError
from shared.ports import Job, JobError, JobStatus, Progress, StoredVideo

_COLUMNS: Final = (
    *("analysis_id", "user_id", "status", "created_at", "updated_at", "recorded_at"),
    *("video_key", "video_file_name", "video_size_bytes", "video_sha256", "parameters"),
    *("progress_stage", "progress_frames_done", "progress_frames_total"),
    *("attempt", "lease_owner", "lease_until", "cancel_requested"),
    *("error_code", "error_message", "error_retryable"),
    *("summary", "analysis_version", "source", "label"),
)
_INSERT: Final = f"INSERT INTO job ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{c}' for c in _COLUMNS)})"  # noqa: S608
_UPDATE: Final = f"UPDATE job SET {', '.join(f'{c} = :{c}' for c in _COLUMNS)} WHERE analysis_id = :analysis_id"  # noqa: S608
_TO_DO: Final = """
    SELECT * FROM job
    WHERE (status = 'queued' OR (status = 'running' AND coalesce(lease_until, 0) <= :now))
      AND (:analysis_id IS NULL OR analysis_id = :analysis_id)
      AND (:source IS NULL OR source = :source)
    ORDER BY created_at, rowid
"""


class LocalJobStore(RuledJobs):
    """:class:`shared.ports.JobStore` in a SQLite file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, job: Job) -> None:
        """Add a queued job. Raises ConflictError where the id exists, InvalidRequestError for a malformed code."""
        check_user_id(job.user_id)
        check_analysis_id(job.analysis_id)
        check_key(job.video.key)
        try:
            with self._database.writing() as connection:
                connection.execute(_INSERT, _row_of(job))
        except sqlite3.IntegrityError:
            raise ConflictError() from None

    def get(self, analysis_id: str) -> Job:
        """The job. Raises NotFoundError."""
        with self._database.reading() as connection:
            return _select(connection, analysis_id)

    def claim(
        self, owner: str, *, now: float, lease_s: float, analysis_id: str | None = None, source: str | None = None
    ) -> Job | None:
        """Take the oldest job to do, or the one named; see :class:`shared.ports.JobStore`.

        Jobs met on the way that were abandoned too often, or cancelled while abandoned, are settled as failed.
        """
        choice = {"now": now, "analysis_id": analysis_id, "source": source}
        with self._database.reading() as connection:
            # An idle worker asks several times a second: without work it takes no write lock.
            if connection.execute(_TO_DO, choice).fetchone() is None:
                return None
        with self._database.writing() as connection:
            for row in connection.execute(_TO_DO, choice).fetchall():
                job = _job_of(row)
                settled = job_rules.settled(job, now)
                changed = settled or job_rules.claimed(job, owner, now=now, lease_s=lease_s)
                connection.execute(_UPDATE, _row_of(changed))
                if settled is None:
                    return changed
        return None

    def history(self, user_id: str, *, limit: int = 100, before: float | None = None) -> Sequence[Job]:
        """A patient's analyses, newest first by ``recorded_at``, without those being deleted."""
        with self._database.reading() as connection:
            rows = connection.execute(
                """SELECT * FROM job
                   WHERE user_id = :user_id AND status != 'deleting' AND (:before IS NULL OR recorded_at < :before)
                   ORDER BY recorded_at DESC, created_at DESC, rowid DESC LIMIT :limit""",
                {"user_id": user_id, "before": before, "limit": limit},
            )
            return [_job_of(row) for row in rows]

    def delete(self, analysis_id: str) -> None:
        """Remove the row; no error where it is gone already."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM result WHERE analysis_id = ?", (analysis_id,))
            connection.execute("DELETE FROM job WHERE analysis_id = ?", (analysis_id,))

    def finish(self, analysis_id: str, summary: Mapping[str, Any], *, now: float) -> bool:
        """Complete a job that nobody holds and whose result is whole; False where it is not in that state."""
        with self._database.writing() as connection:
            job = _select(connection, analysis_id)
            if not job_rules.is_claimable(job, now):
                return False
            connection.execute(_UPDATE, _row_of(job_rules.finished(job, summary, now=now)))
        return True

    def unheld(self, *, now: float) -> Sequence[Job]:
        """Unfinished jobs that nobody holds, oldest first."""
        with self._database.reading() as connection:
            choice = {"now": now, "analysis_id": None, "source": None}
            return [_job_of(row) for row in connection.execute(_TO_DO, choice)]

    def with_status(self, status: JobStatus) -> Sequence[Job]:
        """All jobs in one state, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM job WHERE status = ? ORDER BY created_at, rowid", (status.value,))
            return [_job_of(row) for row in rows]

    def _change(self, analysis_id: str, rule: Callable[[Job], Job]) -> Job:
        with self._database.writing() as connection:
            changed = rule(_select(connection, analysis_id))
            connection.execute(_UPDATE, _row_of(changed))
        return changed


def _select(connection: sqlite3.Connection, analysis_id: str) -> Job:
    row = connection.execute("SELECT * FROM job WHERE analysis_id = ?", (analysis_id,)).fetchone()
    if row is None:
        raise NotFoundError()
    return _job_of(row)


def _row_of(job: Job) -> dict[str, Any]:
    return {
        "analysis_id": job.analysis_id,
        "user_id": job.user_id,
        "status": job.status.value,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "recorded_at": job.recorded_at,
        "video_key": job.video.key,
        "video_file_name": job.video.file_name,
        "video_size_bytes": job.video.size_bytes,
        "video_sha256": job.video.sha256,
        "parameters": _json(job.parameters),
        "progress_stage": job.progress.stage,
        "progress_frames_done": job.progress.frames_done,
        "progress_frames_total": job.progress.frames_total,
        "attempt": job.attempt,
        "lease_owner": job.lease_owner,
        "lease_until": job.lease_until,
        "cancel_requested": job.cancel_requested,
        "error_code": job.error.code if job.error else None,
        "error_message": job.error.message if job.error else None,
        "error_retryable": job.error.retryable if job.error else None,
        "summary": _json(job.summary) if job.summary is not None else None,
        "analysis_version": job.analysis_version,
        "source": job.source,
        "label": job.label,
    }


def _job_of(row: sqlite3.Row) -> Job:
    error = None
    if row["error_code"] is not None:
        error = JobError(row["error_code"], row["error_message"], bool(row["error_retryable"]))
    return Job(
        analysis_id=row["analysis_id"],
        user_id=row["user_id"],
        video=StoredVideo(row["video_key"], row["video_file_name"], row["video_size_bytes"], row["video_sha256"]),
        parameters=json.loads(row["parameters"]),
        status=JobStatus(row["status"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        recorded_at=row["recorded_at"],
        progress=Progress(row["progress_stage"], row["progress_frames_done"], row["progress_frames_total"]),
        attempt=row["attempt"],
        lease_owner=row["lease_owner"],
        lease_until=row["lease_until"],
        cancel_requested=bool(row["cancel_requested"]),
        error=error,
        summary=json.loads(row["summary"]) if row["summary"] is not None else None,
        analysis_version=row["analysis_version"],
        source=row["source"],
        label=row["label"],
    )


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), allow_nan=False, ensure_ascii=False)
