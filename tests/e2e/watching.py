"""Pages that fail their test on whatever a person never sees: errors in the console, calls to other hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

KNOWN_404: Final = ("/_stcore/health", "/_stcore/host-config")
"""While the frontend looks for its base path on a page's own address, it asks for these beside that page."""
DESK: Final[Any] = {"width": 1400, "height": 1000}
PHONE: Final[Any] = {"width": 390, "height": 844}
WAIT_MS: Final = 30_000


@contextmanager
def watched(context: BrowserContext, *, expected: str | None = None) -> Iterator[Page]:
    """A new page of ``context``, which is closed afterwards.

    Fails on any console error, page error or call to another host, of this and of every further page of the profile.

    Args:
        context: a browser profile of its own.
        expected: pattern of addresses whose failing is what the test is about. The browser reports each to its
            console.
    """
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        place = str(message.location.get("url", ""))
        is_known = place.endswith(KNOWN_404) or (expected is not None and re.search(expected, place))
        if message.type == "error" and not is_known:
            complaints.append(f"{message.text} ({place})")

    def look(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1", "data:", "blob:")):
            complaints.append(f"asked another host: {request.url}")

    context.on("console", note)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("request", look)
    context.set_default_timeout(WAIT_MS)
    try:
        yield context.new_page()
    finally:
        context.close()
    assert complaints == [], "; ".join(complaints)
