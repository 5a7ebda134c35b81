"""Jobs in DynamoDB. Each change reads the row, applies a rule of :mod:`shared.adapters.job_rules` and writes it back
on the condition that nobody changed it meanwhile; who comes second reads it again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from shared.adapters import job_rules
from shared.adapters.aws_job_rows import DELETING, EYE_TRACKING, OPEN, Origin, job_of, origin_of, origin_row, row_of
from shared.adapters.aws_table import Table
from shared.adapters.layout import check_analysis_id, check_key, check_user_id
from shared.adapters.ruled_jobs import RuledJobs
from shared.errors import ConflictError, NotFoundError
from shared.ports import Job, JobError, JobStatus

_TRIES: Final = 12
_LONGEST_PAUSE_S: Final = 0.05


class AwsJobStore(RuledJobs):
    """:class:`shared.ports.JobStore` in a DynamoDB table."""

    def __init__(self, table: Table, bucket_name: str) -> None:
        self._table = table
        self._bucket_name = bucket_name

    def create(self, job: Job, *, origin: Origin | None = None) -> None:
        """Add a queued job. Raises ConflictError where the id exists, InvalidRequestError for a malformed code."""
        check_user_id(job.user_id)
        check_analysis_id(job.analysis_id)
        check_key(job.video.key)
        key = {"analysisId": job.analysis_id, "testType": EYE_TRACKING, "revision": 1}
        self._table.add(row_of(job, self._bucket_name) | key | (origin_row(origin) if origin else {}))

    def get(self, analysis_id: str) -> Job:
        """The job. Raises NotFoundError."""
        return job_of(self._row(analysis_id))

    def origin(self, analysis_id: str) -> Origin:
        """What the job was made from. Raises NotFoundError."""
        return origin_of(self._row(analysis_id))

    def claim(
        self, owner: str, *, now: float, lease_s: float, analysis_id: str | None = None, source: str | None = None
    ) -> Job | None:
        """Take the oldest job to do, or the one named; see :class:`shared.ports.JobStore`.

        Jobs met on the way that were abandoned too often, or cancelled while abandoned, are settled as failed.
        """
        for name in [analysis_id] if analysis_id is not None else self._table.open_ids(OPEN):
            job = self._claim_one(name, owner, now=now, lease_s=lease_s, source=source)
            if job is not None:
                return job
        return None

    def history(self, user_id: str, *, limit: int = 100, before: float | None = None) -> Sequence[Job]:
        """A patient's analyses, newest first by ``recorded_at``, without those being deleted."""
        check_user_id(user_id)
        rows = (
            row
            for row in self._table.of_user(user_id, before=before)
            if row["testType"] == EYE_TRACKING and row.get("status") != JobStatus.DELETING.value
        )
        jobs = [job_of(row) for row in islice(rows, limit)]
        return sorted(jobs, key=lambda job: (job.recorded_at, job.created_at), reverse=True)

    def delete(self, analysis_id: str) -> None:
        """Remove the row; no error where it is gone already."""
        self._table.remove(analysis_id, EYE_TRACKING)

    def finish(self, analysis_id: str, summary: Mapping[str, Any], *, now: float) -> bool:
        """Complete a job that nobody holds and whose result is whole; False where it is not in that state."""
        return self._settle_unheld(analysis_id, lambda job: job_rules.finished(job, summary, now=now), now=now)

    def give_up(self, analysis_id: str, error: JobError, *, now: float) -> bool:
        """Fail a job that nobody holds; False where it is not in that state."""
        return self._settle_unheld(analysis_id, lambda job: job_rules.given_up(job, error, now=now), now=now)

    def unheld(self, *, now: float) -> Iterator[Job]:
        """Unfinished jobs that nobody holds, oldest first."""
        return (job for job in self._open(OPEN) if job_rules.is_claimable(job, now))

    def with_status(self, status: JobStatus) -> Sequence[Job]:
        """All jobs queued, running or deleting, oldest first.

        Raises:
            ValueError: a state that is not listed: of finished jobs there are too many.
        """
        states = {JobStatus.QUEUED: OPEN, JobStatus.RUNNING: OPEN, JobStatus.DELETING: DELETING}
        if status not in states:
            raise ValueError("only jobs with something left to do are listed")
        return [job for job in self._open(states[status]) if job.status is status]

    def _open(self, open_state: str) -> Iterator[Job]:
        for name in self._table.open_ids(open_state):
            try:
                yield self.get(name)
            except NotFoundError:
                continue  # removed since the index was written

    def _claim_one(self, name: str, owner: str, *, now: float, lease_s: float, source: str | None) -> Job | None:
        """The named job in the hands of ``owner``; None where it is another's, settled, or not there."""
        taken: list[Job] = []

        def rule(job: Job) -> Job:
            taken.clear()
            if not job_rules.is_claimable(job, now) or (source is not None and job.source != source):
                return job
            settled = job_rules.settled(job, now)
            if settled is not None:
                return settled
            taken.append(job_rules.claimed(job, owner, now=now, lease_s=lease_s))
            return taken[0]

        try:
            self._change(name, rule)
        except NotFoundError:
            return None
        return taken[0] if taken else None

    def _settle_unheld(self, analysis_id: str, rule: Callable[[Job], Job], *, now: float) -> bool:
        before = after = None

        def guarded(job: Job) -> Job:
            nonlocal before, after
            before = job
            after = rule(job) if job_rules.is_claimable(job, now) else job
            return after

        self._change(analysis_id, guarded)
        return after is not before

    def _change(self, analysis_id: str, rule: Callable[[Job], Job]) -> Job:
        """Apply a rule to the row as it is now; unchanged jobs are not written. Raises what the rule raises."""
        for attempt in range(_TRIES):
            row = self._row(analysis_id)
            job = job_of(row)
            changed = rule(job)
            if changed is job:
                return job
            try:
                self._table.change(row, row_of(changed, self._bucket_name))
            except ConflictError:
                time.sleep(random.uniform(0, _LONGEST_PAUSE_S) * min(attempt, 4))  # noqa: S311 - only spreads retries
                continue
            return changed
        raise ConflictError()

    def _row(self, analysis_id: str) -> dict[str, Any]:
        return self._table.get(check_analysis_id(analysis_id), EYE_TRACKING)
