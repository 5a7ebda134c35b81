"""Which language this reader gets: asked for in the address (``?lang=ko``), else the browser's, else English.

The address wins so that a link carries its language; the choice in the page's head writes it there. Requests of a page
to the dashboard's own routes have no session; they answer in the language of the page that sends them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from urllib.parse import parse_qs, urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx

LANGUAGES: Final = {"en": "English", "ko": "한국어"}
"""Code -> its own name."""
KEY: Final = "lang"
"""Name in the address and of the widget that chooses."""

_SPOKEN: ContextVar[str | None] = ContextVar("language", default=None)


def session_language() -> str:
    """Code of the language to answer in."""
    spoken = _SPOKEN.get()
    if spoken is not None:
        return spoken
    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    for wanted in (st.session_state.get(KEY), st.query_params.get(KEY), _of_browser()):
        if wanted in LANGUAGES:
            return str(wanted)
    return "en"


def keep_in_address(chosen: str) -> None:
    """Write the chosen language to the address, so that a reload, a link and requests to ``/api/`` carry it.

    Not by binding the widget to the address: that writes the language's own name there, which nothing else reads.
    """
    if st.query_params.get(KEY, _of_browser() or "en") != chosen:
        st.query_params[KEY] = chosen


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Answer in ``language`` within this block, whatever the session says."""
    token = _SPOKEN.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _SPOKEN.reset(token)


class LanguageOfPage:
    """ASGI layer: requests to ``/api/`` are answered in the language of the page that sends them.

    That is ``?lang=`` of the page's address, which browsers send along to the same site, else the browser's own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its language set."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = parse_qs(urlsplit(headers.get("referer", "")).query).get(KEY, [""])[0]
        with speaking(asked if asked in LANGUAGES else _main_part(headers.get("accept-language", ""))):
            await self._app(scope, receive, send)


def _of_browser() -> str:
    return _main_part(str(st.context.locale or ""))


def _main_part(locale: str) -> str:
    """``ko`` of ``ko-KR,ko;q=0.9``."""
    return re.split(r"[-,;_]", locale.strip(), maxsplit=1)[0].lower()
