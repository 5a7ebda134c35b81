"""Who analyses the films of a store: the worker here; the cloud service is in :mod:`dashboard.cloud.service`."""

from __future__ import annotations

from typing import ClassVar, Protocol

from shared.errors import ConflictError, EyeReviewError
from shared.ports import Job, JobStore


class CloudError(EyeReviewError):
    """The cloud service did not do what it was asked. ``is_settled``: whether it is certain that it did not."""

    code = "CLOUD_UNAVAILABLE"
    retryable: ClassVar[bool] = True

    def __init__(self, user_message: str, *, code: str | None = None, is_settled: bool = True) -> None:
        super().__init__(user_message)
        self.is_settled = is_settled
        if code is not None:
            self.code = code  # type: ignore[misc]


class Backend(Protocol):
    """Starts the analysis of films that lie in a store."""

    def start(self, job: Job) -> Job:
        """Ask for an analysis; the job as it is kept."""
        ...

    def retry(self, job: Job, *, now: float) -> None:
        """Ask again for an analysis that failed; no error where someone else already did."""
        ...


class LocalBackend:
    """The worker on this machine, which finds its jobs in the store."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs

    def start(self, job: Job) -> Job:
        """Queue the job."""
        self._jobs.create(job)
        return job

    def retry(self, job: Job, *, now: float) -> None:
        """Queue a failed job again."""
        try:
            self._jobs.retry(job.analysis_id, now=now)
        except ConflictError:
            return
