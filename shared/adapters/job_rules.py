"""How a job may change, as pure functions from one :class:`shared.ports.Job` to the next.

Stores differ in how they make a change atomic, not in what a change is; so the rules stand here, once.

A running job whose lease has run out was abandoned: its worker died or lost the machine. The next claim
takes it up again, up to ``MAX_ATTEMPTS`` claims in all; then the claim that finds it settles it as failed
with code ``WORKER_LOST``, so that a film which kills its worker cannot keep the queue busy for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from shared.errors import CancelledError, ConflictError
from shared.ports import Job, JobError, JobStatus, Progress

MAX_ATTEMPTS: Final = 3
WORKER_LOST: Final = JobError(
    "WORKER_LOST",
    "The analysis stopped unexpectedly several times. The video is kept; start it again, "
    "and if it stops once more, export the video anew and upload that.",
    retryable=True,
)
CANCELLED: Final = JobError(CancelledError.code, CancelledError.default_message, retryable=True)


def lease_is_over(job: Job, now: float) -> bool:
    """Whether nobody holds the job at ``now`` (epoch s)."""
    return job.lease_until is None or job.lease_until <= now


def is_claimable(job: Job, now: float) -> bool:
    """Whether a worker may take the job: queued, or running without a valid lease."""
    return job.status is JobStatus.QUEUED or (job.status is JobStatus.RUNNING and lease_is_over(job, now))


def settled(job: Job, now: float) -> Job | None:
    """The end of a claimable job that must not run (again): cancelled, or abandoned too often. Else None."""
    if job.cancel_requested:
        return _ended(job, JobStatus.FAILED, now, error=CANCELLED)
    if job.attempt >= MAX_ATTEMPTS:
        return _ended(job, JobStatus.FAILED, now, error=WORKER_LOST)
    return None


def claimed(job: Job, owner: str, *, now: float, lease_s: float) -> Job:
    """The job in the hands of ``owner``."""
    return replace(
        job,
        status=JobStatus.RUNNING,
        lease_owner=owner,
        lease_until=now + lease_s,
        attempt=job.attempt + 1,
        progress=Progress("reading"),
        error=None,
        updated_at=now,
    )


def check_owner(job: Job, owner: str) -> None:
    """Refuse a worker that no longer holds the job.

    Raises:
        ConflictError: not running, or claimed by another.
    """
    if job.status is not JobStatus.RUNNING or job.lease_owner != owner:
        raise ConflictError()


def reported(job: Job, owner: str, progress: Progress, *, now: float, lease_s: float) -> Job:
    """The job with news from its worker and a longer lease. Raises ConflictError as in :func:`check_owner`."""
    check_owner(job, owner)
    return replace(job, progress=progress, lease_until=now + lease_s, updated_at=now)


def completed(job: Job, owner: str, summary: Mapping[str, Any], *, now: float) -> Job:
    """The finished job. A request to cancel that came too late is void. Raises ConflictError as above."""
    check_owner(job, owner)
    return finished(job, summary, now=now)


def finished(job: Job, summary: Mapping[str, Any], *, now: float) -> Job:
    """The finished job, whoever held it: for a result that was written whole before its worker was lost."""
    version = summary.get("analysis_version")
    return replace(
        _ended(job, JobStatus.COMPLETED, now),
        summary=dict(summary),
        analysis_version=str(version) if version is not None else None,
        cancel_requested=False,
    )


def failed(job: Job, owner: str, error: JobError, *, now: float) -> Job:
    """The job that ended in an error. Raises ConflictError as above."""
    check_owner(job, owner)
    return _ended(job, JobStatus.FAILED, now, error=error)


def given_up(job: Job, error: JobError, *, now: float) -> Job:
    """The job that ended in an error, whoever held it: for one that its queue gave up."""
    return _ended(job, JobStatus.FAILED, now, error=error)


def released(job: Job, owner: str, *, now: float, attempt_counts: bool) -> Job:
    """The job given back to the queue by its worker.

    Args:
        job: running, held by ``owner``.
        owner: the worker.
        now: epoch seconds.
        attempt_counts: True where the analysis broke down, False where the worker was told to shut down.

    Raises:
        ConflictError: not held by ``owner``.
    """
    check_owner(job, owner)
    queued = _ended(job, JobStatus.QUEUED, now)
    return replace(queued, attempt=job.attempt if attempt_counts else job.attempt - 1, progress=Progress("queued"))


def cancel_requested(job: Job, *, now: float) -> Job:
    """The job after a person asked to stop: failed at once unless a worker holds it, who then stops.

    A job that has ended already stays as it is.
    """
    if is_claimable(job, now):
        return _ended(replace(job, cancel_requested=True), JobStatus.FAILED, now, error=CANCELLED)
    if job.status is JobStatus.RUNNING:
        return replace(job, cancel_requested=True, updated_at=now)
    return job


def retried(job: Job, *, now: float) -> Job:
    """The failed job in the queue again, with all attempts anew.

    Raises:
        ConflictError: it has not failed.
    """
    if job.status is not JobStatus.FAILED:
        raise ConflictError()
    return replace(
        job,
        status=JobStatus.QUEUED,
        attempt=0,
        cancel_requested=False,
        error=None,
        progress=Progress("queued"),
        updated_at=now,
    )


def deleting(job: Job, *, now: float) -> Job:
    """The job as it is while its files are removed: claimed by nobody, listed nowhere."""
    return _ended(job, JobStatus.DELETING, now, error=job.error)


def _ended(job: Job, status: JobStatus, now: float, *, error: JobError | None = None) -> Job:
    return replace(job, status=status, error=error, lease_owner=None, lease_until=None, updated_at=now)
