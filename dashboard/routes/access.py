"""What every route asks and answers alike: whether our own page asks, and how it is refused."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from dashboard.language.texts import t

PRIVATE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
"""Of every answer that holds something of a patient: kept nowhere, shown to nobody else."""


def is_same_site(request: Request) -> bool:
    """Whether the browser says that our own page asks. Old browsers send neither header; the token remains."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def refusal() -> Response:
    """For a token that is unknown, expired or another site's."""
    return PlainTextResponse(t("Reload the page to see this again."), 403, headers=PRIVATE_HEADERS)
