"""Who analyses the films of a store: the worker on this machine here, the cloud service in :mod:`dashboard.cloud`."""

from __future__ import annotations

from typing import Protocol

from shared.errors import ConflictError
from shared.ports import Job, JobStore


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
