"""Finishing what a crash left between two steps: ``python -m lambda_fn.reconcile``, or on a schedule.

* A job that nobody holds and whose result is whole becomes ``completed``.
* One that was abandoned too often is marked failed.
* Any other that nobody holds is put into the queue again; a message too many is done once.
* A job that was being deleted loses its files and its row.

Jobs that were queued or released a moment ago have a message under way and are left alone.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from typing import Any, Final

from lambda_fn.jobs import finished_summary
from lambda_fn.log import count, logger, metrics
from lambda_fn.runtime import Runtime, runtime
from shared.adapters.job_rules import MAX_ATTEMPTS, WORKER_LOST
from shared.deletion import delete_analysis
from shared.errors import EyeReviewError
from shared.ports import Job, JobStatus

PATIENCE_S: Final = 300.0
"""How long a job may wait without news before it is put into the queue again."""


@dataclass
class Report:
    """How many jobs were settled, and how."""

    completed: int = 0
    failed: int = 0
    queued_again: int = 0
    deleted: int = 0


@logger.inject_lambda_context(log_event=False, clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Reconcile, on a schedule."""
    report = reconcile(runtime(), now=time.time(), patience_s=float(event.get("patience_s", PATIENCE_S)))
    count("Reconciled", sum(asdict(report).values()))
    logger.info("reconciled", **asdict(report))
    return {**asdict(report), "status": "success"}


def reconcile(here: Runtime, *, now: float, patience_s: float = PATIENCE_S) -> Report:
    """Settle every job that nobody holds.

    Args:
        here: store and queue.
        now: epoch seconds.
        patience_s: jobs with news younger than this are only completed, not queued again.

    Raises:
        StorageError: the store cannot be reached.
    """
    report = Report()
    for job in here.store.jobs.unheld(now=now):
        _settle(here, job, report, now=now, patience_s=patience_s)
    for job in here.store.jobs.with_status(JobStatus.DELETING):
        delete_analysis(here.store, job.analysis_id, now=now)
        report.deleted += 1
    return report


def _settle(here: Runtime, job: Job, report: Report, *, now: float, patience_s: float) -> None:
    summary = finished_summary(here, job)
    if summary is not None:
        report.completed += here.store.jobs.finish(job.analysis_id, summary, now=now)
    elif job.attempt >= MAX_ATTEMPTS:
        report.failed += here.store.jobs.give_up(job.analysis_id, WORKER_LOST, now=now)
    elif here.queue is not None and (job.status is JobStatus.RUNNING or now - job.updated_at >= patience_s):
        here.queue.send(job.analysis_id)
        report.queued_again += 1


def main() -> int:
    """Reconcile once and say what was done; 0, or 1 where the store cannot be reached."""
    try:
        report = reconcile(runtime(), now=time.time())
    except EyeReviewError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return 1
    sys.stdout.write(f"{asdict(report)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
