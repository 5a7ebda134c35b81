"""A film in byte ranges, and how far a job is.

Streamlit sends a video to the browser by reading all of it into memory; these routes stream it from disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboard.jobs.progress import progress_message
from dashboard.language.core_texts import core
from dashboard.language.texts import t
from dashboard.routes.access import PRIVATE_HEADERS, is_same_site, refusal
from dashboard.tokens import TokenRegistry
from shared.errors import EyeReviewError
from shared.ports import Job

_MEDIA_TYPES: Final = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    # Browsers refuse "video/quicktime" but play the same H.264 inside when it is called MP4.
    ".mov": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
}


@dataclass(frozen=True)
class Film:
    """What a film's token opens: a file on this machine that browsers play."""

    path: Path


FILMS: Final[TokenRegistry[Film]] = TokenRegistry()
JOBS: Final[TokenRegistry[str]] = TokenRegistry()
"""Registries that pages and routes of one server process share; a job's token opens its ``analysis_id``."""


def film_routes(films: TokenRegistry[Film] = FILMS) -> list[Route]:
    """``/api/video/{token}`` in byte ranges."""

    def admitted(request: Request) -> Film | None:
        return films.open(request.path_params["token"]) if is_same_site(request) else None

    async def video(request: Request) -> Response:
        film = admitted(request)
        if film is None:
            return refusal()
        if not film.path.is_file():
            return PlainTextResponse(t("The film is no longer kept."), 404, headers=PRIVATE_HEADERS)
        media_type = _MEDIA_TYPES.get(film.path.suffix.lower(), "video/mp4")
        return FileResponse(film.path, media_type=media_type, headers=PRIVATE_HEADERS)

    return [Route("/api/video/{token}", video)]


def progress_routes(
    read_job: Callable[[str], Job], jobs: TokenRegistry[str] = JOBS, *, clock: Callable[[], float] = time.time
) -> list[Route]:
    """``/api/progress/{token}``: a :class:`dashboard.jobs.progress.ProgressMessage` as JSON.

    Args:
        read_job: the job of an ``analysis_id``; may raise :class:`EyeReviewError`.
        jobs: the tokens.
        clock: epoch seconds.
    """

    def progress(request: Request) -> Response:
        analysis_id = jobs.open(request.path_params["token"]) if is_same_site(request) else None
        if analysis_id is None:
            return refusal()
        try:
            message = progress_message(read_job(analysis_id), clock())
        except EyeReviewError as error:
            return PlainTextResponse(core(error.user_message), 503 if error.retryable else 404, headers=PRIVATE_HEADERS)
        return JSONResponse(asdict(message), headers=PRIVATE_HEADERS)

    return [Route("/api/progress/{token}", progress)]
