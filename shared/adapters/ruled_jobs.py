"""The changes of a job that are the same in every store: each is one of the pure rules, applied to the row as it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from shared.adapters import job_rules
from shared.errors import ConflictError, NotFoundError
from shared.ports import Job, JobError, Progress


class RuledJobs(ABC):
    """What a job store owes its callers beyond keeping rows; a store adds how a row is changed without a race."""

    @abstractmethod
    def _change(self, analysis_id: str, rule: Callable[[Job], Job]) -> Job:
        """Apply a rule to the row as it is now and keep the outcome. Raises NotFoundError, and what the rule raises."""

    def report(self, analysis_id: str, owner: str, progress: Progress, *, now: float, lease_s: float) -> bool:
        """Store progress and prolong the lease; True when a person asked to cancel. Raises ConflictError."""
        changed = self._change_held(
            analysis_id, lambda job: job_rules.reported(job, owner, progress, now=now, lease_s=lease_s)
        )
        return changed.cancel_requested

    def complete(self, analysis_id: str, owner: str, summary: Mapping[str, Any], *, now: float) -> None:
        """Mark completed with its summary. Raises ConflictError."""
        self._change_held(analysis_id, lambda job: job_rules.completed(job, owner, summary, now=now))

    def fail(self, analysis_id: str, owner: str, error: JobError, *, now: float) -> None:
        """Mark failed. Raises ConflictError."""
        self._change_held(analysis_id, lambda job: job_rules.failed(job, owner, error, now=now))

    def release(self, analysis_id: str, owner: str, *, now: float, attempt_counts: bool) -> None:
        """Give a job back to the queue before its lease runs out. Raises ConflictError."""
        self._change_held(
            analysis_id, lambda job: job_rules.released(job, owner, now=now, attempt_counts=attempt_counts)
        )

    def request_cancel(self, analysis_id: str, *, now: float) -> Job:
        """Ask to stop: at once where no worker holds the job, else at the worker's next report."""
        return self._change(analysis_id, lambda job: job_rules.cancel_requested(job, now=now))

    def retry(self, analysis_id: str, *, now: float) -> Job:
        """Queue a failed job again. Raises ConflictError unless it is failed."""
        return self._change(analysis_id, lambda job: job_rules.retried(job, now=now))

    def begin_delete(self, analysis_id: str, *, now: float) -> Job:
        """Mark deleting: not listed, not claimable, its worker stops. Raises NotFoundError."""
        return self._change(analysis_id, lambda job: job_rules.deleting(job, now=now))

    def _change_held(self, analysis_id: str, rule: Callable[[Job], Job]) -> Job:
        """A change by the worker that holds the job; a deleted job is no longer held."""
        try:
            return self._change(analysis_id, rule)
        except NotFoundError:
            raise ConflictError() from None
