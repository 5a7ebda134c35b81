"""``lambda_handler``: recognise the event, log, delegate, put errors into words.

One handler for two functions. The *starter* (``WORKER_FUNCTION_NAME`` and ``QUEUE_URL`` set) answers at the gateway:
it checks, hands short films and pictures to the worker for their answer, and queues the rest. The *worker* (neither
set) analyses: requests that the starter or a console passes on, jobs from the queue, files that S3 tells of.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lambda_fn.actions import Answer, Call, answer, wanted_file
from lambda_fn.deadline import Deadline
from lambda_fn.errors import (
    MAX_BODY_CHARACTERS,
    ForbiddenError,
    MethodNotAllowedError,
    PayloadTooLargeError,
    error_body,
    status_of,
)
from lambda_fn.jobs import Outcome, run_job, submit
from lambda_fn.log import count, logger, metrics
from lambda_fn.requests import FIELDS, ProcessFile, check_key, own_analysis_id, read_request
from lambda_fn.runtime import Runtime, runtime
from shared.adapters.aws_messages import RUN_JOB
from shared.adapters.layout import check_user_id
from shared.errors import EyeReviewError, InvalidRequestError, NotFoundError, StorageError
from shared.parameters import Parameters
from shared.tracebacks import describe

_BATCH: Final = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
USER_CLAIM: Final = "custom:user_id"
"""Claim of a token (JWT) that binds it to one patient code, e.g. of an app that a patient uses at home."""
_NOT_JSON: Final = "The body must be a JSON object with at least action and user_id."


@logger.inject_lambda_context(log_event=False, clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one event.

    Args:
        event: of the gateway (REST), SQS, S3, or a bare request as the console sends it.
        context: of the call.

    Returns:
        What the sender of such an event expects: an HTTP answer, failed messages, or the answer's body itself.
    """
    count("Requests")
    if "httpMethod" in event:
        return _over_http(event, context)
    records = event.get("Records")
    if isinstance(records, list) and records:
        if records[0].get("eventSource") == "aws:sqs":
            return _from_queue(event, context)
        return _from_s3(records, context)
    if event.get("Event") == "s3:TestEvent":
        return {"status": "ok"}
    return dict(_answered(event, context, over_http=False, idempotency_key=None).body)


def _over_http(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    origin = runtime().settings.cors_origin
    method = event["httpMethod"]
    if method == "OPTIONS":
        return _http(Answer(204, {}), context, origin)
    if method == "GET":
        return _http(Answer(200, {"status": "ok", "service": "eye-tracking"}), context, origin)
    try:
        if method != "POST":
            raise MethodNotAllowedError()
        body = _body(event)
        _check_identity(event, body)
    except EyeReviewError as error:
        return _http(_refused(error, context), context, origin)
    headers = {str(name).lower(): value for name, value in (event.get("headers") or {}).items()}
    found = _answered(body, context, over_http=True, idempotency_key=headers.get("idempotency-key"))
    return _http(found, context, origin)


def _answered(body: Mapping[str, Any], context: Any, *, over_http: bool, idempotency_key: str | None) -> Answer:
    try:
        here = runtime()
        request = read_request(
            body,
            bucket=here.store.bucket.name,
            max_bytes=here.settings.max_video_bytes,
            idempotency_key=idempotency_key,
        )
        # Passed on are known fields alone: what else a caller sent might make the event look like another kind.
        event = {name: body[name] for name in FIELDS if name in body}
        if idempotency_key is not None:
            event["idempotency_key"] = idempotency_key
        call = Call(event, _owner(context), Deadline.of(context), over_http)
        return answer(here, request, call)
    except EyeReviewError as error:
        return _refused(error, context)
    except Exception as error:
        logger.error("a request broke down", trouble=describe(error))
        return _refused(EyeReviewError(), context)


def _check_identity(event: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Hold a token that is bound to one patient to that patient. Raises ForbiddenError.

    Most tokens are a clinician's, who sees many patients; then nothing is bound, and the stage's authorizer alone
    decides who may call.
    """
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    bound_to = (authorizer.get("claims") or {}).get(USER_CLAIM)
    if bound_to is not None and body.get("user_id") != bound_to:
        raise ForbiddenError("Your sign-in is of another user_id. Send the request with your own.", field="user_id")


def _body(event: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object in a request. Its length is looked at first."""
    text = event.get("body") or ""
    if len(text) > MAX_BODY_CHARACTERS:
        raise PayloadTooLargeError()
    try:
        content = json.loads(base64.b64decode(text) if event.get("isBase64Encoded") else text)
    except (ValueError, RecursionError, binascii.Error):
        raise InvalidRequestError(_NOT_JSON) from None
    if not isinstance(content, dict):
        raise InvalidRequestError(_NOT_JSON)
    return content


def _refused(error: EyeReviewError, context: Any) -> Answer:
    count("Refused")
    logger.info("refused", code=error.code)
    body = error_body(error.code, error.user_message, field=error.field, request_id=context.aws_request_id)
    return Answer(status_of(error.code), body)


def _http(found: Answer, context: Any, origin: str | None) -> dict[str, Any]:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Request-Id": context.aws_request_id,
    }
    if origin is not None:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET,POST,OPTIONS",
            "Access-Control-Allow-Headers": "Content-Type,X-Api-Key,Idempotency-Key,Authorization",
            "Vary": "Origin",
        }
    body = "" if found.status == 204 else json.dumps(found.body, allow_nan=False, ensure_ascii=False)
    return {"statusCode": found.status, "headers": headers, "body": body, "isBase64Encoded": False}


def _from_queue(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on the jobs of a batch; those that must come again are named in the answer."""

    def work(record: SQSRecord) -> None:
        message = json.loads(record.body)
        if message.get("action") == RUN_JOB:
            _run_queued(runtime(), str(message["analysis_id"]), context)
        elif message.get("Event") != "s3:TestEvent":
            _from_s3(message["Records"], context)

    answered: Mapping[str, Any] = process_partial_response(
        event=event, record_handler=work, processor=_BATCH, context=context
    )
    return dict(answered)


def _run_queued(here: Runtime, analysis_id: str, context: Any) -> None:
    """Work on one job. Raises where the message must come again."""
    try:
        outcome = run_job(here, analysis_id, owner=_owner(context), deadline=Deadline.of(context))
    except StorageError:
        raise
    except NotFoundError:
        return  # deleted before its turn
    except EyeReviewError as error:
        if error.code == EyeReviewError.code:
            raise
        return  # the job says why it failed; another try would end the same
    if outcome is Outcome.HELD:
        raise _HeldError()


def _from_s3(records: list[Mapping[str, Any]], context: Any) -> dict[str, Any]:
    """Start the analysis of new files under ``uploads/``, with the parameters' defaults."""
    here = runtime()
    started = []
    for record in records:
        key = unquote_plus(record["s3"]["object"]["key"])
        if record["s3"]["bucket"]["name"] != here.store.bucket.name or own_analysis_id(key) is None:
            continue
        analysis_id = _start_of_upload(here, key)
        if here.queue is not None:
            here.queue.send(analysis_id)
        else:
            _run_queued(here, analysis_id, context)
        started.append(analysis_id)
    return {"started": started, "status": "success"}


def _start_of_upload(here: Runtime, key: str) -> str:
    """The job of an uploaded file: the one that a request made already, else a new one."""
    own = own_analysis_id(key) or ""
    user_id = check_user_id(key.split("/")[1])
    try:
        return here.store.jobs.get(own).analysis_id
    except NotFoundError:
        request = ProcessFile(user_id, check_key(key, user_id), "", Parameters())
        return submit(here, wanted_file(request, here.store.videos.look_at(key))).analysis_id


def _owner(context: Any) -> str:
    return f"{context.aws_request_id}-{secrets.token_hex(4)}"


class _HeldError(Exception):
    """Another call works on the job: its message must come again, in case that call dies."""
