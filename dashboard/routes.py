"""The dashboard's own HTTP routes: a film in byte ranges, and the times of its frames.

Streamlit sends a video to the browser by reading all of it into memory; these routes stream it from disk.
They lie outside Streamlit's session, so each is guarded by a token: unguessable, bound to one film, minted
by the page that shows it, and useless an hour after its last use. Neither path nor key of the film ever
reaches the browser.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

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
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True)
class Grant:
    """What one token opens.

    Attributes:
        path: the film on this machine.
        frame_idx, time_s: frame numbers and their presentation times as measured, for exact stepping.
        expires_at: monotonic seconds.
    """

    path: Path
    frame_idx: Sequence[int]
    time_s: Sequence[float]
    expires_at: float


class TokenRegistry:
    """Tokens of this server process. Thread-safe: pages mint, routes look up."""

    def __init__(self, *, lifetime_s: float = TOKEN_LIFETIME_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._grants: dict[str, Grant] = {}
        self._lock = threading.Lock()

    def mint(self, path: Path, frame_idx: Sequence[int] = (), time_s: Sequence[float] = ()) -> str:
        """A new token for one film. Forgets those that have expired."""
        now = self._clock()
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._grants = {key: grant for key, grant in self._grants.items() if grant.expires_at > now}
            self._grants[token] = Grant(path, frame_idx, time_s, now + self._lifetime_s)
        return token

    def grant(self, token: str) -> Grant | None:
        """What ``token`` opens, its life prolonged; None for an unknown or expired one."""
        now = self._clock()
        with self._lock:
            grant = self._grants.get(token)
            if grant is None or grant.expires_at <= now:
                self._grants.pop(token, None)
                return None
            self._grants[token] = replace(grant, expires_at=now + self._lifetime_s)
            return grant


TOKENS: Final = TokenRegistry()
"""The registry that pages and routes of one server process share."""


def _is_same_site(request: Request) -> bool:
    """Whether the browser says that our own page asks. Old browsers send neither header; the token remains."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def create_routes(registry: TokenRegistry = TOKENS) -> list[Route]:
    """The routes for :class:`streamlit.App`."""

    def admitted(request: Request) -> Grant | None:
        return registry.grant(request.path_params["token"]) if _is_same_site(request) else None

    async def video(request: Request) -> Response:
        grant = admitted(request)
        if grant is None:
            return PlainTextResponse("Reload the page to see the film again.", 403, headers=_HEADERS)
        if not grant.path.is_file():
            return PlainTextResponse("The film is no longer kept.", 404, headers=_HEADERS)
        media_type = _MEDIA_TYPES.get(grant.path.suffix.lower(), "video/mp4")
        return FileResponse(grant.path, media_type=media_type, headers=_HEADERS)

    async def frames(request: Request) -> Response:
        grant = admitted(request)
        if grant is None:
            return PlainTextResponse("Reload the page to see the film again.", 403, headers=_HEADERS)
        body = json.dumps({"frame": list(grant.frame_idx), "time_s": [round(time, 6) for time in grant.time_s]})
        return Response(body, media_type="application/json", headers=_HEADERS)

    return [Route("/api/video/{token}", video), Route("/api/frames/{token}", frames)]
