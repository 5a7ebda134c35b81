"""HTTP of the screening station, each guarded by the token of one visit (see :mod:`dashboard.station.visit`).

    POST /api/visit/{token}/check?time_s=&scale=&frame_rate_hz=   a JPEG of the preview; what to put right
    POST /api/visit/{token}/finish                                the log of the recording; have it judged
    GET  /api/visit/{token}                                       where the visit is

The recording itself goes through :mod:`dashboard.routes.uploads`, under a token of its own.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.language.core_texts import core
from dashboard.routes.access import PRIVATE_HEADERS, is_same_site
from dashboard.station.visit import VISITS, Visit
from dashboard.tokens import TokenRegistry
from shared.errors import ConflictError, EyeReviewError

_MAX_PICTURE_BYTES: Final = 1024 * 1024
_MAX_LOG_BYTES: Final = 4 * 1024 * 1024
_ENDED: Final = "This screening has ended and nothing of it was kept. Start again."


def station_routes(visits: TokenRegistry[Visit] = VISITS) -> list[Route]:
    """The routes above."""

    def admitted(request: Request) -> Visit | None:
        return visits.open(request.path_params["token"]) if is_same_site(request) else None

    async def check(request: Request) -> Response:
        visit = admitted(request)
        if visit is None:
            return _answer(403, message=_ENDED)
        picture = await _body(request, _MAX_PICTURE_BYTES)
        if not picture:
            return _answer(413, message="The picture is empty or too large.")
        numbers = {name: _number(request.query_params.get(name)) for name in ("time_s", "scale", "frame_rate_hz")}
        judged = await run_in_threadpool(lambda: visit.check(picture, **numbers))
        return _answer(200, **judged) if judged else _answer(503, message=visit.state.message)

    async def finish(request: Request) -> Response:
        visit = admitted(request)
        if visit is None:
            return _answer(403, message=_ENDED)
        try:
            visit.finish(json.loads(await _body(request, _MAX_LOG_BYTES) or b""))
        except ValueError:
            return _answer(400, message="The log of this recording cannot be read. Record once more.")
        except EyeReviewError as error:
            return _answer(409 if isinstance(error, ConflictError) else 500, message=error.user_message)
        return _answer(200, **asdict(visit.state))

    async def state(request: Request) -> Response:
        visit = admitted(request)
        return _answer(403, message=_ENDED) if visit is None else _answer(200, **asdict(visit.state))

    return [
        Route("/api/visit/{token}", state, methods=["GET"]),
        Route("/api/visit/{token}/check", check, methods=["POST"]),
        Route("/api/visit/{token}/finish", finish, methods=["POST"]),
    ]


async def _body(request: Request, most_bytes: int) -> bytes | None:
    """The whole body; None where it is larger, or its sender went away."""
    content = bytearray()
    try:
        async for part in request.stream():
            content += part
            if len(content) > most_bytes:
                return None
    except ClientDisconnect:
        return None
    return bytes(content)


def _number(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0


def _answer(status: int, **content: Any) -> Response:
    if "message" in content:
        content["message"] = core(content["message"])
    return JSONResponse(content, status, headers=PRIVATE_HEADERS)
