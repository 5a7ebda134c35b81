"""The consumer of the dead-letter queue: a job that its queue gave up is marked failed, so that nobody waits for it."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lambda_fn.jobs import finished_summary
from lambda_fn.log import count, logger, metrics
from lambda_fn.runtime import runtime
from shared.adapters.job_rules import WORKER_LOST
from shared.errors import NotFoundError
from shared.ports import JobStatus

_BATCH: Final = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(log_event=False, clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Settle the jobs of a batch of dead letters; those still held by a worker come again."""
    count("DeadLetters", len(event.get("Records", ())))
    return dict(process_partial_response(event=event, record_handler=_settle, processor=_BATCH, context=context))


def _settle(record: SQSRecord) -> None:
    try:
        analysis_id = str(json.loads(record.body)["analysis_id"])
    except (ValueError, KeyError, TypeError):
        logger.error("a dead letter that names no analysis")
        return
    here = runtime()
    try:
        job = here.store.jobs.get(analysis_id)
    except NotFoundError:
        return
    if job.status not in {JobStatus.QUEUED, JobStatus.RUNNING}:
        return
    summary = finished_summary(here, job)
    now = time.time()
    if summary is not None:
        settled = here.store.jobs.finish(analysis_id, summary, now=now)
    else:
        settled = here.store.jobs.give_up(analysis_id, WORKER_LOST, now=now)
    if not settled:
        raise RuntimeError("a worker still holds the job")
    logger.error("analysis given up" if summary is None else "analysis completed late", analysis_id=analysis_id)
