"""Which language this reader gets: asked for in the address (``?lang=ko``), else the browser's, else English.

The address wins so that a link carries its language; the choice in the page's head writes it there. Routes outside of
a session take the language that stood when their token was minted (:func:`speaking`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import streamlit as st
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


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Answer in ``language`` within this block, whatever the session says."""
    token = _SPOKEN.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def _of_browser() -> str:
    return str(st.context.locale or "en").partition("-")[0].lower()
