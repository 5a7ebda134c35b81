"""HTTP routes of the review: its traces, and the decisions of its reviewer. Guarded like those of the film."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.language.core_texts import core
from dashboard.routes.access import PRIVATE_HEADERS, is_same_site, refusal
from dashboard.tokens import TokenRegistry
from shared.errors import ConflictError, EyeReviewError, InvalidRequestError

_LONGEST_REQUEST: Final = 4096


class Desk(Protocol):
    """What a token for decisions opens: :class:`dashboard.review.desk.ReviewDesk`, which is slow to import."""

    def answer(self) -> dict[str, Any]:
        """The state of the review."""
        ...

    def decide(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Write one decision; the new state."""
        ...


FEEDS: Final[TokenRegistry[bytes]] = TokenRegistry()
"""Token -> packed traces (:func:`dashboard.review.trace_feed.trace_feed`)."""
DESKS: Final[TokenRegistry[Desk]] = TokenRegistry()
"""Token -> where the decisions on one recording arrive."""


def review_routes(feeds: TokenRegistry[bytes] = FEEDS, desks: TokenRegistry[Desk] = DESKS) -> list[Route]:
    """``GET /api/traces/{token}``, ``GET`` and ``POST /api/decisions/{token}``."""

    async def traces(request: Request) -> Response:
        feed = feeds.open(request.path_params["token"]) if is_same_site(request) else None
        if feed is None:
            return refusal()
        headers = {**PRIVATE_HEADERS, "Content-Encoding": "gzip"}
        return Response(feed, media_type="application/octet-stream", headers=headers)

    async def decisions(request: Request) -> Response:
        desk = desks.open(request.path_params["token"]) if is_same_site(request) else None
        if desk is None:
            return refusal()
        try:
            if request.method != "POST":
                answer = await run_in_threadpool(desk.answer)
            else:
                answer = await run_in_threadpool(desk.decide, _content(request, await request.body()))
        except EyeReviewError as error:
            return JSONResponse({"message": core(error.user_message)}, _status(error), headers=PRIVATE_HEADERS)
        return JSONResponse(answer, headers=PRIVATE_HEADERS)

    return [
        Route("/api/traces/{token}", traces),
        Route("/api/decisions/{token}", decisions, methods=["GET", "POST"]),
    ]


def _content(request: Request, body: bytes) -> Mapping[str, Any]:
    """The JSON object of a request.

    A form of another site cannot send this media type without asking first, which is refused.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise InvalidRequestError("Send the decision as JSON.")
    try:
        content = json.loads(body) if len(body) <= _LONGEST_REQUEST else None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InvalidRequestError("The decision could not be read. Reload the page and try again.")
    return content


def _status(error: EyeReviewError) -> int:
    if isinstance(error, InvalidRequestError):
        return 400
    if isinstance(error, ConflictError):
        return 409
    return 503 if error.retryable else 500
