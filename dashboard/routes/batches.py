"""HTTP for many films at once; the bytes of each go over :mod:`dashboard.routes.uploads`.

    GET  /api/batch/{token}          ``{"rows": [...]}``: what was taken and how far its analysis is
    POST /api/batch/{token}/upload   ``{"token"}`` of an upload for the next film
    POST /api/batch/{token}/film     JSON about a film that has arrived; answers with its row
    POST /api/batch/{token}/cancel   stop the analyses that are not finished; answers with the rows
    POST /api/batch/{token}/clear    forget the rows; the analyses go on

The token is minted by the page; without a known one, or from another site: 403.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.language.core_texts import core
from dashboard.language.texts import t
from dashboard.routes.access import PRIVATE_HEADERS, is_same_site
from dashboard.tokens import TokenRegistry
from dashboard.uploading.batches import BATCHES, Batch
from shared.errors import ConflictError, EyeReviewError, InvalidRequestError

_LONGEST_REQUEST: Final = 64 * 1024


def batch_routes(batches: TokenRegistry[Batch] = BATCHES) -> list[Route]:
    """The routes above."""

    def answering(act: Callable[[Batch, Mapping[str, Any]], Any]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            batch = batches.open(request.path_params["token"]) if is_same_site(request) else None
            if batch is None:
                message = t("This upload is no longer open. Reload the page and choose the film again.")
                return _json({"message": message}, 403)
            try:
                content = _content(request, await request.body()) if request.method == "POST" else {}
                return _json(await run_in_threadpool(act, batch, content))
            except EyeReviewError as error:
                return _json({"message": core(error.user_message)}, _status(error))

        return answer

    acts: tuple[tuple[str, str, Callable[[Batch, Mapping[str, Any]], Any]], ...] = (
        ("GET", "", lambda batch, _: {"rows": batch.rows()}),
        ("POST", "/upload", lambda batch, _: {"token": batch.new_upload()}),
        ("POST", "/film", lambda batch, content: batch.take(content)),
        ("POST", "/cancel", lambda batch, _: {"rows": batch.cancel()}),
        ("POST", "/clear", lambda batch, _: {"rows": batch.forget()}),
    )
    return [Route(f"/api/batch/{{token}}{rest}", answering(act), methods=[method]) for method, rest, act in acts]


def _content(request: Request, body: bytes) -> Mapping[str, Any]:
    """The JSON object of a request. A form of another site cannot send this media type without asking first."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise InvalidRequestError(t("The film could not be taken. Reload the page and choose it again."))
    try:
        content = json.loads(body) if len(body) <= _LONGEST_REQUEST else None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InvalidRequestError(t("The film could not be taken. Reload the page and choose it again."))
    return content


def _status(error: EyeReviewError) -> int:
    if error.retryable:
        return 503
    return 409 if isinstance(error, ConflictError) else 400


def _json(content: Any, status: int = 200) -> Response:
    return JSONResponse(content, status, headers=PRIVATE_HEADERS)
