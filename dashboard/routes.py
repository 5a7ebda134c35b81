"""The dashboard's own HTTP routes: a film in byte ranges, and how far a job is.

Streamlit sends a video to the browser by reading all of it into memory; these routes stream it from disk.
They lie outside Streamlit's session, so each is guarded by a token: unguessable, bound to one film or job,
minted by the page that shows it, and useless an hour after its last use. Neither path nor key of the film ever
reaches the browser.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboard.core_texts import core
from dashboard.progress import progress_message
from dashboard.texts import t
from shared.errors import EyeReviewError
from shared.ports import Job

TOKEN_LIFETIME_S: Final = 3600.0
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
PRIVATE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
"""Of every answer that holds something of a patient: kept nowhere, shown to nobody else."""


@dataclass(frozen=True)
class Film:
    """What a film's token opens: a file on this machine that browsers play."""

    path: Path


Opened = TypeVar("Opened")


class TokenRegistry(Generic[Opened]):
    """Tokens of this server process and what each opens. Thread-safe: pages mint, routes look up."""

    def __init__(self, *, lifetime_s: float = TOKEN_LIFETIME_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._grants: dict[str, tuple[Opened, float]] = {}
        self._lock = threading.Lock()

    def mint(self, opened: Opened) -> str:
        """A new token for one thing. Forgets those that have expired."""
        now = self._clock()
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._grants = {key: grant for key, grant in self._grants.items() if grant[1] > now}
            self._grants[token] = (opened, now + self._lifetime_s)
        return token

    def open(self, token: str) -> Opened | None:
        """What ``token`` opens, its life prolonged; None for an unknown or expired one."""
        now = self._clock()
        with self._lock:
            opened, expires_at = self._grants.get(token, (None, now))
            if opened is None or expires_at <= now:
                self._grants.pop(token, None)
                return None
            self._grants[token] = (opened, now + self._lifetime_s)
            return opened

    def forget(self, token: str) -> None:
        """Make ``token`` open nothing from now on; no error where it never did."""
        with self._lock:
            self._grants.pop(token, None)

    def sweep(self) -> int:
        """Let go of what expired tokens opened; how many remain."""
        now = self._clock()
        with self._lock:
            self._grants = {key: grant for key, grant in self._grants.items() if grant[1] > now}
            return len(self._grants)


FILMS: Final[TokenRegistry[Film]] = TokenRegistry()
JOBS: Final[TokenRegistry[str]] = TokenRegistry()
"""Registries that pages and routes of one server process share; a job's token opens its ``analysis_id``."""


def is_same_site(request: Request) -> bool:
    """Whether the browser says that our own page asks. Old browsers send neither header; the token remains."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def refusal() -> Response:
    """For a token that is unknown, expired or another site's."""
    return PlainTextResponse(t("Reload the page to see this again."), 403, headers=PRIVATE_HEADERS)


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
    """``/api/progress/{token}``: a :class:`dashboard.progress.ProgressMessage` as JSON.

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
