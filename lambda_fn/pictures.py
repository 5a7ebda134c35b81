"""Single pictures: measured at once and kept as a row, without the picture itself."""

from __future__ import annotations

import time
from typing import Any

from lambda_fn.requests import AnalyzeImage, GetStatus
from lambda_fn.runtime import Runtime
from shared.adapters.aws_job_rows import EYE_IMAGE, params_hash
from shared.adapters.layout import check_analysis_id
from shared.errors import ConflictError, NotFoundError
from shared.version import ANALYSIS_VERSION


def stored_picture(runtime: Runtime, request: AnalyzeImage, *, analysis_id: str, request_hash: str) -> dict[str, Any]:
    """The result for a picture; the same request gets the result that is there already.

    Raises:
        EyeReviewError: the picture cannot be measured. ConflictError: the idempotency key was used otherwise.
    """
    try:
        row = runtime.store.table.get(analysis_id, EYE_IMAGE)
    except NotFoundError:
        return _measured(runtime, request, analysis_id, request_hash)
    if row.get("requestHash") != request_hash:
        raise ConflictError(
            "This idempotency key was used for another request. Send this one with a new key.", field="idempotency_key"
        )
    result: dict[str, Any] = row["results"]["summary"]
    return result


def picture_status(runtime: Runtime, request: GetStatus) -> dict[str, Any]:
    """What ``get_status`` says of a picture. Raises NotFoundError."""
    row = runtime.store.table.get(check_analysis_id(request.analysis_id), EYE_IMAGE)
    if row.get("userId") != request.user_id:
        raise NotFoundError(field="analysis_id")
    return {
        "analysis_id": request.analysis_id,
        "status": row["status"],
        "result": row["results"]["summary"],
        "created_at": row["timestamp"],
        "analysis_version": row.get("analysisVersion"),
    }


def _measured(runtime: Runtime, request: AnalyzeImage, analysis_id: str, request_hash: str) -> dict[str, Any]:
    from shared.picture import analyze_picture  # noqa: PLC0415 - only the worker has the face tracker

    result = analyze_picture(request.content)
    parameters = request.parameters.as_dict()
    row = {
        "analysisId": analysis_id,
        "testType": EYE_IMAGE,
        "userId": request.user_id,
        "timestamp": time.time(),
        "status": "completed",
        "results": {"type": "image", "summary": result},
        "requestHash": request_hash,
        "parameters": parameters,
        "paramsHash": params_hash(parameters),
        "analysisVersion": ANALYSIS_VERSION,
        "source": "lambda",
    }
    try:
        runtime.store.table.add(row)
    except ConflictError:
        return result  # the same request, a moment earlier
    return result
